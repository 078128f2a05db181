"""The memory of a pipelined backend: one allocation on the device, page-locked memory on the host."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from vsanimesr.backends.base import RING
from vsanimesr.backends.device import Device, HostBytes
from vsanimesr.backends.layout import Layout, aligned
from vsanimesr.graphs import LR, STATE, Tensor

STAGES = 2
"""Frames of a lane that may be on their way up: one is filled while the other travels."""
SIDES = 2
"""States of a lane, and pictures on the device: one is read while the other is written."""


class Buffers:
    """Where everything lies; addresses are the device's, arrays of bytes the host's. Raises OutOfMemory.

    `tensors` are those at the ends of the graphs. What is on its way between host and device belongs to no lane.
    """

    def __init__(
        self,
        device: Device,
        tensors: Mapping[str, Tensor],
        frame: Layout,
        picture: Layout,
        *,
        slots: int,
        lanes: int,
        scratch_nbytes: int,
    ) -> None:
        self._device, self._frame, self._picture = device, frame, picture
        self._lr, self._state = tensors[LR].nbytes, tensors[STATE].nbytes
        self._slots, self._lanes, self.stages = slots, lanes, STAGES * lanes
        self.scratch_nbytes = scratch_nbytes
        self.base: int | None = None

    @property
    def nbytes(self) -> int:
        """Memory on the device."""
        return sum(self._pieces())

    @property
    def pinned_nbytes(self) -> int:
        """Page-locked memory on the host, without checkpoints."""
        return self.stages * self._frame.nbytes + self._slots * self._picture.nbytes

    def allocate(self) -> None:
        """Take all of it."""
        self.base = self._device.allocate(self.nbytes)
        starts = (self.base + offset for offset in accumulate(self._pieces(), initial=0))
        lanes = range(self._lanes)
        self.frames = [{name: next(starts) for name in self._frame.sizes} for _ in range(self.stages)]
        self.ring = [[next(starts) for _ in range(RING)] for _ in lanes]
        self.states = [[next(starts) for _ in range(SIDES)] for _ in lanes]
        self.pictures = [{name: next(starts) for name in self._picture.sizes} for _ in range(SIDES)]
        self.snapshot, self.scratch = next(starts), next(starts)
        self.staged = [self._device.pin(self._frame.nbytes) for _ in range(self.stages)]
        self.slots = [self._device.pin(self._picture.nbytes) for _ in range(self._slots)]

    def free(self) -> None:
        """Give back what is on the device; the host's goes with the last array that looks at it."""
        base, self.base = self.base, None
        self.staged, self.slots = [], []
        if base is not None:
            self._device.free(base)

    frames: list[dict[str, int]]
    """Staged frames, their tensors by name."""
    ring: list[list[int]]
    """Ingested frames of each lane, RING of them."""
    states: list[list[int]]
    """States of each lane, SIDES of them."""
    pictures: list[dict[str, int]]
    """Pictures, SIDES of them, their tensors by name."""
    snapshot: int
    """A copy of one lane's state on its way down."""
    scratch: int
    """What the engines compute in; they run one at a time."""
    staged: list[HostBytes]
    """Frames before they go up, as many as `frames`."""
    slots: list[HostBytes]
    """Pictures that came down."""

    def _pieces(self) -> Sequence[int]:
        """In the order of `allocate`."""
        sizes = [
            *[*self._frame.sizes.values()] * self.stages,
            *[self._lr] * (RING * self._lanes),
            *[self._state] * (SIDES * self._lanes),
            *[*self._picture.sizes.values()] * SIDES,
            self._state,
            self.scratch_nbytes,
        ]
        return [aligned(size) for size in sizes]


class Spare:
    """Page-locked memory that checkpoints gave back: to lock it anew takes milliseconds and stops the device."""

    def __init__(self, device: Device, nbytes: int) -> None:
        self._device, self._nbytes = device, nbytes
        self._idle: list[HostBytes] | None = []

    def take(self) -> HostBytes:
        """Memory for one checkpoint."""
        return self._idle.pop() if self._idle else self._device.pin(self._nbytes)

    def give(self, memory: HostBytes) -> None:
        """Take memory back; what still travels into it comes before what is next taken down the same stream."""
        if self._idle is not None:
            self._idle.append(memory)

    def close(self) -> None:
        """Keep nothing from here on."""
        self._idle = None


class Saved:
    """The states in a checkpoint; their memory goes back with the checkpoint."""

    def __init__(self, spare: Spare) -> None:
        self._spare = spare
        self.memory: HostBytes | None = None

    def __del__(self) -> None:
        if self.memory is not None:
            self._spare.give(self.memory)
