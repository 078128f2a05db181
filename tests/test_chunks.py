"""Chunks of whole scenes, for any scenes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsanimesr.errors import ArgumentError
from vsanimesr.jobs.chunks import Chunk, plan

FRAMES = 2000
lengths = st.integers(1, 300)
layouts = st.tuples(
    st.lists(st.integers(0, FRAMES - 1), unique=True, max_size=40).map(sorted),
    st.tuples(lengths, lengths).map(sorted),
    st.sampled_from([0, 0, 1, 7, 60, 400]),
)


def scenes_of(starts: list[int]) -> list[tuple[int, int]]:
    return list(pairwise(sorted({0, *starts, FRAMES})))


def planned(starts: list[int], least: int, most: int, segment: int) -> list[Chunk]:
    return plan(starts, range(FRAMES), least=least, most=most, segment=segment)


@given(layouts)
def test_every_frame_is_in_one_chunk_in_order(layout) -> None:
    starts, (least, most), segment = layout
    chunks = planned(starts, least, most, segment)
    assert [n for chunk in chunks for n in range(chunk.first, chunk.end)] == list(range(FRAMES))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.frames > 0 for chunk in chunks)


@given(layouts)
def test_chunks_end_with_scenes_or_within_those_that_are_too_long(layout) -> None:
    starts, (least, most), segment = layout
    for chunk in planned(starts, least, most, segment):
        first, end = next(scene for scene in scenes_of(starts) if scene[0] < chunk.end <= scene[1])
        if chunk.end != end:
            assert end - first > most, "a scene that is short enough was divided"
            assert not segment or (chunk.end - first) % segment == 0, "a cut within a segment"


@given(layouts)
def test_only_the_last_is_short_and_none_is_long(layout) -> None:
    starts, (least, most), segment = layout
    chunks = planned(starts, least, most, segment)
    assert all(chunk.frames >= least for chunk in chunks[:-1])
    assert all(chunk.frames <= least - 1 + max(most, segment) for chunk in chunks)


@given(layouts)
def test_no_chunk_could_have_ended_earlier_at_a_scene(layout) -> None:
    starts, (least, most), segment = layout
    for chunk in planned(starts, least, most, segment):
        inner = [start for start in starts if chunk.first < start < chunk.end]
        assert all(start - chunk.first < least for start in inner)


@given(st.integers(1, FRAMES), st.integers(1, 300))
def test_parts_of_a_long_scene_are_alike(frames: int, most: int) -> None:
    sizes = [chunk.frames for chunk in plan([0], range(frames), least=1, most=most)]
    assert len(sizes) == -(-frames // most)
    assert max(sizes) - min(sizes) <= 1


def test_by_example() -> None:
    def bounds(starts: list[int], frames: int, least: int, most: int, segment: int = 0) -> list[tuple[int, int]]:
        return [(c.first, c.end) for c in plan(starts, range(frames), least=least, most=most, segment=segment)]

    assert bounds([], 1, 1, 1) == [(0, 1)]
    assert bounds([0, 30, 50, 90, 200], 210, 50, 120) == [(0, 50), (50, 200), (200, 210)]
    assert bounds([0], 250, 50, 100) == [(0, 83), (83, 166), (166, 250)]
    assert bounds([0, 10], 250, 50, 100, 30) == [(0, 70), (70, 160), (160, 250)]
    assert bounds([0], 100, 10, 20, 50) == [(0, 50), (50, 100)], "segments longer than chunks should be are kept whole"


@given(layouts, st.integers(1, 500))
def test_a_part_is_divided_as_a_video_of_these_frames(layout, first: int) -> None:
    starts, (least, most), segment = layout
    moved = plan([first + n for n in starts], range(first, first + FRAMES), least=least, most=most, segment=segment)
    assert [(c.number, c.first - first, c.end - first) for c in moved] == [
        (c.number, c.first, c.end) for c in planned(starts, least, most, segment)
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([0], 0, 1, 1, 0), "there are no frames, wanted at least 1"),
        (([0], 9, 0, 1, 0), "at least 0 and at most 1 frames; wanted 1 <= least <= most"),
        (([0], 9, 5, 4, 0), "at least 5 and at most 4"),
        (([0], 9, 1, 4, -1), "segment=-1, wanted 0"),
        (([0, 5, 5], 9, 1, 4, 0), r"within 0 to 8, got \[0, 5, 5\]"),
        (([0, 9], 9, 1, 4, 0), r"within 0 to 8, got \[0, 9\]"),
        (([-1, 2], 9, 1, 4, 0), r"within 0 to 8, got \[-1, 2\]"),
    ],
)
def test_refusals(arguments, told: str) -> None:
    starts, frames, least, most, segment = arguments
    with pytest.raises(ArgumentError, match=told):
        plan(starts, range(frames), least=least, most=most, segment=segment)
