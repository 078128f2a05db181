"""The benchmarks: their arithmetic, the peer's graphs, and the commands with next to nothing to do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import children, machine, memory, peer, speed, tables
from benchmarks.__main__ import main
from benchmarks.children import WARM_UP, ChildFailed, Stamp
from benchmarks.figures import Figure, Report
from benchmarks.pattern import DRAWN, draw
from benchmarks.resident import resident
from vsanimesr import graphs, models
from vsanimesr.spec import RGBS, ClipSpec

TINY = ["--width", "32", "--height", "32", "--frames", "3"]
ONCE = ["speed", *TINY, "--rounds", "1", "--overhead-frames", "50"]
MACHINE = {"processor": "p", "features": [], "cores": 1, "memory_gib": 1.0, "versions": {"numpy": "2"}}
NO_TIME = SimpleNamespace(user=0.0, system=0.0, children_user=0.0, children_system=0.0)
OVERHEAD = {"fake, bare steps", "overhead, 1 thread", "overhead, 2 threads"}


def run(*arguments: str) -> dict[str, Any]:
    """What the last line of a benchmark, as people start it, says."""
    done = subprocess.run([sys.executable, "-m", "benchmarks", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_figures_are_medians_of_rounds() -> None:
    data = Figure((4.0, 1.0, 2.0), "s").data()
    assert data == {"median": 2.0, "min": 1.0, "max": 4.0, "unit": "s", "rounds": [4.0, 1.0, 2.0]}


def test_quotients_and_differences_are_taken_round_by_round() -> None:
    ours, theirs = Figure((10.0, 1.0, 30.0), "fps"), Figure((5.0, 2.0, 10.0), "fps")
    assert ours.over(theirs) == Figure((2.0, 0.5, 3.0), "ratio")
    assert ours.less(theirs) == Figure((5.0, -1.0, 20.0), "fps")


def test_figures_of_unlike_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Figure((1.0, 2.0), "s").over(Figure((1.0,), "s"))
    with pytest.raises(ValueError, match="at least one round"):
        Figure((), "s")


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
    with pytest.raises(ChildFailed, match=r"(?s)exit code 1 from .*python.*sys\.exit.*no such luck"):
        children.python(["-c", "import sys; sys.exit('no such luck')"])


def test_of_the_peers_settings_the_best_counts() -> None:
    rates = {speed._peer(way): Figure((float(n + 1),), "frames/s") for n, way in enumerate(peer.WAYS)}
    figures = {speed.STEPS: Figure((12.0,), "frames/s"), speed.OURS: Figure((6.0,), "frames/s"), **rates}
    winners = speed._best(figures)
    assert winners == {
        "best peer, same network": "vspipe, peer, defaults",
        "best peer, pruned network": "vspipe, peer, pruned, throughput",
    }
    ratios = {name: ratio.median for name, ratio in speed._ratios(figures, winners).items()}
    assert ratios == {
        "ours / bare steps": 0.5,
        "ours / best peer, same network": 2.0,
        "ours / best peer, pruned network": 1.2,
    }


@pytest.mark.parametrize(("percent", "warns"), [((1.0, 4.9), False), ((1.0, 5.1), True)])
def test_a_machine_that_others_used_is_reported(percent: tuple[float, ...], warns: bool) -> None:
    assert bool(speed._noise({speed.OTHERS: Figure(percent, speed.PERCENT)})) == warns


def test_what_was_not_measured_is_said_and_the_last_line_is_json() -> None:
    figure = {"thing": Figure((1.0, 3.0), "s")}
    lines = tables.text(Report("speed", {"a": 1}, MACHINE, figure, missing={"other": "it is away"})).splitlines()
    assert any(line.split() == ["thing", "2.00", "1.00", "to", "3.00", "s"] for line in lines)
    assert any(line.split() == ["other", "not", "measured", "it", "is", "away"] for line in lines)
    assert json.loads(lines[-1])["missing"] == {"other": "it is away"}


def test_memory_without_bf16_says_so_and_without_fp32_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"bf16"}

    def stamps(node: str, precision: str = "", **_: Any) -> list[Stamp]:
        if precision in broken:
            raise ChildFailed(f"no {precision} here")
        return [Stamp(n, n << 20, (n + 1) << 20) for n in range(200)]

    monkeypatch.setattr(children, "stamps", stamps)
    report = memory.measure(memory.Settings(32, 32, 200, 200), MACHINE, lambda _: None)
    assert report.missing == {"openvino, bf16": "no bf16 here"}
    assert report.figures["fake: resident after frame 50"].median == 50
    assert report.figures["openvino, fp32: peak"].median == 200
    assert len(report.curves["fake: resident, MiB"]) == memory.POINTS
    broken.add("fp32")
    with pytest.raises(ChildFailed, match="no fp32"):
        memory.measure(memory.Settings(32, 32, 200, 200), MACHINE, lambda _: None)


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
        (["speed", "--width", "30"], "30 will not do, wanted a multiple of 4"),
        (["memory", "--height", "8"], "8 will not do, wanted a multiple of 4 from 16 on"),
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
    assert main([*ONCE, "--output", str(tmp_path / "report.json")]) == 0
    words = capsys.readouterr()
    data = json.loads(words.out.splitlines()[-1])
    assert json.loads((tmp_path / "report.json").read_text()) == data
    assert data["figures"].keys() >= {speed.STEPS, speed.OURS, *OVERHEAD}
    assert all(len(figure["rounds"]) == 1 for figure in data["figures"].values())
    assert min(data["figures"][name]["median"] for name in (speed.STEPS, speed.OURS)) > 0
    assert data["ratios"].keys() == {"ours / bare steps"}
    assert data["missing"] == {speed.PEER: speed.NO_PEER}
    assert "not measured" in words.out
    assert "round 1 of 1" in words.err


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.usefixtures("official_v2")
def test_speed_beside_the_peer() -> None:
    if not peer.probe():
        pytest.skip("vapoursynth-mlrt-ov is not installed; it does not go with the OpenVINO of the other tests")
    data = run(*ONCE, "--precision", "fp32")
    assert data["missing"] == {}
    assert {f"vspipe, peer, {way.name}" for way in peer.WAYS} <= data["figures"].keys()
    assert {f"ours / best peer, {network} network" for network in ("same", "pruned")} <= data["ratios"].keys()
    assert all(ratio["median"] > 0 for ratio in data["ratios"].values())
    assert data["settings"]["precision"] == "fp32"
    assert data["settings"]["peer_versions"]["version"]
    assert data["machine"]["command"] == f"{Path(sys.executable).name} -m benchmarks {' '.join(ONCE)} --precision fp32"


@pytest.mark.usefixtures("official_v2")
def test_memory() -> None:
    data = run("memory", *TINY, "--network-frames", "6")
    names = {"fake", "openvino, fp32", "openvino, bf16"} - data["missing"].keys()
    assert {"fake", "openvino, fp32"} <= names
    for name in names:
        figures = [figure["median"] for key, figure in data["figures"].items() if key.startswith(f"{name}: ")]
        assert len(figures) == 3, figures
        assert 10 < figures[0] <= figures[-1] < 4096, figures
        assert data["curves"][f"{name}: resident, MiB"][0] > 10
