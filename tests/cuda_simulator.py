"""A GPU that is not there: `backends.device`, simulated, to find memory used too early, too late or after free.

Nothing runs when it is enqueued. Operations run when the host waits, when it asks, or at random after any call, always
in a random order that streams and marks allow; one seed draws one schedule. Races are found by order, not by luck (see
`simulator_schedule`), and whatever nobody has written yet is poison. A rule that is broken raises Misuse.
"""

import threading
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, override

from tests.simulator_engine import Engine, HashEngine, SimulatedEngine
from tests.simulator_gpu import Faults, Live, SimulatedGPU
from tests.simulator_graphs import composed
from tests.simulator_memory import POISON, Misuse
from tests.simulator_schedule import Clock, Operation, Part
from tests.simulator_transfers import Clear, Copy, CopyBox, Download, Upload, again
from vsanimesr.backends import parts
from vsanimesr.backends.base import Demand, Setup
from vsanimesr.backends.device import Box, HostBytes
from vsanimesr.backends.parts import Parts
from vsanimesr.backends.pipelined import Pipelined
from vsanimesr.errors import DeviceError

__all__ = [
    "POISON",
    "EngineClass",
    "Faults",
    "HashEngine",
    "Live",
    "Misuse",
    "SimulatedDevice",
    "SimulatedEngine",
    "SimulatedMark",
    "SimulatedPipelined",
    "SimulatedReplay",
    "SimulatedStream",
    "composed",
    "opened",
    "simulated",
]


class SimulatedDevice:
    """A GPU of its own, or, with `gpu`, one more handle on that of another; `faults` are the fields of Faults."""

    name = "simulated GPU"

    def __init__(
        self, seed: int = 0, *, capturable: bool = True, gpu: SimulatedGPU | None = None, **faults: int
    ) -> None:
        if gpu and faults:
            raise TypeError(f"faults are the GPU's: {', '.join(faults)} would do nothing")
        self.gpu = gpu or SimulatedGPU(seed, Faults(**faults))
        self.capturable = capturable
        self._streams: list[SimulatedStream] = []
        self._closed = False

    @property
    def live(self) -> Live:
        """What has not gone yet, of all handles on the GPU."""
        return self.gpu.live()

    @property
    def trace(self) -> Sequence[Operation]:
        """All that was ever enqueued, in the order of the calls."""
        return self.gpu.schedule.trace

    def verify(self) -> None:
        """Raise Misuse if there was any, even if it was swallowed."""
        self.gpu.verify()

    def activate(self) -> None:
        self.gpu.activate()

    def allocate(self, nbytes: int) -> int:
        with self._call("allocate", captured=False):
            return self.gpu.allocate(nbytes)

    def free(self, address: int) -> None:
        """On a GPU that failed this raises, too, but it counts."""
        with self.gpu.lock:
            if self.gpu.failure:
                self.gpu.free(address)
        with self._call("free", captured=False):
            self.gpu.free(address)

    def free_nbytes(self) -> int:
        with self._call("free_nbytes", captured=False):
            return self.gpu.faults.memory - self.gpu.memory.nbytes

    def pin(self, nbytes: int) -> HostBytes:
        with self._call("pin", captured=False):
            return self.gpu.pin(nbytes)

    def stream(self) -> "SimulatedStream":
        with self._call("stream"):
            self._streams.append(SimulatedStream(self.gpu))
            return self._streams[-1]

    def mark(self) -> "SimulatedMark":
        with self._call("mark"):
            return SimulatedMark(self.gpu)

    def close(self) -> None:
        """On a GPU that failed this raises, too, but it counts."""
        try:
            with self._call("close", captured=False):
                numbers = [stream.handle for stream in self._streams]
                if pending := self.gpu.schedule.unknown(numbers):
                    raise Misuse(f"close, but the host does not know that {pending} is over")
        finally:
            self._closed = True
            for stream in self._streams:
                stream.destroy()

    def _call(self, what: str, *, captured: bool = True) -> Any:
        if self._closed:
            self.gpu.misused(f"{what} of a device that is closed")
        return self.gpu.call(what, captured=captured)


class SimulatedMark:
    """A place that was reached if it was never recorded."""

    def __init__(self, gpu: SimulatedGPU) -> None:
        self.gpu = gpu
        self.clock: Clock = {}
        gpu.owned["marks"].add(self)

    @property
    def reached(self) -> bool:
        with self.gpu.call("reached", captured=False):
            return self.gpu.poll(self.clock)

    def synchronize(self) -> None:
        with self.gpu.call("synchronize", captured=False):
            clock = self.clock
        self.gpu.wait(clock)


class SimulatedReplay:
    """The parts of a capture."""

    def __init__(self, gpu: SimulatedGPU, parts: Sequence[Part]) -> None:
        self.gpu, self.parts = gpu, parts
        gpu.owned["replays"].add(self)


