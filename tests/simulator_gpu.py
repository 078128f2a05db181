"""One simulated GPU: memory, schedule, faults on demand, and the rules that hold for every call. One lock for all."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, NoReturn
from weakref import WeakSet

from tests.simulator_memory import Access, DeviceMemory, Misuse, PinnedMemory
from tests.simulator_schedule import Clock, Schedule
from vsanimesr.backends.device import HostBytes
from vsanimesr.errors import DeviceError, OutOfMemory

PLENTY = 1 << 40
_active = threading.local()
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and when; everything is counted from 0, over the whole GPU."""

    memory: int = PLENTY
    """Bytes on the device."""
    pinned: int = PLENTY
    """Bytes of page-locked host memory."""
    allocation: int | None = None
    """This allocation, of either kind, finds no memory."""
    call: int | None = None
    """This call of a stream's method fails and has no effect; the device stays whole."""
    enqueue: int | None = None
    """This call of an engine's `enqueue` fails and has no effect; the device stays whole."""
    run: int | None = None
    """This run of an engine fails, when it comes to it; from then on every call raises."""


@dataclass(frozen=True)
class Live:
    """What was made and has not gone yet."""

    nbytes: int = 0
    pinned: int = 0
    streams: int = 0
    marks: int = 0
    replays: int = 0
    engines: int = 0


class Counter:
    """Raises an error at its n-th use."""

    def __init__(self, at: int | None) -> None:
        self._at, self.uses = at, 0

    def hit(self) -> bool:
        self.uses += 1
        return self._at is not None and self.uses - 1 == self._at


class SimulatedGPU:
    """What all handles on one GPU share. The first Misuse is raised again by every later call, and by `verify`."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self.lock = threading.RLock()
        self.number = next(_numbers)
        random = Random(seed)
        self.memory, self.pinned = DeviceMemory(self.number << 44, random), PinnedMemory()
        self.schedule = Schedule(random)
        self.faults = faults
        self.allocations, self.calls = Counter(faults.allocation), Counter(faults.call)
        self.enqueues, self.runs = Counter(faults.enqueue), Counter(faults.run)
        self.owned: dict[str, WeakSet[Any]] = {kind: WeakSet() for kind in ("streams", "marks", "replays", "engines")}
        self.capturing: dict[int, object] = {}
        self.failure: str | None = None
        self._misuse: Misuse | None = None

    @contextmanager
    def call(self, what: str, *, captured: bool = True, stream: Any = None) -> Iterator[None]:
        """A call of the device's interface; `captured`: it may come while its thread captures."""
        with self.lock:
            try:
                self._enter(what, captured)
                if stream and self.calls.hit():
                    stream.spoilt = True
                    raise DeviceError(f"simulated: {what} failed")
                yield
                self._progress()
            except Misuse as misuse:
                self._misuse = self._misuse or misuse
                raise

    def activate(self) -> None:
        _active.gpu = self
        with self.lock:
            self.healthy()

    def healthy(self) -> None:
        """Raise what keeps the device from being used."""
        if self._misuse:
            raise Misuse(f"earlier: {self._misuse}")
        if self.failure:
            raise DeviceError(self.failure)

    def misused(self, what: str) -> NoReturn:
        """Raise Misuse, outside of `call`."""
        with self.lock:
            self._misuse = self._misuse or Misuse(what)
        raise Misuse(what)

    def verify(self) -> None:
        """Raise the first Misuse, if there was any, even one that the code under test swallowed."""
        with self.lock:
            try:
                self._bury()
            except Misuse as misuse:
                self._misuse = self._misuse or misuse
            if self._misuse:
                raise Misuse(str(self._misuse))

    def wait(self, clock: Clock) -> None:
        """Let operations run until a place is reached; the lock is open to other threads in between."""
        while not self._advance(clock):
            pass

    def allocate(self, nbytes: int) -> int:
        self._room(nbytes, self.faults.memory - self.memory.nbytes, "of the device")
        return self.memory.allocate(nbytes)

    def pin(self, nbytes: int) -> HostBytes:
        self._room(nbytes, self.faults.pinned - self.pinned.nbytes, "to page-lock")
        return self.pinned.allocate(nbytes)

    def free(self, address: int) -> None:
        whole = self.memory.at(address)
        self._unused(whole, "freed")
        self.memory.free(address)

    def live(self) -> Live:
        with self.lock:
            self._bury()
            counts = {kind: len(things) for kind, things in self.owned.items()}
            return Live(self.memory.nbytes, self.pinned.nbytes, **counts)

    def _enter(self, what: str, captured: bool) -> None:
        if getattr(_active, "gpu", None) is not self:
            raise Misuse(f"{what} on a thread that has not activated this device, or another one since")
        if not captured and threading.get_ident() in self.capturing:
            raise Misuse(f"{what} while a stream captures")
        self._bury()
        self.healthy()

    def poll(self, clock: Clock) -> bool:
        """Whether a place is reached, for a host that asks."""
        return self._run(lambda: self.schedule.poll(clock))

    def _advance(self, clock: Clock) -> bool:
        with self.lock:
            self.healthy()
            return self._run(lambda: self.schedule.advance(clock))

    def _run(self, step: Callable[[], bool]) -> bool:
        try:
            return step()
        except DeviceError as error:
            self.failure = str(error)
            self.schedule.abandon()
            raise
        except Misuse as misuse:
            self._misuse = self._misuse or misuse
            raise

    def _progress(self) -> None:
        """Let something run after a call; if it fails, the next call tells."""
        with suppress(DeviceError):
            self._run(self.schedule.some)

    def _room(self, nbytes: int, free: int, where: str) -> None:
        if nbytes <= 0:
            raise Misuse(f"an allocation of {nbytes} bytes")
        if self.allocations.hit() or nbytes > free:
            raise OutOfMemory(f"simulated: {nbytes} bytes {where} were asked for, {free} are free")

    def _bury(self) -> None:
        """See to page-locked memory that has died since."""
        for region in self.pinned.take_dead():
            self._unused(Access(region, 0, region.nbytes, write=True), "freed with the last array that looked at it")

    def _unused(self, memory: Access, what: str) -> None:
        if user := self.schedule.user(memory):
            raise Misuse(f"memory is {what}, but {user} uses it and the host does not know that it is over")
