"""Evaluation: which frames are measured, means, places, long runs, and what the command line says."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import network
from tests.picturing import noise
from training import evaluate
from training.metrics import drift
from training.metrics.fidelity import psnr
from training.report import drifting, measures, spots
from training.report.clips import Clip
from training.report.measuring import measured, sampled
from training.report.methods import Bicubic, Network
from training.report.results import TRUTH, ClipResult, Evaluation
from vsanimesr.models import artifact

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


class Replay:
    """A method that shows pictures it was given."""

    def __init__(self, name, pictures):
        self.name, self.about, self._pictures = name, "replayed", pictures

    def pictures(self, low):
        yield from self._pictures


def clip_of(frames=6, height=16, width=24, *, truth=True, lines=False, seed=0):
    high = np.stack([noise(seed + n, 4 * height, 4 * width) for n in range(frames)])
    low = high[:, ::4, ::4].copy()
    mask = np.full(high.shape[:3], 255, np.uint8) if lines else None
    return Clip("some", low, high if truth else None, mask, "made")


def prepared(*names, **options):
    return measures.prepare(names, measures.Settings(**options))[0]


def test_a_perfect_method_is_perfect():
    clip = clip_of(lines=True)
    result, _ = measured(clip, [Replay("perfect", clip.truth)], prepared(*measures.USUAL))
    assert result.mean("perfect", "psnr") == result.mean("perfect", "psnr-lines") == math.inf
    assert result.mean("perfect", "ssim") == pytest.approx(1)
    assert result.mean("perfect", "temporal") == 0
    assert result.figures["perfect"]["temporal"][0] is None
    assert result.mean("perfect", "piqe") == result.mean(TRUTH, "piqe")
    assert set(result.figures[TRUTH]) == {"piqe"}


def test_figures_are_those_of_their_frames():
    clip, pictures = clip_of(12), np.stack([noise(50 + n, 64, 96) for n in range(12)])
    result, _ = measured(clip, [Replay("other", pictures)], prepared("psnr", "temporal", "piqe", border=4), every=5)
    wanted = [psnr(picture, truth, border=4) for picture, truth in zip(pictures, clip.truth, strict=True)]
    assert result.figures["other"]["psnr"] == pytest.approx(wanted)
    assert result.mean("other", "psnr") == pytest.approx(np.mean(wanted))
    assert [n for n, value in enumerate(result.figures["other"]["piqe"]) if value is not None] == [4, 9]
    change = np.diff(pictures.astype(float), axis=0) - np.diff(clip.truth.astype(float), axis=0)
    assert result.figures["other"]["temporal"][1:] == pytest.approx(np.abs(change).mean(axis=(1, 2, 3)))


def test_without_a_truth_only_metrics_without_one_are_measured():
    clip = clip_of(truth=False)
    result, found = measured(clip, [Bicubic()], prepared(*measures.USUAL))
    assert set(result.figures) == {"bicubic"}
    assert set(result.figures["bicubic"]) == {"piqe"}
    assert set(found[0].crops) == {"bicubic"}


@pytest.mark.parametrize(("frames", "wanted"), [(100, list(range(9, 100, 10))), (10, [9]), (9, [8]), (1, [0])])
def test_every_tenth_frame_is_sampled(frames, wanted):
    assert sampled(frames, 10) == wanted


def evaluation_of(values, *names):
    found = prepared(*names)
    figures = {method: {m.name: [value] for m in found} for method, value in values.items()}
    result = ClipResult("c", "made", 1, 8, 8, figures)
    return Evaluation("T", dict.fromkeys(values, "about"), found, [result], [], {}), found


def test_the_best_is_by_what_is_better_and_by_what_is_shown():
    evaluation, (mean, wrong) = evaluation_of({"a": 30.0, "b": 30.001, "c": 20.0}, "psnr", "temporal")
    assert evaluation.best(mean) == {"a", "b"}
    assert evaluation.best(wrong) == {"c"}
    evaluation, (mean,) = evaluation_of({"a": 30.0}, "psnr")
    assert evaluation.best(mean) == set()


def test_results_are_json_without_what_json_has_not(tmp_path):
    evaluation, _ = evaluation_of({"a": math.inf, "b": None}, "psnr")
    evaluation.write(tmp_path / "results.json")
    read = json.loads((tmp_path / "results.json").read_text(), parse_constant=pytest.fail)
    assert read["means"] == {"a": {"psnr": "inf"}, "b": {"psnr": None}}
    assert read["clips"][0]["by_frame"]["a"]["psnr"] == ["inf"]
    assert torch.__version__.startswith(read["versions"]["torch"])


@given(st.integers(0, 9), st.integers(0, 14))
@settings(max_examples=20, deadline=None)
def test_the_busiest_place_is_found(row, column):
    values = np.zeros((60, 80), np.float32)
    values[4 * row : 4 * row + 20, 4 * column : 4 * column + 20] = 1
    assert spots.busiest(values, 20) == (pytest.approx(1), 4 * column, 4 * row)


def test_places_are_where_versions_disagree():
    truth = np.zeros((6, 320, 400, 3), np.uint8)
    pictures = truth.copy()
    pictures[0], pictures[3, 100:260, 200:360], pictures[5, :40, :40] = 255, 90, 80
    finder = spots.Finder("c", 6, 2)
    for n in range(6):
        finder.offer(n, {"m": pictures[n], TRUTH: truth[n]})
    first, second = finder.spots
    assert first.frame != 0
    assert (second.frame, second.box) == (3, (200, 100, 160, 160))
    assert (second.crops["m"] == 90).all()
    assert second.whole.shape == (320, 400, 3)


def moments(values):
    return [drift.Moment(*map(float, value)) for value in values]


def test_drift_is_the_slope_after_the_first_frames():
    n = np.arange(120)
    found = drift.summary(moments(np.stack([0.01 * n, np.full(120, 1.25), 2 + 0 * n], axis=1)))
    assert found.mean.slope == pytest.approx(1)
    assert found.mean.start == pytest.approx(0.095)
    assert found.mean.end == pytest.approx(1.0)
    assert found.mean.worst == pytest.approx(1.095)
    assert (found.contrast.slope, found.contrast.end) == pytest.approx((0, 0), abs=1e-9)
    assert found.state.start == 1


@given(st.integers(0, 2**32 - 1), st.floats(-2, 2))
@settings(max_examples=20, deadline=None)
def test_what_a_repeated_clip_shows_is_no_drift(seed, slope):
    content = np.random.default_rng(seed).normal(size=(10, 3)) + 5
    values = np.tile(content, (5, 1))
    values[:, 0] += slope / 100 * np.arange(50)
    values[:4] += 3  # the start of the recurrence
    found = drift.summary(moments(values), period=10)
    assert found.contrast.slope == pytest.approx(0, abs=1e-9)
    assert found.state.end == pytest.approx(0, abs=1e-9)
    assert found.mean.end == pytest.approx(slope * 0.3, abs=1e-9)


def test_runs_of_drift_are_stills_and_repeated_cuts():
    low = np.stack([noise(n, 70, 100) for n in range(30)])
    clip = Clip("c", low, None, None, "")
    still = drifting.still([clip], 50)
    assert still.shape == (50, 64, 96, 3)
    assert (still == still[0]).all()
    cuts = drifting.cut_heavy([clip], 130)
    np.testing.assert_array_equal(cuts[:70], cuts[60:])
    np.testing.assert_array_equal(cuts, drifting.cut_heavy([clip], 130))
    small = Clip("s", low[:2, :32, :32], None, None, "")
    assert drifting.cut_heavy([small], 20).shape == (20, 64, 96, 3)


def test_a_network_is_run_over_a_still():
    low = np.repeat(noise(1, 16, 16)[None], 9, axis=0)
    result = drifting.run(Network("n", network(), ""), "still", low)
    assert (result.method, result.clip, result.drift.frames) == ("n", "still", 9)
    assert len(result.mean) == len(result.contrast) == len(result.state) == 9
    assert min(result.state) > 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing to evaluate"),
        (["--low", "x.mkv", "--methods", "bicubic", "bicubic"], "two methods are called 'bicubic'"),
        (["--low", "nowhere.mkv", "--methods", "bicubic"], "nowhere.mkv cannot be read"),
        (["--low", "x.mkv", "--methods", "bicubic", "--metrics", "maniqa"], "--maniqa FILE"),
    ],
)
def test_what_cannot_be_evaluated_is_told(tmp_path, capsys, monkeypatch, words, told):
    monkeypatch.delenv("VSANIMESR_MANIQA", raising=False)
    threads = torch.get_num_threads()
    assert evaluate.main([*words, "-o", str(tmp_path / "out")]) == 1
    torch.set_num_threads(threads)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--toon", "4:4"], ["--toon", "a"], ["--size", "9x9"], ["--frames", "0"]])
def test_words_that_mean_nothing_are_refused(words, capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate.main(words)
    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.slow
def test_the_example_clip_is_evaluated(tmp_path, home, capsys):
    file = tmp_path / "random.onnx"
    artifact.write(network(), file)
    words = ["--truth", "examples/clip.mkv", "--frames", "12", "--degrade", "basic"]
    words += ["--methods", "bicubic", f"ours={file}"]
    threads = torch.get_num_threads()
    assert evaluate.main([*words, "--drift", "30", "--drift-size", "32x32", "--threads", "1", "-o", str(tmp_path)]) == 0
    torch.set_num_threads(threads)
    assert capsys.readouterr().out.strip() == str(tmp_path / "report.html")
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["means"]["bicubic"]["psnr"] > results["means"]["ours"]["psnr"] > 5
    assert set(results["means"]) == {"bicubic", "ours", TRUTH}
    assert [len(run["mean"]) for run in results["drift"]] == [30, 30]
    assert results["settings"]["asked for"].startswith("border 4, degrade basic, device cpu, drift 30, drift_size 32")
    assert "ours=random.onnx" in results["settings"]["asked for"]
    assert "<" not in results["settings"]["asked for"]
    assert str(tmp_path) not in (tmp_path / "report.html").read_text()
