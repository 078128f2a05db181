"""The tail of `step`: the network's packed output becomes a picture.

Everything is done before the pixel shuffle, on cells of samples: clamped, reduced where a smaller picture is wanted,
mixed to the picture's planes, chroma subsampled, rounded. What is shuffled last are finished samples.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vsanimesr import colour
from vsanimesr.graphs.cells import HEIGHT, WIDTH, Cells, mixed, resampled, scaled
from vsanimesr.graphs.finish import finished
from vsanimesr.graphs.geometry import Geometry
from vsanimesr.graphs.names import CLAMPED, PACKED, PICTURE
from vsanimesr.graphs.writer import Writer
from vsanimesr.resampling import resampling

Array = NDArray[np.floating]


def deliver(geometry: Geometry) -> Writer:
    """The nodes from `packed` to `picture`, one value for each group of the picture's format."""
    writer, scale = Writer(PICTURE), geometry.spec.scale
    value = writer.name(writer.clip(PACKED, 0, 1), CLAMPED)
    if not geometry.pointwise_pictures:
        value = writer.crop(value, geometry.margin)
    rgb = _reduced(writer, Cells(value, 3, scale, scale), geometry.clip.picture.scale)
    for group, cells in zip(geometry.clip.picture.format.groups, _planes(writer, geometry, rgb), strict=True):
        writer.name(finished(writer, geometry, group, cells), PICTURE + group.suffix)
    return writer


def _reduced(writer: Writer, rgb: Cells, scale: int) -> Cells:
    """R, G and B with fewer samples in a cell, again in [0, 1]; the planes go as a batch through one convolution."""
    if rgb.rows == scale:
        return rgb
    how = resampling(rgb.rows, scale)
    value = writer.add("Reshape", rgb.value, writer.indices(3, rgb.samples, 0, 0))
    plane = Cells(value, 1, rgb.rows, rgb.columns)
    for axis in (WIDTH, HEIGHT):
        plane = resampled(writer, plane, axis, how)
    value = writer.add("Reshape", plane.value, writer.indices(1, 3 * plane.samples, 0, 0))
    return Cells(writer.clip(value, 0, 1), 3, scale, scale)


def _planes(writer: Writer, geometry: Geometry, rgb: Cells) -> Sequence[Cells]:
    """The groups of the picture's planes, in samples that are not rounded yet."""
    wanted = geometry.clip.picture
    how = colour.from_rgb(wanted.format, wanted.colour)
    if wanted.format.floating:
        return [rgb]
    if wanted.format.family == "rgb":
        return [scaled(writer, rgb, float(how.matrix[0, 0]), float(how.offset[0]))]
    if wanted.format.subsampling == (0, 0):
        return [mixed(writer, rgb, how.matrix, how.offset)]
    luma = mixed(writer, rgb, how.matrix[:1], how.offset[:1])
    return [luma, _chroma(writer, geometry, rgb, how.matrix[1:], how.offset[1:])]


def _chroma(writer: Writer, geometry: Geometry, rgb: Cells, matrix: Array, offset: Array) -> Cells:
    """Mixed while the columns are halved; the rows are halved after that, if they are."""
    wanted = geometry.clip.picture
    horizontal, vertical = colour.reducing(wanted.format, wanted.colour, rgb.rows)
    assert horizontal is not None, wanted.format
    if vertical is None:
        return resampled(writer, rgb, WIDTH, horizontal, matrix=matrix, offset=offset)
    chroma = resampled(writer, rgb, WIDTH, horizontal, matrix=matrix)
    return resampled(writer, chroma, HEIGHT, vertical, offset=offset)
