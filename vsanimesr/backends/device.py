"""What a pipelined backend needs of a GPU and of an engine: `cuda.py` has the real ones, the tests simulated ones.

All work is asynchronous: a stream runs its operations one after another, streams run beside each other, and what one
does before what another does is said by marks alone. Memory on the device is an address; memory on the host is a
NumPy array over page-locked bytes, which may be read and written by the host only where no pending operation
writes or reads it.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HostBytes = NDArray[np.uint8]
"""Page-locked host memory, one-dimensional; it is freed with the last array that looks at it."""


@dataclass(frozen=True)
class Box:
    """Part of a tensor of layers of rows; sizes in bytes."""

    row_nbytes: int
    """What of each row is in it."""
    rows: int
    """Rows of each layer."""
    layers: int
    """Layers."""
    row_pitch: int
    """From a row to the next."""
    layer_pitch: int
    """From a layer to the next; a multiple of `row_pitch`."""


class Mark(Protocol):
    """A place in a stream, CUDA's event: reached once everything before its last `Stream.record` has run.

    It is destroyed with the last reference, which may come before it is reached and after the device is closed.
    """

    @property
    def reached(self) -> bool:
        """Whether it was; True if it was never recorded. Raises DeviceError once the device has failed."""

    def synchronize(self) -> None:
        """Block (without the GIL) until it is reached; raises DeviceError if the device fails. Any thread."""


class Replay(Protocol):
    """The operations of a capture, ready to be launched again as one; destroyed with the last reference."""


class Stream(Protocol):
    """An in-order queue of operations on the device. Each method returns at once and raises DeviceError."""

    @property
    def handle(self) -> int:
        """CUDA's handle, for libraries that enqueue by themselves."""

    def upload(self, target: int, source: HostBytes) -> None:
        """Copy all of `source` to the device."""

    def download(self, target: HostBytes, source: int) -> None:
        """Copy from the device as much as `target` holds."""

    def copy(self, target: int, source: int, nbytes: int) -> None:
        """Copy within the device."""

    def copy_box(self, target: int, source: int, box: Box) -> None:
        """Copy a box within the device, between tensors of one shape; the addresses are those of its first byte."""

    def clear(self, target: int, nbytes: int) -> None:
        """Fill with zeros."""

    def record(self, mark: Mark) -> None:
        """Move a mark to here."""

    def wait(self, mark: Mark) -> None:
        """Run nothing that follows before the mark, as it stands now, is reached."""

    def begin_capture(self) -> None:
        """From here on keep what is enqueued instead of running it; nothing may be synchronised meanwhile."""

    def end_capture(self) -> Replay:
        """Return what was kept since `begin_capture`."""

    def launch(self, replay: Replay) -> None:
        """Run a capture's operations; the addresses are those that it was captured with."""

    def synchronize(self) -> None:
        """Block (without the GIL) until everything so far has run."""


class Device(Protocol):
    """One GPU."""

    @property
    def name(self) -> str:
        """As the driver calls it."""

    def activate(self) -> None:
        """Make it the calling thread's device; every thread does so before it uses anything of the device."""

    def allocate(self, nbytes: int) -> int:
        """Address of new memory on the device, aligned to 256; raises OutOfMemory."""

    def free(self, address: int) -> None:
        """Give memory back; no pending operation may use it."""

    def free_nbytes(self) -> int:
        """Memory on the device that nobody has taken."""

    def pin(self, nbytes: int) -> HostBytes:
        """New page-locked memory on the host; raises OutOfMemory."""

    def stream(self) -> Stream:
        """A new stream, which does not wait for any other."""

    def mark(self) -> Mark:
        """A new mark, not recorded yet."""

    def close(self) -> None:
        """Destroy the streams that were made here; nothing may be pending."""


class Execution(Protocol):
    """An engine that is ready to run, with its shapes set."""

    @property
    def scratch_nbytes(self) -> int:
        """Memory on the device that it needs while it runs; what is in there between runs does not matter."""

    @property
    def capturable(self) -> bool:
        """Whether `enqueue` may be captured; asked after the first run only."""

    def use_scratch(self, address: int, nbytes: int) -> None:
        """Say where that memory is; before the first `enqueue`."""

    def bind(self, name: str, address: int) -> None:
        """Say where the tensor of that name is on the device; holds for every `enqueue` from here on."""

    def enqueue(self, stream: Stream) -> None:
        """Run once, on the tensors that are bound now. Raises DeviceError."""

    def close(self) -> None:
        """Free the engine; no run may be pending."""
