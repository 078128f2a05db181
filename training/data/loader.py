"""Batches made beside the training, in order, by as many processes as wanted; how long it had to wait is measured."""

import itertools
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from training.data.ahead import Ahead
from training.data.processes import clips
from training.data.samples import Batch, Clip, Failed, Plan, cut
from vsanimesr.errors import ArgumentError

AHEAD = 2
"""Clips that each process may have ready."""
BATCHES = 2
"""Batches that may be ready."""


@dataclass
class Waiting:
    """Where the time of a loader's consumer went."""

    waited: float = 0.0
    """Seconds that it waited for batches."""
    elapsed: float = 0.0
    """Seconds in all, from one batch to another."""

    @property
    def share(self) -> float:
        """Of its time, from 0 to 1."""
        return self.waited / self.elapsed if self.elapsed else 0.0


@dataclass(frozen=True)
class Loader:
    """Makes the batches of a plan; the same ones whatever the number of processes is."""

    plan: Plan
    """What is in them."""
    workers: int = 0
    """Processes that make clips, one thread each; 0 for the caller's thread."""
    ahead: int = AHEAD
    """Clips that each of them may have ready."""

    def __post_init__(self) -> None:
        if self.workers < 0 or self.ahead < 1:
            raise ArgumentError(f"workers={self.workers}, ahead={self.ahead}, wanted at least 0 and at least 1")

    def __call__(self, first_sample: int = 0) -> "Batches":
        """The batches from sample `first_sample` on, without end."""
        if first_sample < 0:
            raise ArgumentError(f"first_sample={first_sample}, wanted a number from 0 on")
        return Batches(self, first_sample)


@dataclass
class Made:
    """What the clips of a loader have cost those who made them."""

    clips: int = 0
    """How many there were."""
    seconds: dict[str, float] = field(default_factory=dict)
    """In all of them together, by step."""

    def add(self, clip: Clip) -> None:
        """Another one."""
        self.clips += 1
        for step, spent in clip.seconds.items():
            self.seconds[step] = self.seconds.get(step, 0.0) + spent


class Batches(Iterator[Batch]):
    """Batches without end, until closed; a context manager that closes itself.

    Raises TrainingError, which names the clip and its file, where one could not be made or a process was killed.
    """

    def __init__(self, loader: Loader, first: int) -> None:
        """Processes start with the first batch that is asked for."""
        self.starting = 0.0
        self.lasted = Waiting()
        self.made = Made()
        self._returned: float | None = None
        batches = _batches(loader, first, self.made)
        self._batches = Ahead(batches, BATCHES) if loader.workers else batches

    def __next__(self) -> Batch:
        """The next one; the first may take seconds, which count as `starting`, not as waiting."""
        begin = time.perf_counter()
        batch = next(self._batches)
        end = time.perf_counter()
        if self._returned is None:
            self.starting = end - begin
        else:
            self.lasted.waited += end - begin
            self.lasted.elapsed += end - self._returned
        self._returned = end
        return batch

    def close(self) -> None:
        """Ends the processes; there are no more batches."""
        self._batches.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _batches(loader: Loader, first: int, made: Made) -> Generator[Batch]:
    plan = loader.plan
    with closing(clips(plan, loader.workers, loader.ahead, first // plan.pool.patches)) as made_ones:
        held = _Held(made_ones, made)
        for number in itertools.count(first, plan.batch):
            samples = []
            for each in range(number, number + plan.batch):
                held.drop(each // plan.pool.patches)
                samples.append(cut(plan, each, held.get))
            yield Batch.of(samples, number)


class _Held:
    """Clips that are in use, out of all that are made one after another."""

    def __init__(self, clips: Iterator[Clip | Failed], made: Made) -> None:
        self.clips, self.made = clips, made
        self.held: dict[int, Clip] = {}

    def get(self, number: int) -> Clip:
        while number not in self.held:
            clip = next(self.clips)
            if isinstance(clip, Failed):
                raise clip.error
            self.held[clip.number] = clip
            self.made.add(clip)
        return self.held[number]

    def drop(self, before: int) -> None:
        for number in [number for number in self.held if number < before]:
            del self.held[number]
