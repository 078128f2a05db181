"""Compose the two graphs that every backend runs, `ingest` and `step`, from a model's cell and a clip's format.

The cell is what a model artifact holds: inputs `previous`, `current`, `next` [1,3,h,w] and `state` [1,C,h,w], outputs
`packed` [1,3*scale**2,h,w], which is the picture before its pixel shuffle, and `next_state` [1,C,h,w].
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import onnx
from onnx import helper, numpy_helper

from vsanimesr.spec import ClipSpec, ModelSpec, padded

FRAME, LR = "frame", "lr"
"""Input and output of `ingest`."""
WINDOW = ("previous", "current", "next")
"""The inputs of `step` that are `lr` tensors, in the order of time."""
STATE, PICTURE, NEXT_STATE = "state", "picture", "next_state"
"""The other input of `step`, and its outputs."""
PACKED, CLAMPED = "packed", "picture.clamped"
"""The cell's output that becomes the picture, and that in [0, 1]."""

OPSET, IR_VERSION = 18, 10
"""What `ingest` is written in; both are old enough for every runtime that we use."""

Shape = tuple[int, int, int, int]


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
    """The two graphs for one model and one clip; all shapes are static, but for those of `dynamic`."""

    ingest: onnx.ModelProto
    """`frame` -> `lr`: float32, NaN to 0, clamped to [0, 1], the edge repeated at the right and bottom."""
    step: onnx.ModelProto
    """`previous`, `current`, `next`, `state` -> `picture`, clamped to [0, 1] and cropped, and `next_state`."""
    spec: ModelSpec
    """The model."""
    clip: ClipSpec
    """The clip."""

    @property
    def frame_shape(self) -> Shape:
        """[1, planes, height, width] of `frame`, in the clip's sample type."""
        return 1, self.clip.format.planes, self.clip.height, self.clip.width

    @property
    def lr_shape(self) -> Shape:
        """[1, 3, h, w] of `lr`, float32; the frame's size padded to what the network takes."""
        return _lr_shape(self.spec, self.clip)

    @property
    def state_shape(self) -> Shape:
        """[1, C, h, w] of `state` and `next_state`, float32."""
        return 1, self.spec.state_channels, *self.lr_shape[2:]

    @property
    def picture_shape(self) -> Shape:
        """[1, planes, scale * height, scale * width] of `picture`, in the clip's sample type."""
        return 1, self.clip.format.planes, self.spec.scale * self.clip.height, self.spec.scale * self.clip.width


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph."""

    shape: Shape
    """Its sides."""
    dtype: np.dtype[np.generic]
    """Type of its elements."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return math.prod(self.shape) * self.dtype.itemsize


def compose(cell: Cell, clip: ClipSpec) -> Graphs:
    """Compose `ingest` and `step` for a clip; `cell` stays as it is."""
    return Graphs(_ingest(cell.spec, clip), _step(cell, clip), cell.spec, clip)


def padded_clip(spec: ModelSpec, clip: ClipSpec) -> ClipSpec:
    """The clip as it is once its frames are padded to what the network takes; its graphs pad and crop nothing."""
    return replace(clip, width=padded(clip.width, spec.multiple), height=padded(clip.height, spec.multiple))


def dynamic(graphs: Graphs) -> Graphs:
    """The graphs of a padded clip for any height and width: the same for every size.

    Raises ValueError if the clip is not padded, for then the graphs pad and crop by numbers of their own.
    """
    if padded_clip(graphs.spec, graphs.clip) != graphs.clip:
        raise ValueError(f"{graphs.clip.width}x{graphs.clip.height} is no multiple of {graphs.spec.multiple}")
    return replace(graphs, ingest=_freed(graphs.ingest), step=_freed(graphs.step))


def tensors(graph: onnx.ModelProto) -> dict[str, Tensor]:
    """The inputs and outputs of a graph of static shapes, by name."""
    found = {}
    for value in (*graph.graph.input, *graph.graph.output):
        n, channels, height, width = (side.dim_value for side in value.type.tensor_type.shape.dim)
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))
        found[value.name] = Tensor((n, channels, height, width), dtype)
    return found


def _lr_shape(spec: ModelSpec, clip: ClipSpec) -> Shape:
    return 1, 3, padded(clip.height, spec.multiple), padded(clip.width, spec.multiple)


