"""The detector of cuts, on pairs of frames, and the frame properties that come before it."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scene_clips import CUTS, DISTURBED, Luma, Pair, mixed, noisy, picture, rounded
from vsanimesr import scenes
from vsanimesr.scenes import Signature, is_cut, signature, starts_scene
from vsanimesr.spec import FORMATS, PixelFormat

GRAY8 = FORMATS["Gray8"]
SEEDS = range(10)


def signed(luma: Luma) -> Signature:
    return signature([luma], GRAY8)


def cuts(pair: Pair) -> bool:
    return is_cut(*map(signed, pair))


@pytest.mark.parametrize("kind", DISTURBED)
def test_disturbances_are_no_cuts(kind: str) -> None:
    assert [n for n in SEEDS if cuts(DISTURBED[kind](n))] == []


@pytest.mark.parametrize("kind", CUTS)
def test_cuts_are_found(kind: str) -> None:
    assert [n for n in SEEDS if not cuts(CUTS[kind](n))] == []


@pytest.mark.parametrize(
    ("kind", "constant", "value"),
    [
        ("fast pan", "REACH", 0),
        ("white flash", "BRIGHT", 2.0),
        ("impact", "INVERTED", -2.0),
        ("fade from black", "FADING", 0.0),
        ("fade to black", "FADING", 0.0),
    ],
)
def test_each_handling_is_needed(kind: str, constant: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, constant, value)
    assert any(cuts(DISTURBED[kind](n)) for n in SEEDS)


def test_tones_explain_lightning_and_flashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "ALIKE", 2.0)
    assert not any(cuts(DISTURBED[kind](n)) for n in SEEDS for kind in ("lightning", "bright flash"))
    monkeypatch.setattr(scenes, "_toned", lambda one, other: (scenes._unit(one), scenes._unit(other)))
    assert any(cuts(DISTURBED[kind](n)) for n in SEEDS for kind in ("lightning", "bright flash"))


def test_a_whole_fade_and_a_whole_dissolve_have_no_cut() -> None:
    fade = [mixed(picture(3), 0, k / 12) for k in range(13)]
    dissolve = [mixed(picture(3), picture(4), k / 12) for k in range(13)]
    for frames in (fade, fade[::-1], dissolve):
        assert not any(map(cuts, pairwise(frames)))


def test_what_two_frames_cannot_tell() -> None:
    """A shot that follows a flash at once is not found; one that flashes up for a frame is."""
    white = np.full((192, 320), 255, np.uint8)
    assert not cuts((picture(1), white))
    assert not cuts((white, picture(2)))
    assert cuts((picture(1), picture(2)))
    assert cuts((picture(2), picture(1)))


@given(st.integers(0, 10_000), st.integers(16, 200), st.integers(16, 200))
@settings(max_examples=20, deadline=None)
def test_a_frame_against_itself_is_no_cut(seed: int, width: int, height: int) -> None:
    frame = signed(picture(seed, size=(width, height)))
    assert not is_cut(frame, frame)


@given(st.integers(0, 10_000), st.floats(0.4, 1.8), st.floats(-20, 20))
@settings(max_examples=25, deadline=None)
def test_another_brightness_is_no_cut(seed: int, factor: float, offset: float) -> None:
    frame = picture(seed)
    other = rounded(frame * factor + offset)
    assert not cuts((frame, other))
    assert not cuts((other, frame))


@given(st.integers(0, 10_000), st.floats(0, 16))
@settings(max_examples=20, deadline=None)
def test_noise_is_no_cut(seed: int, deviation: float) -> None:
    assert not cuts((picture(seed), noisy(picture(seed), deviation, seed + 1)))


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_cut_is_the_same_backwards(seed: int) -> None:
    pair = CUTS["cut"](seed)
    assert cuts(pair) == cuts(pair[::-1])


def planes(luma: Luma, format_: PixelFormat) -> list[np.ndarray]:
    """The picture in a format, full range; of RGB all three planes are it, of YUV there is no chroma."""
    peak = 1.0 if format_.floating else (1 << format_.bits) - 1
    plane = luma / 255 * peak
    plane = (plane if format_.floating else np.rint(plane)).astype(format_.dtype)
    return [plane] * (3 if format_.family == "rgb" else 1)


@pytest.mark.parametrize("name", FORMATS)
def test_signatures_are_the_same_in_every_format(name: str) -> None:
    for seed in range(3):
        found, wanted = signature(planes(picture(seed), FORMATS[name]), FORMATS[name]), signed(picture(seed))
        assert np.abs(found.cells.astype(int) - wanted.cells).max() <= 1


@pytest.mark.parametrize("name", ["YUV420P10", "Gray16", "RGB24", "RGBH", "RGBS"])
def test_decisions_are_the_same_in_every_format_and_range(name: str) -> None:
    for kinds, expected in ((DISTURBED, False), (CUTS, True)):
        for pair in (make(seed) for make in kinds.values() for seed in (3,)):
            limited = (rounded(16 + frame * (219 / 255)) for frame in pair)
            for frames in (pair, limited):
                assert is_cut(*(signature(planes(luma, FORMATS[name]), FORMATS[name]) for luma in frames)) == expected


@pytest.mark.parametrize("size", [(160, 96), (426, 240), (854, 480)])
def test_decisions_are_the_same_in_every_size(size: tuple[int, int]) -> None:
    for seed in range(2):
        assert cuts((picture(seed, size=size), picture(seed + 500, size=size)))
        assert not cuts((picture(seed, size=size), picture(seed, x=size[0] / 16, size=size)))


def test_a_signature_is_small_and_read_only() -> None:
    for width, height in ((640, 480), (1920, 1080), (4096, 2304), (16, 2000)):
        cells = signed(np.zeros((height, width), np.uint8)).cells
        assert cells.nbytes <= 4096
        with pytest.raises(ValueError, match="read-only"):
            cells[0, 0] = 1


def test_a_signature_does_not_depend_on_how_the_plane_lies() -> None:
    luma = picture(1)
    wide = np.zeros((192, 512), np.uint8)
    wide[:, :320] = luma
    for plane in (wide[:, :320], np.asfortranarray(luma), memoryview(luma)):
        assert (signature([plane], GRAY8).cells == signed(luma).cells).all()


def test_broken_floats_are_black_or_white() -> None:
    format_ = FORMATS["RGBS"]
    frame = np.full((64, 64), 0.5, np.float32)
    frame[:16], frame[16:32], frame[32:48] = np.nan, np.inf, -np.inf
    cells = signature([frame] * 3, format_).cells
    assert {int(cells[row, 0]) for row in (0, 10, 20, -1)} == {0, 255, 128}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"_SceneChangePrev": 1}, True),
        ({"_SceneChangeNext": 1}, {}, True),
        ({"_SceneChangeNext": 1}, {"_SceneChangePrev": 1}, True),
        ({"_SceneChangeNext": 0}, {"_SceneChangePrev": 1}, True),
        ({"_SceneChangeNext": 1}, {"_SceneChangePrev": 0}, True),
        ({}, {"_SceneChangePrev": 0}, False),
        ({"_SceneChangeNext": 0}, {}, False),
        ({"_SceneChangeNext": 0}, {"_SceneChangePrev": 0}, False),
    ],
)
def test_properties_decide_where_they_are(before: Mapping[str, int], after: Mapping[str, int], expected: bool) -> None:
    for old, new in (CUTS["cut"](1), DISTURBED["still"](1)):
        assert starts_scene((before, after), (signed(old), signed(new))) is expected


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {}), ({"_SceneChangePrev": 1}, {"_SceneChangeNext": 1}), ({"_Matrix": 1}, {"_DurationNum": 1})],
)
def test_the_detector_decides_where_no_property_does(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    for (old, new), expected in ((CUTS["cut"](1), True), (DISTURBED["fast pan"](1), False)):
        assert starts_scene((before, after), (signed(old), signed(new))) is expected
