"""How frames are cut into tiles, and what the arguments make of it."""

import json
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vsanimesr.errors import ArgumentError
from vsanimesr.spec import MIN_SIDE, RGBS, ClipSpec, padded
from vsanimesr.tiles import DEFAULT_OVERLAP, GRID, MOST, Auto, Span, Tiling, candidates, tiling_from

SIDES = st.integers(MIN_SIDE, 200)
OVERLAPS = st.integers(0, 40)
CLIP = ClipSpec(640, 480, 10, RGBS)


@st.composite
def tilings(draw: st.DrawFn) -> Tiling:
    """Any tiling that may be asked for."""
    frame, overlap = draw(st.tuples(SIDES, SIDES)), draw(st.tuples(OVERLAPS, OVERLAPS))
    if draw(st.booleans()):
        return Tiling.of_count(frame, draw(st.tuples(st.integers(1, 9), st.integers(1, 9))), overlap)
    sizes = (st.integers(max(MIN_SIDE, 2 * padded(cropped, GRID) + GRID), 320) for cropped in overlap)
    tiling = Tiling.of_size(frame, draw(st.tuples(*sizes)), overlap)
    assume(len(tiling) <= 100)
    return tiling


@given(tilings())
def test_the_parts_cover_the_frame_exactly_once(tiling: Tiling) -> None:
    width, height = tiling.frame
    covered = np.zeros((height, width), int)
    for tile in tiling.tiles:
        covered[tile.down.part, tile.across.part] += 1
    assert (covered == 1).all()


@given(tilings())
def test_tiles_of_one_size_lie_within_the_frame_and_hold_what_they_give(tiling: Tiling) -> None:
    for tile in tiling.tiles:
        for span, size, side in zip((tile.across, tile.down), tiling.size, tiling.frame, strict=True):
            assert 0 <= span.start <= span.first < span.end <= span.start + size <= side
            assert (span.inner.start, span.inner.stop) == (span.first - span.start, span.end - span.start)
    assert min(tiling.size) >= MIN_SIDE


@given(tilings())
def test_at_every_inner_side_at_least_the_overlap_is_cropped_and_nothing_at_an_outer_one(tiling: Tiling) -> None:
    for tile in tiling.tiles:
        sides = zip((tile.across, tile.down), tiling.size, tiling.frame, tiling.overlap, strict=True)
        for span, size, side, overlap in sides:
            assert span.start == 0 if span.first == 0 else span.first - span.start >= overlap
            assert span.start + size == side if span.end == side else span.start + size - span.end >= overlap


@given(tilings())
def test_tiles_lie_on_the_grid_of_the_network_and_their_padding_is_the_frames(tiling: Tiling) -> None:
    for tile in tiling.tiles:
        assert tile.across.start % GRID == tile.down.start % GRID == 0
        assert tile.across.first % GRID == tile.down.first % GRID == 0
    for size, side in zip(tiling.size, tiling.frame, strict=True):
        assert (side - size) % GRID == 0


def given_part(span: Span, end: int) -> tuple[slice, slice]:
    """What a tile gives of the padded frame and where that lies in the tile; the last one gives the padding."""
    stop = end if padded(span.end, GRID) == end else span.end
    return slice(span.first, stop), slice(span.first - span.start, stop - span.start)


@given(tilings())
def test_after_the_moves_every_state_is_the_whole_frames(tiling: Tiling) -> None:
    width, height = (padded(side, GRID) for side in tiling.frame)
    whole = np.arange(width * height).reshape(height, width)
    states = []
    for tile in tiling.tiles:
        down, across = given_part(tile.down, height), given_part(tile.across, width)
        state = np.full([padded(side, GRID) for side in tiling.size[::-1]], -1)
        state[down[1], across[1]] = whole[down[0], across[0]]
        states.append(state)
    for move in tiling.moves:
        assert move.source != move.target
        (out, into), (left, right) = move.rows, move.columns
        states[move.target][into, right] = states[move.source][out, left]
    for tile, state in zip(tiling.tiles, states, strict=True):
        high, wide = state.shape
        seen = whole[tile.down.start : tile.down.start + high, tile.across.start : tile.across.start + wide]
        assert (state == seen).all()


