"""The graphs as OpenVINO runs them: the network without its pictures, and the pictures out of what the network keeps.

A step that nobody wants a picture of then costs no picture, and pictures are made in float32 whatever the network is
computed in. The packed picture is part of the state where it is fed back, so it is not written once more.
"""

from typing import Any

import onnx
from onnx import ModelProto, TensorProto, helper

from vsanimesr import rewrite
from vsanimesr.backends.openvino_device import has_matrix_unit
from vsanimesr.graphs import CLAMPED, NEXT_STATE, PACKED, Graphs

KEPT = "kept"
"""Input of `deliver`: the packed picture, and perhaps more channels after it."""
KEPT_APART = "kept.apart"
"""Output of `step` that has the packed picture where the state has not."""
TYPES = {"fp32": TensorProto.FLOAT, "bf16": TensorProto.BFLOAT16, "fp16": TensorProto.FLOAT16}
"""What a processor keeps the state as: what the network computes in anyway."""
CHANNELS_FIRST = [0, 3, 1, 2]
"""How a tensor of channels last is transposed."""
AXES_LAST = (0, 3, 1, 2)
"""Where an axis is once channels are last."""


def for_device(core: Any, graphs: Graphs, device: str, precision: str) -> tuple[ModelProto, ModelProto]:
    """`step` without pictures, and `deliver` from what that step writes, as they suit the device.

    On a processor the state is of the network's type and lies channels last, [1, h, w, C]. Only processors were
    measured: others get the graphs as they are.
    """
    step = _without_pictures(graphs)
    if not device.startswith("CPU"):
        return step, _reading(graphs, TensorProto.FLOAT, channels_last=False)
    type_ = int(TYPES[precision])
    step = rewrite.for_processor(step, type_, split_rows=not has_matrix_unit(core, device, precision))
    if not graphs.spec.feedback:
        step = _packed_last(step, graphs, type_)
    return step, _reading(graphs, type_, channels_last=True)


def _without_pictures(graphs: Graphs) -> ModelProto:
    """`step` with the outputs `next_state` and, where that does not hold it, KEPT_APART."""
    editor = rewrite.Editor(graphs.step)
    outputs = [value for value in editor.graph.output if value.name == NEXT_STATE]
    if not graphs.spec.feedback:
        editor.add("Identity", PACKED, output=KEPT_APART)
        outputs.append(helper.make_tensor_value_info(KEPT_APART, TensorProto.FLOAT, _kept_shape(graphs)))
    kept = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in outputs]
    del editor.graph.output[:]
    editor.graph.output.extend(kept)
    return editor.finish()


def _packed_last(step: ModelProto, graphs: Graphs, type_: int) -> ModelProto:
    """The same step with KEPT_APART in that type and channels last."""
    editor = rewrite.Editor(step)
    editor.remove(editor.maker(KEPT_APART))
    last = editor.add("Transpose", PACKED, output=f"{KEPT_APART}.last", perm=[0, 2, 3, 1])
    editor.add("Cast", last, output=KEPT_APART, to=type_)
    value = next(value for value in editor.graph.output if value.name == KEPT_APART)
    value.CopyFrom(helper.make_tensor_value_info(KEPT_APART, type_, _last(_kept_shape(graphs))))
    return editor.finish()


def _reading(graphs: Graphs, type_: int, *, channels_last: bool) -> ModelProto:
    """`deliver` with the input KEPT of that type instead of `packed`."""
    editor = rewrite.Editor(graphs.deliver)
    clamp, shape, axis = editor.maker(CLAMPED), _kept_shape(graphs), 3 if channels_last else 1
    editor.remove(clamp)
    first = (editor.constant([place]) for place in (0, _packed_channels(graphs), axis))
    packed = editor.add("Cast", editor.add("Slice", KEPT, *first), to=TensorProto.FLOAT)
    if channels_last:
        _channels_first(editor, editor.add("Clip", packed, *clamp.input[1:]), CLAMPED)
    else:
        editor.add("Clip", packed, *clamp.input[1:], output=CLAMPED)
    value = helper.make_tensor_value_info(KEPT, type_, _last(shape) if channels_last else shape)
    editor.graph.input[0].CopyFrom(value)
    return editor.finish()


def _channels_first(editor: rewrite.Editor, last: str, first: str) -> None:
    """Transpose the value `last` to `first`, which moves nothing where only convolutions read it.

    Those want their channels last. So what is sliced off, at edges and margins, is sliced before.
    """
    for node in list(editor.graph.node):
        if node.op_type == "Slice" and node.input[0] == first:
            sliced = node.output[0]
            axes = editor.constant([AXES_LAST[int(axis)] for axis in editor.array(node.input[3])])
            node.input[0], node.input[3], node.output[0] = last, axes, f"{sliced}.last"
            _channels_first(editor, f"{sliced}.last", sliced)
    editor.add("Transpose", last, output=first, perm=CHANNELS_FIRST)


def _packed_channels(graphs: Graphs) -> int:
    return 3 * graphs.spec.scale**2


def _kept_shape(graphs: Graphs) -> tuple[int, ...]:
    """Of what `deliver` reads: the state, if the picture is part of it, or the packed picture alone."""
    if graphs.spec.feedback:
        return graphs.state_shape
    return 1, _packed_channels(graphs), *graphs.lr_shape[2:]


def _last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its channels last."""
    batch, channels, height, width = shape
    return batch, height, width, channels
