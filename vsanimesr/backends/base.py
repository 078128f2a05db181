"""The contract of a backend: an in-order stream of operations on one device, for one clip."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from vsanimesr.graphs import Cell
from vsanimesr.spec import ClipSpec
from vsanimesr.tiles import Move

RING = 3
"""Slots for ingested frames: step n reads frames n-1, n and n+1."""

RESERVE = 0.05
"""Part of the free memory that is left to others."""

Planes = Sequence[np.ndarray[Any, Any]]
"""One two-dimensional array per plane, (height, width) by `PixelFormat.plane_sizes`, of the format's sample type; rows
may be strided. What comes from the native shim is a buffer that NumPy reads as such an array."""


def _silent(_: str) -> None:
    pass


@dataclass(frozen=True)
class EngineSetup:
    """What a backend that compiles its graphs needs to know besides."""

    folder: Path | None = None
    """Folder of the engine files; None for the user's cache."""
    build: bool = True
    """Whether a missing engine is built; else EngineMissing is raised."""
    say: Callable[[str], None] = _silent
    """Takes lines for the user while an engine is looked for and built."""


@dataclass(frozen=True)
class Setup:
    """What a backend needs to know to start."""

    clip: ClipSpec
    """Size and format of the frames."""
    slots: int
    """How many pictures the backend can hold at once, all lanes together."""
    precision: str
    """'auto' or one of the backend's `precisions`."""
    device: str
    """The backend's own name of a kind of device; '' for its default."""
    device_id: int
    """Which of the devices of that kind."""
    cell: Callable[[], Cell]
    """Loads the model; raises ModelError. Not called by a backend that needs no network."""
    engines: EngineSetup = EngineSetup()
    """Where engines lie and whether they may be built; only for backends that have any."""
    lanes: int = 1
    """Recurrences beside each other, each with a ring and a state of its own: the tiles of one clip."""


@dataclass(frozen=True)
class Demand:
    """Memory of a backend's device, bytes."""

    needed: int
    """What a backend takes, or is estimated to take, while it runs."""
    free: int
    """What the device has left now."""
    known: bool = True
    """Whether `needed` is known; else it is more than is free, and by how much cannot be asked."""

    @property
    def fits(self) -> bool:
        """Whether there is enough, with a little left for others."""
        return self.needed <= self.free * (1 - RESERVE)

    def __str__(self) -> str:
        if not self.known:
            return f"needs more than the {_words(self.free)} that are free"
        return f"needs {_words(self.needed)}, free are {_words(self.free)}"


class Event(Protocol):
    """The end of an operation of the stream."""

    @property
    def done(self) -> bool:
        """Whether the operation has ended, well or badly."""

    @property
    def error(self) -> BaseException | None:
        """Why the operation failed; None while it is pending and after it went well."""

    def wait(self) -> None:
        """Block (without the GIL) until `done`; raises nothing. Called by any thread."""


@dataclass(frozen=True)
class Checkpoint:
    """A copy of the state in host memory, whole once its event is done without an error."""

    event: Event
    state: Any
    nbytes: int


class Backend(ABC):
    """Runs `ingest` and `step` in the order of the calls; a call may return before its work is done.

    After a failed operation every later step fails with the same error until `reset` or `restore`. One thread
    at a time calls the methods, except `read` and `copy`, which any thread may call.
    """

    name: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]]
    precision: str
    """What 'auto' came to."""
    device: str
    """The device in words, for logs."""
    engines: str = ""
    """A hash of the engines that it runs (`engines.mention.digest`); '' for a backend without any."""

    @abstractmethod
    def __init__(self, setup: Setup) -> None:
        """Start.

        Raises BackendUnavailable for what this machine or the backend has not, OutOfMemory, DeviceError; ModelError
        from the model, FormatError from the composition of the graphs; where there are engines, EngineError.
        """

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Name and version of the library it runs on; raises BackendUnavailable where it is not usable."""

    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        """What `Setup.device` may be on this machine; raises BackendUnavailable where the library is not usable.

        A backend of one kind of device may ask whether it serves the one of that number.
        """
        return ()

    @classmethod
    @abstractmethod
    def demand(cls, setup: Setup) -> Demand:
        """The device's memory that a backend of that setup takes, and what is free.

        Raises what the constructor raises but OutOfMemory. It may build engines; it takes no memory that stays.
        """

    @abstractmethod
    def ingest(self, ring: int, planes: Planes, lane: int = 0) -> None:
        """Put a source frame into ring slot `ring` of a lane; the planes are read before this returns."""

    @abstractmethod
    def step(self, window: tuple[int, int, int], slot: int | None, lane: int = 0) -> Event:
        """Run the network on a lane's ring slots (previous, current, next); the picture goes to `slot`, or nowhere.

        Every failure, also of this call itself, is the event's. Slots belong to no lane.
        """

    @abstractmethod
    def read(self, slot: int) -> Planes:
        """The picture in `slot`, valid from the end of its step until the next step into that slot."""

    def copy(self, slot: int, target: Planes) -> None:
        """Copy the picture in `slot` to buffers of its planes' sizes and type; any thread may call this too."""
        for plane, out in zip(self.read(slot), target, strict=True):
            np.copyto(np.asarray(out), plane, casting="no")

    @abstractmethod
    def reset(self) -> None:
        """Set the state of every lane to zeros, whatever failed before; what is in the rings may be lost."""

    @abstractmethod
    def clear(self) -> None:
        """Set the state of every lane to zeros and keep the rings; like a step, it fails after a failure."""

    @abstractmethod
    def save(self) -> Checkpoint:
        """Copy the state of every lane to the host."""

    @abstractmethod
    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the state of every lane to what `save` copied."""

    @abstractmethod
    def exchange(self, moves: Sequence[Move]) -> None:
        """Copy rectangles of states between lanes; what one of them reads none of them writes.

        Positions are samples of the padded low resolution.
        """

    @property
    @abstractmethod
    def state_nbytes(self) -> int:
        """Size of a checkpoint, all lanes together."""

    @property
    @abstractmethod
    def error(self) -> BaseException | None:
        """The failure that broke the state, if one did since the last reset or restore that has run."""

    @abstractmethod
    def drain(self) -> None:
        """Block until every operation so far has ended; raises nothing."""

    @abstractmethod
    def close(self) -> None:
        """End the stream: pending operations fail, memory goes. Safe to call twice."""


def _words(nbytes: int) -> str:
    return f"{nbytes / 2**30:.1f} GiB" if nbytes >= 2**30 else f"{nbytes / 2**20:.0f} MiB"
