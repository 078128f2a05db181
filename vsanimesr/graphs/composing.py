"""Compose the graphs of a model's cell and a clip."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import onnx

from vsanimesr.graphs.checks import check
from vsanimesr.graphs.deliver import deliver
from vsanimesr.graphs.geometry import Geometry
from vsanimesr.graphs.ingest import ingest
from vsanimesr.graphs.names import NEXT_STATE, PACKED, STATE, WINDOW
from vsanimesr.graphs.tensor import Shape, Tensor
from vsanimesr.graphs.writer import Writer, checked, values
from vsanimesr.spec import ClipSpec, ModelSpec, padded


class Cell(Protocol):
    """The part of a model artifact that is needed here."""

    @property
    def spec(self) -> ModelSpec:
        """What the model is."""

    @property
    def proto(self) -> onnx.ModelProto:
        """The cell's graph, of any height and width."""


@dataclass(frozen=True)
class Graphs:
    """The graphs for one model and one clip; all shapes are static, but for those of `dynamic`."""

    ingest: onnx.ModelProto
    """`frame` -> `lr`: R, G and B in float32, clamped to [0, 1], the edge repeated at the right and bottom.

    Of roomy frames without subsampling, the host repeats it."""
    step: onnx.ModelProto
    """`previous`, `current`, `next`, `state` -> `picture`, in samples of the picture's format, and `next_state`."""
    deliver: onnx.ModelProto
    """`packed` -> `picture`: the tail of `step` alone."""
    spec: ModelSpec
    """The model."""
    clip: ClipSpec
    """The clip."""
    frames: Mapping[str, Tensor]
    """The inputs of `ingest`, one for each group of the clip's format."""
    pictures: Mapping[str, Tensor]
    """The outputs of `step` that are the picture, one for each group of its format."""
    lr_shape: Shape
    """[1, 3, h, w] of `lr`, float32; the frame's size padded to what the network takes."""
    state_shape: Shape
    """[1, C, h, w] of `state` and `next_state`, float32."""


def compose(cell: Cell, clip: ClipSpec, *, roomy: bool = False, bytes_only: bool = False) -> Graphs:
    """Compose the graphs for a clip; `cell` stays as it is. Raises FormatError if the clip contradicts itself.

    With `roomy` the frame's tensors have the padded size and hold the frame at the top left. Beyond it the host repeats
    the edge: without subsampling that goes into the network as it is; with it, it is cropped, and may be whatever is
    finite. The picture's tensors, too, have the padded size if every sample of a picture is made of one place: the
    caller crops them. With `bytes_only` samples of 16 bits cross as two of 8, the lower first, in tensors twice as
    wide, and nothing is moved as an integer: so TensorRT wants it.

    Nothing in the graphs depends on the clip's size, but on how much of it is padded.
    """
    check(clip)
    geometry = Geometry(cell.spec, clip, roomy, bytes_only)
    tail = deliver(geometry)
    return Graphs(
        ingest=ingest(geometry),
        step=_step(cell, geometry, tail),
        deliver=tail.model("deliver", {PACKED: geometry.packed}, geometry.pictures),
        spec=cell.spec,
        clip=clip,
        frames=geometry.frames,
        pictures=geometry.pictures,
        lr_shape=geometry.lr.shape,
        state_shape=geometry.state.shape,
    )


def padded_clip(spec: ModelSpec, clip: ClipSpec) -> ClipSpec:
    """The clip as it is once its frames are padded to what the network takes."""
    return clip.resized(padded(clip.width, spec.multiple), padded(clip.height, spec.multiple))


def dynamic(graphs: Graphs) -> Graphs:
    """The graphs for every height and width that is padded by as much; `frames` and all else keep this clip's."""
    return replace(graphs, ingest=_freed(graphs.ingest), step=_freed(graphs.step), deliver=_freed(graphs.deliver))


def _step(cell: Cell, geometry: Geometry, tail: Writer) -> onnx.ModelProto:
    step = onnx.ModelProto()
    step.CopyFrom(cell.proto)
    graph = step.graph
    inputs = values(dict.fromkeys(WINDOW, geometry.lr) | {STATE: geometry.state})
    outputs = values({**geometry.pictures, NEXT_STATE: geometry.state})
    for field, described in ((graph.input, inputs), (graph.output, outputs), (graph.value_info, [])):
        del field[:]
        field.extend(described)
    graph.node.extend(tail.nodes)
    graph.initializer.extend(tail.constants)
    return checked(step)


def _freed(graph: onnx.ModelProto) -> onnx.ModelProto:
    freed = onnx.ModelProto()
    freed.CopyFrom(graph)
    for value in (*freed.graph.input, *freed.graph.output):
        for side, name in zip(value.type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
            side.dim_param = f"{value.name}.{name}"
    return freed