class SimulatedStream:
    """An in-order queue; `handle` is its number in the schedule."""

    def __init__(self, gpu: SimulatedGPU) -> None:
        self.gpu = gpu
        self.handle = gpu.schedule.open()
        self.spoilt = False
        self._kept: list[Part] | None = None
        self._closed = False
        gpu.owned["streams"].add(self)

    @property
    def captures(self) -> bool:
        return self._kept is not None

    def destroy(self) -> None:
        self._closed = True
        self.gpu.owned["streams"].discard(self)

    def upload(self, target: int, source: HostBytes) -> None:
        with self.call("upload"):
            self.put(Upload(self.gpu, target, source))

    def download(self, target: HostBytes, source: int) -> None:
        with self.call("download"):
            self.put(Download(self.gpu, target, source))

    def copy(self, target: int, source: int, nbytes: int) -> None:
        with self.call("copy"):
            self.put(Copy(self.gpu, target, source, nbytes))

    def copy_box(self, target: int, source: int, box: Box) -> None:
        with self.call("copy_box"):
            self.put(CopyBox(self.gpu, target, source, box))

    def clear(self, target: int, nbytes: int) -> None:
        with self.call("clear"):
            self.put(Clear(self.gpu, target, nbytes))

    def record(self, mark: SimulatedMark) -> None:
        with self.call("record"):
            self._same(mark, "record")
            mark.clock = self.gpu.schedule.clock(self.handle)

    def wait(self, mark: SimulatedMark) -> None:
        with self.call("wait"):
            self._same(mark, "wait")
            self.gpu.schedule.wait(self.handle, mark.clock)

    def begin_capture(self) -> None:
        with self.call("begin_capture", captured=False):
            self._kept, self.spoilt = [], False
            self.gpu.capturing[threading.get_ident()] = self

    def end_capture(self) -> SimulatedReplay:
        """Fails if something within the capture did; the capture is over all the same."""
        kept, self._kept = self._kept, None
        if self.gpu.capturing.pop(threading.get_ident(), None) is not self or kept is None:
            self.gpu.misused("end_capture on a thread that captures nothing on this stream")
        with self.call("end_capture"):
            if self.spoilt:
                raise DeviceError("simulated: the capture was spoilt by an operation that failed")
            return SimulatedReplay(self.gpu, kept)

    def launch(self, replay: SimulatedReplay) -> None:
        with self.call("launch"):
            self._same(replay, "launch")
            parts = [again(self.gpu, part) for part in replay.parts]
            self.gpu.schedule.submit(self.handle, f"launch of {', '.join(part.label for part in parts)}", parts)

    def synchronize(self) -> None:
        with self.call("synchronize", captured=False):
            if self._kept is not None:
                raise Misuse("synchronize of a stream that captures")
            clock = self.gpu.schedule.clock(self.handle)
        self.gpu.wait(clock)

    def put(self, part: Part) -> None:
        """Enqueue it, or keep it while capturing."""
        if self._kept is None:
            self.gpu.schedule.submit(self.handle, part.label, [part])
        elif self.gpu.capturing.get(threading.get_ident()) is not self:
            raise Misuse(f"{part.label} on a stream that captures on another thread")
        else:
            self._kept.append(part)

    def call(self, what: str, *, captured: bool = True) -> Any:
        if self._closed:
            self.gpu.misused(f"{what} on a stream that is closed")
        return self.gpu.call(what, captured=captured, stream=self)

    def _same(self, other: SimulatedMark | SimulatedReplay, what: str) -> None:
        if other.gpu is not self.gpu:
            raise Misuse(f"{what} of another GPU's {type(other).__name__}")
        if self._kept is not None:
            raise Misuse(f"{what} while the stream captures")


class EngineClass(Protocol):
    """SimulatedEngine, HashEngine."""

    def __call__(self, device: SimulatedDevice, graph: Any) -> Engine: ...


class SimulatedPipelined(Pipelined):
    """The backend under test, on engines that need no GPU."""

    name: ClassVar[str] = "simulated"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)

    def __init__(self, setup: Setup, simulator: SimulatedDevice, engine: EngineClass) -> None:
        self.simulator, self.precision, self.device = simulator, "fp32", simulator.name
        super().__init__(setup, opened(setup, simulator, engine))

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        return parts.demand(setup, opened(setup, SimulatedDevice()))

    @override
    @classmethod
    def version(cls) -> str:
        return "simulator"


def simulated(
    setup: Setup,
    device: SimulatedDevice | None = None,
    engine: EngineClass = SimulatedEngine,
    kind: type[SimulatedPipelined] = SimulatedPipelined,
    **faults: Any,
) -> SimulatedPipelined:
    """A pipelined backend over simulated engines, on a device or on a new SimulatedDevice(**faults)."""
    if device and faults:
        raise TypeError(f"a device is given, so {', '.join(faults)} would do nothing")
    return kind(setup, device or SimulatedDevice(**faults), engine)


def opened(setup: Setup, device: SimulatedDevice, engine: EngineClass = SimulatedEngine) -> Parts:
    """What such a backend is made of."""
    graphs = composed(setup)
    return Parts(graphs, device, engine(device, graphs.ingest), engine(device, graphs.step), "")
