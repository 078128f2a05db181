"""What the TensorRT backends say of the machine: its GPUs, its driver, and what is missing (`fake_nvidia`)."""

import sys
from typing import Any

import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.fake_nvidia import ERROR, Nvidia, Properties
from tests.networks import setup
from vsanimesr import backends
from vsanimesr.backends import cuda
from vsanimesr.backends.tensorrt_rtx import TensorRTRTX
from vsanimesr.engines import library
from vsanimesr.errors import BackendUnavailable, DeviceError

pytest_plugins = ["tests.nvidia_machine"]


def test_version_names_library_and_number(nvidia: Nvidia) -> None:
    assert TensorRTRTX.version() == f"TensorRT-RTX {library.get('tensorrt_rtx').version}"
    assert nvidia.runtime.device is None, "asking opens no device"


def test_device_id_is_honoured(nvidia: Nvidia, started: Any) -> None:
    nvidia.runtime.gpus = 3
    backend = started(device_id=2)
    assert backend.device == "cuda:2 Fake GPU"
    assert nvidia.runtime.device == 2
    with pytest.raises(BackendUnavailable, match="tensorrt_rtx: there is no GPU 3: CUDA finds 3"):
        started(device_id=3)


def test_a_gpu_that_is_too_old(nvidia: Nvidia, started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Properties, "major", 6)
    with pytest.raises(BackendUnavailable, match=r"Fake GPU has compute capability 6.9, wanted 7.5 .*'torch'"):
        started()


class TestWithoutAGpu:
    """What is said where something is missing; the CUDA runtime is the real one unless it is replaced."""

    @pytest.mark.parametrize(
        ("driver", "words"), [(0, "no NVIDIA driver"), (12080, r"too old: it offers CUDA 12\.8, wanted 13")]
    )
    def test_the_driver(self, nvidia: Nvidia, driver: int, words: str) -> None:
        nvidia.runtime.fails["cudaGetDeviceCount"] = ERROR.cudaErrorInsufficientDriver
        nvidia.runtime.driver = driver
        with pytest.raises(BackendUnavailable, match=f"tensorrt_rtx: .*{words}"):
            TensorRTRTX(setup())

    def test_no_gpu(self, nvidia: Nvidia) -> None:
        nvidia.runtime.gpus = 0
        with pytest.raises(BackendUnavailable, match=r"finds no GPU.*CUDA_VISIBLE_DEVICES"):
            TensorRTRTX.devices()

    def test_the_binding(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", None)
        cuda.runtime.cache_clear()
        with pytest.raises(BackendUnavailable, match=r"CUDA's Python binding cannot be loaded.*pip install"):
            TensorRTRTX(setup())

    @pytest.mark.skipif(backends.count_nvidia_gpus() > 0, reason="there is a GPU")
    def test_its_version_says_that_it_is_not_usable(self) -> None:
        text = backends.versions()["tensorrt_rtx"]
        assert text.startswith("not usable: no NVIDIA driver is installed")

    def test_another_kind_of_device(self) -> None:
        with pytest.raises(BackendUnavailable, match="no device 'cpu'; it runs on cuda only"):
            TensorRTRTX(setup(device="cpu"))

    @pytest.mark.skipif(backends.count_nvidia_gpus() > 0, reason="there is a GPU")
    def test_this_machine(self) -> None:
        with pytest.raises(BackendUnavailable, match=r"tensorrt_rtx: no NVIDIA driver.*backend='openvino'"):
            TensorRTRTX(setup())


@pytest.mark.parametrize(("capability", "built_for"), [((7, 5), ("7.5",)), ((8, 9), ("8.9",)), ((9, 0), ())])
def test_what_a_gpu_is_tried_with_is_built_for_it(
    nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], built_for: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Properties, "major", capability[0])
    monkeypatch.setattr(Properties, "minor", capability[1])
    asked, build = [], library.Library.build

    def watch(found: library.Library, graph: Any, capabilities: tuple[str, ...], options: Any) -> bytes:
        asked.append(capabilities)
        return build(found, graph, capabilities, options)

    monkeypatch.setattr(library.Library, "build", watch)
    assert TensorRTRTX.devices() == ("cuda",)
    assert asked == [built_for]


def test_a_gpu_that_the_library_does_not_serve_is_no_choice(nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DeviceError("it does not load")

    assert TensorRTRTX.devices() == ("cuda",)
    monkeypatch.setattr(library.Library, "load", refuse)
    with pytest.raises(BackendUnavailable, match="it does not serve this GPU: it does not load"):
        TensorRTRTX.devices()
