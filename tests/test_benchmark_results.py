"""The JSON files of the benchmarks: written, read in both layouts, refused where they are wrong."""

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import floors, memory, page, schema, sections, tables
from benchmarks.combinations import Combination
from benchmarks.figures import Report
from tests.benchmark_reports import OLD_MEMORY, OLD_SPEED, memory_report, save, speed_report


@pytest.mark.parametrize("report", [speed_report(), memory_report()], ids=["speed", "memory"])
def test_what_is_written_is_read_again(report: Report, tmp_path: Path) -> None:
    assert schema.load(save(report, tmp_path)) == report


def test_programs_find_what_is_derived_in_the_file() -> None:
    data = schema.dump(speed_report())
    assert data["schema"] == 3
    assert data["cases"][0]["derived"][floors.PERCENT]["median"] == pytest.approx(69.336, rel=1e-4)


def test_a_speed_file_of_the_first_layout_is_read() -> None:
    report = schema.load(OLD_SPEED)
    (only,) = report.cases
    assert only.combination == Combination(640, 480, "RGBS", "openvino", "", "bf16")
    assert only.figures[floors.VSPIPE].median == pytest.approx(0.6353330)
    _, values = sections.derived(report)[0]
    assert values[floors.BARE_MS].median == pytest.approx(1e3 / 0.6307586675)
    assert values[floors.RATIO].median == pytest.approx(1.0079671)
    assert floors.FLOOR not in values
    assert report.machine["date"] == "2026-11-21"
    assert report.figures["overhead, 1 thread"].median == pytest.approx(88 / 3)
    assert report.ratios.keys() == {"ours / best peer, same network"}


def test_a_memory_file_of_the_first_layout_is_read() -> None:
    fake, fp32, bf16 = schema.load(OLD_MEMORY).cases
    assert [run.combination.runs_on for run in (fake, fp32, bf16)] == ["fake", "openvino", "openvino"]
    assert [run.precision for run in (fake, fp32, bf16)] == ["fp32", "fp32", "bf16"]
    assert fp32.figures[memory.PEAK].median == pytest.approx(1826.0156)
    assert bf16.figures[memory.SETTLED].median == pytest.approx(1029.277)
    assert bf16.figures[memory.LAST].median == pytest.approx(1094.906)
    curves = [run.curve for run in (fake, fp32, bf16) if run.curve]
    assert [(curve.every, len(curve.values)) for curve in curves] == [(6, 50), (1, 40), (1, 40)]


def change(data: dict[str, Any], path: str, value: Any) -> None:
    *way, last = path.split(".")
    for key in way:
        data = data[int(key)] if isinstance(data, list) else data[key]
    if value is None:
        del data[last]
    else:
        data[last] = value


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("schema", 4, "'schema' is 4, this program reads 1 to 3"),
        ("schema", 0, "'schema' is 0, this program reads 1 to 3"),
        ("benchmark", "sped", "'benchmark' is 'sped', wanted one of speed, memory"),
        ("machine", None, "'machine' is missing, wanted an object"),
        ("machine.cores", "two", "machine: 'cores' is 'two', wanted a whole number"),
        ("machine.cores", True, "machine: 'cores' is True, wanted a whole number"),
        ("machine.date", "today", "no date"),
        ("cases.0.width", 0, r"cases\[0\]: 'width' is 0, wanted 1 or more"),
        ("cases.0.format", "YUV", r"cases\[0\]: 'format' is 'YUV', wanted one of YUV420P8"),
        ("cases.1.figures.vspipe.rounds", [], r"cases\[1\].figures\['vspipe'\] has no rounds"),
        ("cases.1.figures.vspipe.rounds", ["1"], r"rounds is \['1'\], wanted a list of numbers"),
        ("cases.0.figures.vspipe.median", 99.0, "'median' is 99.0, but that of its rounds is 0.96"),
        ("cases.0.figures.vspipe", {"rounds": [1.0], "median": 1, "unit": "x"}, "640x480 RGBS .* do not go together"),
        ("cases.0.model", None, r"cases\[0\]: 'model' is missing, wanted a text"),
        ("cases.0.ran", {"precision": "fp32"}, r"cases\[0\].ran: 'device' is missing"),
        ("missing", {"peer": 1}, "missing: 'peer' is 1, wanted a text"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_field(path: str, value: Any, says: str, tmp_path: Path) -> None:
    data = copy.deepcopy(schema.dump(speed_report()))
    change(data, path, value)
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(data))
    with pytest.raises(schema.BadResult, match=rf"^wrong\.json: .*{says}"):
        schema.load(file)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no JSON"), ("[]", "it is list, wanted an object"), ('{"schema": NaN}', "it holds NaN"), ("\xff", "no JSON")],
)
def test_what_is_no_result_is_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(schema.BadResult, match=f"x.json: {says}"):
        schema.load(tmp_path / "x.json")


def test_a_number_beyond_all_bounds_is_refused(tmp_path: Path) -> None:
    file = save(speed_report(), tmp_path)
    file.write_text(file.read_text().replace('"memory_gib": 3.5', '"memory_gib": 1e999'))
    with pytest.raises(schema.BadResult, match="'memory_gib' is inf, wanted a number"):
        schema.load(file)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(schema.BadResult, match=r"x\.json cannot be read"):
        schema.load(tmp_path / "x.json")


def places(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*way, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*way, key))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
VALID = [
    schema.dump(speed_report()),
    schema.dump(memory_report()),
    json.loads(OLD_SPEED.read_text()),
    json.loads(OLD_MEMORY.read_text()),
]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_is_refused_or_can_be_shown(data: st.DataObject) -> None:
    damaged = copy.deepcopy(data.draw(st.sampled_from(VALID)))
    *way, last = data.draw(st.sampled_from(list(places(damaged))))
    inside = damaged
    for key in way:
        inside = inside[key]
    inside[last] = data.draw(ANY_JSON)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "damaged-2026-01-01.json"
        file.write_text(json.dumps(damaged))
        try:
            report = schema.load(file)
        except schema.BadResult as error:
            assert str(error).startswith("damaged-2026-01-01.json")  # noqa: PT017
        else:
            assert tables.text(report)
            assert page.text({"damaged": report}, {"damaged": []})
