"""How a frame is cut into tiles of one size, and which part of the picture each of them gives.

Lengths and positions are samples of the frame's first plane, pairs are width and height. Names and order are those of
other upscalers' arguments: the overlap is what is cropped from a tile at every side where it has a neighbour, so two
neighbours share at least twice as much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, Self

from vsanimesr.errors import ArgumentError
from vsanimesr.spans import GRID, Span, count_of, exchanged, largest_overlap, rounded, shared, spans_of, stride
from vsanimesr.spec import MIN_SIDE, ClipSpec

__all__ = [
    "DEFAULT_OVERLAP",
    "GRID",
    "MOST",
    "Auto",
    "Move",
    "Pair",
    "Span",
    "Tile",
    "Tiling",
    "candidates",
    "tiling_from",
]

DEFAULT_OVERLAP = 32
"""A step sees 24 samples beyond multiples of GRID, and 4 more where chroma is subsampled. Since tiles keep each other's
states right (`Tiling.moves`), their pictures then are the whole frame's (`python -m benchmarks seams`)."""
MOST = 64
"""Most tiles of a frame: every one is a recurrence of its own, and what overlaps is computed several times."""

Pair = tuple[int, int]
Values = int | str | Sequence[int] | None


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
        across, down = map(rounded, frame, size)
        _check_size(frame, size, overlap)
        return cls(frame, (across, down), overlap)

    @classmethod
    def of_count(cls, frame: Pair, count: Pair, overlap: Pair) -> Self:
        """The smallest tiles of which so many, across and down, or fewer cover the frame."""
        across, down = (shared(*sides) for sides in zip(frame, count, overlap, strict=True))
        return cls(frame, (across, down), overlap)

    @property
    def count(self) -> Pair:
        """How many tiles, across and down; as few as cover the frame."""
        across, down = (count_of(*sides) for sides in zip(self.frame, self.size, self.overlap, strict=True))
        return across, down

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The tiles, row by row."""
        across, down = (list(spans_of(*sides)) for sides in zip(self.frame, self.size, self.overlap, strict=True))
        return tuple(Tile(column, row) for row, column in product(down, across))

    @property
    def moves(self) -> tuple[Move, ...]:
        """What the states have to take over after each step, so that all of them go on as the whole frame's would.

        Wherever a tile sees what another one gives, it takes the other's state, which has seen more around it. What is
        read is never written, so the order does not matter.
        """
        columns, rows = (list(exchanged(*sides)) for sides in zip(self.frame, self.size, self.overlap, strict=True))
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

    One number is both, two are width and height, or columns and rows; `tiles` may be 'auto'. Raises ArgumentError, also
    for more than MOST tiles, and for an overlap that leaves only one of several. A frame that is too small for several
    whatever the overlap is one tile.
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
        return _of_count(frame, _pair("tiles", tiles, 1), cropped)
    return _of_size(frame, _pair("tilesize", tilesize, MIN_SIDE), cropped)


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


def _of_count(frame: Pair, count: Pair, overlap: Pair) -> Tiling:
    tiling, asked = Tiling.of_count(frame, count, overlap), f"tiles={_words(count)}"
    if len(tiling) > MOST:
        fewer = [min(number, MOST) for number in count]
        while math.prod(fewer) > MOST:
            fewer[fewer.index(max(fewer))] -= 1
        raise ArgumentError(f"{asked} makes {_too_many(tiling)}; write tiles={_words(fewer)} or less")
    without = Tiling.of_count(frame, count, (0, 0)).count
    if len(tiling) == 1 and max(without) > 1:
        largest = max(largest_overlap(side - GRID) for side, several in zip(frame, without, strict=True) if several > 1)
        raise ArgumentError(
            f"{asked} with overlap={_words(overlap)} leaves one tile of {frame[0]}x{frame[1]}; "
            f"write overlap={min(largest, DEFAULT_OVERLAP)} or less"
        )
    return tiling


def _of_size(frame: Pair, size: Pair, overlap: Pair) -> Tiling:
    tiling = Tiling.of_size(frame, size, overlap)
    if len(tiling) > MOST:
        raise ArgumentError(f"tilesize={_words(size)} makes {_too_many(tiling)}; {_larger_size(frame, size, overlap)}")
    return tiling


def _too_many(tiling: Tiling) -> str:
    width, height = tiling.size
    return f"{len(tiling)} tiles of {width}x{height} (overlap {_words(tiling.overlap)}), at most {MOST} are possible"


def _words(pair: Sequence[int]) -> str:
    """Two numbers as they may be written for an argument."""
    return f"{pair[0]}" if pair[0] == pair[1] else f"[{pair[0]}, {pair[1]}]"


def _check_size(frame: Pair, size: Pair, overlap: Pair) -> None:
    """Raise ArgumentError for a size that is too small, or of which the overlap leaves nothing."""
    if min(size) < MIN_SIDE:
        raise ArgumentError(f"tilesize has a side of {min(size)} samples, wanted {MIN_SIDE} or more")
    lengths = zip(frame, map(rounded, frame, size), overlap, strict=True)
    if any(tile < side and stride(tile, cropped) <= 0 for side, tile, cropped in lengths):
        less = min(map(largest_overlap, size))
        raise ArgumentError(
            f"tilesize={_words(size)} with overlap={_words(overlap)}, cropped at both ends of a side, leaves nothing; "
            f"{_larger_size(frame, size, overlap)}, or overlap={less} or less"
        )


def _larger_size(frame: Pair, size: Pair, overlap: Pair) -> str:
    """What to write for the smallest tiles, of at least that size, that can be had."""
    sizes = (tiling.size for tiling in candidates(frame, overlap))
    larger = [other for other in sizes if all(map(_at_least, other, size, frame))]
    return f"write tilesize={_words(min(larger, key=math.prod))} or more"


def _at_least(tile: int, asked: int, side: int) -> bool:
    return tile >= min(asked, side)
