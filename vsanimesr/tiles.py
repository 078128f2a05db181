"""How a frame is cut into tiles of one size, and which part of the picture each of them gives.

Lengths and positions are samples of the frame's first plane, pairs are width and height. Names and order are those of
other upscalers' arguments: the overlap is what is cropped from a tile at every side where it has a neighbour, so two
neighbours share at least twice as much.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal, Self

from vsanimesr.errors import ArgumentError
from vsanimesr.spec import MIN_SIDE, ClipSpec, padded

GRID = 4
"""Tiles begin, and are cut, at multiples of this: the network works at a half and a quarter of its resolution too, and
chroma may be subsampled. A tile that began elsewhere would have other samples in each quarter, so other pixels."""
DEFAULT_OVERLAP = 32
"""A step sees 24 samples beyond multiples of GRID, and 4 more where chroma is subsampled. Since tiles keep each other's
states right (`Tiling.moves`), their pictures then are the whole frame's (`python -m benchmarks seams`)."""
MOST = 64
"""Most tiles that `candidates` tries."""

Pair = tuple[int, int]
Values = int | str | Sequence[int] | None


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


@dataclass(frozen=True)
class Tile:
    """Where a tile lies."""

    across: Span
    """Its columns."""
    down: Span
    """Its rows."""


@dataclass(frozen=True)
class Move:
    """A rectangle of one lane's state that another lane takes over; positions are those of its samples in a tile."""

    source: int
    """The lane that it is copied from."""
    target: int
    """The lane that it is copied to."""
    rows: tuple[slice, slice]
    """Rows in the source and in the target, as many."""
    columns: tuple[slice, slice]
    """Columns in the source and in the target, as many."""


@dataclass(frozen=True)
class Tiling:
    """Tiles of one size that cover a frame; `of_size` and `of_count` make one."""

    frame: Pair
    """The frame."""
    size: Pair
    """Each tile; differs from the frame's size by multiples of GRID."""
    overlap: Pair
    """What is cropped at least at every inner side of a tile."""

    @classmethod
    def of_size(cls, frame: Pair, size: Pair, overlap: Pair) -> Self:
        """Tiles of at least that size: rounded up to the grid, by 3 at most, and no larger than the frame.

        Raises ArgumentError for a size that is less than MIN_SIDE or no more than twice the overlap.
        """
        across, down = (_checked(*sides) for sides in zip(frame, size, overlap, strict=True))
        return cls(frame, (across, down), overlap)

    @classmethod
    def of_count(cls, frame: Pair, count: Pair, overlap: Pair) -> Self:
        """The smallest tiles of which so many, across and down, or fewer cover the frame."""
        across, down = (_shared(*sides) for sides in zip(frame, count, overlap, strict=True))
        return cls(frame, (across, down), overlap)

    @property
    def count(self) -> Pair:
        """How many tiles, across and down; as few as cover the frame."""
        across, down = (_count(*sides) for sides in zip(self.frame, self.size, self.overlap, strict=True))
        return across, down

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The tiles, row by row."""
        across, down = (list(_spans(*sides)) for sides in zip(self.frame, self.size, self.overlap, strict=True))
        return tuple(Tile(column, row) for row, column in product(down, across))

    @property
    def moves(self) -> tuple[Move, ...]:
        """What the states have to take over after each step, so that all of them go on as the whole frame's would.

        Wherever a tile sees what another one gives, it takes the other's state, which has seen more around it. What is
        read is never written, so the order does not matter.
        """
        columns, rows = (list(_exchanged(*sides)) for sides in zip(self.frame, self.size, self.overlap, strict=True))
        wide = self.count[0]
        return tuple(
            Move(giver_row * wide + giver, taker_row * wide + taker, row, column)
            for giver_row, taker_row, row in rows
            for giver, taker, column in columns
            if (giver_row, giver) != (taker_row, taker)
        )

    def __len__(self) -> int:
        across, down = self.count
        return across * down

    def __str__(self) -> str:
        (columns, rows), (width, height), (across, down) = self.count, self.size, self.overlap
        overlap = f"{across}" if across == down else f"{across}x{down}"
        return f"tiles={columns}x{rows} of {width}x{height} (overlap {overlap})"


@dataclass(frozen=True)
class Auto:
    """Tiles only where the clip does not fit the device's memory, and then as few as do."""

    overlap: Pair = (DEFAULT_OVERLAP, DEFAULT_OVERLAP)
    """What is cropped at every inner side of a tile."""


