"""Sequences of calls that use a simulated GPU wrongly, each in one way, with the words by which it must be found."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from tests.cuda_simulator import HashEngine, Misuse, SimulatedDevice
from tests.simulator_bench import AFTER_CHROMA, INGEST, SIZE, TENSOR, WAIT, Bench
from tests.simulator_races import Wrong
from vsanimesr.backends.device import Box
from vsanimesr.graphs import FRAME, LR


def source_changed_early(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.host[5] += 1
    t.a.synchronize()


def source_changed_after_another_upload(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.a.record(t.mark)
    t.a.upload(t.y, t.host[:10])
    t.mark.synchronize()
    t.host[5] += 1
    t.a.synchronize()


def target_written_early(t: Bench) -> None:
    t.a.download(t.back, t.x)
    t.back[-1] = 0
    t.a.synchronize()


def device_memory_freed_in_flight(t: Bench) -> None:
    t.a.clear(t.x, SIZE)
    t.device.free(t.x)


def only_an_earlier_use_is_over(t: Bench) -> None:
    t.a.clear(t.x, SIZE)
    t.a.record(t.mark)
    t.b.wait(t.mark)
    t.b.copy(t.y, t.x, SIZE)
    t.a.synchronize()
    t.device.free(t.x)


def host_memory_dies_in_flight(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    del t.host
    t.device.verify()


def closed_in_flight(t: Bench) -> None:
    t.a.clear(t.x, SIZE)
    t.device.close()


def engine_closed_in_flight(t: Bench) -> None:
    t.engine.enqueue(t.a)
    t.engine.close()


def kept_memory_is_gone(t: Bench) -> None:
    kept = t.kept()
    t.device.free(t.y)
    t.a.launch(kept)


def kept_host_memory_is_gone(t: Bench) -> None:
    t.a.begin_capture()
    t.a.upload(t.x, t.host)
    kept = t.a.end_capture()
    del t.host
    t.a.launch(kept)


def freed(t: Bench) -> None:
    t.device.free(t.x)
    t.a.clear(t.x, 1)


def freed_twice(t: Bench) -> None:
    t.device.free(t.x)
    t.device.free(t.x)


def kept_of(other: Bench, t: Bench) -> Any:
    other.device.activate()
    kept = other.kept()
    t.device.activate()
    return kept


def scratch_on_a_tensor(t: Bench) -> None:
    engine = fresh(t)
    engine.use_scratch(t.tensors, 4352)
    engine.bind(FRAME, t.tensors)
    engine.bind(LR, t.tensors + TENSOR)
    engine.enqueue(t.a)


def after_close(use: Callable[[Bench], object]) -> Wrong:
    def wrong(t: Bench) -> None:
        t.engine.close()
        t.device.close()
        use(t)

    return wrong


def while_capturing(use: Callable[[Bench], object]) -> Wrong:
    def wrong(t: Bench) -> None:
        t.replay = t.kept()
        t.a.begin_capture()
        use(t)

    return wrong


def elsewhere(use: Callable[[Bench], object]) -> Wrong:
    """On a thread of its own."""

    def wrong(t: Bench) -> None:
        def run() -> None:
            with suppress(Misuse):
                use(t)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(WAIT)
        t.device.verify()

    return wrong


def another_activated(t: Bench) -> None:
    SimulatedDevice().activate()
    t.a.clear(t.x, SIZE)


def foreign(use: Callable[[Bench, Bench], object]) -> Wrong:
    def wrong(t: Bench) -> None:
        other = Bench()
        t.device.activate()
        use(t, other)

    return wrong


def fresh(t: Bench) -> HashEngine:
    return HashEngine(t.device, INGEST)


def without_a_tensor(t: Bench) -> None:
    engine = fresh(t)
    engine.use_scratch(t.scratch, 8192)
    engine.bind(LR, t.tensors)
    engine.enqueue(t.a)


def without_scratch(t: Bench) -> None:
    engine = fresh(t)
    engine.bind(FRAME, t.tensors)
    engine.bind(LR, t.tensors + TENSOR)
    engine.enqueue(t.a)


def bound(name: str, offset: int) -> Wrong:
    def wrong(t: Bench) -> None:
        t.engine.bind(name, t.tensors + offset)
        t.engine.enqueue(t.a)

    return wrong


def scratch_gone(t: Bench) -> None:
    t.device.free(t.scratch)
    t.engine.enqueue(t.a)


def without_chroma(t: Bench) -> None:
    engine, _ = t.video(bound=False)
    engine.enqueue(t.a)


def box(target: int, source: int, layers: int = 3) -> Wrong:
    """Of layers of four rows of 16 bytes, the first two rows of eight bytes."""
    return lambda t: t.a.copy_box(t.x + target, t.x + source, Box(8, 2, layers, 16, 64))


def box_elsewhere_than_its_state_was_made(t: Bench) -> None:
    t.a.upload(t.x, t.host)
    t.b.copy_box(t.y, t.x, Box(8, 2, 3, 16, 64))


MISTAKES: dict[str, tuple[str, Wrong]] = {
    "source changed early": ("changed the source", source_changed_early),
    "source changed after another upload": ("changed the source", source_changed_after_another_upload),
    "target written early": ("wrote where a download", target_written_early),
    "device memory freed in flight": ("freed, but clear", device_memory_freed_in_flight),
    "only an earlier use is over": ("freed, but copy", only_an_earlier_use_is_over),
    "host memory dies in flight": ("last array", host_memory_dies_in_flight),
    "closed in flight": ("close, but", closed_in_flight),
    "engine closed in flight": ("engine is closed, but", engine_closed_in_flight),
    "kept memory is gone": ("live allocation", kept_memory_is_gone),
    "kept host memory is gone": ("page-locked", kept_host_memory_is_gone),
    "freed before": ("live allocation", freed),
    "freed twice": ("live allocation", freed_twice),
    "freed from within": ("live allocation", lambda t: t.device.free(t.x + 256)),
    "past the end": ("live allocation", lambda t: t.a.clear(t.x, SIZE + 1)),
    "before the start": ("live allocation", lambda t: t.a.clear(t.x - 1, 1)),
    "just after the end": ("live allocation", lambda t: t.a.clear(t.x + SIZE, 1)),
    "across two": ("live allocation", lambda t: t.a.clear(t.x, t.y + SIZE - t.x)),
    "nowhere": ("live allocation", lambda t: t.a.clear(0, 1)),
    "source out of bounds": ("live allocation", lambda t: t.a.copy(t.x, t.y + 1, SIZE)),
    "download out of bounds": ("live allocation", lambda t: t.a.download(t.back, t.x + 1)),
    "nothing to clear": ("live allocation", lambda t: t.a.clear(t.x, 0)),
    "empty allocation": ("allocation of 0", lambda t: t.device.allocate(0)),
    "copy onto itself": ("overlaps", lambda t: t.a.copy(t.x + 1, t.x, SIZE - 1)),
    "box past the end": ("live allocation", box(SIZE - 144, 0)),
    "box with a layer too many": ("live allocation", box(0, SIZE - 152, layers=4)),
    "box onto itself": ("overlaps", box(4, 0)),
    "box on another stream": ("race", box_elsewhere_than_its_state_was_made),
    "box on another thread": ("not activated", elsewhere(box(512, 0))),
    "pageable memory": ("page-locked", lambda t: t.a.upload(t.tensors, np.zeros(8, np.uint8))),
    "a copy of page-locked memory": ("page-locked", lambda t: t.a.upload(t.tensors, t.host.copy())),
    "another type": ("bytes", lambda t: t.a.upload(t.tensors, t.host.view(np.float32))),  # type: ignore[arg-type]
    "strided": ("contiguous", lambda t: t.a.upload(t.tensors, t.host[::2])),
    "two dimensions": ("contiguous", lambda t: t.a.upload(t.tensors, t.host.reshape(2, -1))),
    "an empty array": ("contiguous", lambda t: t.a.download(t.back[:0], t.x)),
    "another GPU's address": ("live allocation", foreign(lambda t, other: t.a.clear(other.x, 1))),
    "another GPU's host memory": ("page-locked", foreign(lambda t, other: t.a.upload(t.x, other.host))),
    "another GPU's mark": ("another GPU", foreign(lambda t, other: t.a.wait(other.mark))),
    "another GPU's mark to record": ("another GPU", foreign(lambda t, other: t.a.record(other.mark))),
    "another GPU's capture": ("another GPU", foreign(lambda t, other: t.a.launch(kept_of(other, t)))),
    "another GPU's stream": ("another GPU", foreign(lambda t, other: t.engine.enqueue(other.a))),
    "another GPU's synchronize": ("not activated", foreign(lambda t, other: other.a.synchronize())),
    "another activated since": ("not activated", another_activated),
    "thread without activate: stream": ("not activated", elsewhere(lambda t: t.a.clear(t.x, 1))),
    "thread without activate: reached": ("not activated", elsewhere(lambda t: t.mark.reached)),
    "thread without activate: synchronize": ("not activated", elsewhere(lambda t: t.mark.synchronize())),
    "thread without activate: allocate": ("not activated", elsewhere(lambda t: t.device.allocate(1))),
    "thread without activate: enqueue": ("not activated", elsewhere(lambda t: t.engine.enqueue(t.a))),
    "stream after close": ("closed", after_close(lambda t: t.a.synchronize())),
    "allocate after close": ("closed", after_close(lambda t: t.device.allocate(1))),
    "free after close": ("closed", after_close(lambda t: t.device.free(t.x))),
    "close after close": ("closed", after_close(lambda t: t.device.close())),
    "bind after close": ("closed", after_close(lambda t: t.engine.bind(LR, t.tensors))),
    "enqueue after close": ("closed", after_close(lambda t: t.engine.enqueue(t.b))),
    "engine closed twice": ("closed", after_close(lambda t: t.engine.close())),
    "capture: synchronize": ("captures", while_capturing(lambda t: t.b.synchronize())),
    "capture: synchronize a mark": ("captures", while_capturing(lambda t: t.mark.synchronize())),
    "capture: reached": ("captures", while_capturing(lambda t: t.mark.reached)),
    "capture: allocate": ("captures", while_capturing(lambda t: t.device.allocate(1))),
    "capture: free": ("captures", while_capturing(lambda t: t.device.free(t.y))),
    "capture: pin": ("captures", while_capturing(lambda t: t.device.pin(1))),
    "capture: close": ("captures", while_capturing(lambda t: t.device.close())),
    "capture: record": ("captures", while_capturing(lambda t: t.a.record(t.mark))),
    "capture: wait": ("captures", while_capturing(lambda t: t.a.wait(t.mark))),
    "capture: launch": ("captures", while_capturing(lambda t: t.a.launch(t.replay))),
    "capture: another": ("captures", while_capturing(lambda t: t.a.begin_capture())),
    "capture: on another thread": (
        "another thread",
        while_capturing(elsewhere(lambda t: (t.device.activate(), t.a.clear(t.x, 1)))),
    ),
    "capture: synchronized on another thread": (
        "that captures",
        while_capturing(elsewhere(lambda t: (t.device.activate(), t.a.synchronize()))),
    ),
    "capture: ended on another thread": (
        "captures nothing",
        while_capturing(elsewhere(lambda t: (t.device.activate(), t.a.end_capture()))),
    ),
    "capture: ended before it began": ("captures nothing", lambda t: t.a.end_capture()),
    "capture: of a first run": ("cannot be captured", while_capturing(lambda t: t.engine.enqueue(t.a))),
    "capturable before a run": ("before the first run", lambda t: t.engine.capturable),
    "no tensor": ("without frame", without_a_tensor),
    "no chroma": ("without frame.chroma", without_chroma),
    "chroma on the network's input": ("where it reads", lambda t: t.video(chroma_at=AFTER_CHROMA)[0].enqueue(t.a)),
    "no scratch": ("without scratch", without_scratch),
    "output on the input": ("where it reads", bound(LR, 0)),
    "output on half of the input": ("where it reads", bound(LR, 256)),
    "tensor out of bounds": ("live allocation", bound(LR, TENSOR + 256)),
    "not aligned": ("multiple of 256", bound(LR, TENSOR + 128)),
    "unknown tensor": ("no tensor", bound("picture", TENSOR)),
    "scratch is gone": ("live allocation", scratch_gone),
    "scratch too small": ("of scratch", lambda t: fresh(t).use_scratch(t.scratch, 4096)),
    "scratch not aligned": ("multiple of 256", lambda t: fresh(t).use_scratch(t.scratch + 8, 4100)),
    "scratch on a tensor": ("where it reads", scratch_on_a_tensor),
}
"""By name: what the message must say, and the sequence."""
