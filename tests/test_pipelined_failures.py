"""The pipelined backend on a simulated GPU that fails: what went well before, what heals, and what is left."""

import gc
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.cuda_simulator import HashEngine, Live, SimulatedDevice, SimulatedPipelined, simulated
from tests.networks import feed, ok, same
from tests.simulator_kinds import CLIP, KINDS, LANES, MIXED, PLAIN, small
from tests.simulator_programs import STEPS, drive, hashing, nothing_lives, settled, wanted_pictures
from vsanimesr.backends.base import EngineSetup
from vsanimesr.errors import DeviceError, OutOfMemory
from vsanimesr.graphs import PICTURE

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("kind", "run"),
    [(kind, run) for kind in (PLAIN, LANES) for run in range(2, 2 + (3 + 2 * STEPS) * KINDS[kind][1])],
)
def test_a_device_that_fails_fails_every_step_from_there_on_for_good(kind: str, run: int, seed: int) -> None:
    backend = begun(kind, seed=seed, run=run)[0]
    assert isinstance(backend, SimulatedPipelined)
    errors = settled(backend, drive(backend, kind), wanted_pictures(STEPS, kind))
    assert all(isinstance(error, DeviceError) and "illegal memory access" in str(error) for error in errors)
    backend.drain()
    assert backend.error is (errors[0] if errors else None)
    backend.reset()
    again = backend.step((0, 1, 2), 0)
    again.wait()
    assert isinstance(again.error, DeviceError)
    backend.close()
    nothing_lives(backend.simulator)


def begun(kind: str = PLAIN, **faults: Any) -> tuple[SimulatedPipelined | DeviceError, SimulatedDevice]:
    """A backend, or why it could not start."""
    device = SimulatedDevice(**faults)
    try:
        return hashing(STEPS * KINDS[kind][1], kind, device=device), device
    except DeviceError as error:
        return error.with_traceback(None), device


@pytest.mark.parametrize("way", ["reset", "restore"])
@pytest.mark.parametrize("fault", ["enqueue", "call"])
@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        (PLAIN, 0),
        *(pytest.param(kind, seed, marks=pytest.mark.slow) for kind, seed in ((PLAIN, 1), (LANES, 0), (MIXED, 1))),
    ],
)
def test_whatever_call_fails_a_reset_or_restore_heals(fault: str, way: str, kind: str, seed: int) -> None:
    wanted, checkpoint, failures = wanted_pictures(STEPS, kind), hashing(kind=kind).save(), 0
    for n in itertools.count():
        backend, device = begun(kind, seed=seed, **{fault: n})
        if isinstance(backend, DeviceError):
            nothing_lives(device)
            continue
        errors = settled(backend, drive(backend, kind), wanted)
        if getattr(device.gpu, f"{fault}s").uses <= n:
            break
        failures += bool(errors)
        backend.reset() if way == "reset" else backend.restore(checkpoint)
        assert backend.error is None
        assert not settled(backend, drive(backend, kind), wanted)
        backend.close()
        nothing_lives(device)
    assert failures > STEPS


@pytest.mark.parametrize("fault", ["enqueue", "call"])
def test_a_capture_that_fails_is_told_once_and_steps_go_on_without(fault: str) -> None:
    wanted, told = wanted_pictures(STEPS), 0
    for n in itertools.count():
        said: list[str] = []
        talkative = replace(small(STEPS), engines=EngineSetup(say=said.append))
        try:
            backend = simulated(talkative, engine=HashEngine, **{fault: n})
        except DeviceError:
            continue  # it failed where there is no capture yet
        errors = settled(backend, drive(backend), wanted)
        steps = [operation for operation in backend.simulator.trace if PICTURE in operation.label]
        backend.close()
        if said:
            told += 1
            assert len(said) == 1
            assert "without a CUDA graph" in said[0]
            assert not errors
            assert not steps[-1].label.startswith("launch")
        nothing_lives(backend.simulator)
        if getattr(backend.simulator.gpu, f"{fault}s").uses <= n:
            break
    assert told == STEPS * {"enqueue": 1, "call": 3}[fault], "each step is the first of its kind"


