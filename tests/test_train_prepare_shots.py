"""Where shots begin, what moves, what is flat: A9.2 to A9.4 of AVC-Train's preparation."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.preparing import film, moving, texture, video
from training.preparing import flow, quality
from training.preparing.flow import Flow
from training.preparing.measuring import facts, flatness, measure
from training.preparing.shots import Colours, Shot, is_cut, shots, subsampling
from vsanimesr.errors import ArgumentError, MediaError

changes = st.lists(st.tuples(st.floats(0, 80), st.floats(0, 80)), max_size=120)


def measured(path):
    counted = []
    found = measure(path, quality.sharpness, counted.append)
    assert sum(counted) == found.frames
    return found


@settings(deadline=None, derandomize=True, max_examples=60)
@given(changes, st.integers(1, 20))
def test_shots_are_all_frames_and_begin_at_cuts(found, shortest):
    hsv, luv = [change[0] for change in found], [change[1] for change in found]
    made = shots(hsv, luv, shortest)
    assert [n for shot in made for n in range(shot.first, shot.stop)] == list(range(len(found)))
    assert all(shot.count >= shortest for shot in made[:-1])
    starts, last = {0}, 0
    for n in range(len(found)):  # the rule, word for word
        doubtful = 30 <= hsv[n] < 40 and luv[n] + 5 * (hsv[n] - 30) > 40
        if n - last >= shortest and (hsv[n] >= 40 or doubtful):
            starts.add(n)
            last = n
    assert {shot.first for shot in made} == (starts if found else set())


@pytest.mark.parametrize(
    ("hsv", "luv", "cut"),
    [
        (40, 0, True),
        (39.9, 0, True),
        (30, 40, False),
        (30, 40.1, True),
        (38, 0.1, True),
        (38, 0, False),
        (29.9, 99, False),
    ],
)
def test_the_second_measure_decides_between_the_thresholds(hsv, luv, cut):
    assert is_cut(hsv, luv) == cut


def test_cuts_of_a_video_and_the_tail_behind_the_last_one(tmp_path):
    clip = film(moving(1, 20), moving(2, 25), moving(3, 5))
    found = measured(video(tmp_path / "a.mkv", clip))
    assert shots(found.hsv.tolist(), found.luv.tolist()) == [Shot(0, 20), Shot(20, 25), Shot(45, 5)]
    assert found.hsv[0] == found.luv[0] == found.flow_max[0] == found.flow_mean[0] == 0


def test_a_cut_that_comes_too_soon_is_none(tmp_path):
    found = measured(video(tmp_path / "a.mkv", film(moving(1, 20), moving(2, 10), moving(3, 20))))
    assert shots(found.hsv.tolist(), found.luv.tolist()) == [Shot(0, 20), Shot(20, 30)]


def test_changes_are_those_of_opencv_colours():
    one, other = texture(1), texture(2)
    hsv = [cv2.cvtColor(each, cv2.COLOR_RGB2HSV).astype(int) for each in (one, other)]
    luv = [cv2.cvtColor(each, cv2.COLOR_RGB2LUV).astype(int) for each in (one, other)]
    wanted = [np.abs(a - b).mean((0, 1)).mean() for a, b in (hsv, luv)]
    assert Colours.of(other).change(Colours.of(one)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("width", "step"), [(64, 1), (599, 1), (600, 3), (900, 4), (1280, 5), (1920, 6), (2560, 8), (3840, 12)]
)
def test_wide_frames_are_subsampled(width, step):
    assert subsampling(width) == step
    assert Colours.of(np.zeros((24, width, 3), np.uint8)).hsv.shape == (-(-24 // step), -(-width // step), 3)


@pytest.mark.parametrize("width", [240, 640, 1280])
def test_flow_counts_pixels_of_a_picture_of_one_width(width):
    clip = moving(4, 2, step=width // 80, size=(160, width))
    largest, twice_mean = Flow().lengths(flow.reduced(clip[1]), flow.reduced(clip[0]))
    assert twice_mean == pytest.approx(2 * 1920 / 80, rel=0.25)
    assert largest >= twice_mean / 2


@pytest.mark.parametrize("size", [(8, 8), (16, 300), (300, 16), (48, 64)])
def test_flow_of_still_pictures_of_any_size_is_none(size):
    gray = flow.reduced(texture(1, *size))
    assert Flow().lengths(gray, gray) == pytest.approx((0, 0), abs=0.5)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=40))
def test_flatness_is_the_share_of_the_most_frequent_level(levels):
    picture = np.array(levels, np.uint8)[None, :, None].repeat(3, 2)
    assert flatness(picture) == pytest.approx(max(map(levels.count, levels)) / len(levels))


def test_sharper_pictures_score_higher():
    scores = [quality.sharpness(cv2.GaussianBlur(texture(1), (0, 0), sigma)) for sigma in (4, 2, 1, 0.5)]
    assert 0 < scores[0] < scores[1] < scores[2] < scores[3] < 100
    assert quality.sharpness(np.full((40, 40, 3), 90, np.uint8)) == 0


def test_a_scorer_can_be_named_by_its_place():
    found = quality.scorer("tests.preparing:slow")
    assert found.score(np.full((4, 4, 3), 255, np.uint8)) == 100
    assert found.name == "tests.preparing:slow (substitute for hyperIQA)"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hyperiqa", "ValueError: Empty module name|No module named 'hyperiqa'"),
        ("no.such:score", "No module named"),
        ("tests.preparing:none", "no attribute 'none'"),
        ("tests.preparing:film", "wanted sharpness, none, or package.module:function"),
        ("tests.preparing:wrong", "gives 1000 for a gray frame, wanted 0 to 100"),
    ],
)
def test_what_is_no_scorer(name, message):
    with pytest.raises(ArgumentError, match=message):
        quality.scorer(name)


def test_facts_of_a_file(tmp_path):
    found = facts(video(tmp_path / "a.mp4", moving(1, 30), "libx264"))
    assert (found.width, found.height, found.fps, found.expected) == (64, 48, 25, 30)
    assert found.bit_rate > 0


def test_files_that_are_no_videos(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    for name in ("text.mp4", "none.mp4"):
        with pytest.raises(MediaError, match=f"{name}' cannot be read as a video"):
            facts(tmp_path / name)
