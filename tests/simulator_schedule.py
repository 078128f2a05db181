"""What runs when on a simulated GPU: any order that streams and marks allow, and a detector of races among all of them.

Order is kept as vector clocks: a clock says for each stream how many of its operations come before. Two operations
that neither follows the other may run in any order; if they touch the same memory and one writes, that is Misuse, in
whatever order they do run. What the host has seen to be over comes before everything that is enqueued later.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from random import Random
from typing import Protocol

from tests.simulator_memory import Access, Misuse

Clock = dict[int, int]


class Part(Protocol):
    """One thing that an operation does: an operation has one, or, if it is a launch, all of a capture."""

    @property
    def label(self) -> str:
        """What it is."""

    @property
    def accesses(self) -> Sequence[Access]:
        """What it reads and writes."""

    def submitted(self) -> None:
        """It was enqueued."""

    def run(self) -> None:
        """It runs on the device."""

    def seen(self) -> None:
        """The host knows that it is over."""


class Operation:
    """One entry of a stream."""

    def __init__(self, label: str, stream: int, clock: Clock, parts: Sequence[Part]) -> None:
        self.label, self.stream, self.index, self.clock = label, stream, clock[stream], clock
        self.parts = parts
        self.accesses = [access for part in parts for access in part.accesses]

    def __repr__(self) -> str:
        return f"{self.label} (number {self.index} of stream {self.stream})"

    def follows(self, other: "Operation") -> bool:
        """Whether it can only run after the other."""
        return self.clock.get(other.stream, 0) >= other.index


class Schedule:
    """Runs operations in a random legal order; how eager it is, and which stream lags, is drawn, too."""

    def __init__(self, random: Random) -> None:
        self.trace: list[Operation] = []
        self._random = random
        self._eagerness = random.choice((0.0, 0.05, 0.3, 0.6, 0.9))
        self._focus = random.choice((0.0, 0.5, 1.0))
        self._queues: dict[int, deque[Operation]] = {}
        self._clocks: dict[int, Clock] = {}
        self._weights: dict[int, float] = {}
        self._ran: Clock = {}
        self._known: Clock = {}
        self._history: dict[Hashable, list[tuple[Access, Operation]]] = {}
        self._unseen: list[Operation] = []

    def open(self) -> int:
        """Number of a new stream."""
        stream = len(self._queues) + 1
        self._queues[stream], self._clocks[stream] = deque(), {stream: 0}
        self._weights[stream] = self._random.choice((0.02, 0.3, 1.0))
        return stream

    def submit(self, stream: int, label: str, parts: Sequence[Part]) -> None:
        clock = self._clocks[stream]
        join(clock, self._known)
        clock[stream] += 1
        operation = Operation(label, stream, dict(clock), parts)
        for access in operation.accesses:
            self._check(access, operation)
        for access in operation.accesses:
            self._remember(access, operation)
        for part in parts:
            part.submitted()
        self._queues[stream].append(operation)
        self._unseen.append(operation)
        self.trace.append(operation)

    def clock(self, stream: int) -> Clock:
        """Where a stream ends by now."""
        return dict(self._clocks[stream])

    def wait(self, stream: int, clock: Clock) -> None:
        join(self._clocks[stream], clock)

    def reached(self, clock: Clock) -> bool:
        return all(self._ran.get(stream, 0) >= index for stream, index in clock.items())

    def some(self) -> bool:
        """Let a random number of operations run; whether there was one too few."""
        while self._random.random() < self._eagerness:
            if not self._step():
                return True
        return False

    def poll(self, clock: Clock) -> bool:
        """As a host sees it that asks whether a place was reached: sooner or later, but sooner or later it is."""
        if self._random.random() < 0.3 and not self.reached(clock):
            self._step(clock)
        if not self.reached(clock):
            return False
        self._observe(clock)
        return True

    def advance(self, clock: Clock) -> bool:
        """Run one operation unless the place is reached, which the host then knows: whether it is."""
        if not self.reached(clock):
            self._step(clock)
            return False
        self._observe(clock)
        return True

    def user(self, use: Access) -> Operation | None:
        """An operation that touches this memory, and that the host does not know to be over."""
        unknown = (entry for entry in self._history.get(use.space, ()) if not self.known(entry[1]))
        return next((operation for access, operation in unknown if access.overlaps(use)), None)

    def known(self, operation: Operation) -> bool:
        return self._known.get(operation.stream, 0) >= operation.index

    def unknown(self, streams: Sequence[int]) -> Operation | None:
        """An operation of these streams that the host does not know to be over."""
        return next((operation for operation in self._unseen if operation.stream in streams), None)

    def abandon(self) -> None:
        """The device failed: nothing of what is pending ever runs."""
        for queue in self._queues.values():
            queue.clear()
        self._unseen.clear()
        self._history.clear()

    def _step(self, target: Clock | None = None) -> bool:
        """Run one operation, perhaps one that the target needs; False if there is none."""
        ready = [queue[0] for queue in self._queues.values() if queue and self._ready(queue[0])]
        if target and self._random.random() < self._focus:
            ready = [operation for operation in ready if target.get(operation.stream, 0) >= operation.index]
        if not ready:
            return False
        (operation,) = self._random.choices(ready, [self._weights[operation.stream] for operation in ready])
        self._queues[operation.stream].popleft()
        self._ran[operation.stream] = operation.index
        for part in operation.parts:
            part.run()
        return True

    def _ready(self, operation: Operation) -> bool:
        return all(
            self._ran.get(stream, 0) >= index for stream, index in operation.clock.items() if stream != operation.stream
        )

    def _observe(self, clock: Clock) -> None:
        join(self._known, clock)
        seen = [operation for operation in self._unseen if self.known(operation)]
        self._unseen = [operation for operation in self._unseen if not self.known(operation)]
        for operation in seen:
            for part in operation.parts:
                part.seen()
            operation.parts = ()
        for space in list(self._history):
            self._filter(space, lambda _, operation: not self.known(operation))

    def _check(self, access: Access, operation: Operation) -> None:
        for earlier, other in self._history.get(access.space, ()):
            if access.conflicts(earlier) and not operation.follows(other):
                verb = "writes" if access.write else "reads"
                raise Misuse(
                    f"race: {operation} {verb} [{access.low:#x}, {access.high:#x}) of {access.space}, "
                    f"which {other} {'writes' if earlier.write else 'reads'}; no mark orders them"
                )

    def _remember(self, access: Access, operation: Operation) -> None:
        """Keep an access, and drop those that whoever follows this one follows too, or else races with this one."""

        def needed(earlier: Access, other: Operation) -> bool:
            within = access.low <= earlier.low and earlier.high <= access.high
            return not (within and access.write >= earlier.write and operation.follows(other))

        self._filter(access.space, needed)
        self._history.setdefault(access.space, []).append((access, operation))

    def _filter(self, space: Hashable, keep: Callable[[Access, Operation], bool]) -> None:
        kept = [entry for entry in self._history.get(space, ()) if keep(*entry)]
        if kept:
            self._history[space] = kept
        else:
            self._history.pop(space, None)


def join(clock: Clock, other: Clock) -> None:
    """Make `clock` the earliest place that comes after both."""
    for stream, index in other.items():
        if clock.get(stream, 0) < index:
            clock[stream] = index
