"""The simulator of CUDA: every mistake is found whatever the schedule, and what is right passes in every one."""

import threading

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cuda_simulator import POISON, Live, Misuse, SimulatedDevice, SimulatedEngine
from tests.simulator_bench import INGEST, SCRATCH, SIZE, TENSOR, WAIT, Bench, order, pipeline, run
from tests.simulator_engine import hashes
from tests.simulator_mistakes import MISTAKES
from tests.simulator_races import RACES, Wrong
from vsanimesr.errors import DeviceError, OutOfMemory
from vsanimesr.graphs import FRAME, LR, tensors

SEEDS = range(25)
FRAME_OF_NOISE = np.random.default_rng(1).normal(0.5, 1, (1, 3, 16, 16)).astype(np.float32)


@pytest.mark.parametrize("wrong", RACES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_race_is_found_in_every_schedule(seed: int, wrong: Wrong) -> None:
    with pytest.raises(Misuse, match="race"):
        wrong(Bench(seed))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_in_every_schedule(name: str) -> None:
    words, wrong = MISTAKES[name]
    for seed in SEEDS:
        with pytest.raises(Misuse, match=words):
            wrong(Bench(seed))


def test_misuse_that_is_swallowed_comes_again() -> None:
    t = Bench()
    with pytest.raises(Misuse, match="live allocation"):
        t.a.clear(0, 1)
    for again in (t.device.verify, t.a.synchronize, t.device.activate):
        with pytest.raises(Misuse, match="live allocation"):
            again()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_download_is_poison_until_the_host_knows_that_it_is_over(seed: int) -> None:
    t = Bench(seed)
    t.a.upload(t.x, t.host)
    t.a.download(t.back, t.x)
    t.a.record(t.mark)
    for _ in range(5):
        assert (t.back == POISON).all()
        t.b.clear(t.y, SIZE)
    t.mark.synchronize()
    assert (t.back == t.host).all()
    t.a.download(t.back, t.x)
    assert (t.back == POISON).all()


def test_memory_begins_as_nan() -> None:
    t = Bench()
    t.a.download(t.back, t.x)
    t.a.synchronize()
    assert np.isnan(t.back.view(np.float32)).all()
    assert np.isnan(t.back.view(np.float16)).all()
    assert np.isnan(t.device.pin(8).view(np.float64)).all()


def test_copies_and_zeros_go_where_they_should_and_nowhere_else() -> None:
    t = Bench()
    t.a.upload(t.x, t.host)
    t.a.clear(t.x + 5, 7)
    t.a.copy(t.x + 100, t.x + 4, 9)
    t.a.upload(t.x + 200, t.host[300:310])
    t.a.download(t.back[2:-3], t.x + 1)
    t.a.synchronize()
    wanted = t.host.copy()
    wanted[5:12] = 0
    wanted[100:109] = wanted[4:13]
    wanted[200:210] = t.host[300:310]
    assert (t.back[2:-3] == wanted[1 : SIZE - 4]).all()
    assert (t.back[:2] == POISON).all()
    assert (t.back[-3:] == POISON).all()


def test_a_right_sequence_passes_in_every_order_with_one_result() -> None:
    results = {tuple(pipeline(Bench(seed))) for seed in range(300)}
    assert results == {tuple(bytes([k]) * SIZE for k in (1, 3, 5))}


def test_schedules_differ_and_a_seed_draws_the_same_again() -> None:
    orders = [order(Bench(seed)) for seed in range(100)]
    assert orders == [order(Bench(seed)) for seed in range(100)]
    for place in range(0, 8, 2):
        assert {seen[place : place + 2] for seen in orders} == {(a, b) for a in (True, False) for b in (True, False)}


def test_a_mark_counts_as_it_stood_at_the_wait() -> None:
    t = Bench()
    t.a.upload(t.x, t.host)
    t.a.record(t.mark)
    t.b.wait(t.mark)
    t.a.clear(t.y, SIZE)
    t.a.record(t.mark)
    t.b.download(t.back, t.x)
    t.b.synchronize()
    assert (t.back == t.host).all()
    with pytest.raises(Misuse, match="race"):
        t.b.download(t.back, t.y)


def test_what_the_host_waited_for_needs_no_mark() -> None:
    t = Bench()
    t.a.clear(t.x, SIZE)
    t.a.synchronize()
    t.b.copy(t.y, t.x, SIZE)
    first, second = t.device.trace
    assert second.follows(first)
    assert not first.follows(second)
    t.b.synchronize()
    t.device.free(t.x)
    t.device.free(t.y)


def test_readers_do_not_race() -> None:
    t = Bench()
    t.a.upload(t.x, t.host)
    t.b.upload(t.y, t.host)
    t.a.synchronize()
    t.a.copy(t.tensors, t.x, SIZE)
    t.b.copy(t.tensors + SIZE, t.x, SIZE)
    assert t.device.mark().reached


@pytest.mark.parametrize("seed", SEEDS)
def test_a_capture_runs_when_it_is_launched_and_as_often(seed: int) -> None:
    t = Bench(seed)
    t.a.begin_capture()
    t.a.upload(t.x, t.host)
    t.a.copy(t.y, t.x, SIZE)
    t.a.download(t.back, t.y)
    kept = t.a.end_capture()
    assert (t.back == POISON).all()
    for value in (1, 2):
        t.host[:] = value
        t.b.launch(kept)
        assert (t.back == POISON).all()
        t.b.synchronize()
        assert (t.back == value).all()


def test_an_engine_computes_its_graph() -> None:
    wanted = onnxruntime.InferenceSession(INGEST.SerializeToString()).run(None, {FRAME: FRAME_OF_NOISE})[0]
    assert (run(Bench(engine=SimulatedEngine), FRAME_OF_NOISE) == wanted).all()
    assert (wanted == FRAME_OF_NOISE.clip(0, 1)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_leaves_nothing_in_its_scratch_and_uses_what_was_bound_then(seed: int) -> None:
    t = Bench(seed)
    t.a.clear(t.scratch, SCRATCH)
    t.engine.enqueue(t.a)
    t.engine.bind(LR, t.scratch)
    memory = t.device.pin(4100)
    t.a.download(memory, t.scratch)
    t.a.synchronize()
    assert (memory == POISON).all()


@settings(deadline=None)
@given(place=st.integers(0, TENSOR - 1), bit=st.integers(0, 7))
def test_a_hash_depends_on_every_bit_everywhere(place: int, bit: int) -> None:
    outputs = {LR: tensors(INGEST)[LR]}
    changed = FRAME_OF_NOISE.copy()
    changed.reshape(-1).view(np.uint8)[place] ^= 1 << bit
    one, two = (hashes({FRAME: frame}, outputs)[LR] for frame in (FRAME_OF_NOISE, changed))
    assert (one != two).mean() > 0.99
    assert one.min() >= 0
    assert one.max() < 1
    assert len(np.unique(one)) > 500


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_fails_breaks_the_device_for_good(seed: int) -> None:
    t = Bench(seed, run=1)
    t.engine.enqueue(t.a)
    t.a.synchronize()
    t.engine.enqueue(t.a)
    with pytest.raises(DeviceError, match="illegal memory access"):
        t.a.synchronize()
    for call in (t.device.activate, t.b.synchronize, lambda: t.mark.reached, t.device.stream, t.a.begin_capture):
        with pytest.raises(DeviceError, match="illegal memory access"):
            call()
    t.device.verify()


def test_what_is_freed_on_a_broken_device_counts_although_it_raises() -> None:
    t = Bench(run=0)
    t.engine.enqueue(t.a)
    with pytest.raises(DeviceError):
        t.a.synchronize()
    t.engine.close()
    for address in (t.x, t.y, t.tensors, t.scratch):
        with pytest.raises(DeviceError):
            t.device.free(address)
    with pytest.raises(DeviceError):
        t.device.close()
    del t.host, t.back, t.mark
    assert t.device.live == Live()
    t.device.verify()


@pytest.mark.parametrize("captures", [True, False])
@pytest.mark.parametrize("fault", ["enqueue", "call"])
def test_a_call_that_fails_leaves_the_device_whole(fault: str, captures: bool) -> None:
    t = Bench(**{fault: 2 if captures and fault == "call" else 1})
    t.engine.enqueue(t.a)
    if captures:
        t.a.begin_capture()
    with pytest.raises(DeviceError, match="simulated"):
        t.engine.enqueue(t.a)
    if t.a.captures:
        with pytest.raises(DeviceError, match="spoilt"):
            t.a.end_capture()
    t.engine.enqueue(t.a)
    t.a.synchronize()
    t.device.verify()


def test_memory_ends() -> None:
    t = Bench(memory=30000, allocation=7, pinned=3000)
    with pytest.raises(OutOfMemory, match="simulated: 20000 bytes of the device"):
        t.device.allocate(20000)
    with pytest.raises(OutOfMemory, match="1 bytes of the device"):
        t.device.allocate(1)
    with pytest.raises(OutOfMemory, match="to page-lock"):
        t.device.pin(2000)
    t.device.free(t.device.allocate(1))
    t.device.verify()


def test_live_tells_what_has_not_gone() -> None:
    t = Bench()
    kept = t.kept()
    device = 2 * SIZE + 2 * TENSOR + SCRATCH
    assert t.device.live == Live(device, 2 * SIZE, streams=3, marks=1, replays=1, engines=1)
    view = t.back[7:].view(np.uint8)[:1]
    del t.host, t.back, t.mark, kept
    assert t.device.live == Live(device, SIZE, streams=3, engines=1)
    del view
    t.device.free(t.scratch)
    t.engine.close()
    t.device.close()
    assert t.device.live == Live(device - SCRATCH)


def test_two_handles_on_one_device_share_all_but_their_end() -> None:
    one, two = Bench(), Bench()
    other = SimulatedDevice(gpu=one.device.gpu)
    one.device.activate()
    stream = other.stream()
    one.a.upload(one.x, one.host)
    with pytest.raises(Misuse, match="race"):
        stream.clear(one.x, SIZE)
    two.device.activate()
    sibling = SimulatedDevice(gpu=two.device.gpu)
    sibling.stream().clear(two.x, SIZE)
    two.device.close()
    assert sibling.live.streams == 1


def test_waiting_threads_hold_up_nobody() -> None:
    t = Bench(3)
    marks, failed = [t.device.mark() for _ in range(20)], []

    def wait() -> None:
        try:
            t.device.activate()
            for mark in reversed(marks):
                mark.synchronize()
        except BaseException as error:
            failed.append(error)

    for mark in marks:
        t.a.clear(t.x, SIZE)
        t.a.record(mark)
    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        t.a.clear(t.y, SIZE)
    for thread in threads:
        thread.join(WAIT)
    assert not failed
    assert not any(thread.is_alive() for thread in threads)