@given(tilings())
def test_there_are_as_many_tiles_as_are_counted_and_none_to_spare(tiling: Tiling) -> None:
    assert len(tiling.tiles) == len(tiling) == tiling.count[0] * tiling.count[1]
    assert len(set(tiling.tiles)) == len(tiling)


@given(st.tuples(SIDES, SIDES), st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(OVERLAPS, OVERLAPS))
def test_a_count_takes_the_smallest_tiles_that_do(frame: tuple, count: tuple, overlap: tuple) -> None:
    tiling = Tiling.of_count(frame, count, overlap)
    assert all(found <= asked for found, asked in zip(tiling.count, count, strict=True))
    for k in range(2):
        smaller = list(tiling.size)
        smaller[k] -= GRID
        try:
            less = Tiling.of_size(frame, (smaller[0], smaller[1]), overlap)
        except ArgumentError:
            continue
        assert less.count[k] > count[k] or tiling.size[k] - MIN_SIDE < GRID


@given(st.tuples(SIDES, SIDES), st.tuples(st.integers(MIN_SIDE, 300), st.integers(MIN_SIDE, 300)), OVERLAPS)
def test_a_size_is_taken_as_it_is_or_a_little_larger_and_at_most_the_frame(
    frame: tuple, size: tuple, overlap: int
) -> None:
    assume(min(size) >= 2 * overlap + 3 * GRID)
    tiling = Tiling.of_size(frame, size, (overlap, overlap))
    for found, asked, side in zip(tiling.size, size, frame, strict=True):
        assert found == side if asked >= side else asked <= found < asked + GRID


def test_the_frames_of_a_film() -> None:
    tiling = Tiling.of_size((1920, 1080), (992, 572), (32, 32))
    assert str(tiling) == "tiles=2x2 of 992x572 (overlap 32)"
    assert [(tile.across.start, tile.down.start) for tile in tiling.tiles] == [(0, 0), (928, 0), (0, 508), (928, 508)]
    assert [(tile.across.first, tile.across.end) for tile in tiling.tiles[:2]] == [(0, 960), (960, 1920)]
    assert [(tile.down.first, tile.down.end) for tile in tiling.tiles[::2]] == [(0, 540), (540, 1080)]


