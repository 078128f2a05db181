"""`ingest`: a frame's samples become what the network reads."""

import numpy as np
import onnx

from vsanimesr import colour
from vsanimesr.graphs.cells import HEIGHT, WIDTH, Cells, mixed, resampled, shuffled
from vsanimesr.graphs.geometry import Geometry
from vsanimesr.graphs.names import FRAME, LR
from vsanimesr.graphs.writer import Writer
from vsanimesr.spec import Group


def ingest(geometry: Geometry) -> onnx.ModelProto:
    """The graph from `frame` to `lr`."""
    writer, clip = Writer(FRAME), geometry.clip
    planes = [_samples(writer, geometry, group) for group in clip.format.groups]
    if len(planes) > 1:
        planes[1] = _enlarged(writer, geometry, planes[1])
    value = writer.add("Concat", *planes, axis=1) if len(planes) > 1 else planes[0]
    value = writer.clip(_rgb(writer, geometry, value), 0, 1)
    if not geometry.roomy_frames:
        value = writer.pad(value, geometry.margin)
    writer.name(value, LR)
    return writer.model("ingest", geometry.frames, {LR: geometry.lr})


def _samples(writer: Writer, geometry: Geometry, group: Group) -> str:
    """A group's samples as float32, without what lies beyond the frame if that would be a neighbour."""
    format_ = geometry.clip.format
    value = writer.cast(FRAME + group.suffix, np.dtype(np.float32))
    if geometry.split_bytes(format_):
        planes = len(group.planes)
        low_and_high = np.tile(np.array([1, 256]), (planes, 1, 1, 1))
        value = writer.add("Conv", value, writer.floats(low_and_high), group=planes, strides=[1, 2])
    if format_.floating:
        # Clip may pass a NaN on, and a single one would stay in the state to the end of the scene.
        broken = writer.add("IsNaN", value)
        value = writer.add("Where", broken, writer.floats(0), value)
    if geometry.roomy and not geometry.roomy_frames:
        value = writer.crop(value, geometry.margin_of(group))
    return value


def _enlarged(writer: Writer, geometry: Geometry, chroma: str) -> str:
    """Chroma in the size of luma."""
    cells = Cells(chroma, 2, 1, 1)
    for axis, how in zip((WIDTH, HEIGHT), colour.enlarging(geometry.clip.format, geometry.clip.colour), strict=True):
        cells = resampled(writer, cells, axis, how) if how else cells
    return shuffled(writer, cells)


def _rgb(writer: Writer, geometry: Geometry, value: str) -> str:
    """R, G and B of all planes."""
    clip = geometry.clip
    if clip.format.floating:
        return value
    to_rgb = colour.to_rgb(clip.format, clip.colour)
    return mixed(writer, Cells(value, clip.format.planes, 1, 1), to_rgb.matrix, to_rgb.offset).value
