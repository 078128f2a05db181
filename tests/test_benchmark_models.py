"""Benchmarks of several models: what is measured of them, what is said of them, and results that name none."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import (
    children,
    comparison,
    floors,
    macs,
    memory,
    options,
    overhead,
    page,
    paper,
    peer,
    schema,
    sections,
    speed,
    steps,
)
from benchmarks.__main__ import main
from benchmarks.children import Stamp
from benchmarks.combinations import UNNAMED, Combination, combine, parse_models
from benchmarks.figures import Figure, Report
from tests.benchmark_reports import CEILINGS, MACHINE, OLD_MEMORY, OLD_SPEED, RESULTS, case, save, speed_report
from vsanimesr import graphs, models
from vsanimesr.models import artifact
from vsanimesr.nets.animesr import Cell
from vsanimesr.spec import ARCHITECTURES

LITE = "animesr-lite"
ONCE = ["--sizes", "32x32", "--frames", "3", "--rounds", "2", "--overhead-frames", "50", "--no-ceilings"]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the narrow network with random weights."""
    draw = np.random.default_rng(0)
    shapes = {name: tuple(tensor.shape) for name, tensor in Cell(True, ARCHITECTURES[LITE]).named_parameters()}
    weights = {name: draw.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()}
    file = tmp_path_factory.mktemp("models") / "narrow.onnx"
    artifact.write(artifact.build("drawn", weights, "drawn", "unknown", "random weights"), file)
    return file


def compared(*, first: str = LITE, second: str = UNNAMED) -> Report:
    """Two sizes, each with two models; the second one takes 4 and 5 times as long."""
    cases = [
        case(width, height, factor * milliseconds, model=model)
        for width, height, milliseconds, slower in ((640, 480, 100.0, 4), (1920, 1080, 700.0, 5))
        for model, factor in ((first, 1), (second, slower))
    ]
    return Report("speed", {"rounds": 3, "peer_beside": ""}, MACHINE, cases, CEILINGS)


def test_models_take_turns_and_what_runs_none_comes_once() -> None:
    sizes, runs_on = [(32, 16), (16, 32)], [("fake", ""), ("openvino", "")]
    found = combine(sizes, ["RGBS"], runs_on, ["fp32", "bf16"], [LITE, UNNAMED])
    networks = [one for one in found if one.runs_model]
    assert [one.model for one in networks] == [LITE, UNNAMED] * 4
    assert all(replace(a, model="") == replace(b, model="") for a, b in zip(networks[::2], networks[1::2], strict=True))
    assert [(one.size, one.model) for one in found if not one.runs_model] == [
        ("32x16", models.DEFAULT),
        ("16x32", models.DEFAULT),
    ]


