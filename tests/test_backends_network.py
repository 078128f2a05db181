"""What the backends that run a network have to do besides: its numbers, clamping, precisions, devices."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cuda_simulator import simulated
from tests.networks import HEIGHT, WIDTH, feed, frames, network, ok, same, setup
from vsanimesr import backends, models
from vsanimesr.backends import openvino_device, openvino_graphs
from vsanimesr.backends.base import Backend, Setup
from vsanimesr.errors import BackendUnavailable, OutOfMemory
from vsanimesr.spec import RGBH, RGBS, ClipSpec, PixelFormat

pytestmark = pytest.mark.slow  # seconds, and the contract over every backend runs without it

NETWORKS = ["openvino", "torch", "simulated"]

Make = Callable[..., Backend]


def started(name: str, made: Setup) -> Backend:
    return simulated(made) if name == "simulated" else backends.get(name)(made)


@pytest.mark.parametrize("name", NETWORKS)
def test_samples_outside_0_to_1_are_clamped_and_nan_is_0(make: Make) -> None:
    wild = [frame * 3 - 1 for frame in frames(2, WIDTH, HEIGHT)]
    wild[0][:, 3, 4] = np.nan
    tame = [np.nan_to_num(frame).clip(0, 1) for frame in wild]
    got = feed(make(WIDTH, HEIGHT), wild)
    same(got, feed(make(WIDTH, HEIGHT), tame))
    assert min(image.min() for image in got) == 0
    assert max(image.max() for image in got) == 1


def reference(source: list[np.ndarray], feedback: bool) -> np.ndarray:
    """The network in PyTorch, float32."""
    import torch
    from onnx import numpy_helper

    from vsanimesr.nets import AnimeSR, from_state_dict

    tensors = {f"recurrent_cell.{i.name}": i for i in network(feedback).proto.graph.initializer}
    names = AnimeSR(feedback).state_dict()
    net = from_state_dict({n: torch.from_numpy(numpy_helper.to_array(tensors[n]).copy()) for n in names})
    lr = torch.from_numpy(np.stack(source).astype(np.float32)).clamp(0, 1)
    height, width = lr.shape[2:]
    lr = torch.nn.functional.pad(lr, (0, -width % 4, 0, -height % 4), mode="replicate")
    state, last, pictures = net.initial_state(1, *lr.shape[2:]), len(source) - 1, []
    with torch.inference_mode():
        for n in range(len(source)):
            image, state = net(torch.cat([lr[max(0, n - 1)], lr[n], lr[min(last, n + 1)]])[None], state)
            pictures.append(image[0, :, : 4 * height, : 4 * width].clamp(0, 1).numpy())
    return np.stack(pictures)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """The worst frame's, dB."""
    return float((-10 * np.log10(np.square(a - b, dtype=np.float64).mean((1, 2, 3)))).min())


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (50, 18), (21, 34), (64, 48)])
@pytest.mark.parametrize("feedback", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_fp32_equals_the_network(make: Make, size: tuple[int, int], feedback: bool) -> None:
    source = frames(8, *size)
    got = np.stack(feed(make(*size, feedback=feedback), source))
    np.testing.assert_allclose(got, reference(source, feedback), atol=1e-5)


def test_openvino_with_a_matrix_unit_equals_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_graphs, "has_matrix_unit", lambda *_: True)
    backend, source = started("openvino", setup(50, 18)), frames(8, 50, 18)
    got = np.stack(feed(backend, source))
    backend.close()
    np.testing.assert_allclose(got, reference(source, True), atol=1e-5)


def test_openvino_knows_a_matrix_unit() -> None:
    information = Path("/proc/cpuinfo")
    if not information.exists() or "BF16" not in _capabilities():
        pytest.skip("this system does not tell what the processor has, or it has no bf16")
    core = openvino_device.core()
    assert openvino_device.has_matrix_unit(core, "CPU", "bf16") == ("amx_bf16" in information.read_text())
    assert not openvino_device.has_matrix_unit(core, "CPU", "fp32")


