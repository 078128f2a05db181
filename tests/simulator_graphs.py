"""The graphs of backends on a simulated GPU, each composed once."""

from functools import cache
from typing import override

from vsanimesr.backends.base import Setup
from vsanimesr.graphs import Cell, Graphs, compose
from vsanimesr.spec import ClipSpec


def composed(setup: Setup) -> Graphs:
    """The graphs as GPUs run them, composed once for each model and clip."""
    return _graphs(_Same(setup.cell()), setup.clip)


class _Same:
    """A model, to be known again."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.cell is other.cell

    @override
    def __hash__(self) -> int:
        return id(self.cell)


@cache
def _graphs(same: _Same, clip: ClipSpec) -> Graphs:
    return compose(same.cell, clip, roomy=True, bytes_only=True)
