"""The strongly typed FP16 graph: what is FP16 in it, what stays FP32, and that it computes the same network."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.networks import network
from vsanimesr import graphs
from vsanimesr.half import half
from vsanimesr.spec import FORMATS, RGBH, RGBS, ClipSpec, Colour, PixelFormat

FLOAT, HALF = int(TensorProto.FLOAT), int(TensorProto.FLOAT16)


def composed(
    width: int = 24, height: int = 20, format_: PixelFormat = RGBS, *, feedback: bool = True
) -> tuple[graphs.Graphs, graphs.Graphs]:
    """The graphs in FP32 and in FP16."""
    full = graphs.compose(network(feedback), ClipSpec(width, height, 10, format_))
    return full, half(full)


def types_of(model: onnx.ModelProto) -> dict[str, int]:
    """The type of every value, as ONNX itself infers it; it raises where a node reads two types at once."""
    graph = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    values = {
        value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.value_info, *graph.output)
    }
    return {**values, **{tensor.name: tensor.data_type for tensor in graph.initializer}}


@pytest.mark.parametrize("format_", [RGBS, RGBH], ids=lambda format_: format_.name)
@pytest.mark.parametrize("feedback", [True, False])
def test_every_convolution_of_the_network_is_fp16_and_the_residual_is_not(format_: PixelFormat, feedback: bool) -> None:
    _, made = composed(format_=format_, feedback=feedback)
    types = types_of(made.step)
    convolutions = [node for node in made.step.graph.node if node.op_type == "Conv"]
    single = [node for node in convolutions if types[node.output[0]] == FLOAT]
    assert len(convolutions) == 26
    assert [node.input[1] for node in single] == ["residual"]


@pytest.mark.parametrize("format_", [RGBS, RGBH], ids=lambda format_: format_.name)
def test_ends_of_the_graph(format_: PixelFormat) -> None:
    full, made = composed(format_=format_)
    before, after = graphs.tensors(full.step), graphs.tensors(made.step)
    assert made.ingest == full.ingest
    assert {name: tensor.shape for name, tensor in after.items()} == {n: t.shape for n, t in before.items()}
    changed = {name for name in after if after[name].dtype != before[name].dtype}
    assert changed == {graphs.STATE, graphs.NEXT_STATE}
    assert after[graphs.STATE].dtype == np.float16
    assert after[graphs.PICTURE].dtype == format_.dtype


def test_the_picture_is_summed_in_fp32() -> None:
    types = types_of(composed()[1].step)
    assert types[graphs.PACKED] == types["picture.clamped"] == FLOAT


def test_what_stays_fp32_can_be_chosen() -> None:
    full, _ = composed()
    types = types_of(half(full, ()).step)
    assert types[graphs.PACKED] == HALF
    assert types[graphs.CLAMPED] == types[graphs.PICTURE] == FLOAT


def test_weights_are_the_nearest_fp16_and_none_is_kept_twice() -> None:
    full, made = composed()
    before = {tensor.name: numpy_helper.to_array(tensor) for tensor in full.step.graph.initializer}
    after = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.step.graph.initializer}
    weights = [name for name in before if name.endswith((".weight", ".bias"))]
    assert len(weights) == 50
    for name in weights:
        assert name not in after
        np.testing.assert_array_equal(after[f"{name}.half"], before[name].astype(np.float16))


def test_no_value_is_cast_twice_to_the_same_type() -> None:
    casts = [
        (node.input[0], helper.get_node_attr_value(node, "to"))
        for node in composed()[1].step.graph.node
        if node.op_type == "Cast"
    ]
    assert len(casts) == len(set(casts))


@pytest.mark.parametrize("name", ["YUV420P8", "YUV422P10", "RGB48", "Gray16"])
def test_the_tail_stays_as_it_was_written(name: str) -> None:
    format_ = FORMATS[name]
    colour = Colour() if format_.family == "rgb" else Colour("709", full=False)
    full = graphs.compose(network(), ClipSpec(34, 22, 10, format_, colour), roomy=True, bytes_only=True)
    tails = [
        [node for node in model.graph.node if node.output[0].startswith(graphs.PICTURE)]
        for model in (full.step, half(full).step)
    ]
    assert tails[0] == tails[1]
    types = types_of(half(full).step)
    assert types[graphs.PACKED] == FLOAT
    integers = {value for value, type_ in types.items() if type_ in (TensorProto.UINT8, TensorProto.UINT16)}
    assert integers == set(full.pictures), "TensorRT knows bytes at the ends only"


def test_the_source_stays_as_it_was() -> None:
    full = graphs.compose(network(), ClipSpec(24, 20, 10, RGBS))
    before = full.step.SerializeToString(deterministic=True)
    half(full)
    assert full.step.SerializeToString(deterministic=True) == before


def test_a_dynamic_graph_is_the_same_for_every_size() -> None:
    made = [graphs.dynamic(composed(*size)[1]) for size in ((24, 20), (64, 48))]
    bytes_of = [
        (g.ingest.SerializeToString(deterministic=True), g.step.SerializeToString(deterministic=True)) for g in made
    ]
    assert bytes_of[0] == bytes_of[1]
    assert types_of(made[0].step)[graphs.PICTURE] == FLOAT
