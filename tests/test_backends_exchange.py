"""The contract of all backends for lanes that exchange parts of their states."""

from itertools import product

import numpy as np
import pytest

from tests.networks import feed_planes, ok, step_to
from tests.test_backends_formats import LANES, NAMES, Images, Make, clips, same, source, started
from vsanimesr.backends.base import Backend
from vsanimesr.errors import DeviceError
from vsanimesr.tiles import Move

Side = tuple[slice, slice]
FORMAT, ROWS, COLUMNS = "YUV420P8", 24, 20
"""Of the clips, and of their states."""
ALL = Move(0, 1, (slice(0, ROWS),) * 2, (slice(0, COLUMNS),) * 2)
ROW_PARTS: list[Side] = [(slice(0, 8), slice(16, 24)), (slice(8, 24), slice(0, 16))]
COLUMN_PARTS: list[Side] = [(slice(0, 13), slice(7, 20)), (slice(13, 20), slice(0, 7))]
"""The first part changes places with the second."""
MOVE = Move(0, 1, ROW_PARTS[0], COLUMN_PARTS[0])
AROUND_THE_SOURCE = [(slice(8, ROWS), slice(0, COLUMNS)), (slice(0, 8), slice(13, COLUMNS))]
"""Rows and columns of all else in that lane."""

with_states = pytest.mark.parametrize("name", [name for name in NAMES if name != "fake"])
"""All but hashes, which have no rectangles."""


@pytest.fixture
def backend(make: Make) -> Backend:
    """Several lanes."""
    return started(make, FORMAT, lanes=LANES)


def begun(backend: Backend, *, alike: bool = False) -> None:
    """Every lane has seen a clip of its own, or all but the first the same one."""
    backend.reset()
    for lane, clip in enumerate(clips(FORMAT)):
        seen = clips(FORMAT)[1] if alike and lane else clip
        feed_planes(backend, seen[:2], lane=lane, slot=None)


def goes_on(backend: Backend, lane: int) -> Images:
    """The pictures of a lane that sees what all others see."""
    return feed_planes(backend, source(FORMAT, 2, seed=9), lane=lane)


@with_states
def test_a_lane_that_takes_all_of_a_state_goes_on_as_the_one_that_had_it(backend: Backend) -> None:
    begun(backend)
    apart = [goes_on(backend, lane) for lane in range(LANES)]
    assert len({images[0][0].tobytes() for images in apart}) == LANES
    begun(backend)
    backend.exchange([ALL])
    for lane, had in ((1, 0), (0, 0), (2, 2)):
        same(goes_on(backend, lane), apart[had])


@with_states
def test_only_the_source_is_read_and_only_the_target_is_written(backend: Backend) -> None:
    others = [Move(2, 0, (rows, rows), (columns, columns)) for rows, columns in AROUND_THE_SOURCE]
    back = Move(2, 1, (MOVE.rows[1],) * 2, (MOVE.columns[1],) * 2)
    found = []
    for moves in ([], [MOVE], [*others, MOVE], [MOVE, back]):
        begun(backend, alike=True)
        for move in moves:
            backend.exchange([move])
        found.append(goes_on(backend, 1))
    untouched, moved, from_there_only, put_back = found
    assert moved[0][0].tobytes() != untouched[0][0].tobytes()
    same(from_there_only, moved)
    same(put_back, untouched)


@with_states
def test_parts_that_change_places_and_change_back_are_the_whole_again(backend: Backend) -> None:
    begun(backend)
    apart = goes_on(backend, 0)
    begun(backend)
    parts = list(product(ROW_PARTS, COLUMN_PARTS))
    backend.exchange([Move(0, 1, rows, columns) for rows, columns in parts])
    for rows, columns in parts:
        backend.exchange([Move(1, 2, rows[::-1], columns[::-1])])
    same(goes_on(backend, 2), apart)
    assert goes_on(backend, 1)[0][0].tobytes() != apart[0][0].tobytes()
    same(goes_on(backend, 0), apart)


@with_states
def test_a_state_that_a_reset_made_can_be_exchanged_and_saved(backend: Backend) -> None:
    fresh = goes_on(backend, 2)
    backend.reset()
    goes_on(backend, 0)
    backend.exchange([ALL])
    checkpoint = backend.save()
    after = [goes_on(backend, lane) for lane in range(LANES)]
    same(after[1], after[0])
    same(after[2], fresh)
    ok(checkpoint.event)
    backend.restore(checkpoint)
    for lane in (1, 2, 0):
        same(goes_on(backend, lane), after[lane])


@pytest.mark.parametrize("name", NAMES)
def test_an_exchange_of_nothing_changes_nothing(make: Make) -> None:
    backend, clip = started(make, FORMAT, lanes=2), source(FORMAT)
    wanted = [feed_planes(backend, clip, lane=lane) for lane in range(2)]
    backend.reset()
    found: list[Images] = [[], []]
    for lane, n in product(range(2), range(len(clip))):
        backend.exchange([])
        step_to(backend, clip, n, slot=0, lane=lane, alone=n == 0)
        found[lane].append([plane.copy() for plane in backend.read(0)])
    for images, expected in zip(found, wanted, strict=True):
        same(images, expected)


@with_states
def test_after_a_failure_and_after_the_end_an_exchange_does_nothing(backend: Backend) -> None:
    backend.ingest(0, [np.zeros((2, 2), np.uint8)])
    backend.drain()
    error = backend.error
    assert isinstance(error, DeviceError)
    backend.exchange([ALL])
    backend.drain()
    assert backend.error is error
    backend.reset()
    begun(backend)
    backend.close()
    backend.exchange([ALL])
