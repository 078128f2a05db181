"""Work on pictures whose samples lie in the channels of a smaller tensor, as they do before a pixel shuffle.

A cell is what lies at one place of that tensor: `rows` x `columns` samples of each plane, channels in the order plane,
row, column. What is linear in the samples is a convolution over cells, at a fraction of the memory traffic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vsanimesr.graphs.writer import THE_END, Writer
from vsanimesr.resampling import Resampling

Array = NDArray[np.floating]
HEIGHT, WIDTH = 2, 3
"""The axes of a tensor."""


@dataclass(frozen=True)
class Cells:
    """A value [1, planes * rows * columns, h, w] of a graph."""

    value: str
    """Its name."""
    planes: int
    """How many planes it holds."""
    rows: int
    """Rows of samples in a cell."""
    columns: int
    """Samples in such a row."""

    @property
    def samples(self) -> int:
        """Samples of one plane in a cell."""
        return self.rows * self.columns

    @property
    def channels(self) -> int:
        """Samples of all planes in a cell."""
        return self.planes * self.samples


def scaled(writer: Writer, cells: Cells, factor: float, offset: float) -> Cells:
    """The samples times a factor, plus an offset."""
    value = writer.add("Mul", cells.value, writer.floats(factor))
    return replace(cells, value=writer.add("Add", value, writer.floats(offset)) if offset else value)


def mixed(writer: Writer, cells: Cells, matrix: Array, offset: Array | None = None) -> Cells:
    """Each new plane as a sum of the old ones, plus an offset: `matrix` is [new planes, planes]."""
    kernel = np.kron(matrix, np.eye(cells.samples))[:, :, None, None]
    return replace(cells, value=_convolved(writer, cells.value, kernel, offset), planes=len(matrix))


def resampled(
    writer: Writer,
    cells: Cells,
    axis: int,
    how: Resampling,
    *,
    matrix: Array | None = None,
    offset: Array | None = None,
) -> Cells:
    """The cells resampled along HEIGHT or WIDTH; `matrix` and `offset` as those of `mixed`, in the same convolution.

    At the edges a few cells have weights of their own, which the mirrored samples are folded into: that costs less
    than to pad what is resampled.
    """
    matrix = np.eye(cells.planes) if matrix is None else matrix
    strides = [how.stride if axis == side else 1 for side in (HEIGHT, WIDTH)]

    def made(value: str, weights: Array) -> str:
        return _convolved(writer, value, _kernel(cells, axis, weights, matrix), offset, strides)

    def first(weights: Array) -> str:
        return made(writer.slice(cells.value, [0], [weights.shape[1]], [axis]), weights)

    def last(weights: Array) -> str:
        return made(writer.slice(cells.value, [-weights.shape[1]], [THE_END], [axis]), weights)

    starts, ends = how.edges
    start = [first(how.at_start(cell)) for cell in range(starts)]
    end = [last(how.at_end(cell)) for cell in reversed(range(ends))]
    parts = [*start, made(cells.value, how.weights), *end]
    value = writer.add("Concat", *parts, axis=axis) if len(parts) > 1 else parts[0]
    side = "columns" if axis == WIDTH else "rows"
    return replace(cells, value=value, planes=len(matrix), **{side: len(how.weights)})


def joined(writer: Writer, cells: Cells, rows: int, columns: int) -> Cells:
    """Larger cells, of `rows` x `columns` of these each; height and width are multiples of that."""
    if rows == columns == 1:
        return cells
    axes = cells.planes, rows, cells.rows, columns, cells.columns
    kernel = np.eye(np.prod(axes)).reshape(-1, *axes).transpose(0, 1, 3, 5, 2, 4)
    value = _convolved(writer, cells.value, kernel.reshape(-1, cells.channels, rows, columns), None, [rows, columns])
    return Cells(value, cells.planes, rows * cells.rows, columns * cells.columns)


def shuffled(writer: Writer, cells: Cells) -> str:
    """The samples in their places: [1, planes, rows * h, columns * w]."""
    if cells.rows == cells.columns:
        if cells.rows == 1:
            return cells.value
        return writer.add("DepthToSpace", cells.value, blocksize=cells.rows, mode="CRD")
    value = cells.value
    if cells.columns > 1:
        value = _columns_shuffled(writer, value, cells.planes * cells.rows, cells.columns)
    if cells.rows > 1:
        value = _rows_shuffled(writer, value, cells.planes, cells.rows)
    return value


def _columns_shuffled(writer: Writer, value: str, planes: int, columns: int) -> str:
    value = writer.add("Reshape", value, writer.indices(planes, columns, 0, 0))
    value = writer.add("Transpose", value, perm=[0, 2, 3, 1])
    value = writer.add("Unsqueeze", value, writer.indices(0))
    return writer.add("Reshape", value, writer.indices(1, planes, 0, -1))  # 0 keeps the height, which is in its place


def _rows_shuffled(writer: Writer, value: str, planes: int, rows: int) -> str:
    value = writer.add("Reshape", value, writer.indices(planes, rows, 0, 0))
    value = writer.add("Transpose", value, perm=[0, 2, 1, 3])
    return writer.add("Reshape", value, writer.indices(1, planes, -1, 0))


def _kernel(cells: Cells, axis: int, weights: Array, matrix: Array) -> Array:
    """A convolution's kernel, for cells that are resampled along one axis and mixed.

    `weights` are those of a Resampling; the kernel is [new channels, channels, cells along HEIGHT, along WIDTH].
    """
    if axis == WIDTH:
        kernel = np.einsum("ab,rs,pnq->arpbsqn", matrix, np.eye(cells.rows), weights)
    else:
        kernel = np.einsum("ab,rs,pnq->aprbqsn", matrix, np.eye(cells.columns), weights)
    kernel = kernel.reshape(np.prod(kernel.shape[:3]), np.prod(kernel.shape[3:6]), -1)
    return np.expand_dims(kernel, 2 if axis == WIDTH else 3)


def _convolved(writer: Writer, value: str, kernel: Array, offset: Array | None, strides: Sequence[int] = (1, 1)) -> str:
    """A convolution; `offset` is added, of each plane to as many channels as it has."""
    bias = [] if offset is None else [writer.floats(np.repeat(offset, len(kernel) // len(offset)))]
    return writer.add("Conv", value, writer.floats(kernel), *bias, strides=list(strides))
