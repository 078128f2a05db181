"""Batches of samples, made by the training's own process or by others beside it."""

import itertools
import signal
from collections.abc import Generator, Iterable
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from training.critics.samples import Batch, Sample, Samples
from vsanimesr.errors import AnimeSRError, TrainingError

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
    loader: DataLoader[Sample | AnimeSRError] = DataLoader(
        _Numbered(samples),
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=AHEAD,
        collate_fn=_same,
        multiprocessing_context="spawn",
        generator=torch.Generator(),  # else a seed is taken from the training's own one
        worker_init_fn=_begin,
    )
    made = iter(loader)
    try:
        for sample in made:
            if isinstance(sample, AnimeSRError):
                raise sample
            yield sample
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise TrainingError(
            f"a process that makes samples has ended ({error}), maybe for want of memory: try fewer workers"
        ) from error
    finally:
        made._shutdown_workers()  # type: ignore[attr-defined]  # else they last as long as a traceback refers to them


def _same(sample: Any) -> Any:
    """Arrays go through a pipe: shared memory may be as small as 64 MB."""
    return sample


def _begin(number: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which then ends its processes
    cv2.setNumThreads(1)
