"""Resampling by zimg's bicubic filter, which is what `core.resize.Bicubic` does, as maps between cells of samples.

The kernel is the Catmull-Rom spline (Mitchell and Netravali, "Reconstruction filters in computer graphics", 1988, with
b = 0 and c = 0.5), widened where the result has fewer samples. Beyond an edge the samples are mirrored, the one at the
edge repeated. A row is divided into cells of equally many samples, so that every cell is made by the same weights.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

SUPPORT = 2.0
"""Samples on either side that the kernel reaches."""


@dataclass(frozen=True)
class Resampling:
    """How a new cell is made: a linear map of `before` cells, the `stride` cells in its place, and some after them."""

    weights: Array
    """[samples of a new cell, cells that it is made of, samples of a cell]."""
    before: int
    """How many of those cells lie before its place; a multiple of the stride."""
    stride: int
    """How many cells a new cell takes the place of."""

    @property
    def edges(self) -> tuple[int, int]:
        """New cells at the start and at the end that reach beyond the edge."""
        after = self.weights.shape[1] - self.before - self.stride
        return self.before // self.stride, math.ceil(after / self.stride)

    def at_start(self, cell: int) -> Array:
        """Weights of new cell `cell` over the row's first cells, the mirrored ones folded in."""
        return _folded(self.weights, cell * self.stride - self.before)

    def at_end(self, cell: int) -> Array:
        """Weights of new cell `cell`, counted from the end, over the row's last cells, the mirrored ones folded in."""
        beyond = self.weights.shape[1] - self.before - (cell + 1) * self.stride
        return _folded(self.weights[:, ::-1, ::-1], -beyond)[:, ::-1, ::-1]


def resampling(samples: int, wanted: int, *, cells: int = 1, shift: float = 0) -> Resampling:
    """Make `wanted` samples of `cells` cells of `samples` each.

    `shift` moves the places where the new samples are taken, in old samples.
    """
    total = cells * samples
    taps = [_taps((number + 0.5) * total / wanted + shift, min(1.0, wanted / total)) for number in range(wanted)]
    first = min(start for start, _ in taps)
    last = max(start + len(weights) for start, weights in taps)
    before = cells * max(0, math.ceil(-first / total))
    count = before + max(cells, math.ceil(last / samples))
    weights = np.zeros((wanted, count * samples))
    for row, (start, values) in zip(weights, taps, strict=True):
        place = start + before * samples
        row[place : place + len(values)] = values
    return Resampling(weights.reshape(wanted, count, samples), before, cells)


def bicubic(distance: Array) -> Array:
    """The Catmull-Rom spline at distances from its centre, in samples."""
    x = np.abs(distance)
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < SUPPORT, far, 0))


def _taps(position: float, step: float) -> tuple[int, Array]:
    """Number of the first sample and the weights that make the value at a position; sample n is centred at n + 0.5."""
    count = 2 * math.ceil(SUPPORT / step)
    first = math.floor(position - count / 2 + 0.5)
    weights = bicubic((first + np.arange(count) + 0.5 - position) * step)
    used = np.flatnonzero(weights)
    start, end = used[0], used[-1] + 1
    return first + int(start), weights[start:end] / weights.sum()


def _folded(weights: Array, first: int) -> Array:
    """Weights of cells from number `first` on, with those of cells below zero moved to their mirror images."""
    wanted, count, samples = weights.shape
    folded = np.zeros((wanted, (first + count) * samples))
    for column, place in zip(weights.reshape(wanted, -1).T, range(first * samples, folded.shape[1]), strict=True):
        folded[:, place if place >= 0 else -1 - place] += column
    return folded.reshape(wanted, first + count, samples)
