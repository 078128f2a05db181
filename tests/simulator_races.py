"""Sequences of calls on a simulated GPU in which two operations may touch the same memory at once, each in one way."""

from collections.abc import Callable

from tests.simulator_bench import SCRATCH, SIZE, TENSOR, Bench
from vsanimesr.graphs import FRAME, LR

Wrong = Callable[[Bench], None]


def not_waited_for(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.b.copy(t.y, t.x, SIZE)


def written_while_read(t: Bench) -> None:
    t.a.copy(t.y, t.x, SIZE)
    t.b.clear(t.x + SIZE - 1, 1)


def written_twice(t: Bench) -> None:
    t.a.clear(t.x, SIZE)
    t.b.clear(t.x, SIZE)


def mark_recorded_too_early(t: Bench) -> None:
    t.a.record(t.mark)
    t.a.upload(t.x, t.host)
    t.b.wait(t.mark)
    t.b.copy(t.y, t.x, SIZE)


def mark_recorded_after_the_wait(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.b.wait(t.mark)
    t.a.record(t.mark)
    t.b.copy(t.y, t.x, SIZE)


def waited_on_another_stream(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.a.record(t.mark)
    t.c.wait(t.mark)
    t.b.copy(t.y, t.x, SIZE)


def earlier_reader_forgotten(t: Bench) -> None:
    t.a.copy(t.y, t.x, SIZE)
    t.b.download(t.back, t.x)
    t.b.record(t.mark)
    t.c.wait(t.mark)
    t.c.clear(t.x, SIZE)


def another_reader_waited(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.a.record(t.mark)
    t.b.wait(t.mark)
    t.b.copy(t.y, t.x, SIZE)
    t.c.download(t.back, t.x)


def polled_in_vain(t: Bench) -> None:
    t.a.clear(t.x, SIZE)
    t.a.record(t.mark)
    t.a.clear(t.x, SIZE)
    while not t.mark.reached:
        pass
    t.b.clear(t.x, SIZE)


def host_memory_shared_by_two_streams(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.b.download(t.host, t.y)


def launches_race(t: Bench) -> None:
    kept = t.kept()
    t.a.launch(kept)
    t.b.launch(kept)


def scratch_shared(t: Bench) -> None:
    other = t.another(at=t.device.allocate(2 * TENSOR))
    t.engine.enqueue(t.a)
    other.enqueue(t.b)


def engine_runs_twice_at_once(t: Bench) -> None:
    other = t.device.allocate(2 * TENSOR + SCRATCH)
    t.engine.enqueue(t.a)
    t.engine._scratch = (other + 2 * TENSOR, SCRATCH)
    t.engine.bind(FRAME, other)
    t.engine.bind(LR, other + TENSOR)
    t.engine.enqueue(t.b)


def chroma_not_waited_for(t: Bench) -> None:
    engine, (luma, chroma) = t.video()
    t.a.upload(luma, t.host)
    t.a.record(t.mark)
    t.a.upload(chroma, t.host)
    t.b.wait(t.mark)
    engine.enqueue(t.b)


def luma_overwritten_while_read(t: Bench) -> None:
    engine, (luma, chroma) = t.video()
    t.a.upload(luma, t.host)
    t.a.upload(chroma, t.host)
    t.a.record(t.mark)
    t.b.wait(t.mark)
    engine.enqueue(t.b)
    t.a.upload(luma, t.host)


def snapshot_of_the_next_lane_too_early(t: Bench) -> None:
    for state, half in ((t.tensors, t.back[: SIZE // 2]), (t.tensors + SIZE, t.back[SIZE // 2 :])):
        t.a.copy(t.x, state, SIZE // 2)
        t.a.record(t.mark)
        t.b.wait(t.mark)
        t.b.download(half, t.x)


def lanes_in_each_others_state(t: Bench) -> None:
    other = t.another(at=t.device.allocate(2 * TENSOR))
    other.use_scratch(t.device.allocate(SCRATCH), SCRATCH)
    other.bind(LR, t.tensors + TENSOR)
    t.engine.enqueue(t.a)
    other.enqueue(t.b)


RACES = [
    not_waited_for,
    written_while_read,
    written_twice,
    mark_recorded_too_early,
    mark_recorded_after_the_wait,
    waited_on_another_stream,
    earlier_reader_forgotten,
    another_reader_waited,
    polled_in_vain,
    host_memory_shared_by_two_streams,
    launches_race,
    scratch_shared,
    engine_runs_twice_at_once,
    chroma_not_waited_for,
    luma_overwritten_while_read,
    snapshot_of_the_next_lane_too_early,
    lanes_in_each_others_state,
]
