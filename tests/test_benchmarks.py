"""The benchmarks: what they start, the peer's graphs, and the commands with next to nothing to do."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import children, comparison, floors, machine, memory, peer, schema, speed, stages
from benchmarks.__main__ import main
from benchmarks.children import WARM_UP, ChildFailed, Stamp
from benchmarks.combinations import Combination
from benchmarks.figures import Figure
from benchmarks.pattern import DRAWN, draw
from benchmarks.resident import resident
from vsanimesr import graphs, models
from vsanimesr.spec import RGBS, ClipSpec

pytestmark = pytest.mark.slow  # processes of their own

SMALL = ["--sizes", "32x32"]
ONCE = ["speed", *SMALL, "--frames", "3", "--rounds", "1", "--overhead-frames", "50", "--no-ceilings"]
MACHINE = {"processor": "p", "features": [], "cores": 1, "memory_gib": 1.0, "versions": {"numpy": "2"}}
NO_TIME = SimpleNamespace(user=0.0, system=0.0, children_user=0.0, children_system=0.0)
OVERHEAD = {"fake, bare steps", "overhead, 1 thread", "overhead, 2 threads"}


def run(*arguments: str) -> dict[str, Any]:
    """What the last line of a benchmark, as people start it, says."""
    done = subprocess.run([sys.executable, "-m", "benchmarks", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_the_warm_up_does_not_count() -> None:
    slow = [Stamp(100.0 * n, 0, 0) for n in range(WARM_UP)]
    fast = [Stamp(slow[-1].at + 0.5 * n, 0, 0) for n in range(1, 9)]
    assert children.rate(slow + fast) == pytest.approx(2.0)


def test_the_picture_moves_and_repeats() -> None:
    frames = [np.stack(draw(40, 24, n)) for n in range(DRAWN + 1)]
    assert frames[0].shape == (3, 24, 40)
    assert frames[0].dtype == np.float32
    assert len({frame.tobytes() for frame in frames}) == DRAWN
    assert all(0 <= frame.min() < 0.2 and 0.8 < frame.max() <= 1 for frame in frames)


def test_resident_memory_follows_what_is_used_and_its_peak_stays() -> None:
    before, _ = resident()
    used = np.ones(64 << 20, np.uint8)
    during, _ = resident()
    del used
    after, peak = resident()
    assert during - before > 50 << 20
    assert during - after > 50 << 20
    assert peak > during - (1 << 20)  # the system's own count of pages is not exact


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody knows what time children took")
def test_what_children_compute_is_not_taken_for_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = "import time\nwhile time.process_time() < 1: pass\nprint(0)"
    own, all_ = machine.Others(), machine.Others()
    children.python(["-c", busy])
    with_child_subtracted = own.percent()
    monkeypatch.setattr(machine.psutil.Process, "cpu_times", lambda _: NO_TIME)
    all_._before = (*all_._before[:2], 0.0)
    assert all_.percent() - with_child_subtracted > 5


def test_a_failing_process_shows_its_command_and_its_last_words() -> None:
    with pytest.raises(ChildFailed, match=r"(?s)exit code 1 from .*python.*sys\.exit.*no such luck") as failure:
        children.python(["-c", "import sys; sys.exit('no such luck')"])
    assert failure.value.reason == "no such luck"
    with pytest.raises(ChildFailed) as silent:
        children.python(["-c", "import os; os._exit(3)"])
    assert silent.value.reason == "exit code 3 without a word"


@pytest.mark.parametrize(("percent", "warns"), [((1.0, 4.9), False), ((1.0, 5.1), True)])
def test_a_machine_that_others_used_is_reported(percent: tuple[float, ...], warns: bool) -> None:
    assert bool(speed._noise({speed.OTHERS: Figure(percent, speed.PERCENT)})) == warns


@pytest.mark.parametrize("pruned", [False, True])
def test_the_peers_graph_is_the_network_with_a_state_of_zeros(official_v2: models.Artifact, pruned: bool) -> None:
    import onnxruntime

    def session(proto: Any) -> Any:
        return onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])

    width, height = 24, 16
    composed = graphs.compose(official_v2, ClipSpec(width, height, 1, RGBS))
    window = [np.stack(draw(width, height, n))[None] for n in range(3)]
    zeros = np.zeros(composed.state_shape, np.float32)
    inputs = dict(zip((*graphs.WINDOW, graphs.STATE), (*window, zeros), strict=True))
    (wanted,) = session(composed.step).run([graphs.PICTURE], inputs)
    proto = peer.stateless(official_v2, width, height, pruned=pruned)
    (got,) = session(proto).run(None, {peer.FRAMES: np.concatenate(window, axis=1)})
    np.testing.assert_allclose(got.clip(0, 1), wanted, atol=1e-5)
    channels = {tensor.dims[1] for tensor in proto.graph.initializer if tensor.name == "conv_s1_first.0.weight"}
    assert channels == {9 if pruned else 9 + official_v2.spec.state_channels}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sped"], "invalid choice: 'sped'"),
        ([], "required: benchmark"),
        (["speed", "--sizes", "30"], "'30' is no size, wanted WIDTHxHEIGHT such as 640x480"),
        (["memory", "--sizes", "32x8"], "32x8 will not do, wanted sides from 16 to 16384"),
        (["speed", "--backends", "vulkan"], "'vulkan' is no backend, wanted one of auto, "),
        (["speed", "--rounds", "0"], "'0' is no number"),
    ],
)
def test_a_wrong_command_line_gives_usage(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    words = capsys.readouterr().err
    assert words.startswith("usage: python -m benchmarks")
    assert says in words


def test_without_weights_it_says_how_to_get_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peer, "probe", dict)
    assert main(ONCE) == 1
    assert "vsanimesr models fetch animesr-v2" in capsys.readouterr().err


@pytest.mark.usefixtures("official_v2")
def test_speed_without_the_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peer, "probe", dict)
    several = [*ONCE, "--formats", "RGBS", "YUV420P10", "--backends", "openvino", "fake:nonsense"]
    assert main([*several, "--output", str(tmp_path / "report.json")]) == 0
    words = capsys.readouterr()
    data = json.loads(words.out.splitlines()[-1])
    assert json.loads((tmp_path / "report.json").read_text()) == data
    assert schema.dump(schema.load(tmp_path / "report.json")) == data
    good, bad = ([case for case in data["cases"] if case["backend"] == name] for name in ("openvino", "fake"))
    assert [case["format"] for case in good] == ["RGBS", "YUV420P10"]
    assert good[0]["macs"] == 1_128_528 * 32 * 32
    assert good[0]["figures"].keys() == {floors.BARE, floors.VSPIPE, *stages.STAGES}
    assert good[1]["figures"].keys() == {floors.BARE, floors.VSPIPE, floors.AROUND, *stages.STAGES}
    plain = [figure for case in good for name, figure in case["figures"].items() if name != stages.PICTURE]
    assert all(min(figure["rounds"]) > 0 for figure in plain)
    assert good[1]["derived"][floors.TIME]["median"] > 0
    assert [case["missing"].keys() for case in bad] == [{floors.BARE, floors.VSPIPE}] * 2
    assert all(why.startswith("fake: no device 'nonsense'") for case in bad for why in case["missing"].values())
    assert data["figures"].keys() >= OVERHEAD
    assert data["missing"] == {comparison.PEER: comparison.NO_PEER, "ceilings": speed.NO_CEILINGS}
    assert "not measured" in words.out
    assert "round 1 of 1" in words.err


def test_if_nothing_ran_the_table_is_shown_and_the_command_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peer, "probe", dict)
    assert main([*ONCE, "--backends", "fake:nonsense"]) == 1
    words = capsys.readouterr()
    assert "fake: no device 'nonsense'" in words.out
    assert "none of the combinations ran" in words.err


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.usefixtures("official_v2")
def test_speed_beside_the_peer() -> None:
    if not peer.probe():
        pytest.skip("vapoursynth-mlrt-ov is not installed; it does not go with the OpenVINO of the other tests")
    data = run(*ONCE, "--precisions", "fp32")
    assert data["missing"] == {"ceilings": speed.NO_CEILINGS}
    assert {comparison.figure(way) for way in peer.WAYS} <= data["figures"].keys()
    assert {f"ours / best peer, {network} network" for network in ("same", "pruned")} <= data["ratios"].keys()
    assert all(ratio["median"] > 0 for ratio in data["ratios"].values())
    assert [case["ran"]["precision"] for case in data["cases"]] == ["fp32"]
    assert data["settings"]["peer_versions"]["version"]
    assert data["machine"]["command"] == f"{Path(sys.executable).name} -m benchmarks {' '.join(ONCE)} --precisions fp32"


def prepared(monkeypatch: pytest.MonkeyPatch, folder: Path, *combinations: Combination) -> comparison.Comparison:
    monkeypatch.setattr(peer, "probe", lambda: {"version": "v1"})
    return comparison.prepare(combinations, ["latency", "pruned, latency"], folder)


def test_the_peer_stands_beside_openvino_on_a_processor_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, official_v2: models.Artifact
) -> None:
    asked = {"format": "RGBS", "backend": "openvino", "device": "", "precision": "auto"}
    plain = Combination(32, 16, **asked)
    others = [
        Combination(32, 18, **asked),
        *(replace(plain, **change) for change in ({"format": "RGBH"}, {"backend": "torch"}, {"device": "GPU"})),
    ]
    assert prepared(monkeypatch, tmp_path, *others).missing == {comparison.PEER: comparison.NO_COUNTERPART}
    found = prepared(monkeypatch, tmp_path, *others, plain)
    assert found.beside == plain
    assert [(way.pruned, graph.exists()) for way, graph in found.ways.values()] == [(False, True), (True, True)]


@pytest.mark.usefixtures("official_v2")
def test_memory() -> None:
    data = run("memory", *SMALL, "--frames", "3", "--network-frames", "6")
    fake, *network = data["cases"]
    assert [case["backend"] for case in (fake, *network)] == ["fake", "openvino", "openvino"]
    assert [case["precision"] for case in network] == ["fp32", "bf16"]
    for case in (case for case in data["cases"] if not case["missing"]):
        values = [figure["median"] for figure in case["figures"].values()]
        assert len(values) == 3, values
        assert 10 < values[0] <= values[-1] < 4096, values
        assert case["curve"]["values"][0] > 10
    assert not fake["missing"]
    assert not network[0]["missing"]


def test_memory_of_what_fails_is_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def stamps(node: str, precision: str, frames: int, around: bool, **_: Any) -> list[Stamp]:
        if precision == "bf16":
            raise ChildFailed("a long story", "no bf16 here")
        more = 5 if around else 1
        return [Stamp(n, n << 20, (n + more) << 20) for n in range(frames)]

    monkeypatch.setattr(children, "stamps", stamps)
    good, bad = (Combination(32, 32, "Gray8", "openvino", "", precision) for precision in ("fp32", "bf16"))
    report = memory.measure(memory.Settings((good, bad), 1, 200), MACHINE, lambda _: None)
    assert report.cases[1].missing == {memory.PEAK: "no bf16 here"}
    figures = {name: figure.median for name, figure in report.cases[0].figures.items()}
    assert figures == {memory.SETTLED: 50, memory.LAST: 199, memory.PEAK: 200, memory.AROUND: 204}
    assert report.cases[0].curve
    assert report.cases[0].curve.values == [float(n) for n in range(0, 200, 4)]
    assert report.cases[0].curve.every == 4
