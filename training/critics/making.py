"""Batches of samples, made by the training's own process or by others beside it."""

import itertools
from collections.abc import Generator, Iterable

from torch.utils.data import Dataset

from training.critics.samples import Batch, Sample, Samples
from training.workers import items
from vsanimesr.errors import AnimeSRError

AHEAD = 8
"""Samples that each process may have ready."""


def batches(samples: Samples, numbers: Iterable[range], workers: int = 0) -> Generator[Batch]:
    """The batches of the samples of those numbers, the same ones whatever the number of processes is.

    `workers` is how many make samples; 0 for the caller's thread. Closing the generator ends them. Raises as Samples
    does, and TrainingError where a process was killed.
    """
    sizes, flat = itertools.tee(numbers)
    ones = _made(samples, itertools.chain.from_iterable(flat), workers)
    try:
        for size in sizes:
            yield Batch.of([next(ones) for _ in size])
    finally:
        ones.close()


class _Numbered(Dataset[Sample | AnimeSRError]):
    """What processes are sent; an error comes back as it was raised."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __getitem__(self, number: int) -> Sample | AnimeSRError:
        try:
            return self.samples[number]
        except AnimeSRError as error:
            return error


def _made(samples: Samples, numbers: Iterable[int], workers: int) -> Generator[Sample]:
    if not workers:
        yield from map(samples.__getitem__, numbers)
        return
    for sample in items(_Numbered(samples), numbers, workers, AHEAD):
        if isinstance(sample, AnimeSRError):
            raise sample
        yield sample
