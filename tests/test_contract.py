"""What every backend has to do (vsanimesr/backends/base.py), one suite over all of them."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import openvino  # noqa: F401  # before VapourSynth's plugins: another one may bring its own
import pytest

from vsanimesr import backends, graphs, models
from vsanimesr.backends.base import RING, Backend, Planes, Setup
from vsanimesr.errors import BackendError
from vsanimesr.spec import RGBH, RGBS, ClipSpec, PixelFormat

Open = Callable[..., Backend]
WINDOWS = [(0, 0, 1), (0, 1, 2), (1, 2, 0), (2, 0, 1)]


@pytest.fixture(params=["fake", "fake-threaded", "openvino", "torch"])
def open_backend(request: pytest.FixtureRequest, official_v2: models.Artifact) -> Iterator[Open]:
    """Opens the backend under test for a clip of some size and format; closes all of them at the end."""
    opened: list[Backend] = []
    name = request.param.partition("-")[0]
    device = "delay=0" if request.param == "fake-threaded" else ""

    def start(width: int = 20, height: int = 16, pixel_format: PixelFormat = RGBS, slots: int = 4) -> Backend:
        clip = ClipSpec(width, height, 10, pixel_format)
        setup = Setup(clip, 4, slots, "fp32", device, 0, lambda: graphs.compose(official_v2, clip))
        opened.append(backends.get(name)(setup))
        return opened[-1]

    yield start
    for backend in opened:
        backend.close()


def frame(n: int, width: int = 20, height: int = 16, dtype: Any = np.float32) -> Planes:
    samples: Planes = np.random.default_rng(n).random((3, height, width)).astype(dtype)
    return list(samples)


def picture(backend: Backend, slot: int) -> np.ndarray[Any, Any]:
    return np.stack([plane.copy() for plane in backend.read(slot)])


def run(backend: Backend, steps: int = 4, frames: Callable[[int], Planes] = frame) -> list[np.ndarray[Any, Any]]:
    """The first pictures of a clip, from a state of zeros."""
    backend.reset()
    pictures = []
    backend.ingest(0, frames(0))
    for n in range(steps):
        backend.ingest((n + 1) % RING, frames(n + 1))
        event = backend.step(((max(0, n - 1)) % RING, n % RING, (n + 1) % RING), n % 4)
        event.wait()
        assert event.done
        assert event.error is None
        pictures.append(picture(backend, n % 4))
    return pictures


def same(a: list[np.ndarray[Any, Any]], b: list[np.ndarray[Any, Any]]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_the_same_frames_give_the_same_bits_again_and_each_step_differs(open_backend: Open) -> None:
    backend = open_backend()
    first = run(backend)
    assert same(first, run(backend))
    assert same(first, run(open_backend()))
    assert all(not np.array_equal(first[0], later) for later in first[1:])


def test_a_reset_forgets_everything(open_backend: Open) -> None:
    backend = open_backend()
    wanted = run(backend)
    run(backend, 3, lambda n: frame(n + 100))
    assert same(wanted, run(backend))


def test_restoring_a_checkpoint_goes_on_to_the_bit(open_backend: Open) -> None:
    backend = open_backend()
    wanted = run(backend, 6)
    run(backend, 3)
    checkpoint = backend.save()
    checkpoint.event.wait()
    assert checkpoint.event.error is None
    assert checkpoint.nbytes == backend.state_nbytes > 0
    for _ in range(2):  # twice: a restore must not use the checkpoint up
        backend.reset()
        backend.restore(checkpoint)
        for n in (2, 3, 4):
            backend.ingest(n % RING, frame(n))
        backend.step((2 % RING, 0, 1), 3).wait()
        assert np.array_equal(picture(backend, 3), wanted[3])
        backend.ingest(5 % RING, frame(5))
        backend.step((0, 1, 2), 1).wait()
        assert np.array_equal(picture(backend, 1), wanted[4])


def test_a_step_without_a_picture_advances_the_state_the_same(open_backend: Open) -> None:
    backend = open_backend()
    wanted = run(backend, 3)[2]
    backend.reset()
    backend.ingest(0, frame(0))
    for n in range(3):
        backend.ingest((n + 1) % RING, frame(n + 1))
        backend.step((max(0, n - 1) % RING, n % RING, (n + 1) % RING), 1 if n == 2 else None).wait()
    assert np.array_equal(picture(backend, 1), wanted)


def test_a_picture_stays_until_the_next_step_into_its_slot(open_backend: Open) -> None:
    backend = open_backend(slots=2)
    backend.reset()
    for ring in range(RING):
        backend.ingest(ring, frame(ring))
    backend.step(WINDOWS[0], 0).wait()
    before = picture(backend, 0)
    backend.step(WINDOWS[1], 1).wait()
    backend.step(WINDOWS[2], None).wait()
    backend.reset()
    backend.drain()
    assert np.array_equal(picture(backend, 0), before)
    backend.step(WINDOWS[1], 0).wait()
    assert not np.array_equal(picture(backend, 0), before)


def test_calls_need_not_wait_for_each_other(open_backend: Open) -> None:
    backend = open_backend()
    wanted = run(backend)
    backend.reset()
    backend.ingest(0, frame(0))
    events = []
    for n in range(4):
        planes = [plane.copy() for plane in frame(n + 1)]
        backend.ingest((n + 1) % RING, planes)
        for plane in planes:
            plane[...] = 0.5  # it was read before the call returned
        events.append(backend.step((max(0, n - 1) % RING, n % RING, (n + 1) % RING), n))
    backend.drain()
    assert all(event.done and event.error is None for event in events)
    assert same([picture(backend, n) for n in range(4)], wanted)


def test_rows_may_be_strided_and_planes_read_only(open_backend: Open) -> None:
    backend = open_backend()

    def strided(n: int) -> Planes:
        wide = np.full((3, 16, 37), np.nan, np.float32)
        wide[:, :, :20] = np.stack(frame(n))
        wide.flags.writeable = False
        return [plane[:, :20] for plane in wide]

    assert same(run(backend), run(backend, frames=strided))


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (50, 18), (19, 16)])
@pytest.mark.parametrize("pixel_format", [RGBS, RGBH])
def test_any_size_in_the_clips_own_type(open_backend: Open, size: tuple[int, int], pixel_format: PixelFormat) -> None:
    backend = open_backend(*size, pixel_format)
    for made in run(backend, 2, lambda n: frame(n, *size, pixel_format.dtype)):
        assert made.shape == (3, 4 * size[1], 4 * size[0])
        assert made.dtype == pixel_format.dtype
        assert np.isfinite(made).all()
        assert made.min() >= 0
        assert made.max() <= 1


def test_pictures_can_be_read_by_other_threads_while_it_runs(open_backend: Open) -> None:
    backend = open_backend()
    wanted = run(backend)
    events = {}
    backend.reset()
    backend.ingest(0, frame(0))
    for n in range(4):
        backend.ingest((n + 1) % RING, frame(n + 1))
        events[n] = backend.step((max(0, n - 1) % RING, n % RING, (n + 1) % RING), n)
    seen: dict[int, np.ndarray[Any, Any]] = {}

    def look(n: int) -> None:
        events[n].wait()
        seen[n] = picture(backend, n)

    threads = [threading.Thread(target=look, args=(n,)) for n in (3, 0, 2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert same([seen[n] for n in range(4)], wanted)


def test_a_failed_operation_fails_what_follows_until_the_state_is_new(
    open_backend: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend()
    wanted = run(backend)
    assert backend.error is None

    def broken(*_: object) -> None:
        raise RuntimeError("the device burns")

    with monkeypatch.context() as patch:
        patch.setattr(backend, "run_ingest", broken)
        backend.ingest(0, frame(0))
        backend.drain()
    events = [backend.step(WINDOWS[0], 0), backend.step(WINDOWS[1], 1)]
    saved = backend.save()
    backend.drain()
    for event in (*events, saved.event):
        assert isinstance(event.error, BackendError)
        assert "the device burns" in str(event.error)
    assert backend.error is not None
    assert same(wanted, run(backend))
    assert backend.error is None


def test_closing_twice_is_safe_and_later_steps_fail(open_backend: Open) -> None:
    backend = open_backend()
    run(backend, 1)
    backend.close()
    backend.close()
    event = backend.step(WINDOWS[0], 0)
    event.wait()
    assert isinstance(event.error, BackendError)


def test_it_says_its_version_device_and_precision(open_backend: Open) -> None:
    backend = open_backend()
    assert type(backend).version()
    assert backend.device
    assert backend.precision == "fp32"
    assert "fp32" in backend.precisions
