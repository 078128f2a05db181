"""The memory of a pipelined backend: one allocation on the device, page-locked memory on the host."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from vsanimesr.backends.base import RING
from vsanimesr.backends.device import Device, HostBytes
from vsanimesr.graphs import FRAME, LR, PICTURE, STATE, Tensor

STAGES = 2
"""Frames that may be on their way up: one is filled while the other travels."""
SIDES = 2
"""States, and pictures on the device: one is read while the other is written."""
ALIGNMENT = 256


class Buffers:
    """Where everything lies; addresses are the device's, arrays of bytes the host's. Raises OutOfMemory."""

    def __init__(self, device: Device, tensors: Mapping[str, Tensor], slots: int, scratch_nbytes: int) -> None:
        self._device = device
        sizes = {name: tensor.nbytes for name, tensor in tensors.items()}
        self._counts = (STAGES, RING, SIDES, SIDES, 1, 1)
        self._sizes = (sizes[FRAME], sizes[LR], sizes[STATE], sizes[PICTURE], sizes[STATE], scratch_nbytes)
        self._host = (STAGES, sizes[FRAME]), (slots, sizes[PICTURE])
        self.scratch_nbytes = scratch_nbytes
        self.base: int | None = None

    @property
    def nbytes(self) -> int:
        """Memory on the device."""
        return sum(self._pieces())

    @property
    def pinned_nbytes(self) -> int:
        """Page-locked memory on the host, without checkpoints."""
        return sum(count * size for count, size in self._host)

    def allocate(self) -> None:
        """Take all of it."""
        self.base = self._device.allocate(self.nbytes)
        starts = iter([self.base + offset for offset in accumulate(self._pieces(), initial=0)])
        groups = [[next(starts) for _ in range(count)] for count in self._counts]
        self.frames, self.ring, self.states, self.pictures, (self.snapshot,), (self.scratch,) = groups
        self.staged, self.slots = ([self._device.pin(size) for _ in range(count)] for count, size in self._host)

    def free(self) -> None:
        """Give back what is on the device; the host's goes with the last array that looks at it."""
        base, self.base = self.base, None
        self.staged, self.slots = [], []
        if base is not None:
            self._device.free(base)

    frames: list[int]
    """Staged frames, STAGES of them."""
    ring: list[int]
    """Ingested frames, RING of them."""
    states: list[int]
    """States, SIDES of them."""
    pictures: list[int]
    """Pictures, SIDES of them."""
    snapshot: int
    """A copy of the state on its way down."""
    scratch: int
    """What the engines compute in; they run one at a time."""
    staged: list[HostBytes]
    """Frames before they go up, STAGES of them."""
    slots: list[HostBytes]
    """Pictures that came down."""

    def _pieces(self) -> Sequence[int]:
        pairs = zip(self._counts, self._sizes, strict=True)
        return [-(-size // ALIGNMENT) * ALIGNMENT for count, size in pairs for _ in range(count)]


class Spare:
    """Page-locked memory that checkpoints gave back: to lock it anew takes milliseconds and stops the device."""

    def __init__(self, device: Device, nbytes: int) -> None:
        self._device, self._nbytes = device, nbytes
        self._idle: list[HostBytes] | None = []

    def take(self) -> HostBytes:
        """Memory for one state."""
        return self._idle.pop() if self._idle else self._device.pin(self._nbytes)

    def give(self, memory: HostBytes) -> None:
        """Take memory back; what still travels into it comes before what is next taken down the same stream."""
        if self._idle is not None:
            self._idle.append(memory)

    def close(self) -> None:
        """Keep nothing from here on."""
        self._idle = None


class Saved:
    """The state in a checkpoint; its memory goes back with the checkpoint."""

    def __init__(self, spare: Spare) -> None:
        self._spare = spare
        self.memory: HostBytes | None = None

    def __del__(self) -> None:
        if self.memory is not None:
            self._spare.give(self.memory)
