"""Memory of a simulated GPU: its own addresses, and the page-locked arrays that it knows. The undefined is POISON."""

import weakref
from collections import deque
from collections.abc import Hashable
from random import Random
from typing import Any, NamedTuple

import numpy as np

from vsanimesr.backends.device import HostBytes

POISON = 0xFF
"""Every byte of memory that nobody has written yet; NaN in every type of float."""
ALIGNMENT = 256
GUARD = 1 << 16
"""Bytes between two allocations that belong to nobody; addresses are never used twice."""


class Misuse(AssertionError):
    """The code under test broke a rule of the device; no DeviceError, so that nothing takes it for a failure."""


class Access(NamedTuple):
    """What an operation reads or writes."""

    space: Hashable
    low: int
    high: int
    write: bool

    def overlaps(self, other: "Access") -> bool:
        return self.space == other.space and self.low < other.high and other.low < self.high

    def conflicts(self, other: "Access") -> bool:
        return (self.write or other.write) and self.overlaps(other)


class DeviceMemory:
    """Allocations on one GPU; reading or writing anything else is Misuse."""

    def __init__(self, base: int, random: Random) -> None:
        self._next, self._random = base, random
        self._live: dict[int, HostBytes] = {}

    @property
    def nbytes(self) -> int:
        return sum(memory.size for memory in self._live.values())

    def allocate(self, nbytes: int) -> int:
        # At an odd multiple of the alignment as often as not: nothing may count on more.
        address = self._next + ALIGNMENT * self._random.randrange(2)
        self._live[address] = np.full(nbytes, POISON, np.uint8)
        self._next = address + -(-(nbytes + GUARD) // (2 * ALIGNMENT)) * 2 * ALIGNMENT
        return address

    def free(self, address: int) -> None:
        del self._live[address]

    def at(self, address: int) -> Access:
        """The whole allocation that begins there."""
        if address not in self._live:
            raise Misuse(f"no live allocation begins at {address:#x}; these do: {self._starts()}")
        return Access("device", address, address + self._live[address].size, write=True)

    def access(self, address: int, nbytes: int, *, write: bool) -> Access:
        self.view(address, nbytes)
        return Access("device", address, address + nbytes, write)

    def view(self, address: int, nbytes: int) -> HostBytes:
        for start, memory in self._live.items():
            if start <= address < start + memory.size:
                if nbytes <= 0 or address + nbytes > start + memory.size:
                    break
                return memory[address - start : address - start + nbytes]
        raise Misuse(
            f"{nbytes} bytes at {address:#x} are not within a live allocation; these begin at: {self._starts()}"
        )

    def _starts(self) -> str:
        return ", ".join(f"{start:#x} ({memory.size} bytes)" for start, memory in self._live.items()) or "none"


class Region:
    """Page-locked bytes that one array, and all views of it, look at."""

    def __init__(self, nbytes: int) -> None:
        self._bytes = bytearray([POISON]) * nbytes
        self.content: HostBytes = np.frombuffer(self._bytes, np.uint8)
        self.start, self.nbytes = self.content.ctypes.data, nbytes
        self.alive = True
        self.downloads: list[Any] = []
        """Those to here that the host does not know to be over."""

    def __repr__(self) -> str:
        return f"{self.nbytes} bytes of page-locked memory"

    def lend(self) -> HostBytes:
        """The array to hand out; not `content`, so that its death can be seen."""
        return np.frombuffer(self._bytes, np.uint8)


class PinnedMemory:
    """Page-locked memory of one GPU; it goes when the last array that looks at it does."""

    def __init__(self) -> None:
        self._regions: list[Region] = []
        self._dead: deque[Region] = deque()

    @property
    def nbytes(self) -> int:
        return sum(region.nbytes for region in self._regions)

    def allocate(self, nbytes: int) -> HostBytes:
        region = Region(nbytes)
        self._regions.append(region)
        array = region.lend()
        # The collector may run this anywhere, even within the simulator: it is only noted here, and seen to later.
        weakref.finalize(array, self._dead.append, region).atexit = False
        return array

    def take_dead(self) -> list[Region]:
        """The regions that died since the last call."""
        dead = [self._dead.popleft() for _ in range(len(self._dead))]
        for region in dead:
            region.alive = False
            self._regions.remove(region)
        return dead

    def access(self, array: HostBytes, *, write: bool) -> Access:
        """Where an array lies; Misuse unless it is a view of live page-locked memory of this GPU."""
        if array.dtype != np.uint8 or array.ndim != 1 or not array.flags.c_contiguous or not array.size:
            raise Misuse(f"host memory must be contiguous bytes, got {array.dtype} {array.shape}")
        start = array.ctypes.data
        for region in self._regions:
            low = start - region.start
            if low >= 0 and low + array.size <= region.nbytes:
                return Access(region, low, low + array.size, write)
        raise Misuse(f"{array.size} bytes of host memory are not page-locked, or no longer")
