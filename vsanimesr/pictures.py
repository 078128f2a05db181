"""The table of rendered pictures: who wants them, which device slot holds them, when a slot is free again."""

import threading
from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

import numpy as np

from vsanimesr.backends.base import Event, Planes
from vsanimesr.errors import DeviceError


@dataclass(eq=False, slots=True)
class Picture:
    """One rendered or submitted picture."""

    n: int
    """Frame number."""
    age: int
    """Order of submission."""
    slot: int | None
    """The device slot that holds it; None once it was spilled to host memory or lost."""
    event: Event | None = None
    """End of its step; None only between claiming the slot and submitting the step."""
    answered: bool = False
    """A request for it was answered: somebody is about to take it, so it must not be lost."""
    readers: int = 0
    """Takers that are waiting for the device or copying from the slot."""
    moving: bool = False
    """It is being copied to host memory."""
    host: list[np.ndarray[Any, Any]] | None = None
    """Its planes, once it was spilled."""

    @property
    def failed(self) -> bool:
        """Whether its step ended badly."""
        return self.event is not None and self.event.error is not None


_age = attrgetter("age")


class Source(Protocol):
    """Where pictures are, by slot: the part of a backend that is needed here."""

    def read(self, slot: int) -> Planes:
        """The picture in a slot."""

    def copy(self, slot: int, target: Planes) -> None:
        """Copy the picture in a slot."""


class Pictures:
    """Pictures by frame number, in `slots` slots of the device and at most `spill_bytes` of host memory.

    Two sides use it. The ordered side (one thread) claims a slot for each picture that it submits; the parallel
    side (any thread) wants, takes and releases. The ordered side may wait for the device and for a taker that is
    already running, which itself waits for the device only: never for a request that has not begun.
    """

    def __init__(self, slots: int, spill_bytes: int, backend: Source) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._owners: list[Picture | None] = [None] * slots
        self._table: dict[int, Picture] = {}
        self._wants: Counter[int] = Counter()
        self._age = 0
        self._spill_room = spill_bytes

    # -- the ordered side ------------------------------------------------------------------------------------------

    def answer(self, n: int) -> bool:
        """Whether picture n is there or on its way; if so it stays until those who want it have it."""
        with self._lock:
            picture = self._table.get(n)
            if picture is None or picture.failed:
                return False
            picture.answered = True
            return True

    def lacks(self, n: int) -> bool:
        """Whether picture n is neither there nor on its way."""
        with self._lock:
            return not self._good(n)

    def wanted(self, n: int) -> bool:
        """Whether somebody wants picture n."""
        with self._lock:
            return n in self._wants

    def claim(self, n: int, *, answered: bool) -> Picture:
        """Give picture n a slot, emptying one if none is free; `submitted` follows."""
        with self._lock:
            slot = self._free_slot()
            old = self._table.get(n)
            picture = Picture(n, self._age, slot, answered=answered or (old is not None and old.answered))
            self._age += 1
            self._owners[slot] = self._table[n] = picture
            return picture

    def submitted(self, picture: Picture, event: Event) -> None:
        """Say that the step of a claimed picture is in the stream, and what its end is."""
        with self._lock:
            picture.event = event
            self._changed.notify_all()

    def _good(self, n: int) -> bool:
        picture = self._table.get(n)
        return picture is not None and not picture.failed

    def _free_slot(self) -> int:
        """Empty one slot: a free one, else the oldest unwanted, else after the running takers, else by spilling."""
        while True:
            if None in self._owners:
                return self._owners.index(None)
            idle = [p for p in self._owners if p and not p.readers and not p.moving]
            # The device writes in the order of the stream, so even a picture that is still queued may be given up.
            if unwanted := [p for p in idle if p.n not in self._wants]:
                return self._vacate(min(unwanted, key=_age), forget=True)
            if len(idle) == len(self._owners):
                return self._spill(min(idle, key=_age))
            self._changed.wait()  # a running taker holds a slot; it needs only the device and ends by itself

    def _spill(self, picture: Picture) -> int:
        """Move a picture to host memory; nobody reads it meanwhile, for takers wait while it moves."""
        assert picture.slot is not None
        assert picture.event is not None
        if not picture.answered and self._spill_room <= 0:
            return self._vacate(picture, forget=True)  # nobody was told that it is there: it is rendered again
        picture.moving = True
        self._lock.release()
        try:
            picture.event.wait()
            host = None if picture.failed else _copies(self._backend.read(picture.slot))
        finally:
            self._lock.acquire()
            picture.moving = False
        if host:
            picture.host = host
            self._spill_room -= sum(plane.nbytes for plane in host)
        return self._vacate(picture, forget=picture.n not in self._wants)

    def _vacate(self, picture: Picture, *, forget: bool) -> int:
        slot = picture.slot
        assert slot is not None
        picture.slot = self._owners[slot] = None
        if forget:
            self._forget(picture)
        self._changed.notify_all()
        return slot

    def _forget(self, picture: Picture) -> None:
        if self._table.get(picture.n) is picture:
            del self._table[picture.n]
        if picture.host:
            self._spill_room += sum(plane.nbytes for plane in picture.host)
            picture.host = None

    # -- the parallel side -----------------------------------------------------------------------------------------

    def want(self, n: int) -> None:
        """Say that picture n is about to be requested; every `want` is followed by one `unwant`."""
        with self._lock:
            self._wants[n] += 1

    def take(self, n: int) -> Picture:
        """Wait for the device; the picture stays where it is until `put_back`. Raises the error of a failed step."""
        with self._lock:
            picture = self._table.get(n)
            if picture is None:
                raise DeviceError(f"picture {n} was asked for but never submitted")
            while picture.moving or picture.event is None:
                self._changed.wait()
            if picture.host:
                return picture
            picture.readers += 1  # from here the slot stays
        picture.event.wait()
        if error := picture.event.error:
            self.put_back(picture)
            raise DeviceError(str(error)) from error  # one of its own for each thread: a raised error grows
        return picture

    def copy(self, picture: Picture, target: Planes) -> None:
        """Copy a picture that was taken into buffers of the size and type of its planes."""
        if picture.slot is not None:
            self._backend.copy(picture.slot, target)
            return
        for plane, out in zip(picture.host or (), target, strict=True):
            np.copyto(np.asarray(out), plane, casting="no")

    def planes(self, picture: Picture) -> list[np.ndarray[Any, Any]]:
        """A copy of a picture that was taken."""
        return _copies(self._backend.read(picture.slot) if picture.slot is not None else picture.host or ())

    def put_back(self, picture: Picture) -> None:
        """End what `take` began."""
        with self._lock:
            if picture.readers:
                picture.readers -= 1
                self._changed.notify_all()

    def unwant(self, n: int) -> None:
        """End one `want`: a spilled picture that nobody else wants goes at once, a slot stays until it is needed."""
        with self._lock:
            self._wants[n] -= 1
            if self._wants[n]:
                return
            del self._wants[n]
            if picture := self._table.get(n):
                picture.answered = False
                if picture.host:
                    self._forget(picture)
            self._changed.notify_all()


def _copies(planes: Planes) -> list[np.ndarray[Any, Any]]:
    return [plane.copy() for plane in planes]
