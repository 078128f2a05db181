"""Clips made by processes of one thread each, in order, or by the caller's thread: the same bits."""

import itertools
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch.utils.data import Dataset

from training.data.samples import Clip, Failed, Plan, make
from training.workers import items
from vsanimesr.errors import TrainingError


def clips(plan: Plan, workers: int, ahead: int, first: int) -> Generator[Clip | Failed]:
    """A plan's clips from number `first` on, in order, without end.

    They are made by so many processes, each `ahead` by as many, or by the caller's thread. Closing the generator ends
    the processes. Raises TrainingError where one of them was killed.
    """
    dataset = _Clips(plan)
    if not workers:
        for number in itertools.count(first):
            with _one_thread():
                clip = dataset[number]
            yield clip
    else:
        yield from items(dataset, itertools.count(first), workers, ahead)


class _Clips(Dataset[Clip | Failed]):
    """What worker processes are sent."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __getitem__(self, number: int) -> Clip | Failed:
        try:
            return make(self.plan, number)
        except TrainingError as error:
            return Failed(error)


@contextmanager
def _one_thread() -> Generator[None]:
    """As in a worker process: the same sums in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