def _ingest(spec: ModelSpec, clip: ClipSpec) -> onnx.ModelProto:
    *_, high, wide = lr_shape = _lr_shape(spec, clip)
    padding = high - clip.height, wide - clip.width
    nodes = [
        helper.make_node("Cast", [FRAME], ["sample"], to=onnx.TensorProto.FLOAT),
        # Clip may pass a NaN on, and a single one would stay in the state to the end of the scene.
        helper.make_node("IsNaN", ["sample"], ["broken"]),
        helper.make_node("Where", ["broken", "zero", "sample"], ["number"]),
        helper.make_node("Clip", ["number", "zero", "one"], ["clamped" if any(padding) else LR]),
    ]
    constants = [_constant("zero", np.float32(0)), _constant("one", np.float32(1))]
    if any(padding):
        nodes.append(helper.make_node("Pad", ["clamped", "pads"], [LR], mode="edge"))
        constants.append(_indices("pads", (0, 0, 0, 0, 0, 0, *padding)))
    graph = helper.make_graph(
        nodes,
        "ingest",
        [_value(FRAME, clip.format.dtype, (1, clip.format.planes, clip.height, clip.width))],
        [_value(LR, np.dtype(np.float32), lr_shape)],
        constants,
    )
    return _checked(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION),
    )


def _step(cell: Cell, clip: ClipSpec) -> onnx.ModelProto:
    spec, float32 = cell.spec, np.dtype(np.float32)
    step = onnx.ModelProto()
    step.CopyFrom(cell.proto)
    lr_shape = _lr_shape(spec, clip)
    state_shape = 1, spec.state_channels, *lr_shape[2:]
    picture_shape = 1, clip.format.planes, spec.scale * clip.height, spec.scale * clip.width
    inputs = [_value(name, float32, lr_shape) for name in WINDOW] + [_value(STATE, float32, state_shape)]
    outputs = [_value(PICTURE, clip.format.dtype, picture_shape), _value(NEXT_STATE, float32, state_shape)]
    graph = step.graph
    for field, values in ((graph.input, inputs), (graph.output, outputs), (graph.value_info, [])):
        del field[:]
        field.extend(values)
    nodes, constants = _unpack(spec, clip)
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    return _checked(step)


def _unpack(spec: ModelSpec, clip: ClipSpec) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes and constants that make `picture` of `packed`; as much as possible is done before the pixel shuffle."""
    sample = helper.np_dtype_to_tensor_dtype(clip.format.dtype)
    high, wide = spec.scale * clip.height, spec.scale * clip.width
    cropped = (clip.height, clip.width) != _lr_shape(spec, clip)[2:]
    constants = [_constant("picture.zero", np.float32(0)), _constant("picture.one", np.float32(1))]
    nodes = [
        helper.make_node("Clip", [PACKED, "picture.zero", "picture.one"], [CLAMPED]),
        helper.make_node("Cast", [CLAMPED], ["picture.sample"], to=sample),
        helper.make_node(
            "DepthToSpace",
            ["picture.sample"],
            ["picture.padded" if cropped else PICTURE],
            blocksize=spec.scale,
            mode="CRD",
        ),
    ]
    if cropped:
        starts, ends, axes = "picture.starts", "picture.ends", "picture.axes"
        nodes.append(helper.make_node("Slice", ["picture.padded", starts, ends, axes], [PICTURE]))
        constants += [_indices(starts, (0, 0)), _indices(ends, (high, wide)), _indices(axes, (2, 3))]
    return nodes, constants


def _freed(graph: onnx.ModelProto) -> onnx.ModelProto:
    freed = onnx.ModelProto()
    freed.CopyFrom(graph)
    for value in (*freed.graph.input, *freed.graph.output):
        sides = value.type.tensor_type.shape.dim[2:]
        for side, name in zip(sides, ("H", "W") if value.name == PICTURE else ("h", "w"), strict=True):
            side.dim_param = name
    return freed


def _value(name: str, dtype: np.dtype[np.generic], shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


def _constant(name: str, value: np.generic | np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)


def _indices(name: str, values: Sequence[int]) -> onnx.TensorProto:
    return _constant(name, np.array(values, np.int64))


def _checked(model: onnx.ModelProto) -> onnx.ModelProto:
    onnx.checker.check_model(model)
    return model
