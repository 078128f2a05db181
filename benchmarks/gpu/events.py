"""Time by the GPU's own clock: two events with timing around what a stream runs."""

import statistics
from collections.abc import Callable
from typing import Any

from vsanimesr.backends.cuda import CudaStream, checked, runtime

type Enqueue = Callable[[int], None]
"""Enqueues a step; it is given the step's number."""


class TimedMark:
    """An event with a clock."""

    def __init__(self) -> None:
        self.handle: Any = checked(runtime().cudaEventCreate(), "creating an event with timing")

    def synchronize(self) -> None:
        """Block until it is reached."""
        checked(runtime().cudaEventSynchronize(self.handle), "the GPU's work")

    def milliseconds_after(self, other: "TimedMark") -> float:
        """Time between two marks that were reached, ms."""
        cuda = runtime()
        return float(checked(cuda.cudaEventElapsedTime(other.handle, self.handle), "reading the GPU's clock"))

    def close(self) -> None:
        """Destroy it."""
        checked(runtime().cudaEventDestroy(self.handle), "destroying an event")


def rounds(stream: CudaStream, enqueue: Enqueue, *, count: int, repeats: int) -> list[float]:
    """Milliseconds per step of `repeats` rounds of `count` steps each, which follow each other without a gap.

    `enqueue` must return before its step has run, else the host's own time is part of it.
    """
    found = []
    for _ in range(repeats):
        start, end = TimedMark(), TimedMark()
        stream.record(start)
        for n in range(count):
            enqueue(n)
        stream.record(end)
        end.synchronize()
        found.append(end.milliseconds_after(start) / count)
        start.close()
        end.close()
    return found


def figure(milliseconds: list[float]) -> dict[str, Any]:
    """For JSON: the median and all rounds."""
    return {"median": statistics.median(milliseconds), "rounds": milliseconds, "unit": "ms"}
