"""FP16 storage with FP32 arithmetic on a processor, and the backend of ONNX Runtime that uses it."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import TensorProto, helper, numpy_helper

from export import onnxruntime_backend
from export.fp16_emulation import emulate
from export.onnxruntime_backend import OnnxRuntime
from tests.networks import HEIGHT, WIDTH, feed, frames, network, ok, picture, same, setup
from vsanimesr.errors import BackendUnavailable, DeviceError, ModelError
from vsanimesr.graphs import IR_VERSION, OPSET, Graphs, compose
from vsanimesr.half import half
from vsanimesr.spec import RGBH, RGBS, ClipSpec

HALF, FLOAT = TensorProto.FLOAT16, TensorProto.FLOAT
small = arrays(np.float16, 8, elements=st.floats(-8, 8, width=16))


def model(nodes, inputs, outputs, constants=()):
    """A graph of FP16 values of the given shapes."""
    value = helper.make_tensor_value_info
    ends = [[value(name, HALF, shape) for name, shape in values.items()] for values in (inputs, outputs)]
    tensors = [numpy_helper.from_array(array, name) for name, array in constants]
    graph = helper.make_graph(nodes, "test", *ends, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def run(proto, **inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def multiply_subtract():
    nodes = [helper.make_node("Mul", ["x", "w"], ["product"]), helper.make_node("Sub", ["product", "c"], ["y"])]
    return model(nodes, {"x": [8], "w": [8], "c": [8]}, {"y": [8]})


def network_graphs(format_=RGBS) -> Graphs:
    return half(compose(network(), ClipSpec(WIDTH, HEIGHT, 3, format_)))


@given(small, small, small)
def test_every_result_is_rounded_as_numpy_rounds_it(x, w, c):
    (got,) = run(emulate(multiply_subtract()), x=x, w=w, c=c)
    product = (x.astype(np.float32) * w.astype(np.float32)).astype(np.float16)
    expected = (product.astype(np.float32) - c.astype(np.float32)).astype(np.float16)
    assert got.dtype == np.float16
    np.testing.assert_array_equal(got, expected)


def test_what_rounding_loses_between_two_nodes_is_lost():
    x, c = np.float16(1 + 2**-10), np.float16(1 + 2**-9)
    inputs = {"x": np.full(8, x), "w": np.full(8, x), "c": np.full(8, c)}
    (got,) = run(emulate(multiply_subtract()), **inputs)
    assert float(x) * float(x) - float(c) == 2**-20, "without rounding there is a rest"
    np.testing.assert_array_equal(got, 0)


def test_sums_within_a_node_are_fp32():
    weights = np.ones((1, 33, 1, 1), np.float16)
    conv = helper.make_node("Conv", ["x", "w"], ["y"])
    proto = model([conv], {"x": [1, 33, 1, 1]}, {"y": [1, 1, 1, 1]}, [("w", weights)])
    x = np.full((1, 33, 1, 1), 0.5, np.float16)
    x[0, 0] = 2048  # the next number of FP16 is 2050: added to it one by one, the halves would vanish
    (got,) = run(emulate(proto), x=x)
    assert got == 2064


def test_too_large_for_fp16_is_infinite():
    large = np.full(8, 300, np.float16)
    (got,) = run(emulate(multiply_subtract()), x=large, w=large, c=large)
    assert np.isposinf(got).all()


@pytest.mark.parametrize("format_", [RGBS, RGBH])
def test_the_network_computes_in_fp32_and_hands_on_fp16(format_):
    source = network_graphs(format_).step
    proto = onnx.shape_inference.infer_shapes(emulate(source), strict_mode=True)
    graph, makers = proto.graph, {output: node for node in proto.graph.node for output in node.output}
    types = {v.name: v.type.tensor_type.elem_type for v in (*graph.input, *graph.value_info, *graph.output)}
    types |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "Cast":
            assert HALF not in {types[name] for name in (*node.input, *node.output) if name}, node.op_type
    rounded = {name for node in source.graph.node if node.op_type != "Cast" for name in node.output}
    rounded = {name for name in rounded if types[name] == HALF}
    assert len(rounded) > 50
    for name in rounded:
        (exact,) = makers[name].input
        assert types[exact] == FLOAT
        assert [node.op_type for node in graph.node if exact in node.input] == ["Cast"], "it is read before rounding"
    assert [v.SerializeToString() for v in (*proto.graph.input, *proto.graph.output)] == [
        v.SerializeToString() for v in (*source.graph.input, *source.graph.output)
    ]


def test_an_fp32_graph_stays_as_it_is():
    step = compose(network(), ClipSpec(WIDTH, HEIGHT, 3, RGBS)).step
    assert list(emulate(step).graph.node) == list(step.graph.node)


def test_fp16_that_comes_from_nowhere_is_refused():
    nodes = [
        helper.make_node("Constant", [], ["one"], value=numpy_helper.from_array(np.ones(8, np.float16))),
        helper.make_node("Add", ["x", "one"], ["y"]),
    ]
    with pytest.raises(ModelError, match="Constant makes FP16 'one' without reading FP16"):
        emulate(model(nodes, {"x": [8]}, {"y": [8]}))


@pytest.fixture(params=["fp32", "fp16"])
def backend(request):
    made = OnnxRuntime(setup(precision=request.param))
    yield made
    made.close()


def test_it_says_what_it_is(backend):
    assert (backend.name, backend.device, OnnxRuntime.devices()) == ("onnxruntime", "CPU", ("CPU",))
    assert backend.version() == f"ONNX Runtime {onnxruntime.__version__}"
    state = 112 * WIDTH * HEIGHT
    assert backend.state_nbytes == state * {"fp32": 4, "fp16": 2}[backend.precision]


def test_reset_starts_anew(backend):
    source = frames(3, WIDTH, HEIGHT)
    first = feed(backend, source)
    assert (feed(backend, source)[0] != first[0]).any(), "without a reset the state goes on"
    backend.reset()
    same(feed(backend, source), first)


def test_a_checkpoint_continues_bit_identically(backend):
    source = frames(5, WIDTH, HEIGHT)
    feed(backend, source[:3])
    saved = backend.save()
    rest = feed(backend, source, 3)
    backend.restore(saved)
    same(feed(backend, source, 3), rest)


def test_pictures_lie_in_slots_of_their_own(backend):
    source = frames(2, WIDTH, HEIGHT)
    feed(backend, source[:1], slot=1)
    before = picture(backend, 1)
    feed(backend, source, slot=2)
    feed(backend, source, slot=None)
    same([picture(backend, 1)], [before])


def test_a_frame_of_another_size_fails_its_step_and_reset_heals(backend):
    source = frames(1, WIDTH, HEIGHT)
    backend.ingest(0, frames(1, WIDTH, HEIGHT + 4)[0])
    event = backend.step((0, 0, 0), 0)
    event.wait()
    assert isinstance(event.error, DeviceError)
    assert "24x24 float32; wanted 24x20 float32" in str(event.error)
    backend.reset()
    backend.ingest(0, source[0])
    ok(backend.step((0, 0, 0), 0))


def test_auto_is_fp32():
    backend = OnnxRuntime(setup(precision="auto"))
    assert backend.precision == "fp32"
    backend.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"device": "cuda"}, "onnxruntime: no device cuda.0; it runs on CPU, device_id 0, only"),
        ({"device_id": 1}, "onnxruntime: no device CPU.1; it runs on CPU, device_id 0, only"),
        ({"precision": "bf16"}, "onnxruntime: precision 'bf16' is none that it computes in; use auto or fp32, fp16"),
    ],
)
def test_what_it_has_not_it_refuses(settings, words):
    with pytest.raises(BackendUnavailable) as refused:
        OnnxRuntime(setup(**settings))
    assert str(refused.value) == words


def test_a_graph_that_it_cannot_run_is_an_error_of_ours(monkeypatch):
    def foreign(_: onnx.ModelProto) -> onnx.ModelProto:
        node = helper.make_node("Erf", ["x"], ["y"], domain="nobody")
        return model([node], {"x": [8]}, {"y": [8]})

    monkeypatch.setattr(onnxruntime_backend, "emulate", foreign)
    with pytest.raises(BackendUnavailable, match="onnxruntime: it could not set up the network: "):
        OnnxRuntime(setup(precision="fp16"))


def test_the_backend_runs_the_emulated_graph_with_every_rounding_in_it():
    source = frames(1, WIDTH, HEIGHT)
    backend = OnnxRuntime(setup(precision="fp16"))
    (got,) = feed(backend, source)
    backend.close()
    graphs = network_graphs()
    lr = dict.fromkeys(("previous", "current", "next"), source[0][None])
    expected, _ = run(emulate(graphs.step), **lr, state=np.zeros(graphs.state_shape, np.float16))
    np.testing.assert_array_equal(got, expected[0])
