"""One suite for the contract of all backends."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from tests.networks import HEIGHT, WIDTH, feed, frames, ok, picture, same
from vsanimesr.backends.base import Backend
from vsanimesr.errors import DeviceError
from vsanimesr.spec import RGBH

NETWORKS = ["openvino", "torch", "simulated"]

Make = Callable[..., Backend]
WAIT = 60


@pytest.fixture(params=["fake", "openvino", pytest.param("torch", marks=pytest.mark.slow), "simulated"])
def name(request: pytest.FixtureRequest) -> str:
    """Every backend in its turn."""
    return str(request.param)


@pytest.fixture
def backend(make: Make) -> Backend:
    """A backend for frames of 24x20."""
    return make(WIDTH, HEIGHT)


def test_it_says_what_it_is(backend: Backend, name: str) -> None:
    assert backend.name == name
    assert backend.precision == "fp32"
    assert backend.precision in backend.precisions
    assert backend.device
    assert backend.version()


def test_pictures_have_size_and_type_of_the_clip(backend: Backend) -> None:
    feed(backend, frames(1, WIDTH, HEIGHT))
    planes = backend.read(0)
    assert [(plane.shape, plane.dtype) for plane in planes] == [((4 * HEIGHT, 4 * WIDTH), np.float32)] * 3


def test_reset_starts_anew(backend: Backend) -> None:
    source = frames(4, WIDTH, HEIGHT)
    first = feed(backend, source)
    backend.reset()
    same(feed(backend, source), first)


def test_without_reset_the_state_goes_on(backend: Backend) -> None:
    source = frames(3, WIDTH, HEIGHT)
    assert (feed(backend, source)[0] != feed(backend, source)[0]).any()


def test_a_checkpoint_continues_bit_identically(backend: Backend) -> None:
    source = frames(6, WIDTH, HEIGHT)
    feed(backend, source[:3])
    checkpoint = backend.save()
    on = feed(backend, source, 3)
    ok(checkpoint.event)
    assert checkpoint.nbytes == backend.state_nbytes > 0
    for _ in range(2):
        backend.restore(checkpoint)
        same(feed(backend, source, 3), on)


def test_a_checkpoint_goes_to_another_backend_of_the_same_kind(make: Make) -> None:
    source = frames(5, WIDTH, HEIGHT)
    one, two = make(WIDTH, HEIGHT), make(WIDTH, HEIGHT)
    feed(one, source[:3])
    checkpoint = one.save()
    ok(checkpoint.event)
    two.restore(checkpoint)
    same(feed(two, source, 3), feed(one, source, 3))


def test_any_ring_slot_may_be_any_place_of_the_window(backend: Backend) -> None:
    source = frames(3, WIDTH, HEIGHT)
    results = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)):
        backend.reset()
        for ring, frame in zip(order, source, strict=True):
            backend.ingest(ring, frame)
        ok(backend.step(order, 0))
        results.append(picture(backend, 0).tobytes())
    assert len(set(results)) == 1
    ok(backend.step((0, 1, 2), 0))
    assert picture(backend, 0).tobytes() not in results


def test_each_place_of_the_window_matters(backend: Backend) -> None:
    for ring, frame in enumerate(frames(3, WIDTH, HEIGHT)):
        backend.ingest(ring, frame)
    results = set()
    for window in ((0, 1, 2), (1, 1, 2), (0, 2, 2), (0, 1, 1)):
        backend.reset()
        ok(backend.step(window, 0))
        results.add(picture(backend, 0).tobytes())
    assert len(results) == 4


def test_a_step_without_a_slot_advances_the_state(backend: Backend) -> None:
    source = frames(3, WIDTH, HEIGHT)
    feed(backend, source)
    wanted = feed(backend, source)
    backend.reset()
    feed(backend, source, slot=None)
    same(feed(backend, source), wanted)


def test_a_picture_stays_until_the_next_step_into_its_slot(backend: Backend) -> None:
    source = frames(4, WIDTH, HEIGHT)
    for ring, frame in enumerate(source[:3]):
        backend.ingest(ring, frame)
    ok(backend.step((0, 1, 2), 1))
    kept, copy = backend.read(1), picture(backend, 1)
    for slot in (0, 2, None):
        ok(backend.step((1, 2, 0), slot))
    assert np.stack(kept).tobytes() == copy.tobytes()
    ok(backend.step((1, 2, 0), 1))
    assert picture(backend, 1).tobytes() != copy.tobytes()


def test_frames_are_read_before_ingest_returns(backend: Backend) -> None:
    source = frames(3, WIDTH, HEIGHT)
    wanted = feed(backend, source)
    backend.reset()
    lent = np.empty_like(source[0])
    for ring, frame in enumerate(source):
        lent[...] = frame
        backend.ingest(ring, lent)
    ok(backend.step((0, 0, 1), 0))
    assert picture(backend, 0).tobytes() == wanted[0].tobytes()


def test_rows_may_be_strided(backend: Backend) -> None:
    source = frames(2, WIDTH, HEIGHT)
    wanted = feed(backend, source)
    backend.reset()
    wide = [np.full((3, HEIGHT, WIDTH + 8), np.nan, np.float32) for _ in source]
    for room, frame in zip(wide, source, strict=True):
        room[:, :, :WIDTH] = frame
    same(feed(backend, [list(room[:, :, :WIDTH]) for room in wide]), wanted)


def test_planes_may_be_buffers_that_are_no_arrays(backend: Backend) -> None:
    source = frames(2, WIDTH, HEIGHT)
    wanted = feed(backend, source)
    backend.reset()
    same(feed(backend, [[memoryview(plane) for plane in frame] for frame in source]), wanted)


def test_pictures_may_be_read_by_other_threads_in_any_order(backend: Backend) -> None:
    source, wanted, found = frames(3, WIDTH, HEIGHT), {}, {}
    for ring, frame in enumerate(source):
        backend.ingest(ring, frame)
    windows = [(0, 0, 1), (0, 1, 2), (1, 2, 2)]
    for slot, window in enumerate(windows):
        ok(backend.step(window, slot))
        wanted[slot] = picture(backend, slot).tobytes()
    backend.reset()
    events = [backend.step(window, slot) for slot, window in enumerate(windows)]

    def read(slot: int) -> None:
        events[slot].wait()
        found[slot] = picture(backend, slot).tobytes()

    threads = [threading.Thread(target=read, args=(slot,)) for slot in (2, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert found == wanted


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (50, 18)])
def test_odd_sizes(make: Make, size: tuple[int, int]) -> None:
    width, height = size
    pictures = feed(make(*size), frames(2, *size))
    assert [image.shape for image in pictures] == [(3, 4 * height, 4 * width)] * 2
    assert all(np.isfinite(image).all() for image in pictures)


def test_half_in_half_out(make: Make) -> None:
    source = frames(3, WIDTH, HEIGHT, RGBH)
    pictures = feed(make(WIDTH, HEIGHT, RGBH), source)
    assert {image.dtype for image in pictures} == {np.dtype(np.float16)}
    if make(WIDTH, HEIGHT).name in NETWORKS:
        single = feed(make(WIDTH, HEIGHT), [frame.astype(np.float32) for frame in source])
        np.testing.assert_allclose(np.stack(pictures), np.stack(single), atol=1e-3)


def fails_once(make: Make, name: str) -> Backend:
    """A backend whose stream fails by now."""
    if name == "fake":
        backend = make(WIDTH, HEIGHT, device="fail=0")
        backend.step((0, 0, 0), 0)
    else:
        backend = make(WIDTH, HEIGHT)
        backend.ingest(0, np.zeros((3, HEIGHT + 4, WIDTH), np.float32))  # not the size that it was made for
        backend.step((0, 0, 0), 0)
    return backend


@pytest.mark.parametrize("way", ["reset", "restore"])
def test_a_failure_poisons_until_reset_or_restore(make: Make, name: str, way: str) -> None:
    healthy = make(WIDTH, HEIGHT)
    checkpoint = healthy.save()
    ok(checkpoint.event)
    backend = fails_once(make, name)
    backend.drain()
    error = backend.error
    assert isinstance(error, DeviceError)
    assert "\n" not in str(error)
    for event in (backend.step((0, 0, 0), None), backend.step((0, 0, 0), 1), backend.save().event):
        event.wait()
        assert event.error is error
    backend.reset() if way == "reset" else backend.restore(checkpoint)
    backend.drain()
    assert backend.error is None
    source = frames(3, WIDTH, HEIGHT)
    same(feed(backend, source), feed(healthy, source))


def test_close_fails_what_is_pending_and_may_come_twice(backend: Backend) -> None:
    source = frames(1, WIDTH, HEIGHT)
    feed(backend, source)
    events = [backend.step((0, 0, 0), 0) for _ in range(6)]
    backend.close()
    backend.close()
    for event in (*events, backend.step((0, 0, 0), 0)):
        event.wait()
        assert event.error is None or isinstance(event.error, DeviceError)
    assert isinstance(backend.step((0, 0, 0), 0).error, DeviceError)


def test_drain_waits_for_everything(backend: Backend) -> None:
    feed(backend, frames(1, WIDTH, HEIGHT))
    events = [backend.step((0, 0, 0), 0) for _ in range(6)]
    backend.drain()
    assert [event.done for event in events] == [True] * 6