NAMES = st.text("abz-_ 09", min_size=1).filter(lambda name: name.strip())


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_models_are_read_as_they_are_written(names: list[str]) -> None:
    assert parse_models(",".join(names)) == names


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("animesr-v2,", "has a name that is empty"),
        ("", "has a name that is empty"),
        ("a,b,a", "names a twice"),
        ("x/net.onnx,y/net.onnx", "names net.onnx twice, wanted each model once, files under other names"),
    ],
)
def test_models_that_results_could_not_tell_apart_give_usage(
    text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["memory", "--model", text])
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("benchmark", ["speed", "memory"])
@pytest.mark.parametrize(
    ("model", "says"), [("animesr-v3", "Did you mean 'animesr-v2'?"), ("none.onnx", "no model file 'none.onnx'")]
)
def test_a_model_that_there_is_not_is_refused_before_anything_runs(
    benchmark: str, model: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([benchmark, "--model", f"animesr-v1,{model}"]) == 1
    assert says in capsys.readouterr().err


def test_without_the_option_the_default_model_is_measured() -> None:
    for benchmark, settings in (("speed", options.speed_settings), ("memory", options.memory_settings)):
        asked = options.parser().parse_args([benchmark, "--backends", "openvino"])
        assert {one.model for one in settings(asked).combinations} == {models.DEFAULT}


def test_vspipe_finds_a_model_whose_path_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    of = partial(Combination, 32, 16, "RGBS", "openvino", "", "fp32")
    found = {model: of(model).node()["model"] for model in ("net.onnx", "folder/net", "animesr-v1")}
    assert found == {
        "net.onnx": str(tmp_path / "net.onnx"),
        "folder/net": str(tmp_path / "folder" / "net"),
        "animesr-v1": "animesr-v1",
    }


def test_the_first_model_is_told_by_each_further_one_round_by_round() -> None:
    lite, full = case(640, 480, 100.0, model=LITE), case(640, 480, 400.0)
    lite.figures[floors.BARE] = Figure((100.0, 50.0, 80.0), "ms")
    full.figures[floors.BARE] = Figure((400.0, 250.0, 400.0), "ms")
    full = replace(full, macs=6 * lite.macs)
    assert floors.first_model(lite, [lite, full]) is None
    found = floors.derive(full, [lite, full], {})
    assert found[floors.FASTER_BARE] == Figure((4.0, 5.0, 5.0), "ratio")
    assert found[floors.FASTER_VSPIPE].median == pytest.approx(4)
    assert found[floors.FEWER_MACS] == Figure((6.0,), "ratio")
    turned = floors.derive(lite, [full, lite], {})
    assert turned[floors.FASTER_BARE].rounds == pytest.approx((1 / 4, 1 / 5, 1 / 5))
    assert floors.FASTER_BARE not in floors.derive(full, [case(640, 480, 1.0, model=LITE, format="RGBH"), full], {})


def test_a_model_that_did_not_run_is_compared_with_nothing() -> None:
    lite, full = case(640, 480, 100.0, model=LITE), case(640, 480, 400.0)
    del lite.figures[floors.VSPIPE]
    found = floors.derive(full, [lite, full], {})
    assert floors.FASTER_BARE in found
    assert floors.FASTER_VSPIPE not in found


def test_growth_is_told_against_the_same_model() -> None:
    report = compared()
    growth = [values[floors.GROWTH].median for _, values in sections.derived(report)]
    per_megapixel = 700 / 2.0736 / (100 / 0.3072)
    assert growth == pytest.approx([1, 1, per_megapixel, per_megapixel * 5 / 4])


def test_the_table_says_how_many_times_as_fast() -> None:
    found = {table.title: table for table in sections.tables(compared())}
    table = found["Models against each other"]
    assert table.head[4:] == ("model", "times as fast as", "bare steps", "vspipe", "by multiplications")
    assert [(row[0], *row[4:7]) for row in table.rows] == [
        ("640x480", LITE, UNNAMED, "4 (4 to 4)"),
        ("1920x1080", LITE, UNNAMED, "5 (5 to 5)"),
    ]
    assert [row[0] for row in found["Time per frame"].rows] == [LITE, UNNAMED, LITE, UNNAMED, paper.MODEL]


def test_each_model_has_a_bar_and_a_title_of_its_name(tmp_path: Path) -> None:
    save(compared(), tmp_path)
    (words, *_) = page.write(tmp_path, tmp_path / "page.md")
    assert f": speed of {LITE} + {UNNAMED} on Some" in words.read_text()


def test_models_are_named_where_one_of_them_is_not_the_usual_one() -> None:
    plain = Combination(32, 16, "RGBS", "openvino", "", "fp32", UNNAMED)
    lite, fake = replace(plain, model=f"somewhere/{LITE}.onnx"), replace(plain, backend="fake")
    assert plain.label == plain.label_among([plain, fake]) == "32x16 RGBS openvino fp32"
    assert plain.label_among([lite]) == "32x16 RGBS openvino fp32 animesr-v2"
    assert lite.label == lite.label_among([]) == "32x16 RGBS openvino fp32 animesr-lite.onnx"
    assert fake.label_among([lite]) == "32x16 RGBS fake fp32"


def test_results_of_the_usual_model_alone_do_not_name_it() -> None:
    report = speed_report()
    assert report.models == []
    assert UNNAMED not in page.text({"a": report}, {"a": []})
    assert all("model" not in table.head for table in sections.tables(report))
    alone = Report("speed", {}, MACHINE, [case(640, 480, 1.0, model=LITE)], CEILINGS)
    words = page.text({"a": alone}, {"a": []})
    assert f"| {LITE} | 640x480 |" in words
    assert paper.LABEL not in words  # which is of another network


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*.json")), ids=lambda file: file.stem)
def test_results_that_name_no_model_are_of_the_usual_one(file: Path) -> None:
    if json.loads(file.read_text()).get("schema", 1) < 3:
        assert {one.combination.model for one in schema.load(file).cases} == {UNNAMED}


def test_a_file_of_the_second_layout_is_read_without_models(tmp_path: Path) -> None:
    data = schema.dump(speed_report())
    for item in data["cases"]:
        del item["model"]
    (tmp_path / "old.json").write_text(json.dumps(data | {"schema": 2}))
    assert schema.load(tmp_path / "old.json") == speed_report()


def test_models_are_written_and_read_again(tmp_path: Path) -> None:
    report = compared(first="x/net.onnx", second="animesr-v1")
    assert schema.load(save(report, tmp_path)) == report


def test_the_page_of_the_old_results_stays_as_it_is(tmp_path: Path) -> None:
    for old in (OLD_SPEED, OLD_MEMORY):
        (tmp_path / old.name).write_bytes(old.read_bytes())
    (words, *_) = page.write(tmp_path, tmp_path / "README.md")
    committed = (RESULTS / "README.md").read_text()
    introduction, *parts = words.read_text().split("\n## ")
    assert committed.startswith(introduction)
    assert all(part.strip() in committed for part in parts)
    assert len(parts) == 2


@pytest.mark.usefixtures("official_v2")
def test_the_peer_stands_beside_the_default_model_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peer, "probe", lambda: {"version": "v1"})
    default = Combination(32, 16, "RGBS", "openvino", "", "auto")
    other = replace(default, model=LITE)
    prepare = partial(comparison.prepare, names=["latency"], folder=tmp_path)
    assert prepare([other]).missing == {comparison.PEER: comparison.NO_COUNTERPART}
    both, alone = prepare([other, default]), prepare([default, replace(default, backend="fake", precision="fp32")])
    assert both.beside == alone.beside == default
    assert both.notes == {comparison.PEER: comparison.OTHER_MODELS}
    assert alone.notes == {}


