"""How much of a queue of files is done, and when all of it will be."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, inf
from statistics import fmean

from vsanimesr.jobs.job import Event
from vsanimesr.jobs.order import Done, Step


@dataclass(frozen=True)
class Status:
    """How far a queue is at a moment."""

    done: int
    """Files that are over, with or without a result."""
    files: int
    """All of them."""
    part: float
    """What is done of all work, from 0 to 1."""
    eta: float | None
    """Seconds to go; None where not known yet."""
    start: float
    """When the queue began, in seconds."""


class Workload:
    """The files of a queue, weighted by their work; one whose work is not known counts as a usual one.

    Two rates are told apart: that of frames, and that of all else that a file needs (index, scenes, a model, joining),
    so that neither a long start nor what an earlier run has done spoils the estimate. A file that was skipped or failed
    is done; of its time only that in which frames were made counts, and what it took to get there.
    """

    def __init__(self, works: Sequence[float] = (), now: Callable[[], float] = time.monotonic) -> None:
        """`works` are in any unit, 0 where not known; `now` tells seconds."""
        known = [work for work in works if 0 < work < inf]
        self._usual = fmean(known) if known else 1.0
        self._weights = [work if 0 < work < inf else self._usual for work in works]
        self._now, self._start = now, now()
        self._begun, self._mark = self._start, (0.0, 0.0)  # of the current file; its part, and when that was told
        self._running = False  # whether frames of it are made
        self._frames, self._beside = (0.0, 0.0), (0.0, 0.0)  # work, and the seconds that went into it
        self.done, self.failed = 0, 0

    @property
    def files(self) -> int:
        """Of the queue; `done` of them are over, `failed` of these have no result."""
        return len(self._weights)

    @property
    def elapsed(self) -> float:
        """Seconds since the queue began."""
        return self._now() - self._start

    def status(self) -> Status:
        """All of it, as it is now."""
        return Status(self.done, self.files, self.part, self.eta, self._start)

    @property
    def part(self) -> float:
        """What is done of all work, from 0 to 1."""
        return 1 - self._left / fsum(self._weights) if self._weights else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to go; None before this run has made frames, 0 where nothing is left to do."""
        (work, seconds), (begun, beside) = self._frames, self._beside
        if self.done >= self.files:
            return 0.0
        if work <= 0 or seconds <= 0:
            return None
        current, later = self._weights[self.done], fsum(self._weights[self.done + 1 :])
        still = 0.0 if self._running else max(0.0, current * beside / begun - (self._now() - self._begun))
        return self._left * seconds / work + later * beside / begun + still

    @property
    def _left(self) -> float:
        left = self._weights[self.done :]
        return fsum([left[0] * (1 - self._mark[0]), *left[1:]] if self._running else left)

    def begin(self, number: int, total: int) -> None:
        """The file of this number, from 1 on, comes; those before it are done."""
        self._weights += [self._usual] * (total - len(self._weights))
        self._end(number - 1)

    def hear(self, event: Event) -> None:
        """Something happened to the current file."""
        match event:
            case Step(what="frames") if event.total > 0:
                self._step(min(1.0, event.done / event.total), known=event.fps > 0)
            case Done():
                if self._running:
                    self._add_beside(0.0, self._now() - self._mark[1])
                self._end(self.done + 1)

    def fail(self) -> None:
        """The current file is over and has no result."""
        self.failed += 1
        self._end(self.done + 1)

    def _step(self, part: float, *, known: bool) -> None:
        now, weight = self._now(), self._weights[self.done]
        before, since = self._mark if self._running else (-1.0, self._begun)
        if self._running and known:
            self._frames = self._frames[0] + (part - before) * weight, self._frames[1] + now - since
        elif part > before:  # the first of this run, from which the rate is told; earlier runs may have made others
            self._add_beside(0.0 if self._running else weight, now - since)
        else:
            return
        self._running, self._mark = True, (part, now)

    def _add_beside(self, work: float, seconds: float) -> None:
        self._beside = self._beside[0] + work, self._beside[1] + seconds

    def _end(self, done: int) -> None:
        self.done, self._running, self._begun = done, False, self._now()