def tiling_from(tiles: Values, tilesize: Values, overlap: Values, clip: ClipSpec) -> Tiling | Auto | None:
    """What the three arguments ask for, each None where it was not given; None for no tiles.

    One number is both, two are width and height, or columns and rows; `tiles` may be 'auto'. Raises ArgumentError.
    """
    frame = clip.width, clip.height
    if tiles is not None and tilesize is not None:
        raise ArgumentError(f"both tiles={tiles!r} and tilesize={tilesize!r} were given; write one of them")
    if tiles is None and tilesize is None:
        if overlap is not None:
            raise ArgumentError(
                f"overlap={overlap!r} was given without tiles; write tiles='auto' or tilesize=[W, H] too"
            )
        return None
    cropped = (DEFAULT_OVERLAP, DEFAULT_OVERLAP) if overlap is None else _pair("overlap", overlap, 0)
    if tiles == "auto":
        return Auto(cropped)
    if tiles is not None:
        return Tiling.of_count(frame, _pair("tiles", tiles, 1), cropped)
    return Tiling.of_size(frame, _pair("tilesize", tilesize, MIN_SIDE), cropped)


def candidates(frame: Pair, overlap: Pair) -> list[Tiling]:
    """What might be tried for a frame, at most MOST tiles: fewest tiles first, and of as many the squarest."""
    counts = ((across, down) for across, down in product(range(1, MOST + 1), repeat=2) if across * down <= MOST)
    distinct = dict.fromkeys(Tiling.of_count(frame, count, overlap) for count in counts)
    return sorted(distinct, key=lambda tiling: (len(tiling), max(tiling.size) / min(tiling.size)))


def _pair(name: Literal["tiles", "tilesize", "overlap"], value: Values, least: int) -> Pair:
    values = [value] if isinstance(value, (int, float)) else value
    wanted = "one whole number or two, width and height" + (", or 'auto'" if name == "tiles" else "")
    if isinstance(values, str) or values is None or not 1 <= len(values) <= 2:
        raise ArgumentError(f"{name} is {value!r}, wanted {wanted}")
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in values):
        raise ArgumentError(f"{name} is {value!r}, wanted {wanted}")
    if min(values) < least:
        raise ArgumentError(f"{name} is {value!r}, wanted {least} or more")
    return values[0], values[-1]


def _checked(side: int, asked: int, overlap: int) -> int:
    """The tile that somebody who asked for one of that length gets."""
    tile = _rounded(side, asked)
    if asked < MIN_SIDE:
        raise ArgumentError(f"tilesize has a side of {asked} samples, wanted {MIN_SIDE} or more")
    if tile < side and _stride(tile, overlap) <= 0:
        raise ArgumentError(
            f"tilesize has a side of {asked} samples, of which an overlap of {overlap} at both ends leaves nothing; "
            f"write {2 * padded(overlap, GRID) + GRID} or more, or a smaller overlap"
        )
    return tile


def _rounded(side: int, tile: int) -> int:
    """The smallest tile of at least that length whose end, too, may be the frame's."""
    return side - max(0, side - tile) // GRID * GRID


def _stride(tile: int, overlap: int) -> int:
    """How far apart two tiles may begin; 0 or less if none can follow."""
    return (tile - 2 * padded(overlap, GRID)) // GRID * GRID


def _count(side: int, tile: int, overlap: int) -> int:
    return 1 if tile == side else 1 - (tile - side) // _stride(tile, overlap)


def _shared(side: int, count: int, overlap: int) -> int:
    """The smallest tile of which `count` or fewer cover a side."""
    tile = min(side, max(MIN_SIDE, -(-(side + 2 * overlap * (count - 1)) // count), 2 * overlap + 1))
    tile = _rounded(side, tile)
    while tile < side and (_stride(tile, overlap) <= 0 or _count(side, tile, overlap) > count):
        tile += GRID
    return tile


def _spans(side: int, tile: int, overlap: int) -> Iterator[Span]:
    """The tiles along a side, evenly spread; neighbours are cut in the middle of what they share."""
    count = _count(side, tile, overlap)
    steps = (side - tile) // GRID
    starts = [GRID * (steps * n // max(1, count - 1)) for n in range(count)]
    cuts = [0, *(after + (before + tile - after) // (2 * GRID) * GRID for before, after in pairwise(starts)), side]
    for start, (first, end) in zip(starts, pairwise(cuts), strict=True):
        yield Span(start, tile, first, end)


def _exchanged(side: int, tile: int, overlap: int) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
    """Along a side: a tile that gives something, one that sees it, and where that lies in both; itself included."""
    spans = list(enumerate(_spans(side, tile, overlap)))
    for (giver, gives), (taker, sees) in product(spans, repeat=2):
        end = padded(side, GRID) if gives.end == side else gives.end  # the frame's padding belongs to the last tile
        first, end = max(gives.first, sees.start), min(end, sees.start + padded(tile, GRID))
        if first < end:
            yield giver, taker, (_slice(first, end, gives.start), _slice(first, end, sees.start))


def _slice(first: int, end: int, start: int) -> slice:
    return slice(first - start, end - start)
