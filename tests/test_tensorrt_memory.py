"""TensorRT where memory is short: what is said, and what becomes of it (`fake_nvidia`)."""

import math
from typing import Any

import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.fake_nvidia import FakeContext, Nvidia
from tests.networks import setup
from vsanimesr.backends.tensorrt_rtx import TensorRTRTX
from vsanimesr.backends.tiled import open_backend
from vsanimesr.engines import library, store
from vsanimesr.errors import DeviceError, OutOfMemory
from vsanimesr.tiles import Auto

pytestmark = pytest.mark.slow  # it takes seconds

pytest_plugins = ["tests.nvidia_machine"]


def test_too_little_memory_says_how_much_and_what_to_do(started: Any, nvidia: Nvidia) -> None:
    nvidia.runtime.memory = 100_000
    words = (
        r"tensorrt_rtx: allocating .* MiB failed: .*out of memory.* MiB are free\)\. 24x20 RGBS in fp32 takes .*fp16"
    )
    with pytest.raises(OutOfMemory, match=words):
        started()


@pytest.mark.parametrize("words", ["Error Code 2: OutOfMemory (no further information)", "CUDA error: out of memory"])
def test_the_library_out_of_memory(started: Any, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    log = library.get("tensorrt_rtx").log

    def none(*_: object) -> None:
        log.log(log.ERROR, words)

    monkeypatch.setattr("tests.fake_nvidia.FakeEngine.create_execution_context", none)
    with pytest.raises(OutOfMemory, match=r"made no context of the engine: use precision='fp16', a smaller tilesize="):
        started()


def test_memory_that_will_not_do(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log = library.get("tensorrt_rtx").log
    monkeypatch.setattr(FakeContext, "set_device_memory", lambda *_: log.log(log.ERROR, "memory size is too small"))
    with pytest.raises(DeviceError, match="does not take its memory: memory size is too small"):
        started()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU on which engines for more than 2000 pixels cannot be built, for memory."""
    found = library.get("tensorrt_rtx")
    build = found.module.Builder.build_serialized_network

    def limited(builder: Any, network: Any, config: Any) -> Any:
        height, width = tuple(network.get_input(0).shape)[2:]
        if height * width <= 2000:
            return build(builder, network, config)
        found.log.log(found.log.ERROR, "Error Code 2: OutOfMemory (Requested size was 77 bytes.)")
        return None

    monkeypatch.setattr(found.module.Builder, "build_serialized_network", limited)


def test_too_little_memory_to_build_is_too_little_memory(started: Any, small: None) -> None:
    with pytest.raises(OutOfMemory, match=r"did not build the engine: .*'fp16'.*tilesize=.* 77 bytes.*--workspace"):
        started(64, 48)
    assert list(store.folder(None).glob("*.engine")) == []
    started(48, 40)


def test_tiles_are_found_for_what_is_too_large_to_build(nvidia: Nvidia, small: None) -> None:
    backend, tiling = open_backend(TensorRTRTX, setup(64, 48), Auto((8, 8)))
    backend.close()
    assert tiling is not None
    assert math.prod(tiling.size) <= 2000
    assert len(tiling) == 2


@pytest.mark.parametrize("place", ["build", "load"])
def test_a_demand_that_is_not_known_says_so(nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def none(*_: object) -> None:
        raise OutOfMemory("there is none")

    monkeypatch.setattr(library.Library, place, none)
    found = TensorRTRTX.demand(setup(precision="fp16"))
    assert not found.fits
    assert str(found) == "needs more than the 1.0 GiB that are free"
