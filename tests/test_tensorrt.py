"""The TensorRT backends: engines are really built, and run by stand-ins of NVIDIA's libraries (`fake_nvidia`)."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vapoursynth as vs

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.clips import core, in_flight, linear, numbered
from tests.fake_nvidia import ERROR, FakeCache, FakeContext, Nvidia, Properties
from tests.networks import HEIGHT, WIDTH, feed, frames, ok, same, setup
from tests.test_backends_network import psnr, reference
from vsanimesr import backends
from vsanimesr.backends import cuda
from vsanimesr.backends.base import EngineSetup
from vsanimesr.backends.tensorrt import TensorRT
from vsanimesr.backends.tensorrt_rtx import TensorRTRTX
from vsanimesr.engines import library, store
from vsanimesr.errors import (
    BackendUnavailable,
    DeviceError,
    EngineMissing,
    OutOfMemory,
)
from vsanimesr.spec import RGBH, RGBS


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch, home: Path) -> Nvidia:
    """A machine with one GPU of compute capability 8.9, and no engine yet."""
    return Nvidia(monkeypatch)


@pytest.fixture
def started(nvidia: Nvidia) -> Iterator[Any]:
    """Starts TensorRT-RTX on the fake GPU; what is left of it at the end fails the test."""
    made = []

    def start(*size: int, say: Any = lambda _: None, build: bool = True, **settings: Any) -> TensorRTRTX:
        given = setup(*size, **settings)
        made.append(TensorRTRTX(type(given)(**{**vars(given), "engines": EngineSetup(None, build, say)})))
        return made[-1]

    yield start
    while made:
        made.pop().close()
    gc.collect()
    fake = nvidia.runtime
    assert [fake.blocks, fake.pinned, fake.streams, fake.events, fake.graphs] == [{}, {}, set(), set(), set()]


@pytest.mark.parametrize("format_", [RGBS, RGBH], ids=lambda format_: format_.name)
@pytest.mark.parametrize("size", [(24, 20), (17, 33)])
def test_fp16_is_near_the_network(started: Any, size: tuple[int, int], format_: Any) -> None:
    source = frames(6, *size, format_)
    backend = started(*size, format_, precision="auto")
    assert (backend.precision, backend.device) == ("fp16", "cuda:0 Fake GPU")
    assert 50 < psnr(np.stack(feed(backend, source)), reference(source, True)) < 110


def test_fp32_equals_the_network(started: Any) -> None:
    source = frames(6, 50, 18)
    got = np.stack(feed(started(50, 18), source))
    np.testing.assert_allclose(got, reference(source, True), atol=1e-5)


def test_checkpoints_and_restarts(started: Any) -> None:
    source, backend = frames(6, WIDTH, HEIGHT), started(precision="fp16")
    feed(backend, source[:3])
    checkpoint = backend.save()
    on = feed(backend, source, 3)
    ok(checkpoint.event)
    backend.restore(checkpoint)
    same(feed(backend, source, 3), on)


def test_steps_are_captured_once_for_each_place_of_their_tensors(started: Any, nvidia: Nvidia) -> None:
    feed(started(), frames(12, WIDTH, HEIGHT))
    calls = nvidia.runtime.calls
    assert calls.count("cudaGraphLaunch") == 12
    assert calls.count("cudaStreamBeginCapture") == 6 + 2  # three places of the ring, two sides; the first, the last


def test_what_cannot_be_captured_runs_all_the_same(
    started: Any, nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = frames(4, WIDTH, HEIGHT)
    wanted = feed(started(), source)
    monkeypatch.setattr(FakeContext, "capturable", False)
    said: list[str] = []
    same(feed(started(say=said.append), source), wanted)
    assert "slower: it cannot be captured" in said[-1]
    nvidia.runtime.fails["cudaGraphInstantiate"] = ERROR.cudaErrorNotSupported
    monkeypatch.setattr(FakeContext, "capturable", True)
    said.clear()
    same(feed(started(say=said.append), source), wanted)
    assert [line for line in said if "without a CUDA graph" in line and "cudaErrorNotSupported" in line]


def test_the_engine_is_built_once_and_said_to_be(started: Any) -> None:
    said: list[str] = []
    started(say=said.append)
    assert sum(line.startswith("building the engine") for line in said) == 2
    assert sum(line.startswith("built ") and " s (" in line for line in said) == 2
    said.clear()
    started(say=said.append, build=False)
    assert said == []


def test_a_missing_engine_that_must_not_be_built(started: Any) -> None:
    with pytest.raises(EngineMissing, match="vsanimesr engines build --model random --width 24 --height 20"):
        started(build=False)


def test_compiled_kernels_are_kept_and_taken_again(started: Any, nvidia: Nvidia) -> None:
    started()
    files = sorted(store.folder(None).glob("*.engine.Fake-GPU.cache"))
    assert [file.read_bytes() for file in files] == [b"compiled here"] * 2
    started()
    assert [engine.configs[0].cache.taken for engine in nvidia.engines] == [False, False, True, True]
    files[0].write_bytes(b"of another GPU")
    started()
    assert files[0].read_bytes() == b"compiled here"


def test_kernels_of_another_gpu_lie_beside_those(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started()
    monkeypatch.setattr(Properties, "name", b"Other GPU")
    started()
    assert len(list(store.folder(None).glob("*.engine.*.cache"))) == 4


@pytest.mark.parametrize("trouble", ["it gives none", "a folder is in the way", "the disk is full"])
def test_kernels_that_cannot_be_kept_are_told_of_and_nothing_else(
    started: Any, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    said: list[str] = []
    started()
    if trouble == "it gives none":
        monkeypatch.setattr(FakeCache, "serialize", lambda _: None)
    elif trouble == "a folder is in the way":
        for file in store.folder(None).glob("*.cache"):
            file.unlink()
            file.mkdir()
    else:
        monkeypatch.setattr(FakeCache, "content", b"new")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("vsanimesr.engines.files.write", full)
    feed(started(say=said.append), frames(2, WIDTH, HEIGHT))
    assert len(said) in (2, 4)
    assert all("kernels" in line for line in said)


def test_kernels_of_engines_for_many_sizes_never_change_in_the_middle(started: Any, nvidia: Nvidia) -> None:
    started()
    strategy = nvidia.engines[0].module.DynamicShapesKernelSpecializationStrategy.EAGER
    assert all(e.configs[0].dynamic_shapes_kernel_specialization_strategy == strategy for e in nvidia.engines)


def test_too_little_memory_says_how_much_and_what_to_do(started: Any, nvidia: Nvidia) -> None:
    nvidia.runtime.memory = 100_000
    words = (
        r"tensorrt_rtx: allocating .* MiB failed: .*out of memory.* MiB are free\)\. 24x20 RGBS in fp32 takes .*fp16"
    )
    with pytest.raises(OutOfMemory, match=words):
        started()


def test_two_sessions_on_one_gpu(started: Any) -> None:
    source = frames(4, WIDTH, HEIGHT)
    one, two = started(), started()
    wanted = feed(one, source)
    one.reset()
    for n in range(3):
        for backend in (one, two):
            for k in range(0 if n == 0 else n + 1, n + 2):
                backend.ingest(k % 3, source[k])
            ok(backend.step((max(0, n - 1) % 3, n % 3, (n + 1) % 3), 0))
            assert np.stack(backend.read(0)).tobytes() == wanted[n].tobytes()


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


def test_an_engine_that_does_not_run_is_told_with_the_libraries_words(
    started: Any, nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = started()
    monkeypatch.setattr(FakeContext, "runs", False)
    log = library.get("tensorrt_rtx").log

    def fail(context: FakeContext, _: int) -> bool:
        log.log(log.ERROR, "the kernel fell over")
        return False

    monkeypatch.setattr(FakeContext, "execute_async_v3", fail)
    backend.ingest(0, frames(1, WIDTH, HEIGHT)[0])
    event = backend.step((0, 0, 0), 0)
    event.wait()
    assert isinstance(event.error, DeviceError)
    assert "did not run: the kernel fell over" in str(event.error)


def test_an_engine_of_other_types_is_refused(started: Any, monkeypatch: pytest.MonkeyPatch, nvidia: Nvidia) -> None:
    kind = library.get("tensorrt_rtx").module.DataType.HALF
    monkeypatch.setattr("tests.fake_nvidia.FakeEngine.get_tensor_dtype", lambda *_: kind)
    with pytest.raises(DeviceError, match=r"the engine has .*float16.* wanted .*float32.*vsanimesr engines clear"):
        started()


def test_tensorrt_itself_differs_only_in_how_contexts_are_made(nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch) -> None:
    rtx = library.get("tensorrt_rtx")
    monkeypatch.setattr(library, "get", lambda _: rtx)
    source = frames(4, WIDTH, HEIGHT)
    backend = TensorRT(setup(precision="fp16"))
    got = np.stack(feed(backend, source))
    backend.close()
    assert psnr(got, reference(source, True)) > 50
    assert not list(store.folder(None).glob("*.cache"))


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


def test_a_gpu_that_the_library_does_not_serve_is_no_choice(nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DeviceError("it does not load")

    assert TensorRTRTX.devices() == ("cuda",)
    monkeypatch.setattr(library.Library, "load", refuse)
    with pytest.raises(BackendUnavailable, match="it does not serve this GPU: it does not load"):
        TensorRTRTX.devices()


def test_the_filter_runs_and_logs_what_it_builds(nvidia: Nvidia, imported: Path) -> None:
    clip, lines = numbered(12, 40, 24), list[str]()
    handle = core.add_log_handler(lambda _, message: lines.append(message))
    try:
        upscaled = core.animesr.Upscale(clip, model="mine", backend="tensorrt_rtx")
        again = core.animesr.Upscale(clip, model="mine", backend="tensorrt_rtx", build=0, slots=2)
    finally:
        core.remove_log_handler(handle)
    lines = [line for line in lines if line.startswith("Upscale: ")]
    assert [line.split(" ")[1] for line in lines] == ["building", "built", "building", "built", "mine", "mine"]
    assert lines[-1] == "Upscale: mine on tensorrt_rtx (cuda:0 Fake GPU), fp16"
    wanted = linear(upscaled)
    assert len(set(wanted)) == 12
    order = [11, 3, 4, 0, 9, 3, 1, 10]
    assert in_flight(again, order) == [wanted[n] for n in order]


def test_the_filter_says_what_to_build_where_it_must_not(nvidia: Nvidia, imported: Path, tmp_path: Path) -> None:
    with pytest.raises(
        vs.Error, match=r"Upscale: there is no engine of mine ingest, 32x24.*\nBuild it with: vsanimesr"
    ):
        core.animesr.Upscale(
            numbered(3), model="mine", backend="tensorrt_rtx", build=0, engine_dir=str(tmp_path / "engines")
        )
