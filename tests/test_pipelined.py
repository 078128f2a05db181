"""The pipelined backend on a simulated GPU: the same pixels in every order that it may choose, and no misuse."""

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cuda_simulator import SimulatedDevice, SimulatedPipelined, simulated
from tests.networks import feed, frames, network, ok, same, setup
from tests.simulator_kinds import CLIP, LANES, MIXED, SLOTS
from tests.simulator_moves import SWAP
from tests.simulator_mutants import MUTANTS
from tests.simulator_programs import (
    RING,
    STEPS,
    WAIT,
    Call,
    Runner,
    drive,
    hashing,
    kinds,
    nothing_lives,
    programs,
    settled,
    wanted_pictures,
)
from tests.simulator_schedule import Operation
from vsanimesr.backends.captures import MOST
from vsanimesr.errors import DeviceError
from vsanimesr.graphs import FRAME, LR, NEXT_STATE, PICTURE, STATE, WINDOW, compose
from vsanimesr.session import Session
from vsanimesr.spec import RGBH, RGBS, PixelFormat

seeds = st.integers(0, 1 << 20)
EVERYTHING: list[Call] = [
    *[("ingest", n, n + 3, lane) for n in (0, 1) for lane in (0, 1)],
    *[("step", (0, 1, 2), n % SLOTS, n % 2) for n in range(5)],
    ("exchange", SWAP),
    ("save",),
    *[("step", (2, 0, 1), n % SLOTS, n % 2) for n in range(5)],
    ("exchange", SWAP),
    *[("ingest", n, n + 6, lane) for n in (0, 1) for lane in (0, 1)],
    ("read", 0),
    ("restore", 0),
    ("exchange", SWAP[:1]),
    *[("step", (1, 2, 0), n, n) for n in (0, 1)],
    ("save",),
    ("save",),
    ("read", 0),
    ("read", 1),
    ("reset",),
    *[("step", (2, 0, 1), n, n) for n in (0, 1)],
]
"""A program of two lanes in which every mistake shows."""


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that read pictures."""
    with ThreadPoolExecutor(3) as threads:
        yield threads


@dataclass(frozen=True)
class Trial:
    """How to run a program."""

    seed: int
    kind: str = LANES
    capturable: bool = True
    finish: bool = True
    backend: type[SimulatedPipelined] = SimulatedPipelined


trials = st.builds(Trial, seeds, kinds, st.booleans(), st.booleans())


def check(program: list[Call], trial: Trial, pool: ThreadPoolExecutor) -> None:
    """Run a program and close, perhaps with all in flight; nothing is misused and nothing is left."""
    backend = hashing(kind=trial.kind, backend=trial.backend, seed=trial.seed, capturable=trial.capturable)
    runner = Runner(backend, trial.kind, pool)
    runner.run(program)
    if trial.finish:
        runner.finish()
    runner.close()
    runner.saved.clear()
    nothing_lives(backend.simulator)


@settings(max_examples=200, deadline=None)
@given(program=programs, trial=trials)
def test_any_program_gives_the_pixels_of_the_contract(
    program: list[Call], trial: Trial, pool: ThreadPoolExecutor
) -> None:
    check(program, trial, pool)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(program=programs, trial=trials)
def test_any_of_many_more_programs_gives_the_pixels_of_the_contract(
    program: list[Call], trial: Trial, pool: ThreadPoolExecutor
) -> None:
    check(program, trial, pool)


@settings(max_examples=60, deadline=None)
@given(first=programs, second=programs, trials=st.tuples(trials, trials), shared=st.booleans())
def test_two_sessions_do_not_disturb_each_other(
    first: list[Call], second: list[Call], trials: tuple[Trial, Trial], shared: bool, pool: ThreadPoolExecutor
) -> None:
    one = SimulatedDevice(trials[0].seed)
    devices = [one, SimulatedDevice(trials[1].seed, gpu=one.gpu if shared else None)]
    runners = [
        Runner(hashing(kind=trial.kind, device=device), trial.kind, pool)
        for trial, device in zip(trials, devices, strict=True)
    ]
    for calls in itertools.zip_longest(first, second):
        for runner, call in zip(runners, calls, strict=True):
            runner.run([call] if call else [])
    runners[0].close()
    runners[1].finish()
    runners[1].close()
    for device in devices:
        device.verify()
        assert device.live.engines == device.live.nbytes == 0


def test_sessions_on_threads_of_their_own() -> None:
    """Which wait for each other in no way: one device for the first two, another one for the third."""
    shared = SimulatedDevice(5)
    devices = [shared, SimulatedDevice(gpu=shared.gpu), SimulatedDevice(6)]

    def render(device: SimulatedDevice) -> list[np.ndarray[Any, Any]]:
        backend = hashing(device=device)
        pictures = [image for _ in range(5) for image in (backend.reset(), *feed(backend, CLIP))[1:]]
        backend.close()
        device.verify()
        return pictures

    with ThreadPoolExecutor(3) as threads:
        found = [future.result(WAIT) for future in [threads.submit(render, device) for device in devices]]
    wanted = feed(hashing(), CLIP)
    for pictures in found:
        for start in range(0, len(pictures), len(CLIP)):
            same(pictures[start : start + len(CLIP)], wanted)


@pytest.mark.parametrize("seed", range(20))
def test_a_checkpoint_outlives_its_session_and_goes_to_another_device(seed: int) -> None:
    one, two = hashing(seed=seed), hashing(seed=seed + 1)
    feed(one, CLIP[:6])
    checkpoint = one.save()
    wanted = feed(one, CLIP, 6)
    one.close()
    ok(checkpoint.event)
    feed(two, CLIP[:6])
    two.reset()
    two.restore(checkpoint)
    del checkpoint
    same(feed(two, CLIP, 6), wanted)
    two.close()
    for device in (one.simulator, two.simulator):
        nothing_lives(device)


@settings(max_examples=40, deadline=None)
@given(order=st.lists(st.integers(0, len(CLIP) - 1), min_size=1, max_size=20), seed=seeds, checkpoints=st.booleans())
def test_a_session_gives_a_frame_the_same_pixels_in_any_order(order: list[int], seed: int, checkpoints: bool) -> None:
    wanted = [image.tobytes() for image in feed(hashing(), CLIP)]
    backend = hashing(4, seed=seed)
    kept = 4 * backend.state_nbytes if checkpoints else 0
    session = Session(backend, len(CLIP), slots=4, spill_bytes=0, checkpoint_bytes=kept)
    for n in order:
        assert np.stack(session.render(n, lambda k: list(CLIP[k]))).tobytes() == wanted[n]
    session.close()
    nothing_lives(backend.simulator)


@pytest.mark.parametrize("kind", MUTANTS, ids=lambda kind: kind.__name__)
def test_what_is_wrong_in_one_way_is_found(kind: type[SimulatedPipelined], pool: ThreadPoolExecutor) -> None:
    """Whatever the schedule: by the simulator, or by the pixels."""
    for seed in range(5):
        with pytest.raises((AssertionError, DeviceError)):
            check(EVERYTHING, Trial(seed, backend=kind), pool)


def test_and_what_is_right_is_not(pool: ThreadPoolExecutor) -> None:
    for seed in range(5):
        check(EVERYTHING, Trial(seed), pool)


def captures_of(steps: Sequence[tuple[tuple[int, ...], int]]) -> int:
    """How many captures a backend of three lanes keeps of steps, each a window and a lane."""
    backend = hashing(kind=MIXED)
    for window, lane in steps:
        backend.step(window, 0, lane)
    backend.drain()
    assert backend.error is None
    kept = backend.simulator.live.replays
    backend.close()
    nothing_lives(backend.simulator)
    return kept


def test_the_steady_state_of_lanes_is_captured_and_captures_are_bounded() -> None:
    frames = [((n % RING, (n + 1) % RING, (n + 2) % RING), lane) for n in range(12) for lane in range(3)]
    assert captures_of(frames) == 3 * 6
    any_ = [*itertools.product(itertools.permutations(range(RING)), range(3))]
    assert captures_of(Random(1).choices(any_, k=400)) == MOST


def test_steps_at_the_ends_of_a_scene_are_not_captured() -> None:
    windows = (0, 0, 1), (0, 1, 1), (0, 0, 0)
    assert captures_of([*itertools.product(windows, range(3))] * 4) == 0


def unordered(*operations: Operation) -> bool:
    return not any(a.follows(b) for a, b in itertools.permutations(operations, 2))


def named(trace: list[Operation], words: str) -> list[Operation]:
    return [operation for operation in trace if words in operation.label]


def beside_each_other(seed: int) -> set[int]:
    """The steps n beside which frame n + 2 may go up while picture n - 1 comes down, where nothing is waited for."""
    backend = hashing(STEPS, seed=seed)
    warm = len(backend.simulator.trace)
    drive(backend)
    trace = list(backend.simulator.trace[warm:])
    uploads, downloads, steps = named(trace, "upload")[RING:], named(trace, "download"), named(trace, PICTURE)
    assert len(uploads) == len(downloads) == len(steps) == STEPS
    for n in range(STEPS):
        assert steps[n].follows(uploads[n])
        assert downloads[n].follows(steps[n])
    backend.close()
    return {n for n in range(1, STEPS - 1) if unordered(steps[n], uploads[n + 1], downloads[n - 1])}


def test_a_frame_goes_up_and_a_picture_comes_down_beside_every_step() -> None:
    assert set().union(*map(beside_each_other, range(30))) == set(range(1, STEPS - 1))


@pytest.mark.parametrize("capturable", [True, False])
def test_steps_are_launched_as_captures_where_that_can_be(capturable: bool) -> None:
    backend = hashing(STEPS, capturable=capturable)
    warm = len(backend.simulator.trace)
    assert not settled(backend, drive(backend), wanted_pictures(STEPS))
    steps = named(list(backend.simulator.trace[warm:]), PICTURE)
    assert [step.label.startswith("launch") for step in steps] == [capturable] * STEPS
    assert (backend.simulator.live.replays > 0) == capturable
    backend.close()


@pytest.mark.parametrize("format_", [RGBS, RGBH])
def test_the_network_gives_the_pictures_of_its_graphs(format_: PixelFormat) -> None:
    """Of those that pad and crop by themselves, run one by one."""
    size, source = (18, 17), frames(3, 18, 17, format_)
    graphs = compose(network(), setup(*size, format_).clip)
    ingest, step = (onnxruntime.InferenceSession(g.SerializeToString()) for g in (graphs.ingest, graphs.step))
    lr = [ingest.run([LR], {FRAME: frame[None]})[0] for frame in source]
    state, wanted = np.zeros(graphs.state_shape, np.float32), []
    for window in ((0, 0, 1), (0, 1, 2), (1, 2, 2)):
        inputs = {name: lr[n] for name, n in zip(WINDOW, window, strict=True)}
        image, state = step.run([PICTURE, NEXT_STATE], {**inputs, STATE: state})
        wanted.append(image[0])
    backend = simulated(setup(*size, format_), seed=1)
    for found, image in zip(feed(backend, source), wanted, strict=True):
        assert found.dtype == image.dtype
        np.testing.assert_allclose(found, image, atol=1e-5 if format_ is RGBS else 1e-3)
    backend.close()
    backend.simulator.verify()