def test_multiplications_are_counted_in_the_models_own_graph(narrow: Path) -> None:
    asked = Combination(32, 32, "RGBS", "openvino", "", "fp32", str(narrow))
    assert speed._macs(asked) == macs.count(graphs.compose(models.load(str(narrow)), asked.clip(1)).step)
    assert 0 < speed._macs(asked) < 1_128_528 * 32 * 32
    assert speed._macs(replace(asked, backend="fake")) == 0


def test_a_step_is_one_of_the_model_that_was_asked_for(narrow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load(name: str) -> models.Artifact:
        loaded.append(name)
        return artifact.read(Path(name))

    monkeypatch.setattr(models, "load", load)
    asked = Combination(32, 16, "RGBS", "openvino", "", "fp32", str(narrow))
    assert steps.measure(asked, frames=1, warm_up=1).milliseconds > 0
    assert set(loaded) == {str(narrow)}


def test_memory_is_of_the_model_that_was_asked_for(narrow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[str] = []

    def stamps(node: str, model: str, frames: int, **_: Any) -> list[Stamp]:
        asked_for.append(model)
        return [Stamp(n, 1 << 20, 1 << 20) for n in range(frames)]

    monkeypatch.setattr(children, "stamps", stamps)
    combinations = combine([(32, 32)], ["RGBS"], [("openvino", "")], ["fp32"], [str(narrow), UNNAMED])
    report = memory.measure(memory.Settings(tuple(combinations), 1, 4), MACHINE, lambda _: None)
    assert asked_for == [str(narrow), UNNAMED]
    (table, *_) = sections.tables(report)
    assert [row[0] for row in table.rows] == ["narrow.onnx", UNNAMED]


@pytest.mark.slow
@pytest.mark.usefixtures("official_v2")
def test_speed_of_two_models(narrow: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(peer, "probe", dict)
    monkeypatch.setattr(overhead, "run", lambda _: {})
    monkeypatch.setattr(overhead, "differences", dict)
    monkeypatch.chdir(narrow.parent)
    assert main(["speed", "--model", f"narrow.onnx,{UNNAMED}", *ONCE, "--backends", "openvino"]) == 0
    words = capsys.readouterr()
    lite, full = json.loads(words.out.splitlines()[-1])["cases"]
    assert (lite["model"], full["model"]) == ("narrow.onnx", UNNAMED)
    assert lite["missing"] == full["missing"] == {}
    assert full["macs"] == 1_128_528 * 32 * 32
    for name, figure in ((floors.FASTER_BARE, floors.BARE), (floors.FASTER_VSPIPE, floors.VSPIPE)):
        own, other = (one["figures"][figure]["rounds"] for one in (lite, full))
        wanted = [b / a if figure == floors.BARE else a / b for a, b in zip(own, other, strict=True)]
        assert full["derived"][name]["rounds"] == pytest.approx(wanted)
    turns = [line.split()[-1] for line in words.err.splitlines() if line.startswith(" 32x32")]
    assert turns == ["narrow.onnx", UNNAMED] * 2
    assert "times as fast as" in words.out
