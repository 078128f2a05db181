"""The graphs that are composed for a clip, run by ONNX Runtime, and what is rewritten in them for processors."""

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.networks import network
from vsanimesr import graphs, rewrite
from vsanimesr.spec import RGBH, RGBS, ClipSpec, PixelFormat

SIZES = [(16, 16), (17, 33), (50, 18), (64, 48), (21, 34)]


def run(model: onnx.ModelProto, **inputs: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def composed(width: int, height: int, format_: PixelFormat = RGBS, feedback: bool = True) -> graphs.Graphs:
    return graphs.compose(network(feedback), ClipSpec(width, height, 10, format_))


def inputs_of(made: graphs.Graphs) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(7)
    window = {name: draw.random(made.lr_shape, np.float32) for name in graphs.WINDOW}
    return {**window, graphs.STATE: draw.normal(0, 0.5, made.state_shape).astype(np.float32)}


def cell(made: graphs.Graphs, inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """`packed` and `next_state` as the cell itself gives them."""
    packed, state = run(network(made.spec.feedback).proto, **inputs)
    return packed, state


def unshuffled(packed: np.ndarray) -> np.ndarray:
    """The pixel shuffle written out."""
    n, _, h, w = packed.shape
    return packed.reshape(n, 3, 4, 4, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, 3, 4 * h, 4 * w)


@pytest.mark.parametrize("size", SIZES)
def test_ingest_pads_right_and_bottom_by_the_edge(size: tuple[int, int]) -> None:
    width, height = size
    frame = np.random.default_rng(0).random((1, 3, height, width), np.float32)
    (lr,) = run(composed(width, height).ingest, frame=frame)
    wanted = np.pad(frame, ((0, 0), (0, 0), (0, -height % 4), (0, -width % 4)), mode="edge")
    np.testing.assert_array_equal(lr, wanted)


def test_ingest_clamps_and_makes_nan_zero() -> None:
    frame = np.full((1, 3, 16, 16), 0.5, np.float32)
    frame[0, 0, 0, :5] = -1, 2, np.nan, np.inf, -np.inf
    (lr,) = run(composed(16, 16).ingest, frame=frame)
    np.testing.assert_array_equal(lr[0, 0, 0, :6], [0, 1, 0, 1, 0, 0.5])


def test_ingest_takes_half() -> None:
    frame = np.random.default_rng(0).random((1, 3, 16, 16)).astype(np.float16)
    (lr,) = run(composed(16, 16, RGBH).ingest, frame=frame)
    assert lr.dtype == np.float32
    np.testing.assert_array_equal(lr, frame.astype(np.float32))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("feedback", [True, False])
def test_step_is_the_cell_then_clamp_shuffle_and_crop(size: tuple[int, int], feedback: bool) -> None:
    made = composed(*size, feedback=feedback)
    inputs = inputs_of(made)
    picture, state = run(made.step, **inputs)
    packed, next_state = cell(made, inputs)
    assert packed.min() < 0, "nothing to clamp"
    assert packed.max() > 1, "nothing to clamp"
    assert picture.shape == made.pictures[graphs.PICTURE].shape == (1, 3, 4 * size[1], 4 * size[0])
    wanted = np.clip(unshuffled(packed), 0, 1)[:, :, : 4 * size[1], : 4 * size[0]]
    np.testing.assert_allclose(picture, wanted, atol=1e-6)
    np.testing.assert_allclose(state, next_state, atol=1e-6)
    assert state.shape == made.state_shape == (1, 112 if feedback else 64, *made.lr_shape[2:])


def test_step_gives_half() -> None:
    made, single = composed(17, 33, RGBH), composed(17, 33)
    inputs = inputs_of(made)
    picture, _ = run(made.step, **inputs)
    assert picture.dtype == np.float16
    np.testing.assert_allclose(picture, run(single.step, **inputs)[0], atol=1e-3)


def test_all_shapes_are_static() -> None:
    made = composed(50, 18)
    values = [value for model in (made.ingest, made.step) for value in (*model.graph.input, *model.graph.output)]
    sides = [side for value in values for side in value.type.tensor_type.shape.dim]
    assert len(values) == 8
    assert all(side.dim_value > 0 for side in sides)


def test_composing_leaves_the_artifact_alone() -> None:
    before = network().proto.SerializeToString(deterministic=True)
    composed(17, 33)
    assert network().proto.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("feedback", [True, False])
@pytest.mark.parametrize("split_rows", [True, False])
def test_the_rewritten_step_is_equal_but_for_rounding(size: tuple[int, int], feedback: bool, split_rows: bool) -> None:
    made = composed(*size, feedback=feedback)
    inputs = inputs_of(made)
    picture, state = run(made.step, **inputs)
    step = rewrite.for_processor(made.step, onnx.TensorProto.FLOAT, split_rows=split_rows)
    last = inputs[graphs.STATE].transpose(0, 2, 3, 1).copy()
    fast, next_state = run(step, **{**inputs, graphs.STATE: last})
    np.testing.assert_allclose(fast, picture, atol=1e-5)
    np.testing.assert_allclose(next_state.transpose(0, 3, 1, 2), state, atol=1e-5)


def multiplications(model: onnx.ModelProto) -> int:
    """Multiplications in all convolutions of a graph of static shapes."""
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    kernels = {tensor.name: tensor.dims for tensor in graph.initializer}
    shapes = {value.name: [side.dim_value for side in value.type.tensor_type.shape.dim] for value in graph.value_info}
    shapes |= {value.name: [side.dim_value for side in value.type.tensor_type.shape.dim] for value in graph.output}
    convs = [node for node in graph.node if node.op_type == "Conv"]
    return sum(int(np.prod(kernels[conv.input[1]]) * np.prod(shapes[conv.output[0]][2:])) for conv in convs)


def test_splitting_rows_saves_multiplications_and_nothing_else_adds_any() -> None:
    made = composed(64, 48)
    whole = multiplications(made.step)
    assert whole == pytest.approx(1.127e6 * 64 * 48, rel=0.01)
    same, less = (
        multiplications(rewrite.for_processor(made.step, onnx.TensorProto.FLOAT, split_rows=split))
        for split in (False, True)
    )
    assert same == whole
    assert less / whole == pytest.approx(1 - 161_280 / 1.127e6, abs=0.001)