def test_the_candidates_begin_with_the_whole_frame_and_have_ever_more_tiles() -> None:
    found = candidates((640, 480), (32, 32))
    assert found[0] == Tiling((640, 480), (640, 480), (32, 32))
    assert [tiling.count for tiling in found[1:4]] == [(2, 1), (1, 2), (3, 1)]
    assert (2, 2) in [tiling.count for tiling in found]
    counts = [len(tiling) for tiling in found]
    assert counts == sorted(counts)
    assert counts[-1] <= MOST
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ((None, None, None), None),
        (("auto", None, None), Auto((DEFAULT_OVERLAP, DEFAULT_OVERLAP))),
        (("auto", None, [8]), Auto((8, 8))),
        ((2, None, 16), Tiling.of_count((640, 480), (2, 2), (16, 16))),
        (([3, 1], None, [16, 8]), Tiling.of_count((640, 480), (3, 1), (16, 8))),
        ((None, 256, 16), Tiling((640, 480), (256, 256), (16, 16))),
        ((None, [320, 200], None), Tiling((640, 480), (320, 200), (DEFAULT_OVERLAP, DEFAULT_OVERLAP))),
        ((None, [4000], None), Tiling((640, 480), (640, 480), (DEFAULT_OVERLAP, DEFAULT_OVERLAP))),
    ],
)
def test_arguments(arguments: tuple, result: object) -> None:
    assert tiling_from(*arguments, CLIP) == result


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((2, 256, None), "both tiles=2 and tilesize=256"),
        ((None, None, 16), "overlap=16 was given without tiles"),
        ((0, None, None), "tiles is 0, wanted 1 or more"),
        (([2, -1], None, None), r"tiles is \[2, -1\], wanted 1 or more"),
        ((2, None, -1), "overlap is -1, wanted 0 or more"),
        (([2, 2, 2], None, None), r"tiles is \[2, 2, 2\], wanted one whole number or two"),
        (([], None, None), r"tiles is \[\], wanted one whole number or two"),
        (("two", None, None), "tiles is 'two', wanted .* 'auto'"),
        ((None, "auto", None), "tilesize is 'auto', wanted one whole number or two, width and height$"),
        ((2, None, "auto"), "overlap is 'auto', wanted"),
        ((None, [256.0, 256.0], None), "wanted one whole number"),
        ((None, True, None), "wanted one whole number"),
        ((None, 8, 0), "tilesize is 8, wanted 16 or more"),
        ((None, [256, 0], 0), r"tilesize is \[256, 0\], wanted 16 or more"),
        (
            (None, 64, 32),
            r"tilesize=64 with overlap=32, .* nothing; write tilesize=\[136, 116\] or more, or overlap=28 or less",
        ),
        ((None, 16, 9), r"write tilesize=\[\d+, \d+\] or more, or overlap=4 or less"),
        (([2, 2], None, 1000), r"tiles=2 with overlap=1000 .* 640x480; write overlap=32 or less"),
        (([1, 2], None, [0, 500]), r"tiles=\[1, 2\] with overlap=\[0, 500\] .*; write overlap=32 or less"),
        ((9999, None, None), r"tiles=9999 .* 14976 tiles of 68x68.* at most 64.*; write tiles=8 or less"),
        ((100, None, 0), r"tiles=100 .* 1200 tiles of 16x16.* at most 64"),
        ((None, 68, None), r"tilesize=68 .* 14976 tiles .* at most 64.*; write tilesize=\[\d+, \d+\] or more"),
    ],
)
def test_bad_arguments(arguments: tuple, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        tiling_from(*arguments, CLIP)


@given(
    *(st.none() | st.sampled_from(["auto", ""]) | st.integers(-5, 900) | st.lists(st.integers(-5, 900), max_size=3),)
    * 3
)
def test_whatever_is_asked_for_is_made_or_refused(tiles: object, tilesize: object, overlap: object) -> None:
    try:
        found = tiling_from(tiles, tilesize, overlap, CLIP)
    except ArgumentError as error:
        text = str(error)
        assert "wanted" in text or "write" in text
    else:
        assert not isinstance(found, Tiling) or len(found) == len(found.tiles)


def advised(error: ArgumentError, name: str) -> object:
    """The value that an error says may be written for an argument."""
    found = re.search(rf"write .*?{name}=(\d+|\[\d+, \d+\]) or (?:more|less)", str(error))
    assert found, error
    return json.loads(found[1])


@given(SIDES, SIDES, st.integers(1, 90), st.integers(1, 90), st.integers(0, 300))
def test_what_is_advised_against_too_many_tiles_or_too_much_overlap_will_do(
    width: int, height: int, columns: int, rows: int, overlap: int
) -> None:
    arguments = {"tiles": [columns, rows], "overlap": overlap}
    for _ in range(3):  # with less overlap there may be too many tiles
        try:
            found = tiling_from(arguments["tiles"], None, arguments["overlap"], ClipSpec(width, height, 1, RGBS))
        except ArgumentError as error:
            name = "overlap" if "leaves one tile" in str(error) else "tiles"
            arguments[name] = advised(error, name)
        else:
            break
    assert isinstance(found, Tiling)
    assert len(found) <= MOST
    alone = Tiling.of_count((width, height), (columns, rows), (0, 0))
    assert len(found) > 1 or len(alone) == 1


@given(SIDES, SIDES, st.integers(MIN_SIDE, 90), st.integers(MIN_SIDE, 90), st.integers(0, 60))
def test_what_is_advised_against_a_tilesize_will_do(
    width: int, height: int, wide: int, high: int, overlap: int
) -> None:
    clip = ClipSpec(width, height, 1, RGBS)
    try:
        found = tiling_from(None, [wide, high], overlap, clip)
    except ArgumentError as error:
        found = tiling_from(None, advised(error, "tilesize"), overlap, clip)
    assert isinstance(found, Tiling)
    assert len(found) <= MOST


@given(SIDES, st.integers(MIN_SIDE, 200), st.integers(0, 120))
def test_an_overlap_that_is_advised_for_a_tilesize_will_do(side: int, tile: int, overlap: int) -> None:
    try:
        tiling_from(None, tile, overlap, ClipSpec(side, side, 1, RGBS))
    except ArgumentError as error:
        if "leaves nothing" in str(error):
            smaller = advised(error, "overlap")
            assert isinstance(smaller, int)
            assert smaller < overlap
            assert Tiling.of_size((side, side), (tile, tile), (smaller, smaller)).count > (1, 1)
