"""The TensorRT backends: engines are really built, and run by stand-ins of NVIDIA's libraries (`fake_nvidia`)."""

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.clips import core, in_flight, linear, numbered
from tests.fake_nvidia import ERROR, FakeContext, Nvidia
from tests.networks import HEIGHT, WIDTH, feed, frames, ok, same, setup
from tests.test_backends_network import psnr, reference
from vsanimesr.backends.tensorrt import TensorRT
from vsanimesr.engines import library, store
from vsanimesr.errors import DeviceError
from vsanimesr.spec import RGBH, RGBS

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

pytest_plugins = ["tests.nvidia_machine"]


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
    assert calls.count("cudaGraphLaunch") == 12 - 2  # all but the first and the last
    assert calls.count("cudaStreamBeginCapture") == 6  # three places of the ring, two sides


def test_stills_and_the_ends_of_scenes_take_no_capture_from_what_lies_between(started: Any, nvidia: Nvidia) -> None:
    backend, lanes = started(16, 16, lanes=10), range(10)
    for (ring, frame), lane in itertools.product(enumerate(frames(3, 16, 16)), lanes):
        backend.ingest(ring, frame, lane)

    def step(*windows: tuple[int, int, int]) -> int:
        """How many of these steps, each in every lane, are launched as captures."""
        nvidia.runtime.calls.clear()
        for window, lane in itertools.product(windows, lanes):
            ok(backend.step(window, None, lane))
        return nvidia.runtime.calls.count("cudaGraphLaunch")

    pairs = [(n, (n + 1) % 3) for n in range(3)]
    assert step(*((a, a, a) for a, _ in pairs), *((a, a, b) for a, b in pairs), *((a, b, b) for a, b in pairs)) == 0
    assert step(*[(0, 1, 2), (1, 2, 0), (2, 0, 1)] * 2) == 6 * len(lanes)


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


def test_tensorrt_itself_differs_only_in_how_contexts_are_made(nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch) -> None:
    rtx = library.get("tensorrt_rtx")
    monkeypatch.setattr(library, "get", lambda _: rtx)
    source = frames(4, WIDTH, HEIGHT)
    backend = TensorRT(setup(precision="fp16"))
    got = np.stack(feed(backend, source))
    backend.close()
    assert psnr(got, reference(source, True)) > 50
    assert not list(store.folder(None).glob("*.cache"))


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
    assert re.fullmatch(r"Upscale: mine on tensorrt_rtx \(cuda:0 Fake GPU\), fp16, engines [0-9a-f]{16}", lines[-1])
    assert lines[-1] == lines[-2]
    wanted = linear(upscaled)
    assert len(set(wanted)) == 12
    order = [11, 3, 4, 0, 9, 3, 1, 10]
    assert in_flight(again, order) == [wanted[n] for n in order]
