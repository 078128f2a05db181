"""The operations of a simulated GPU that move bytes: each checks its memory when it is enqueued and when it runs.

The host sees a download only once it knows that it is over; what the host does to either end of a copy before that
is Misuse, no matter whether the copy has run.
"""

from copy import copy

import numpy as np

from tests.simulator_gpu import SimulatedGPU
from tests.simulator_memory import POISON, Access, Misuse, Region
from tests.simulator_schedule import Part
from vsanimesr.backends.device import Box, HostBytes


class Upload:
    """Host to device."""

    label = "upload"

    def __init__(self, gpu: SimulatedGPU, target: int, source: HostBytes) -> None:
        self._gpu, self._target = gpu, target
        self._source = gpu.pinned.access(source, write=False)
        self.accesses = [self._source, gpu.memory.access(target, source.size, write=True)]

    def submitted(self) -> None:
        if pending(self._source):
            raise Misuse("an upload from where a download is pending, which the simulator does not model")
        self._sent = host(self._source).copy()

    def run(self) -> None:
        self.seen()
        self._gpu.memory.view(self._target, self._sent.size)[:] = self._sent

    def seen(self) -> None:
        if not pending(self._source) and not np.array_equal(host(self._source), self._sent):
            raise Misuse("the host changed the source of an upload before it knew that the upload was over")


class Download:
    """Device to host."""

    label = "download"

    def __init__(self, gpu: SimulatedGPU, target: HostBytes, source: int) -> None:
        self._gpu, self._source = gpu, source
        self.target = gpu.pinned.access(target, write=True)
        self.accesses = [gpu.memory.access(source, target.size, write=False), self.target]

    def submitted(self) -> None:
        host(self.target)[:] = POISON
        region(self.target).downloads.append(self)

    def run(self) -> None:
        self._found = self._gpu.memory.view(self._source, self.target.high - self.target.low).copy()

    def seen(self) -> None:
        region(self.target).downloads.remove(self)
        if (host(self.target) != POISON).any():
            raise Misuse("the host wrote where a download was pending, before it knew that the download was over")
        host(self.target)[:] = self._found
        for later in pending(self.target):
            host(later.target)[:] = POISON


class Copy:
    """Within the device."""

    label = "copy"

    def __init__(self, gpu: SimulatedGPU, target: int, source: int, nbytes: int) -> None:
        self._gpu, self._target, self._source, self._nbytes = gpu, target, source, nbytes
        read, written = gpu.memory.access(source, nbytes, write=False), gpu.memory.access(target, nbytes, write=True)
        if read.overlaps(written):
            raise Misuse(f"a copy of {nbytes} bytes from {source:#x} to {target:#x} overlaps itself")
        self.accesses = [read, written]

    def submitted(self) -> None:
        """Nothing of the host's is used."""

    def run(self) -> None:
        memory = self._gpu.memory
        memory.view(self._target, self._nbytes)[:] = memory.view(self._source, self._nbytes)

    def seen(self) -> None:
        """Nothing of the host's is used."""


class CopyBox:
    """Part of a tensor within the device; it counts as use of all from its first byte to its last."""

    label = "copy of a box"

    def __init__(self, gpu: SimulatedGPU, target: int, source: int, box: Box) -> None:
        self._gpu, self._target, self._source, self._box = gpu, target, source, box
        self._nbytes = (box.layers - 1) * box.layer_pitch + (box.rows - 1) * box.row_pitch + box.row_nbytes
        if min(box.row_nbytes, box.rows, box.layers) <= 0 or box.row_nbytes > box.row_pitch:
            raise Misuse(f"a copy of {box}")
        read = gpu.memory.access(source, self._nbytes, write=False)
        written = gpu.memory.access(target, self._nbytes, write=True)
        if read.overlaps(written):
            raise Misuse(f"a copy of {box} from {source:#x} to {target:#x} overlaps itself")
        self.accesses = [read, written]

    def submitted(self) -> None:
        """Nothing of the host's is used."""

    def run(self) -> None:
        self._bytes(self._target)[:] = self._bytes(self._source)

    def _bytes(self, address: int) -> HostBytes:
        """What is in the box, [layers, rows, bytes]."""
        box, memory = self._box, self._gpu.memory.view(address, self._nbytes)
        shape, strides = (box.layers, box.rows, box.row_nbytes), (box.layer_pitch, box.row_pitch, 1)
        return np.lib.stride_tricks.as_strided(memory, shape, strides)

    def seen(self) -> None:
        """Nothing of the host's is used."""


class Clear:
    """Zeros."""

    label = "clear"

    def __init__(self, gpu: SimulatedGPU, target: int, nbytes: int) -> None:
        self._gpu, self._target, self._nbytes = gpu, target, nbytes
        self.accesses = [gpu.memory.access(target, nbytes, write=True)]

    def submitted(self) -> None:
        """Nothing of the host's is used."""

    def run(self) -> None:
        self._gpu.memory.view(self._target, self._nbytes)[:] = 0

    def seen(self) -> None:
        """Nothing of the host's is used."""


def again(gpu: SimulatedGPU, part: Part) -> Part:
    """A captured part, to be enqueued once more: its memory has to be there still."""
    for access in part.accesses:
        if isinstance(access.space, Region):
            region(access)
        elif access.space == "device":
            gpu.memory.view(access.low, access.high - access.low)
    return copy(part)


def region(access: Access) -> Region:
    assert isinstance(access.space, Region)
    if not access.space.alive:
        raise Misuse("the page-locked memory of a copy is gone")
    return access.space


def host(access: Access) -> HostBytes:
    return region(access).content[access.low : access.high]


def pending(access: Access) -> list[Download]:
    """The downloads to there that the host does not know to be over."""
    return [download for download in region(access).downloads if download.target.overlaps(access)]
