"""Which clips are chosen: A9.6 of AVC-Train's preparation, against a walk that takes it word for word."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.preparing.measuring import Measures
from training.preparing.selecting import Candidate, Selection, best, candidates, measured_shots
from vsanimesr.errors import ArgumentError


def measures(**columns):
    """Of frames whose columns are 0 where nothing else is said."""
    count = len(next(iter(columns.values())))
    names = ("hsv", "luv", "flow_max", "flow_mean", "flat", "quality")
    return Measures(np.arange(count), *(np.array(columns.get(n, [0] * count), np.float32) for n in names))


@st.composite
def films(draw):
    """Shots that are frozen or not, with flat frames here and there."""
    parts = draw(st.lists(st.tuples(st.integers(3, 12), st.booleans()), min_size=1, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    count = sum(length for length, _ in parts)
    cut = [float(n == 0) * 50 for length, _ in parts for n in range(length)]
    motion = [3.0 * moves for length, moves in parts for _ in range(length)]
    flat = rng.choice([0.1, 0.89, 0.9, 0.99], count)
    return measures(
        hsv=cut, flow_mean=motion, flat=flat, flow_max=rng.random(count) * 99, quality=rng.random(count) * 99
    )


@settings(deadline=None, derandomize=True, max_examples=60)
@given(films(), st.integers(2, 9), st.integers(1, 4))
def test_clips_are_those_of_the_walk(film, length, keep):
    selection = Selection(length=length, keep=keep, shortest=3)
    shots = measured_shots(film, selection)
    clips, now = [], []
    for shot in shots:
        if np.mean(film.flow_mean[shot.shot.first + 1 : shot.shot.stop]) < 0.5:
            continue
        for n in range(shot.shot.first, shot.shot.stop):
            if film.flat[n] >= np.float32(0.9):
                continue
            now.append(n)
            if len(now) == length:
                score = (sum(film.flow_max[n] for n in now) / 150 + sum(film.quality[n] for n in now)) / length
                clips.append((now, score))
                now = []
    found = candidates(film, shots, selection)
    assert [each.frames for each in found] == [frames for frames, _ in clips]
    assert [each.score for each in found] == pytest.approx([score for _, score in clips], rel=1e-4)
    chosen = best(found, keep)
    assert len(chosen) == min(keep, len(found))
    sums = [sum(each.score for each in some) for some in itertools.combinations(found, len(chosen))]
    assert sum(each.score for each in chosen) == pytest.approx(max(sums))
    assert [each.frames for each in chosen] == sorted(each.frames for each in chosen)


def test_spans_have_gaps_where_frames_were_left_out():
    flat = [0.0] * 12
    flat[4] = flat[5] = 1.0
    film = measures(flow_mean=[9] * 12, flat=flat)
    selection = Selection(length=8)
    (clip,) = candidates(film, measured_shots(film, selection), selection)
    assert clip.spans == ((0, 4), (6, 4))
    assert clip.name == "000000-000009"


def test_of_equal_scores_the_first_is_taken():
    clips = [Candidate(((n * 10, 10),), 0, 5, 5.0) for n in range(4)]
    assert best(clips, 2) == clips[:2]


def test_a_still_shot_behind_a_cut_is_frozen_but_not_by_the_authors_rule():
    film = measures(hsv=[50] + [0] * 29, flow_mean=[250] + [0.1] * 29)
    (mean,) = measured_shots(film, Selection())
    (authors,) = measured_shots(film, Selection(frozen_by="authors", least_motion=14))
    assert mean.frozen
    assert mean.motion == pytest.approx(0.1)
    assert not authors.frozen
    assert authors.motion == pytest.approx(np.std(film.flow_mean))


def test_a_shot_of_one_frame_is_frozen():
    (shot,) = measured_shots(measures(flow_mean=[9]), Selection())
    assert shot.frozen


def test_black_frames_are_counted():
    (shot,) = measured_shots(measures(flat=[0.97, 0.99, 1.0], quality=[1, 2, 6]), Selection())
    assert shot.black == 2
    assert shot.quality == 3


@pytest.mark.parametrize(
    "wrong", [{"length": 0}, {"keep": 0}, {"shortest": 0}, {"flattest": 0}, {"frozen_by": "spynet"}]
)
def test_settings_that_are_none(wrong):
    with pytest.raises(ArgumentError, match="wanted"):
        Selection(**wrong)
