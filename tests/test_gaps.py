"""Gaps in videos whose frames are alike otherwise."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_part import FILM, video
from vsanimesr.media.gaps import gaps, remarks
from vsanimesr.media.probing import probe

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

CLIP = Path(__file__).parent.parent / "examples" / "clip.mkv"


@given(st.integers(1, 2800), st.integers(12, 70))
def test_lost_frames_are_a_gap(first: int, count: int) -> None:
    lost = range(first, first + count)
    film = replace(FILM, timestamps=tuple(stamp for n, stamp in enumerate(FILM.timestamps) if n not in lost))
    ((begin, length),) = gaps(film)
    assert begin == pytest.approx((first - 1) * 1.001 / 24, abs=0.001)
    assert length == pytest.approx((count + 1) * 1.001 / 24, abs=0.002)
    (remark,) = remarks(film, range(len(film.timestamps)))
    assert f"after {begin:.1f}" in remark
    assert list(remarks(film, range(first))) == []
    assert list(remarks(film, range(first, len(film.timestamps)))) == []


@given(st.lists(st.sampled_from([42, 42, 83, 125, 2000]), min_size=20, max_size=200))
def test_a_rate_that_varies_is_no_damage(steps: list[int]) -> None:
    stamps = [0]
    for step in steps:
        stamps.append(stamps[-1] + step)
    odd = sum(step > 1.5 * sorted(steps)[len(steps) // 2] for step in steps)
    assert len(gaps(video(tuple(stamps)))) <= (0 if odd > 3 else odd)


@pytest.mark.parametrize(
    "film", [FILM, video((7,)), video((0, 5000)), video((0, 3003), Fraction(1, 90000)), probe(CLIP).video]
)
def test_whole_videos_have_none(film) -> None:
    assert gaps(film) == []
    assert list(remarks(film, range(len(film.timestamps)))) == []


@pytest.mark.parametrize(("count", "told"), [(19, 19), (21, 0)])
def test_a_hundredth_of_the_frames_may_be_followed_by_one(count: int, told: int) -> None:
    stamps, gap = [0], set(range(50, 50 + 90 * count, 90))
    for n in range(2000):
        stamps.append(stamps[-1] + (900 if n in gap else 42))
    film = video(tuple(stamps))
    assert len(gaps(film)) == told
    words = list(remarks(film, range(2001)))
    assert len(words) == min(told, 4)
    assert not words or words[-1] == f"and {count - 3} more such gaps"
