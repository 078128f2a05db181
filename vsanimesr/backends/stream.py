"""The in-order stream of a backend whose library blocks while it computes: one thread, one bounded queue."""

import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, override

from vsanimesr.backends.base import Backend, Checkpoint, Event, Planes, Setup
from vsanimesr.errors import AnimeSRError, DeviceError
from vsanimesr.tiles import Move

DEPTH = 8
"""Operations that may wait, so that the host's copies of frames stay few: those of about four frames, or of a part of
one that is in tiles."""


class Operation:
    """One operation of the stream, and the event of its end."""

    __slots__ = ("_ended", "done", "error", "heals", "run")

    def __init__(self, run: Callable[[], None], ended: threading.Condition, *, heals: bool = False) -> None:
        self.run, self.heals, self._ended = run, heals, ended
        self.done, self.error = False, None

    done: bool
    error: BaseException | None

    def wait(self) -> None:
        """Block until `done`."""
        with self._ended:
            while not self.done:
                self._ended.wait()


@dataclass(slots=True)
class Saved:
    """Where a `save` puts the state once it runs."""

    state: Any = None


def _fail(error: Exception) -> NoReturn:
    raise error


class StreamBackend(Backend):
    """A backend whose operations run one by one on a thread of its own.

    A subclass gives the work itself: `stage` on the caller's thread, the `run_...` methods on the stream's. Without
    `threaded` there is no such thread: each operation ends within the call that submits it.
    """

    def __init__(self, setup: Setup, *, threaded: bool = True) -> None:
        self.setup = setup
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)  # the queue, for the stream and for who waits for room
        self._ended = threading.Condition(self._lock)  # an operation, for who waits for it
        self._queue: deque[Operation] = deque()
        self._busy = self._closed = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._run, name=f"animesr-{self.name}", daemon=True)
            self._thread.start()

    @abstractmethod
    def stage(self, planes: Planes) -> Any:
        """Read the planes of a frame into memory of our own; runs on the caller's thread."""

    @abstractmethod
    def run_ingest(self, ring: int, staged: Any, lane: int) -> None:
        """Turn a staged frame into the network's input, in ring slot `ring` of a lane."""

    @abstractmethod
    def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        """Advance a lane's state, and write the picture to `slot` unless that is None."""

    @abstractmethod
    def run_reset(self) -> None:
        """Set every lane's state to zeros."""

    @abstractmethod
    def run_save(self) -> Any:
        """Return a copy of every lane's state."""

    @abstractmethod
    def run_restore(self, state: Any) -> None:
        """Set every lane's state to a copy of what `run_save` returned."""

    @abstractmethod
    def run_exchange(self, moves: Sequence[Move]) -> None:
        """Copy rectangles of states between lanes."""

    @override
    def ingest(self, ring: int, planes: Planes, lane: int = 0) -> None:
        try:
            staged = self.stage(planes)
        except Exception as error:  # a frame that cannot be read fails the steps that need it
            self._submit(partial(_fail, error))
        else:
            self._submit(lambda: self.run_ingest(ring, staged, lane))

    @override
    def step(self, window: tuple[int, int, int], slot: int | None, lane: int = 0) -> Event:
        return self._submit(lambda: self.run_step(window, slot, lane))

    @override
    def reset(self) -> None:
        self._submit(self.run_reset, heals=True)

    @override
    def clear(self) -> None:
        self._submit(self.run_reset)

    @override
    def exchange(self, moves: Sequence[Move]) -> None:
        if moves:
            self._submit(lambda: self.run_exchange(moves))

    @override
    def save(self) -> Checkpoint:
        saved = Saved()

        def run() -> None:
            saved.state = self.run_save()

        return Checkpoint(self._submit(run), saved, self.state_nbytes)

    @override
    def restore(self, checkpoint: Checkpoint) -> None:
        self._submit(lambda: self.run_restore(checkpoint.state.state), heals=True)

    @override
    @property
    def error(self) -> BaseException | None:
        return self._error

    @override
    def drain(self) -> None:
        with self._lock:
            while self._queue or self._busy:
                self._ended.wait()

    @override
    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._changed.notify_all()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _submit(self, run: Callable[[], None], *, heals: bool = False) -> Operation:
        operation = Operation(run, self._ended, heals=heals)
        with self._lock:
            while len(self._queue) >= DEPTH and not self._closed:
                self._changed.wait()
            if self._closed:
                operation.done, operation.error = True, DeviceError("the filter was freed")
                return operation
            if self._thread:
                self._queue.append(operation)
                self._changed.notify_all()
        if not self._thread:
            self._perform(operation)
        return operation

    def _run(self) -> None:
        while operation := self._next():
            self._perform(operation)

    def _perform(self, operation: Operation) -> None:
        error = None if operation.heals else self._error
        if error is None:
            error = self._attempt(operation)
        with self._lock:
            self._error, self._busy = error, False
            operation.done, operation.error = True, error
            self._ended.notify_all()

    @staticmethod
    def _attempt(operation: Operation) -> BaseException | None:
        try:
            operation.run()
        except AnimeSRError as error:
            return error
        except Exception as error:  # whatever a library raises must reach the frame's request, not kill the stream
            return DeviceError(f"{type(error).__name__}: {error}")
        return None

    def _next(self) -> Operation | None:
        """The next operation to run; None once the stream is closed, when those that wait have failed."""
        with self._lock:
            while not self._queue and not self._closed:
                self._changed.wait()
            if self._closed:
                for operation in self._queue:
                    operation.done, operation.error = True, DeviceError("the filter was freed")
                self._queue.clear()
                self._ended.notify_all()
                return None
            operation = self._queue.popleft()
            self._busy = True
            self._changed.notify_all()
            return operation
