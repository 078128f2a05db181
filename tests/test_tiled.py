"""Clips in tiles: the pictures of the whole frame, and tiles that fit the memory."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import feed_planes, noise, setup, step_to
from tests.spatial_backend import REACH, Spatial
from vsanimesr.backends.base import Backend, Setup
from vsanimesr.backends.tiled import Tiled, tile_setup
from vsanimesr.errors import DeviceError
from vsanimesr.session import Session
from vsanimesr.spec import FORMATS, SCALES, PictureSpec
from vsanimesr.tiles import Tiling

REACHES = REACH, REACH
SPATIAL = setup(40, 36, FORMATS["YUV420P8"])
TILING = Tiling.of_count((40, 36), (2, 2), REACHES)


def tiled(made: Setup, tiling: Tiling, start: Callable[[Setup], Backend] = Spatial) -> Tiled:
    return Tiled(start(tile_setup(made, tiling)), made.clip, tiling)


def equal(a: list[list[np.ndarray]], b: list[list[np.ndarray]]) -> None:
    for n, (x, y) in enumerate(zip(a, b, strict=True)):
        for k, (one, other) in enumerate(zip(x, y, strict=True)):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other, f"picture {n}, plane {k}")


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    """A clip of any format and size, and what is to become of it."""
    format_ = FORMATS[draw(st.sampled_from(sorted(FORMATS)))]
    out = draw(st.sampled_from([other for other in FORMATS.values() if other.family == format_.family]))
    sides = []
    for by in map(max, format_.subsampling, out.subsampling):
        sides.append(draw(st.integers(16, 60)) >> by << by)
    return setup(*sides, format_, wanted=PictureSpec(out, scale=draw(st.sampled_from(SCALES))))


@settings(deadline=None, max_examples=60)
@given(setups(), st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(REACH - 3, 9))
def test_the_pictures_are_those_of_the_whole_frame(made: Setup, count: tuple[int, int], overlap: int) -> None:
    tiling = Tiling.of_count((made.clip.width, made.clip.height), count, (overlap, overlap))
    source = noise(4, made.clip)
    equal(feed_planes(tiled(made, tiling), source), feed_planes(Spatial(made), source))


def test_what_computes_is_that_of_the_backend_below() -> None:
    below = Spatial(tile_setup(SPATIAL, TILING))
    below.engines = "0123456789abcdef"
    above = Tiled(below, SPATIAL.clip, TILING)
    names = "name", "precision", "device", "engines"
    assert [getattr(above, name) for name in names] == [getattr(below, name) for name in names]


def test_without_the_exchange_they_would_not_be() -> None:
    source, alone = noise(4, SPATIAL.clip), tiled(SPATIAL, TILING)
    alone._moves = ()
    pictures = zip(feed_planes(alone, source), feed_planes(Spatial(SPATIAL), source), strict=True)
    differ = [bool((a[0] != b[0]).any()) for a, b in pictures]
    assert not differ[0]  # before it no state was anything but zeros
    assert differ[-1]


def test_with_less_overlap_than_a_step_sees_they_would_not_be() -> None:
    source, tiling = noise(2, SPATIAL.clip), Tiling.of_count((40, 36), (2, 2), (0, 0))
    a, b = feed_planes(tiled(SPATIAL, tiling), source)[1], feed_planes(Spatial(SPATIAL), source)[1]
    assert (a[0] != b[0]).any()


def test_frames_may_be_buffers_with_longer_rows() -> None:
    source = noise(3, SPATIAL.clip)
    wider = [[np.pad(plane, ((0, 0), (0, 7)))[:, :-7] for plane in planes] for planes in source]
    buffers = [[memoryview(plane) for plane in planes] for planes in wider]
    equal(feed_planes(tiled(SPATIAL, TILING), buffers), feed_planes(Spatial(SPATIAL), source))


def test_a_copy_is_what_is_read_and_goes_into_any_buffer() -> None:
    backend, source = tiled(SPATIAL, TILING), noise(1, SPATIAL.clip)
    (read,) = feed_planes(backend, source, slot=2)
    rooms = [np.full((plane.shape[0], plane.shape[1] + 5), 77, plane.dtype) for plane in read]
    backend.copy(2, [memoryview(room[:, :-5]) for room in rooms])
    equal([[room[:, :-5] for room in rooms]], [read])
    assert all((room[:, -5:] == 77).all() for room in rooms)
    with pytest.raises(TypeError):
        backend.copy(2, [plane.astype(np.uint16) for plane in read])


def test_each_slot_keeps_its_picture() -> None:
    backend, source = tiled(SPATIAL, TILING), noise(3, SPATIAL.clip)
    whole = feed_planes(Spatial(SPATIAL), source)
    for n in range(3):
        step_to(backend, source, n, slot=n, lane=0, alone=n == 0)
    equal([list(backend.read(n)) for n in range(3)], whole)


def test_a_step_without_a_slot_goes_on_all_the_same() -> None:
    backend, source = tiled(SPATIAL, TILING), noise(3, SPATIAL.clip)
    for n in range(2):
        step_to(backend, source, n, slot=None, lane=0, alone=n == 0)
    step_to(backend, source, 2, slot=0, lane=0, alone=False)
    equal([list(backend.read(0))], feed_planes(Spatial(SPATIAL), source)[2:])


def test_a_checkpoint_continues() -> None:
    backend, source = tiled(SPATIAL, TILING), noise(6, SPATIAL.clip)
    on = feed_planes(backend, source)[3:]
    backend.reset()
    feed_planes(backend, source[:3])
    step_to(backend, source, 2, slot=None, lane=0, alone=True)
    backend.reset()
    for n in range(3):
        step_to(backend, source, n, slot=None, lane=0, alone=n == 0)
    checkpoint = backend.save()
    assert checkpoint.nbytes == backend.state_nbytes
    for _ in range(2):
        backend.restore(checkpoint)
        equal(feed_planes(backend, source, 3), on)
    backend.clear()
    equal(feed_planes(backend, source), feed_planes(Spatial(SPATIAL), source))


@pytest.mark.parametrize("threaded", [False, True])
@pytest.mark.parametrize("tile", range(4))
def test_one_tile_that_fails_fails_the_step_and_those_that_follow(tile: int, threaded: bool) -> None:
    backend = tiled(SPATIAL, TILING, lambda made: Spatial(made, frozenset({4 + tile}), threaded=threaded))
    source = noise(3, SPATIAL.clip)
    step_to(backend, source, 0, slot=0, lane=0, alone=True)
    for _ in range(2):
        event = backend.step((0, 1, 1), 0)
        event.wait()
        assert event.done
        assert str(event.error) == f"step {4 + tile} failed"
    assert str(backend.error) == f"step {4 + tile} failed"
    backend.reset()
    backend.drain()
    assert backend.error is None
    equal(feed_planes(backend, source), feed_planes(Spatial(SPATIAL), source))
    backend.close()
    backend.close()
    event = backend.step((0, 1, 1), 0)
    event.wait()
    assert isinstance(event.error, DeviceError)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_any_order_of_requests_gives_the_linear_pictures(order: list[int]) -> None:
    source = noise(10, SPATIAL.clip)
    linear = feed_planes(Spatial(SPATIAL), source)
    backend = tiled(SPATIAL, TILING)
    session = Session(backend, 10, slots=3, spill_bytes=1 << 20, checkpoint_bytes=1 << 20)
    for n in order:
        ticket = session.want(n)
        due = session.submit(n)
        while due:
            due = session.feed(n, due.start, [source[k] for k in due], [{} for _ in due])
        ticket.wait()
        planes = ticket.planes()
        ticket.release()
        equal([planes], [linear[n]])


def test_it_is_called_what_computes() -> None:
    backend = tiled(SPATIAL, TILING)
    assert (backend.name, backend.precision, backend.device) == ("spatial", "fp32", "arithmetic")
    assert backend.version() == "for tests"
    assert backend.precisions == Spatial.precisions
