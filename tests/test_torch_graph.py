"""The two graphs of both ends as PyTorch runs them, against ONNX Runtime."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tests.networks import network, noise, setup, usual
from vsanimesr.backends.torch_graph import TorchGraph
from vsanimesr.errors import ModelError
from vsanimesr.graphs import PACKED, compose
from vsanimesr.spec import FORMATS, ClipSpec, PictureSpec

Array = np.ndarray[Any, Any]
FEW = ["YUV420P8", "YUV422P10", "YUV444P16", "RGB24", "RGB48", "Gray8", "RGBH", "RGBS"]
PICTURES = [PictureSpec(FORMATS[name], usual(FORMATS[name]), scale) for name in FEW for scale in (4, 3, 2, 1)]
FLOAT = 1e-5
"""What the order of a sum may change."""


def by_onnxruntime(model: onnx.ModelProto, inputs: dict[str, Array]) -> list[Array]:
    model, whole = without_uint16(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in model.graph.output]
    found: list[Array] = session.run(None, inputs)
    return [array.astype(np.uint16) if name in whole else array for name, array in zip(names, found, strict=True)]


def without_uint16(model: onnx.ModelProto) -> tuple[onnx.ModelProto, set[str]]:
    """The graph with float32 for uint16 at its end, which ONNX Runtime does not move; and what it was the type of."""
    changed = onnx.ModelProto.FromString(model.SerializeToString())
    for node in changed.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.UINT16:
                attribute.i = TensorProto.FLOAT
    whole = [value for value in changed.graph.output if value.type.tensor_type.elem_type == TensorProto.UINT16]
    for value in whole:
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    return changed, {value.name for value in whole}


def by_torch(model: onnx.ModelProto, inputs: dict[str, Array]) -> list[Array]:
    graph = TorchGraph(model, torch.device("cpu"))
    bits = [array.view(np.int16) if array.dtype == np.uint16 else array for array in inputs.values()]
    with torch.inference_mode():
        made = graph.run([torch.from_numpy(array.copy()) for array in bits])
    types = [helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type) for value in model.graph.output]
    return [tensor.numpy().view(type_) for tensor, type_ in zip(made, types, strict=True)]


def packed(clip: ClipSpec, shape: tuple[int, ...], seed: int) -> Array:
    """A picture with what lies outside [0, 1], too."""
    assert clip.width <= shape[3]
    return np.random.default_rng(seed).uniform(-0.2, 1.2, shape).astype(np.float32)


def close(got: list[Array], wanted: list[Array]) -> None:
    """Samples that are rounded may fall on the other side of a half."""
    for a, b in zip(got, wanted, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        whole = np.issubdtype(a.dtype, np.integer)
        difference = np.abs(a.astype(np.float64) - b.astype(np.float64))
        assert difference.max() <= (1 if whole else 1e-3 if a.dtype == np.float16 else FLOAT)
        assert (difference > 0).mean() < (0.01 if whole else 1.1)


@settings(max_examples=8, deadline=None)
@given(
    name=st.sampled_from(FEW),
    size=st.tuples(st.integers(8, 24), st.integers(8, 24)),
    wanted=st.sampled_from(PICTURES),
    seed=st.integers(0, 99),
)
def test_it_computes_what_onnx_runtime_does(name: str, size: tuple[int, int], wanted: PictureSpec, seed: int) -> None:
    clip = setup(2 * size[0], 2 * size[1], FORMATS[name], wanted=wanted).clip
    graphs = compose(network(), clip)
    frame = dict(zip(graphs.frames, grouped(noise(1, clip, seed)[0], clip), strict=True))
    close(by_torch(graphs.ingest, frame), by_onnxruntime(graphs.ingest, frame))
    made = {PACKED: packed(clip, (1, 48, *graphs.lr_shape[2:]), seed)}
    close(by_torch(graphs.deliver, made), by_onnxruntime(graphs.deliver, made))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_it_does_so_for_every_format(name: str) -> None:
    clip = setup(22, 34, FORMATS[name]).clip
    graphs = compose(network(), clip)
    frame = dict(zip(graphs.frames, grouped(noise(1, clip)[0], clip), strict=True))
    close(by_torch(graphs.ingest, frame), by_onnxruntime(graphs.ingest, frame))
    made = {PACKED: packed(clip, (1, 48, *graphs.lr_shape[2:]), 0)}
    close(by_torch(graphs.deliver, made), by_onnxruntime(graphs.deliver, made))


def grouped(planes: list[Array], clip: ClipSpec) -> list[Array]:
    return [np.stack([planes[n] for n in group.planes])[None] for group in clip.format.groups]


def one_node(
    operator: str, inputs: dict[str, Array], constants: dict[str, Array], **attributes: Any
) -> onnx.ModelProto:
    node = helper.make_node(operator, [*inputs, *constants], ["y"], **attributes)
    described = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in inputs.items()
    ]
    output = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph([node], "one", described, output, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


RAMP = np.arange(2 * 8 * 6 * 4, dtype=np.float32).reshape(1, 16, 6, 4)


@pytest.mark.parametrize(
    ("operator", "constants", "attributes"),
    [
        ("Slice", {"starts": [1, -3], "ends": [-1, 2**62], "axes": [2, 3]}, {}),
        ("Slice", {"starts": [0, 1], "ends": [2**62, 9], "axes": [1, 3], "steps": [2, 1]}, {}),
        ("Pad", {"pads": [0, 0, 1, 2, 0, 0, 3, 0]}, {"mode": "edge"}),
        ("Pad", {"pads": [0, 0, 1, 2, 0, 0, 3, 0]}, {"mode": "reflect"}),
        ("Pad", {"pads": [0, 0, 1, 2, 0, 0, -3, 0]}, {}),
        ("DepthToSpace", {}, {"blocksize": 2, "mode": "CRD"}),
        ("DepthToSpace", {}, {"blocksize": 4, "mode": "DCR"}),
        ("Reshape", {"shape": [4, 4, 0, -1]}, {}),
        ("Transpose", {}, {"perm": [0, 2, 3, 1]}),
        ("Unsqueeze", {"axes": [2, 5]}, {}),
        ("Conv", {"w": np.ones((5, 16, 3, 2), np.float32)}, {"pads": [1, 0, 2, 1], "strides": [2, 1]}),
        ("Conv", {"w": np.ones((4, 8, 1, 1), np.float32), "b": np.arange(4, dtype=np.float32)}, {"group": 2}),
    ],
)
def test_one_operator(operator: str, constants: dict[str, Any], attributes: dict[str, Any]) -> None:
    arrays = {name: value if isinstance(value, np.ndarray) else np.array(value) for name, value in constants.items()}
    model = one_node(operator, {"x": RAMP}, arrays, **attributes)
    (got,), (wanted,) = by_torch(model, {"x": RAMP}), by_onnxruntime(model, {"x": RAMP})
    np.testing.assert_array_equal(got, wanted)


def test_values_that_nothing_reads_any_more_are_freed() -> None:
    nodes = [helper.make_node("Add", [f"v{n}", "v0"], [f"v{n + 1}"]) for n in range(4)]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1,)) for name in ("v0", "v4")]
    model = helper.make_model(helper.make_graph(nodes, "chain", values[:1], values[1:]))
    graph = TorchGraph(model, torch.device("cpu"))
    assert [node.last_read for node in graph._nodes] == [[], ["v1"], ["v2"], ["v3", "v0"]]
    assert graph.run([torch.ones(1)])[0].item() == 5


def test_an_operator_that_is_not_known_is_named() -> None:
    with pytest.raises(ModelError, match="'Erf', wanted one of Add, "):
        TorchGraph(one_node("Erf", {"x": RAMP}, {}), torch.device("cpu"))


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=50))
def test_samples_of_16_bits_survive(values: list[int]) -> None:
    array = np.array(values, np.uint16).reshape(1, 1, 1, -1)
    model = one_node("Identity", {"x": array}, {})
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.UINT16
    (got,) = by_torch(model, {"x": array})
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got, array)
