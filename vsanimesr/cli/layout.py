"""Lines of label, bar and pieces of text for terminals of any width: what gives way where there is little room."""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST, MOST = 8, 40
"""Columns of a bar."""
NEEDED = 2
"""The highest rank of pieces that are worth more than a bar."""
GAP = "  "
"""Between a bar and the pieces beside it."""


@dataclass(frozen=True)
class Piece:
    """Something to tell."""

    text: str
    """Of one column a letter; '' where there is nothing to tell."""
    rank: int
    """The piece of the highest one gives way first."""


@dataclass(frozen=True)
class Row:
    """A line."""

    label: str
    """What it is about; of one column a letter."""
    part: float | None
    """What is done, from 0 to 1; None where that is not known."""
    pieces: tuple[Piece, ...]
    """In the order in which they are shown."""


@dataclass(frozen=True)
class Layout:
    """Where things are; the same in all lines, so that bars are below each other."""

    label: int
    """Columns of the labels with the space after them, 0 for none."""
    bar: int
    """Columns of the bars, 0 for none."""
    texts: tuple[str, ...]
    """The pieces that are shown, of each line."""


def layout(rows: Sequence[Row], width: int) -> Layout:
    """The best that goes into `width` columns.

    Bars shrink first, then pieces go that are not needed, then bars, then labels, then all pieces but the first in
    rank, which may be cut.
    """
    label = max((len(row.label) + 1 for row in rows), default=0)
    needed = max((len(_joined(row.pieces, NEEDED)) for row in rows), default=0)
    if label + LEAST + len(GAP) + needed <= width:
        room = width - label - len(GAP)
        texts = tuple(_fitting(row.pieces, room - LEAST) for row in rows)
        return Layout(label, min([MOST, *(room - len(text) for text in texts)]), texts)
    label = label if label + needed <= width else 0
    return Layout(label, 0, tuple(_fitting(row.pieces, width - label) for row in rows))


def _fitting(pieces: Sequence[Piece], room: int) -> str:
    ranks = sorted({piece.rank for piece in pieces if piece.text}, reverse=True)
    texts = [text for rank in ranks if len(text := _joined(pieces, rank)) <= room]
    if texts or not ranks or ranks[-1] > NEEDED:
        return texts[0] if texts else ""
    return _joined(pieces, ranks[-1])[:room]


def _joined(pieces: Sequence[Piece], rank: int) -> str:
    return GAP.join(piece.text for piece in pieces if piece.text and piece.rank <= rank)
