"""What lanes exchange on a simulated GPU: rectangles of their states, and the same on arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.simulator_kinds import MOST_LANES, MOST_PLACES
from vsanimesr.tiles import Move

State = np.ndarray[Any, Any]
Drawn = tuple[int, int, tuple[int, int, int], tuple[int, int, int]]
"""Two lanes; of rows and of columns: where they begin in the first, where in the second, and how many."""

SWAP: list[Drawn] = [(0, 1, (0, 3, 2), (2, 0, 7)), (1, 0, (9, 12, 1), (6, 5, 14))]
"""Something of either of two lanes for the other one."""
lanes = st.integers(0, MOST_LANES - 1)
places = st.integers(0, MOST_PLACES - 1)
sides = st.tuples(places, places, st.integers(1, MOST_PLACES))
exchanges = st.lists(st.tuples(lanes, lanes, sides, sides), max_size=3)


def moves(drawn: Sequence[Drawn], lanes: int, shape: Sequence[int]) -> list[Move]:
    """Those of the drawn that states of [1, channels, height, width] in so many lanes allow, one beside the other."""
    *_, height, width = shape
    allowed: list[Move] = []
    for one, other, down, across in drawn:
        move = Move(one % lanes, other % lanes, _sides(down, height), _sides(across, width))
        if move.source != move.target and not any(_disturb(move, earlier) for earlier in allowed):
            allowed.append(move)
    return allowed


def exchanged(states: Sequence[State], moves: Sequence[Move]) -> list[State]:
    """The states after an exchange; those given stay as they are."""
    after = [state.copy() for state in states]
    for move in moves:
        (above, below), (left, right) = move.rows, move.columns
        after[move.target][..., below, right] = states[move.source][..., above, left]
    return after


def _sides(drawn: tuple[int, int, int], side: int) -> tuple[slice, slice]:
    one, other, length = drawn[0], drawn[1], min(drawn[2], side)
    starts = (start % (side - length + 1) for start in (one, other))
    first, second = (slice(start, start + length) for start in starts)
    return first, second


def _disturb(a: Move, b: Move) -> bool:
    """Whether one writes what the other reads or writes."""
    (a_reads, a_writes), (b_reads, b_writes) = _ends(a), _ends(b)
    return _meet(a_writes, b_reads) or _meet(a_writes, b_writes) or _meet(a_reads, b_writes)


def _ends(move: Move) -> list[tuple[int, slice, slice]]:
    """What it reads and what it writes: lane, rows and columns."""
    return list(zip((move.source, move.target), move.rows, move.columns, strict=True))


def _meet(a: tuple[int, slice, slice], b: tuple[int, slice, slice]) -> bool:
    return a[0] == b[0] and all(x.start < y.stop and y.start < x.stop for x, y in zip(a[1:], b[1:], strict=True))
