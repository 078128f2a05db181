"""Moments, as people write them, and the frames between two of them."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsanimesr.errors import ArgumentError
from vsanimesr.jobs.part import part
from vsanimesr.media import Video, VideoTags

MILLISECOND = Fraction(1, 1000)


def video(timestamps: tuple[int, ...], time_base: Fraction = MILLISECOND) -> Video:
    """Of which only the times matter."""
    return Video(
        index=0, codec="h264", width=64, height=48, pix_fmt="yuv420p", time_base=time_base, timestamps=timestamps,
        end=timestamps[-1] + 40, frame_rate=Fraction(25), variable=False, sar=Fraction(1), rotation=0,
        tags=VideoTags(), hdr=None, dolby_vision=False, interlaced=False,
    )  # fmt: skip


FILM = video(tuple(5000 + round(n * 1001 / 24) for n in range(24 * 120)))
"""Two minutes of 24000/1001 frames a second, as Matroska rounds them, that begin five seconds late."""


@pytest.mark.parametrize(
    ("start", "end", "frames"),
    [
        ("", "", range(2880)),
        ("0", "", range(2880)),
        ("90", "", range(2158, 2880)),
        ("1:30", "1:31", range(2158, 2182)),
        ("0:01:30.0", "00:01:31", range(2158, 2182)),
        ("", "0.042", range(1)),
        ("1.001", "1.0428", range(24, 25)),
        ("24f", "25f", range(24, 25)),
        ("1.001", "48f", range(24, 48)),
        ("2879f", "9999f", range(2879, 2880)),
        (".5", "1.", range(12, 24)),
    ],
)
def test_by_example(start: str, end: str, frames: range) -> None:
    assert part(FILM, start, end) == frames


@given(st.lists(st.integers(1, 900), min_size=1, max_size=40), st.data())
def test_parts_that_meet_have_every_frame_once(steps: list[int], data: st.DataObject) -> None:
    stamps = [data.draw(st.integers(-500, 500))]
    for step in steps:
        stamps.append(stamps[-1] + step)
    film, length = video(tuple(stamps)), stamps[-1] - stamps[0]
    moments = sorted(data.draw(st.lists(st.integers(2, length), max_size=3, unique=True)) if length > 1 else [])
    written = ["", *(f"{moment // 60000}:{moment % 60000 / 1000:.3f}" for moment in moments), ""]
    found: list[int] = []
    for start, end in pairwise(written):
        try:
            found += part(film, start, end)
        except ArgumentError as error:
            assert "there is no frame from" in str(error)  # noqa: PT017  # that is one possibility of two
    assert found == list(range(len(stamps)))


@given(st.integers(0, 2879))
def test_the_time_of_a_frame_means_that_frame(n: int) -> None:
    seconds = (FILM.timestamps[n] - FILM.timestamps[0]) / 1000
    assert part(FILM, f"{seconds:.3f}", f"{n + 1}f") == range(n, n + 1)


@pytest.mark.parametrize("moment", ["tomorrow", "1:2:3:4", "-5", "1,5", "5s", "f", "1:", " 5", "٣"])
def test_what_is_no_moment_is_named(moment: str) -> None:
    with pytest.raises(ArgumentError, match=r"--start .*wanted a time like"):
        part(FILM, moment, "")
    with pytest.raises(ArgumentError, match=r"--end .*wanted a time like"):
        part(FILM, "", moment)


@pytest.mark.parametrize(("start", "end"), [("5", "5"), ("9", "3"), ("3:00", ""), ("", "0"), ("9999f", "")])
def test_an_empty_part_is_told_with_the_length(start: str, end: str) -> None:
    with pytest.raises(ArgumentError, match=r"no frame from .*; the video has 2880 frames in 120\.1\d\d seconds"):
        part(FILM, start, end)
