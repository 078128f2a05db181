"""The exported cell: what is in the shipped templates, and that runtimes compute with them what PyTorch does."""

import collections
import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from export import to_onnx
from vsanimesr.backends import openvino_device
from vsanimesr.models import artifact
from vsanimesr.nets import AnimeSR
from vsanimesr.spec import ARCHITECTURES

STEPS = 5
SUMS = {"animesr": (2, 2, 4, 2), "animesr-lite": (2,)}
"""By how much branches are enlarged that are added to larger ones, in that order."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A network."""

    architecture: str
    feedback: bool

    @property
    def file(self) -> str:
        return artifact.template_name(self.architecture, self.feedback)


KINDS = [Kind(architecture, feedback) for architecture in ARCHITECTURES for feedback in (True, False)]
both = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.file)


def network_of(kind):
    torch.manual_seed(3)
    network = AnimeSR(kind.feedback, ARCHITECTURES[kind.architecture])
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter, a=1)
    return network.eval().requires_grad_(False)


def grafted(network):
    """The shipped template with a network's weights, made without PyTorch's exporter."""
    weights = {name: parameter.numpy() for name, parameter in network.recurrent_cell.named_parameters()}
    return artifact.build("test", weights, "", "", "test").proto


def in_torch(network, frames):
    state = network.initial_state(1, *frames.shape[-2:])
    for window in windows(frames):
        packed, state = network.recurrent_cell(torch.from_numpy(np.concatenate(window, 1)), state)
        yield packed.numpy(), state.numpy()


def in_onnxruntime(proto, frames):
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    return recurrent(lambda feed: session.run(["packed", "next_state"], feed), proto, frames)


def in_openvino(proto, frames):
    core = openvino_device.core()
    model = core.compile_model(core.read_model(proto.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(feed):
        out = model(feed)
        return out["packed"].copy(), out["next_state"].copy()

    return recurrent(run, proto, frames)


def recurrent(run, proto, frames):
    channels = proto.graph.input[3].type.tensor_type.shape.dim[1].dim_value
    state = np.zeros((1, channels, *frames.shape[-2:]), np.float32)
    for previous, current, following in windows(frames):
        packed, state = run({"previous": previous, "current": current, "next": following, "state": state})
        yield packed, state


def windows(frames):
    return [(frames[i - 1], frames[i], frames[i + 1]) for i in range(1, STEPS + 1)]


@both
@pytest.mark.parametrize("runtime", [in_onnxruntime, in_openvino])
@pytest.mark.parametrize("sides", [(32, 44), (20, 16)])
def test_runtimes_equal_torch_over_recurrent_steps(kind, runtime, sides):
    network = network_of(kind)
    frames = np.random.default_rng(0).random((STEPS + 2, 1, 3, *sides), np.float32)
    ours = runtime(grafted(network), frames)
    for (packed, state), (their_packed, their_state) in zip(ours, in_torch(network, frames), strict=True):
        assert their_packed.std() > 0.1, "the comparison would say nothing"
        np.testing.assert_allclose(packed, their_packed, rtol=0, atol=1e-5)
        np.testing.assert_allclose(state, their_state, rtol=0, atol=1e-5)


@both
@pytest.mark.slow
def test_export_equals_what_is_shipped(kind):
    network = network_of(kind)
    frames = np.random.default_rng(1).random((STEPS + 2, 1, 3, 16, 20), np.float32)
    exported, shipped = to_onnx.export(network.recurrent_cell), grafted(network)
    for a, b in zip(in_onnxruntime(exported, frames), in_onnxruntime(shipped, frames), strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


@pytest.mark.slow
def test_main_writes_the_same_again_and_what_is_loaded(tmp_path):
    to_onnx.main(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {kind.file for kind in KINDS}
    for kind in KINDS:
        written, network = onnx.load(tmp_path / kind.file), ARCHITECTURES[kind.architecture]
        assert signature(written) == signature(onnx.load(to_onnx.FOLDER / kind.file))
        template = to_onnx.template(kind.feedback, network)
        assert (tmp_path / kind.file).read_bytes() == template.SerializeToString(deterministic=True)
        assert signature(written)["state"] == [1, network.features + 48 * kind.feedback, "h", "w"]


def signature(proto):
    """Inputs, outputs and parameters with their dimensions."""
    values = [*proto.graph.input, *proto.graph.output]
    found = {v.name: [d.dim_value or d.dim_param for d in v.type.tensor_type.shape.dim] for v in values}
    return found | {t.name: list(t.dims) for t in proto.graph.initializer if not t.raw_data}


@both
def test_shipped_template_is_small_and_plain(kind):
    assert (to_onnx.FOLDER / kind.file).stat().st_size < 20_000
    proto, network = onnx.load(to_onnx.FOLDER / kind.file), ARCHITECTURES[kind.architecture]
    kinds = collections.Counter(node.op_type for node in proto.graph.node)
    blocks, sums = sum(network.blocks), len(SUMS[kind.architecture])
    wanted = {"Conv": 2 * blocks + 6, "Relu": blocks, "LeakyRelu": 5, "Split": 1, "Pad": 1}
    wanted |= {"Add": blocks + sums + 1, "Resize": sums + 2}
    assert kinds == wanted | {"Concat": 3 if kind.feedback else 2}
    assert [entry.version for entry in proto.opset_import if not entry.domain] == [to_onnx.OPSET]
    inputs = {v.name: [d.dim_value or d.dim_param for d in v.type.tensor_type.shape.dim] for v in proto.graph.input}
    frame = [1, 3, "h", "w"]
    state = [1, network.features + 48 * kind.feedback, "h", "w"]
    assert inputs == {"previous": frame, "current": frame, "next": frame, "state": state}
    assert not any("torch" in str(part) for part in (proto.metadata_props, proto.graph.node, proto.producer_name))


@both
def test_resizes_are_bilinear_with_half_pixel_centres_and_fixed_factors(kind):
    graph = onnx.load(to_onnx.FOLDER / kind.file).graph
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer if t.raw_data}
    factors = []
    for node in (node for node in graph.node if node.op_type == "Resize"):
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        assert attributes["mode"] == b"linear"
        assert attributes.get("coordinate_transformation_mode", b"half_pixel") == b"half_pixel"
        assert len(node.input) == 3, "a fourth input would be fixed or computed sizes"
        factors.append(constants[node.input[2]].tolist())
    assert factors == [[1, 1, f, f] for f in (*SUMS[kind.architecture], 2, 4)]


@both
def test_grafted_model_passes_onnx_s_checker(kind):
    onnx.checker.check_model(grafted(network_of(kind)), full_check=True)
