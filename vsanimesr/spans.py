"""One side of a frame that is cut into tiles of one length; lengths and positions are samples.

`side` is the frame's length, `tile` that of a tile, `overlap` what is cropped of it at least where it has a neighbour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

from vsanimesr.spec import MIN_SIDE, padded

GRID = 4
"""Tiles begin, and are cut, at multiples of this: the network works at a half and a quarter of its resolution too, and
chroma may be subsampled. A tile that began elsewhere would have other samples in each quarter, so other pixels."""


@dataclass(frozen=True)
class Span:
    """One side of a tile."""

    start: int
    """Where the tile begins in the frame, a multiple of GRID."""
    length: int
    """How long it is."""
    first: int
    """Where the part begins that it gives, in the frame; a multiple of GRID."""
    end: int
    """Where that part ends, which is where the next tile's begins."""

    @property
    def seen(self) -> slice:
        """All of the tile, in the frame."""
        return slice(self.start, self.start + self.length)

    @property
    def part(self) -> slice:
        """What the tile gives, in the frame."""
        return slice(self.first, self.end)

    @property
    def inner(self) -> slice:
        """The same in the tile."""
        return slice(self.first - self.start, self.end - self.start)


def rounded(side: int, tile: int) -> int:
    """The smallest tile of at least that length whose end, too, may be the frame's."""
    return side - max(0, side - tile) // GRID * GRID


def stride(tile: int, overlap: int) -> int:
    """How far apart two tiles may begin; 0 or less if none can follow."""
    return (tile - 2 * padded(overlap, GRID)) // GRID * GRID


def largest_overlap(tile: int) -> int:
    """The largest with which a tile of that length, at least MIN_SIDE, can have another one beside it."""
    return (tile - GRID) // (2 * GRID) * GRID


def count_of(side: int, tile: int, overlap: int) -> int:
    """How many tiles of that length cover the side; `tile` is what `rounded` gives, and its stride more than 0."""
    return 1 if tile == side else 1 - (tile - side) // stride(tile, overlap)


def shared(side: int, count: int, overlap: int) -> int:
    """The smallest tile of which `count` or fewer cover a side."""
    tile = min(side, max(MIN_SIDE, -(-(side + 2 * overlap * (count - 1)) // count), 2 * overlap + 1))
    tile = rounded(side, tile)
    while tile < side and (stride(tile, overlap) <= 0 or count_of(side, tile, overlap) > count):
        tile += GRID
    return tile


def spans_of(side: int, tile: int, overlap: int) -> Iterator[Span]:
    """The tiles along a side, evenly spread; neighbours are cut in the middle of what they share."""
    count = count_of(side, tile, overlap)
    steps = (side - tile) // GRID
    starts = [GRID * (steps * n // max(1, count - 1)) for n in range(count)]
    cuts = [0, *(after + (before + tile - after) // (2 * GRID) * GRID for before, after in pairwise(starts)), side]
    for start, (first, end) in zip(starts, pairwise(cuts), strict=True):
        yield Span(start, tile, first, end)


def exchanged(side: int, tile: int, overlap: int) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
    """Along a side: a tile that gives something, one that sees it, and where that lies in both; itself included."""
    spans = list(enumerate(spans_of(side, tile, overlap)))
    for (giver, gives), (taker, sees) in product(spans, repeat=2):
        end = padded(side, GRID) if gives.end == side else gives.end  # the frame's padding belongs to the last tile
        first, end = max(gives.first, sees.start), min(end, sees.start + padded(tile, GRID))
        if first < end:
            yield giver, taker, (_slice(first, end, gives.start), _slice(first, end, sees.start))


def _slice(first: int, end: int, start: int) -> slice:
    return slice(first - start, end - start)
