"""The figures of `export.fidelity`, and the frames that `export.frames` reads for them."""

import math
from pathlib import Path

import numpy as np
import pytest
import vapoursynth as vs
from hypothesis import given
from hypothesis import strategies as st

from export import fidelity, frames
from export.report import Report, Run, default_floor
from vsanimesr.errors import BackendUnavailable
from vsanimesr.spec import RGBH, RGBS, ClipSpec

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

CLIP = Path(__file__).parent.parent / "examples" / "clip.mkv"
RAMP = np.linspace(0, 1, 3 * 16 * 20, dtype=np.float32).reshape(3, 16, 20)
RUN = Run("m", "b", "v", "d", "fp32", "c", 0, 1, 20, 16, "RGBS", 50)


def stepped(decibels: list[float]) -> list[fidelity.Step]:
    return [fidelity.Step(n, 10 ** (-db / 10), db, 0, 0, 0, 0, "") for n, db in enumerate(decibels)]


@given(st.floats(1e-4, 0.1), st.integers(0, 1000))
def test_psnr_and_error_of_a_shift(shift: float, frame: int) -> None:
    step = fidelity.compare(frame, RAMP + np.float32(shift), RAMP)
    assert step.frame == frame
    assert step.psnr == pytest.approx(-20 * math.log10(shift), abs=0.01)
    assert step.max_error == pytest.approx(shift, rel=1e-2)


def test_a_shift_by_one_level_differs_everywhere_and_by_a_quarter_where_it_crosses() -> None:
    step = fidelity.compare(0, RAMP + np.float32(1 / 255), RAMP)
    assert (step.differ_8, step.differ_10) == (1, 1)
    step = fidelity.compare(0, RAMP + np.float32(0.25 / 255), RAMP)
    assert step.differ_8 == pytest.approx(0.25, abs=0.02)
    assert step.differ_10 == 1


@pytest.mark.parametrize(("bits", "name"), [(8, "differ_8"), (10, "differ_10")])
def test_samples_differ_from_half_a_level_on(bits: int, name: str) -> None:
    top = 2**bits - 1
    levels = np.tile(np.arange(1, top, dtype=np.float32), (3, 2, 1))
    for shift, share in ((-0.4, 0), (0.4, 0), (-0.6, 1), (0.6, 1)):
        step = fidelity.compare(0, (levels + np.float32(shift)) / top, levels / top)
        assert getattr(step, name) == share


def test_equal_pictures_are_infinitely_good_and_null_in_json() -> None:
    step = fidelity.compare(0, RAMP, RAMP)
    assert (step.psnr, step.mse, step.max_error, step.differ_8, step.differ_10) == (math.inf, 0, 0, 0, 0)
    data = Report(RUN, [step], False, "").data()
    assert data["passed"]
    assert data["steps"][0]["psnr"] is data["summary"]["minimum"] is data["summary"]["drift"] is None


@given(st.floats(20, 120), st.floats(-3, 3), st.integers(2, 40))
def test_drift_is_the_slope_of_a_line(start: float, slope: float, count: int) -> None:
    steps = stepped([start + slope * n for n in range(count)])
    assert fidelity.drift(steps) == pytest.approx(10 * slope, abs=1e-6)
    assert fidelity.drift(stepped([start] * count)) == pytest.approx(0, abs=1e-6)
    assert math.isnan(fidelity.drift(steps[:1]))


def test_summary_skips_broken_pictures() -> None:
    broken = fidelity.compare(3, RAMP * np.float32(np.nan), RAMP)
    taken = fidelity.summary([*stepped([80, 60, 70]), broken])
    assert (taken.first, taken.last, taken.minimum, taken.minimum_frame) == (80, 70, 60, 1)
    assert fidelity.summary([broken]).minimum_frame is None


@pytest.mark.parametrize(("level", "word"), [(0, "black"), (0.001, "black"), (0.3, "constant")])
def test_a_flat_picture_is_found_unless_the_right_one_is_flat(level: float, word: str) -> None:
    flat = np.full_like(RAMP, level)
    assert fidelity.compare(0, flat, RAMP).flat == word
    assert fidelity.compare(0, flat, flat).flat == ""
    assert fidelity.compare(0, RAMP, flat).flat == ""


