"""A simulated GPU with things to try it on, and sequences of calls that use it rightly."""

from typing import Any

import numpy as np

from tests.cuda_simulator import EngineClass, HashEngine, SimulatedDevice, SimulatedReplay
from tests.networks import network
from tests.simulator_engine import Engine
from vsanimesr.graphs import FRAME, LR, compose
from vsanimesr.spec import FORMATS, RGBS, ClipSpec, Colour

SIZE = 1024
"""Bytes of a piece of memory."""
INGEST = compose(network(), ClipSpec(16, 16, 10, RGBS)).ingest
VIDEO = compose(network(), ClipSpec(32, 32, 10, FORMATS["YUV420P8"], Colour("709", full=False))).ingest
"""It reads LUMA bytes of luma, and half as many of chroma."""
LUMA = 32 * 32
AFTER_CHROMA = 2 * LUMA
TENSOR = 3 * 16 * 16 * 4
"""Bytes of its input, and of its output."""
SCRATCH = 8192
WAIT = 30


class Bench:
    """A device with three streams, a mark, two pieces of memory on either side, and an engine that may run."""

    def __init__(self, seed: int = 0, engine: EngineClass = HashEngine, **faults: Any) -> None:
        self.device = SimulatedDevice(seed, **faults)
        self.device.activate()
        self.a, self.b, self.c = (self.device.stream() for _ in range(3))
        self.mark = self.device.mark()
        self.x, self.y = self.device.allocate(SIZE), self.device.allocate(SIZE)
        self.host, self.back = self.device.pin(SIZE), self.device.pin(SIZE)
        self.host[:] = np.arange(SIZE) % 251
        self.tensors = self.device.allocate(2 * TENSOR)
        self.scratch = self.device.allocate(SCRATCH)
        self.engine = self.another(engine)

    def another(self, engine: EngineClass = HashEngine, at: int = 0) -> Engine:
        """An engine, bound to memory of its own but for the scratch."""
        made = engine(self.device, INGEST)
        base = at or self.tensors
        made.use_scratch(self.scratch, SCRATCH)
        made.bind(FRAME, base)
        made.bind(LR, base + TENSOR)
        return made

    def video(self, *, bound: bool = True, chroma_at: int = LUMA) -> tuple[Engine, tuple[int, int]]:
        """An engine that reads luma and chroma, each of a piece of memory, and where these are."""
        made, base = HashEngine(self.device, VIDEO), self.device.allocate(AFTER_CHROMA + 12 * LUMA)
        made.use_scratch(self.scratch, SCRATCH)
        made.bind(FRAME, base)
        made.bind(LR, base + AFTER_CHROMA)
        if bound:
            made.bind(f"{FRAME}.chroma", base + chroma_at)
        return made, (base, base + chroma_at)

    def kept(self) -> SimulatedReplay:
        """A capture that copies x to y."""
        self.a.begin_capture()
        self.a.copy(self.y, self.x, SIZE)
        return self.a.end_capture()


def pipeline(t: Bench) -> list[bytes]:
    """Rounds of upload, copy and download on three streams, all marks where they should be."""
    up, computed, down = (t.device.mark() for _ in range(3))
    results = []
    for k in range(6):
        up.synchronize()
        t.host[:] = k
        t.a.wait(computed)
        t.a.upload(t.x, t.host)
        t.a.record(up)
        t.b.wait(up)
        t.b.wait(down)
        t.b.copy(t.y, t.x, SIZE)
        t.b.record(computed)
        t.c.wait(computed)
        t.c.download(t.back, t.y)
        t.c.record(down)
        if k % 2:
            while not down.reached:
                pass
            results.append(t.back.tobytes())
    return results


def order(t: Bench) -> tuple[bool, ...]:
    """What the host sees of two streams that have nothing to do with each other, at several moments."""
    other, seen = t.device.mark(), []
    for _ in range(4):
        t.a.clear(t.x, SIZE)
        t.a.record(t.mark)
        t.b.clear(t.y, SIZE)
        t.b.record(other)
        seen += [t.mark.reached, other.reached]
    return tuple(seen)


def run(t: Bench, frame: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    memory = t.device.pin(TENSOR)
    memory[:] = frame.reshape(-1).view(np.uint8)
    t.a.upload(t.tensors, memory)
    t.engine.enqueue(t.a)
    t.a.download(memory, t.tensors + TENSOR)
    t.a.synchronize()
    return memory.view(np.float32).reshape(frame.shape)
