"""The end of `deliver`: samples are dithered, rounded, cast, and put in their places."""

from dataclasses import replace

import numpy as np

from vsanimesr import colour
from vsanimesr.graphs.cells import Cells, joined, shuffled
from vsanimesr.graphs.dither import SIDE, pattern
from vsanimesr.graphs.geometry import Geometry
from vsanimesr.graphs.writer import Writer
from vsanimesr.spec import Group

HALF = np.dtype(np.float16)


def finished(writer: Writer, geometry: Geometry, group: Group, cells: Cells) -> str:
    """What the backend gets of a group of the picture's planes."""
    wanted = geometry.clip.picture
    margin = geometry.margin if geometry.pointwise_pictures and not geometry.roomy else (0, 0)
    if wanted.dither:
        cells, margin = _dithered(writer, geometry, group, cells, margin)
    rows, columns = (side * wanted.scale >> log for side, log in zip(margin, group.subsampling[::-1], strict=True))
    if not wanted.format.floating:
        value = writer.clip(writer.add("Round", cells.value), 0, colour.peak(wanted.format))
        cells = replace(cells, value=value)
    bytes_last = geometry.bytes_only and not wanted.format.floating
    return (_bytes if bytes_last else _samples)(writer, geometry, cells, (rows, columns))


def _dithered(
    writer: Writer, geometry: Geometry, group: Group, cells: Cells, margin: tuple[int, int]
) -> tuple[Cells, tuple[int, int]]:
    """Add the pattern; cells that are smaller than it are joined, for which they are padded to the network's size.

    `margin` says how many of the network's rows and columns are cropped once the cells are shuffled; so does what is
    returned with the new cells.
    """
    covered = [(side << log) // geometry.clip.picture.scale for side, log in _sides(group, cells)]
    times = [
        min(geometry.spec.multiple // places, max(1, SIDE // side))
        for (side, _), places in zip(_sides(group, cells), covered, strict=True)
    ]
    if times != [1, 1]:
        rows, columns = (side // places for side, places in zip(geometry.margin, covered, strict=True))
        cells = replace(cells, value=writer.pad(cells.value, (rows, columns)))
        cells, margin = joined(writer, cells, *times), geometry.margin
    bias = np.tile(pattern(cells.rows, cells.columns).ravel(), cells.planes)
    return replace(cells, value=writer.add("Add", cells.value, writer.floats(bias[None, :, None, None]))), margin


def _sides(group: Group, cells: Cells) -> tuple[tuple[int, int], tuple[int, int]]:
    """Samples of a cell, and the logarithm of how many luma samples each of them stands for, by height and width."""
    horizontal, vertical = group.subsampling
    return (cells.rows, vertical), (cells.columns, horizontal)


def _samples(writer: Writer, geometry: Geometry, cells: Cells, margin: tuple[int, int]) -> str:
    """Samples in the picture's own type, cast before they are moved."""
    value = writer.cast(cells.value, geometry.clip.picture.format.dtype)
    return writer.crop(shuffled(writer, replace(cells, value=value)), margin)


def _bytes(writer: Writer, geometry: Geometry, cells: Cells, margin: tuple[int, int]) -> str:
    """Integers as bytes, which are moved as halves, for these hold them exactly, and cast last."""
    parts = [cells.value]
    if geometry.split_bytes(geometry.clip.picture.format):
        high = writer.add("Floor", writer.add("Mul", cells.value, writer.floats(1 / 256)))
        parts = [writer.add("Sub", cells.value, writer.add("Mul", high, writer.floats(256))), high]
    halves = [replace(cells, value=writer.cast(part, HALF)) for part in parts]
    placed = [writer.crop(shuffled(writer, half), margin) for half in halves]
    if len(placed) > 1:
        placed = [writer.add("Unsqueeze", part, writer.indices(4)) for part in placed]
        pairs = writer.add("Concat", *placed, axis=4)
        placed = [writer.add("Reshape", pairs, writer.indices(0, 0, 0, -1))]
    return writer.cast(placed[0], np.dtype(np.uint8))