def test_a_picture_with_one_flat_plane_is_not_flat() -> None:
    picture = RAMP.copy()
    picture[0] = 0
    assert fidelity.compare(0, picture, RAMP).flat == ""


def test_a_reference_that_is_flat_throughout_compares_nothing() -> None:
    report = Report(RUN, stepped([100]), True, "")
    assert report.failures == [
        "every right picture is constant, so nothing was compared; choose other frames by --first or --clip"
    ]


def test_floors() -> None:
    assert [default_floor(name, RGBS.dtype) for name in ("fp32", "bf16", "fp16")] == [90, 50, 50]
    assert [default_floor(name, RGBH.dtype) for name in ("fp32", "bf16", "fp16")] == [70, 50, 50]


def test_frames_are_those_asked_for_cut_out_of_the_middle() -> None:
    whole = frames.Clip(CLIP, 40, ClipSpec(320, 240, 3, RGBS))
    part = frames.Clip(CLIP, 41, ClipSpec(100, 52, 2, RGBS))
    assert (len(whole), len(part)) == (3, 2)
    assert len({whole[n].tobytes() for n in range(3)}) == 3, "the frames should differ"
    for n in range(2):
        assert part[n].dtype == np.float32
        np.testing.assert_array_equal(part[n], whole[n + 1][:, 94:146, 110:210])


def test_frames_as_float16_are_the_same_rounded() -> None:
    single, half = (frames.Clip(CLIP, 30, ClipSpec(64, 48, 1, format_))[0] for format_ in (RGBS, RGBH))
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, single.astype(np.float16))


@pytest.mark.parametrize("name", ["RGB24", "RGBS", "RGBH", "GRAY8", "YUV420P8", "YUV422P10", "YUV444PS"])
@pytest.mark.parametrize("height", [480, pytest.param(1080, marks=pytest.mark.slow)])
def test_any_format_becomes_rgb(name: str, height: int) -> None:
    blank = vs.core.std.BlankClip(width=320, height=height, format=vs.PresetVideoFormat[name], length=1)
    white = {vs.RGB: [1.0] * 3, vs.GRAY: [1.0], vs.YUV: [1.0, 0.0, 0.0]}[blank.format.color_family]
    if blank.format.sample_type == vs.INTEGER:
        top = 255 if blank.format.color_family == vs.RGB else 235
        white = [v * top if n == 0 or blank.format.color_family == vs.RGB else 128 for n, v in enumerate(white)]
        white = [v * 2 ** (blank.format.bits_per_sample - 8) for v in white]
    clip = frames.convert(blank.std.BlankClip(color=white), vs.RGBS)
    assert clip.format.id == vs.RGBS
    frame = clip.get_frame(0)
    assert np.stack([np.asarray(frame[plane]) for plane in range(3)]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("height", "green"), [(480, 0.587), (1080, 0.7152)])
def test_the_matrix_of_a_clip_that_does_not_tell_goes_by_its_height(height: int, green: float) -> None:
    luma = vs.core.std.BlankClip(width=320, height=height, format=vs.YUV444PS, length=1, color=[0.5, 0.0, 0.25])
    frame = frames.convert(luma, vs.RGBS).get_frame(0)
    red, blue = (0.299, 0.114) if height == 480 else (0.2126, 0.0722)
    assert np.asarray(frame[0])[0, 0] == pytest.approx(0.5 + 2 * (1 - red) * 0.25, abs=1e-4)
    assert np.asarray(frame[1])[0, 0] == pytest.approx(0.5 - 2 * (1 - red) * red / green * 0.25, abs=1e-4)
    assert blue + red + green == pytest.approx(1)


def test_without_bestsource_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vs, "core", object())
    with pytest.raises(BackendUnavailable, match="run: pip install vapoursynth-bestsource"):
        frames.Clip(CLIP, 0, ClipSpec(64, 48, 1, RGBS))