@pytest.mark.parametrize("kind", KINDS)
def test_out_of_memory_at_every_allocation_names_sizes_and_leaves_nothing(kind: str) -> None:
    clip, lanes = KINDS[kind]
    for n in itertools.count():
        backend, device = begun(kind, allocation=n)
        if isinstance(backend, SimulatedPipelined):
            break
        assert isinstance(backend, OutOfMemory)
        assert f"{clip.width}x{clip.height} {clip.format.name}" in str(backend)
        assert (f"in {lanes} tiles" in str(backend)) == (lanes > 1)
        assert "tilesize=" in str(backend)
        assert str(backend).count("MiB") == 2
        assert "\n" not in str(backend)
        nothing_lives(device)
    assert n == 1 + lanes * (2 + STEPS), "one on the device, two staged frames, a slot for each picture"


@pytest.mark.parametrize("kind", ["memory", "pinned"])
def test_the_sizes_that_it_names_are_those_that_it_takes(kind: str) -> None:
    backend = hashing()
    live = backend.simulator.live
    backend.close()
    enough = {"memory": live.nbytes, "pinned": live.pinned}[kind]
    hashing(**{kind: enough}).close()
    with pytest.raises(OutOfMemory, match="MiB on the GPU"):
        hashing(**{kind: enough - 1})


@pytest.mark.parametrize("way", ["save", "restore"])
def test_no_memory_for_a_checkpoint_fails_it_alone_until_a_reset(way: str) -> None:
    probe = hashing()
    fixed = probe.simulator.live.pinned
    checkpoint = probe.save()
    ok(checkpoint.event)
    backend = hashing(pinned=fixed)
    if way == "save":
        failed = backend.save().event
        failed.wait()
        assert isinstance(failed.error, OutOfMemory)
    else:
        backend.restore(checkpoint)
    assert isinstance(backend.error, OutOfMemory)
    backend.reset()
    same(feed(backend, CLIP), feed(hashing(), CLIP))
    backend.close()
    backend.simulator.verify()


@pytest.mark.parametrize("seed", range(20))
def test_nothing_lives_after_close_in_flight_but_pictures_that_are_looked_at(seed: int) -> None:
    backend = hashing(STEPS, seed=seed)
    events, wanted = drive(backend), wanted_pictures(STEPS)
    events[2].wait()
    lent = backend.read(2)
    saved = backend.save()
    backend.close()
    backend.close()
    assert isinstance(backend.step((0, 1, 2), 0).error, DeviceError)
    assert isinstance(backend.save().event.error, DeviceError)
    backend.restore(saved)
    backend.reset()
    backend.drain()
    device, size = backend.simulator, sum(plane.nbytes for plane in lent)
    assert np.stack(lent).tobytes() == wanted[2]
    assert not settled_events(events)
    del backend, events, saved
    gc.collect()
    assert device.live.nbytes == device.live.streams == device.live.replays == device.live.engines == 0
    assert size <= device.live.pinned <= size * 1.5, "the slot of that picture alone"
    assert np.stack(lent).tobytes() == wanted[2]
    del lent
    assert device.live == Live()


def settled_events(events: list[Any]) -> list[BaseException]:
    for event in events:
        event.wait()
    return [event.error for event in events if event.error]


def test_a_long_run_makes_nothing_that_stays() -> None:
    backend = hashing(seed=3)
    feed(backend, CLIP * 3)
    before = backend.simulator.live
    for _ in range(10):
        backend.reset()
        feed(backend, CLIP * 3)
        ok(backend.save().event)
    after = backend.simulator.live
    state = backend.state_nbytes
    assert (after.nbytes, after.streams, after.replays) == (before.nbytes, before.streams, before.replays)
    assert after.pinned - before.pinned <= 2 * state
    assert after.marks <= before.marks + 5
    backend.close()
