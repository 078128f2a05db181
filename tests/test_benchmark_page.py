"""The page with tables and plots that is made of the benchmarks' JSON files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import memory, page, paper, schema, sections
from benchmarks.__main__ import main
from benchmarks.figures import Report
from tests.benchmark_reports import CEILINGS, MACHINE, OLD_MEMORY, OLD_SPEED, case, memory_report, save, speed_report

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def test_the_page_has_every_result_newest_first_and_links_to_plots_that_are_there(tmp_path: Path) -> None:
    for old in (OLD_SPEED, OLD_MEMORY):
        (tmp_path / old.name).write_bytes(old.read_bytes())
    save(speed_report(), tmp_path)
    assert main(["report", "--results", str(tmp_path)]) == 0
    words = (tmp_path / "README.md").read_text()
    assert [line[3:13] for line in words.splitlines() if line.startswith("## ")] == ["2026-12-01", *["2026-11-21"] * 2]
    for file in tmp_path.glob("*.json"):
        command = json.loads(file.read_text())["machine"]["command"]
        assert f"`{command}` made `{file.name}`" in words
    links = re.findall(r"!\[[^]]+\]\((plots/[^)]+)\)", words)
    assert {tmp_path / link for link in links} == set((tmp_path / "plots").iterdir())
    assert len(links) >= 6


def test_the_page_is_the_same_again(tmp_path: Path) -> None:
    save(speed_report(), tmp_path)
    save(memory_report(), tmp_path, "memory")

    def written(output: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in page.write(tmp_path, output)}

    first, second = written(tmp_path / "a" / "page.md"), written(tmp_path / "b" / "page.md")
    assert first == second
    assert len(first) > 5
    for name, data in first.items():
        if name.endswith(".png"):
            assert data.startswith(b"\x89PNG")
            assert not re.search(rb"tEXt(Software|Creation|Date)|tIME", data)


def test_the_users_own_style_of_plots_changes_nothing(tmp_path: Path) -> None:
    import matplotlib

    save(speed_report(), tmp_path)
    plain = [file.read_bytes() for file in page.write(tmp_path, tmp_path / "a" / "page.md")]
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        styled = [file.read_bytes() for file in page.write(tmp_path, tmp_path / "b" / "page.md")]
    assert plain == styled


def test_a_page_without_a_gpu_says_so_and_one_with_does_not() -> None:
    without = page.text({"speed": speed_report()}, {"speed": []})  # one combination asked for a GPU, none ran
    assert page.NO_GPU in without
    with_gpu = page.text({"memory": memory_report()}, {"memory": []})
    assert page.NO_GPU not in with_gpu
    assert "Measured on a GPU: memory." in with_gpu


def test_the_papers_figure_stands_beside_640x480_only_and_is_called_what_it_is() -> None:
    with_it = page.text({"a": speed_report()}, {"a": []})
    assert with_it.count(paper.LABEL) == 2  # times, floors
    assert "another machine" in with_it
    other = Report("speed", {}, MACHINE, [case(1280, 720, 9.0)], CEILINGS)
    assert paper.LABEL not in page.text({"a": other}, {"a": []})
    old = page.text({"a": schema.load(OLD_SPEED)}, {"a": []})
    assert f"| {paper.LABEL} | 31.2 | frames/s |" in old
    assert f"| 640x480 | – | {paper.LABEL} | – | 32 |" in old


def test_a_combination_that_failed_is_in_the_table_with_its_reason() -> None:
    words = page.text({"a": speed_report()}, {"a": []})
    (row,) = [line for line in words.splitlines() if "torch:cuda" in line]
    assert row.startswith("| 640x480 | RGBH | torch:cuda | fp16 | not measured |")
    assert row.endswith(r"no \| GPU here |")


def test_every_row_of_a_table_has_its_columns() -> None:
    for report in (speed_report(), memory_report(), schema.load(OLD_SPEED), schema.load(OLD_MEMORY)):
        found = sections.tables(report)
        assert found
        for table in found:
            assert {len(row) for row in table.rows} == {len(table.head)}, table.title


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "there is no JSON file in"),
        (lambda folder: (folder / "a.json").write_text("{"), "a.json: no JSON"),
    ],
)
def test_a_report_of_nothing_or_of_a_bad_file_fails(
    make: Any, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path)
    assert main(["report", "--results", str(tmp_path)]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "README.md").exists()


def test_without_matplotlib_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import sys

    import benchmarks

    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("page", "plots"):
        monkeypatch.delitem(sys.modules, f"benchmarks.{name}")
        monkeypatch.delattr(benchmarks, name)
    assert main(["report", "--results", str(tmp_path)]) == 1
    assert "pip install -e '.[bench]'" in capsys.readouterr().err


def test_memory_of_a_device_is_told_of_those_that_have_one() -> None:
    both = memory_report()
    both.cases.append(case(640, 640, 1.0))
    (table, *_) = sections.tables(both)
    assert table.head[7] == f"{memory.DEVICE_PEAK}, MiB"
    assert [row[7] for row in table.rows] == ["321.0", "641.0", "–"]
