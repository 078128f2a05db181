"""A backend of arithmetic that looks around itself as the network does: by a few samples, and in quarters.

Its numbers are whole and wrap around, so whatever went wrong anywhere near spreads and never fades.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, override

import numpy as np
from numpy.typing import NDArray

from vsanimesr.backends.base import RING, Demand, Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import DeviceError
from vsanimesr.spec import PixelFormat, padded
from vsanimesr.tiles import GRID, Move

REACH = GRID
"""How far a step sees beyond multiples of GRID; in frames of subsampled chroma, too."""
MODULUS = 251


class Spatial(StreamBackend):
    """Runs the lanes that it is asked for; `fail` says which steps fail, counted over all lanes from 0 on."""

    name: ClassVar[str] = "spatial"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)

    def __init__(self, setup: Setup, fail: frozenset[int] = frozenset(), *, threaded: bool = False) -> None:
        self.precision, self.device = "fp32", "arithmetic"
        clip = setup.clip
        self.shape = padded(clip.height, GRID), padded(clip.width, GRID)
        self._ring = [[np.zeros(self.shape, np.int64)] * RING for _ in range(setup.lanes)]
        self._states = [np.zeros(self.shape, np.int64) for _ in range(setup.lanes)]
        self._pictures: dict[int, list[NDArray[Any]]] = {}
        self._fail, self.steps = fail, 0
        super().__init__(setup, threaded=threaded)

    @override
    @classmethod
    def version(cls) -> str:
        return "for tests"

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        return Demand(0, 1 << 30)

    @override
    @property
    def state_nbytes(self) -> int:
        return sum(state.nbytes for state in self._states)

    @override
    def stage(self, planes: Planes) -> list[NDArray[Any]]:
        clip = self.setup.clip
        arrays = [np.array(plane) for plane in planes]
        sizes = [plane.shape[::-1] for plane in arrays]
        assert sizes == clip.format.plane_sizes(clip.width, clip.height), sizes
        return arrays

    @override
    def run_ingest(self, ring: int, staged: list[NDArray[Any]], lane: int) -> None:
        total = np.zeros(self.shape, np.int64)
        for number, (plane, (wide, high)) in enumerate(zip(staged, subsampling(self.setup.clip.format), strict=True)):
            samples = (plane * 255).astype(np.int64) if plane.dtype.kind == "f" else plane.astype(np.int64)
            full = samples.repeat(1 << high, 0).repeat(1 << wide, 1)
            margin = [(0, side - length) for side, length in zip(self.shape, full.shape, strict=True)]
            total += (number + 1) * np.pad(full, margin, "edge")
        self._ring[lane][ring] = total % MODULUS

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        self.steps += 1
        if self.steps - 1 in self._fail:
            raise DeviceError(f"step {self.steps - 1} failed")
        frames = sum((k + 1) * self._ring[lane][ring] for k, ring in enumerate(window))
        state = self._states[lane] = (3 * _box(self._states[lane]) + _box(frames) + _quarters(frames)) % MODULUS
        if slot is not None:
            self._pictures[slot] = self._drawn(state)

    def _drawn(self, state: NDArray[Any]) -> list[NDArray[Any]]:
        """Planes of the picture, a multiple of the state each."""
        clip, picture = self.setup.clip, self.setup.clip.picture
        large = state[: clip.height, : clip.width].repeat(picture.scale, 0).repeat(picture.scale, 1)
        planes = []
        for number, (wide, high) in enumerate(subsampling(picture.format)):
            values = large[:: 1 << high, :: 1 << wide] * (number + 1) % MODULUS
            planes.append((values / 256 if picture.format.floating else values).astype(picture.format.dtype))
        return planes

    @override
    def run_exchange(self, moves: Sequence[Move]) -> None:
        for move in moves:
            (out, into), (left, right) = move.rows, move.columns
            self._states[move.target][into, right] = self._states[move.source][out, left]

    @override
    def run_reset(self) -> None:
        for state in self._states:
            state[:] = 0

    @override
    def run_save(self) -> Any:
        return [state.copy() for state in self._states]

    @override
    def run_restore(self, state: Any) -> None:
        self._states = [each.copy() for each in state]

    @override
    def read(self, slot: int) -> Planes:
        return self._pictures[slot]


def subsampling(format_: PixelFormat) -> list[tuple[int, int]]:
    """Of each plane, across and down."""
    return [group.subsampling for group in format_.groups for _ in group.planes]


def _box(values: NDArray[Any]) -> NDArray[Any]:
    """Sums of what lies around, two samples far; beyond the sides lies nothing."""
    wide = np.pad(values, 2)
    rows = sum(wide[k : k + values.shape[0]] for k in range(5))
    return np.asarray(sum(rows[:, k : k + values.shape[1]] for k in range(5)))


def _quarters(values: NDArray[Any]) -> NDArray[Any]:
    """Sums of GRID x GRID samples, at the place of each of them."""
    height, width = values.shape
    sums = values.reshape(height // GRID, GRID, width // GRID, GRID).sum((1, 3))
    return sums.repeat(GRID, 0).repeat(GRID, 1)
