"""How far a training is: data, and one line that shows it."""

import sys
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TextIO

RECENT = 50
"""Steps over which speed is measured."""
BAR = 20
"""Characters."""


@dataclass(frozen=True)
class Progress:
    """How far a training is."""

    step: int
    """Steps done."""
    steps: int
    """Steps of the whole run."""
    rate: float
    """Steps per second lately; 0 while unknown."""
    loss: float
    """Of the last step, the sum of the first optimiser's terms."""
    waiting: float
    """Share of the time lately that was spent waiting for data, from 0 to 1."""

    @property
    def eta(self) -> float:
        """Seconds that the rest will take at this rate; 0 while unknown."""
        return (self.steps - self.step) / self.rate if self.rate else 0.0

    def __str__(self) -> str:
        """Such as `[####----] 400/1000  3.2 steps/s  3:08 left  loss 0.0213  data 4%`."""
        done = BAR * self.step // max(1, self.steps)
        words = [f"[{'#' * done}{'-' * (BAR - done)}] {self.step}/{self.steps}"]
        words += [f"{self.rate:.3g} steps/s", f"{clock(self.eta)} left"] if self.rate else []
        return "  ".join([*words, f"loss {self.loss:.4g}", f"data {self.waiting:.0%}"])


class View(Protocol):
    """What shows progress."""

    def show(self, progress: Progress, *, last: bool = False) -> None:
        """A step was done; after the `last` one nothing more comes."""


class Meter:
    """Measures the speed of steps and the share of waiting over the last few of them."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._waited = 0.0
        self._marks: deque[tuple[float, float]] = deque([(now(), 0.0)], RECENT + 1)

    @contextmanager
    def waiting(self) -> Generator[None, None, None]:
        """The time inside is spent waiting for data."""
        begun = self._now()
        try:
            yield
        finally:
            self._waited += self._now() - begun

    def stepped(self, step: int, steps: int, loss: float) -> Progress:
        """A step was done, the number `step`."""
        self._marks.append((self._now(), self._waited))
        (start, waited_then), (end, waited) = self._marks[0], self._marks[-1]
        passed = max(end - start, 1e-9)
        return Progress(step, steps, (len(self._marks) - 1) / passed, loss, (waited - waited_then) / passed)


class Line:
    """On a terminal one line that changes, at most ten times a second; elsewhere a line every half a minute."""

    def __init__(self, out: TextIO | None = None, now: Callable[[], float] = time.perf_counter) -> None:
        self._out, self._now = out or sys.stderr, now
        self._live = self._out.isatty()
        self._next, self._width = 0.0, 0

    def show(self, progress: Progress, *, last: bool = False) -> None:
        """Draw it if it is time."""
        now = self._now()
        if not last and now < self._next:
            return
        self._next = now + (0.1 if self._live else 30)
        text = str(progress)
        end = "\n" if last or not self._live else ""
        self._out.write(f"\r{text:<{self._width}}{end}" if self._live else text + end)
        self._out.flush()
        self._width = 0 if end else len(text)


def clock(seconds: float) -> str:
    """Such as 1:02:03, or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