@pytest.mark.parametrize("format_", [RGBS, RGBH], ids=["RGBS", "RGBH"])
@pytest.mark.parametrize(("name", "precision"), [("openvino", "bf16"), ("torch", "bf16"), ("torch", "fp16")])
def test_reduced_precision_is_near(make: Make, name: str, precision: str, format_: PixelFormat) -> None:
    if precision == "bf16" and name == "openvino" and "BF16" not in _capabilities():
        pytest.skip("OpenVINO says that this processor does not compute in bf16")
    source = frames(8, WIDTH, HEIGHT, format_)
    backend = make(WIDTH, HEIGHT, format_, precision=precision)
    assert backend.precision == precision
    got = np.stack(feed(backend, source))
    assert 45 < psnr(got, reference(source, True)) < 90
    full = backends.get(name)(setup(WIDTH, HEIGHT))
    assert backend.state_nbytes * 2 == full.state_nbytes
    full.close()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_official_network(make: Make, official_v2: models.Artifact, name: str) -> None:
    clip = ClipSpec(34, 26, 3, RGBS)
    source = frames(3, 34, 26)
    made = Setup(clip, 1, "fp32", "", 0, lambda: official_v2)
    results = []
    for backend in (started(name, made), make(34, 26)):
        results.append(np.stack(feed(backend, source)))
        backend.close()
    assert np.abs(results[0] - results[1]).max() > 0.1, "the weights do not matter"
    lr = np.stack(source).repeat(4, 2).repeat(4, 3)
    assert psnr(results[0], lr) > 8, "not even near the source"


def _capabilities() -> list[str]:
    return list(openvino_device.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("openvino", {"device": "GPU.7"}, ["'GPU.7'", "available", "CPU"]),
        ("openvino", {"device": "CPU", "device_id": 3}, ["'CPU.3'", "available", "CPU"]),
        ("torch", {"device": "tpu"}, ["'tpu'", "cpu, cuda"]),
        ("torch", {"device": "cpu", "device_id": 1}, ["cpu:1"]),
        ("torch", {"device": "cuda", "device_id": 99}, ["cuda:99", "PyTorch"]),
    ],
)
def test_a_device_that_is_not_there(name: str, settings: dict[str, object], words: list[str]) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        started(name, setup(**settings))
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_precision_that_the_device_lacks_names_those_it_has() -> None:
    missing = {"BF16": "bf16", "FP16": "fp16"}
    lacking = [name for capability, name in missing.items() if capability not in _capabilities()]
    if not lacking:
        pytest.skip("this processor computes in everything")
    with pytest.raises(BackendUnavailable, match=r"use one of fp32.*auto"):
        started("openvino", setup(precision=lacking[0]))


def test_auto_is_bf16_where_the_processor_has_it() -> None:
    backend = started("openvino", setup(precision="auto"))
    assert backend.precision == ("bf16" if "BF16" in _capabilities() else "fp32")
    backend.close()


def test_auto_is_fp32_for_torch_on_a_processor() -> None:
    backend = started("torch", setup(precision="auto"))
    assert (backend.precision, backend.device) == ("fp32", "cpu")
    backend.close()


def test_torch_settings_stay() -> None:
    import torch

    def settings() -> tuple[object, ...]:
        return (
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.backends.cudnn.benchmark,
            torch.get_default_dtype(),
        )

    before = settings()
    backend = started("torch", setup())
    feed(backend, frames(2, WIDTH, HEIGHT))
    backend.close()
    assert settings() == before


@pytest.mark.parametrize(
    ("kind", "precision", "tf32"), [("cuda", "fp32", False), ("cuda", "fp16", False), ("cpu", "fp32", True)]
)
def test_torch_on_cuda_computes_colours_in_fp32(kind: str, precision: str, tf32: bool) -> None:
    import torch

    backend = started("torch", setup())
    backend._device, backend.precision = torch.device(kind), precision
    assert torch.backends.cudnn.allow_tf32
    with backend._plain_float32():
        assert torch.backends.cudnn.allow_tf32 == tf32
        assert torch.backends.cudnn.enabled
    assert torch.backends.cudnn.allow_tf32
    backend.close()


def test_openvino_states_are_swapped_not_copied() -> None:
    backend = started("openvino", setup())
    feed(backend, frames(1, WIDTH, HEIGHT))
    (lane,) = backend._lanes
    before = {lane.state.data.ctypes.data, backend._next_state.data.ctypes.data}
    current = lane.state.data.ctypes.data
    ok(backend.step((0, 0, 0), 0))
    assert {lane.state.data.ctypes.data, backend._next_state.data.ctypes.data} == before
    assert lane.state.data.ctypes.data != current
    backend.close()


def test_openvino_makes_no_picture_that_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = started("openvino", setup())
    feed(backend, frames(2, WIDTH, HEIGHT), slot=None)
    assert not backend._pictures
    monkeypatch.setattr(backend, "_deliver", None)
    ok(backend.step((0, 0, 0), None))
    event = backend.step((0, 0, 0), 0)
    event.wait()
    assert event.error is not None
    backend.close()


def test_torch_says_when_the_gpu_has_no_memory_left(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB\nand more lines")

    backend = started("torch", setup())
    feed(backend, frames(1, WIDTH, HEIGHT))
    monkeypatch.setattr(backend, "_cell", full)
    event = backend.step((0, 0, 0), 0)
    event.wait()
    assert isinstance(event.error, OutOfMemory)
    assert "fp16" in str(event.error)
    backend.close()
