"""Clips made by processes of one thread each, in order, or by the caller's thread: the same bits."""

import atexit
import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from training.data.samples import Clip, Failed, Plan, make
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
        yield from _from_workers(dataset, workers, ahead, itertools.count(first))


class _Clips(Dataset[Clip | Failed]):
    """What worker processes are sent."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __getitem__(self, number: int) -> Clip | Failed:
        try:
            return make(self.plan, number)
        except TrainingError as error:
            return Failed(error)


def _from_workers(dataset: _Clips, workers: int, ahead: int, numbers: Iterable[int]) -> Generator[Clip | Failed]:
    loader: DataLoader[Clip | Failed] = DataLoader(
        dataset,
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=ahead,
        collate_fn=_same,
        multiprocessing_context="spawn",
        generator=torch.Generator(),  # else a seed is taken from the training's own one
        worker_init_fn=_begin,
    )
    made = iter(loader)
    try:
        yield from made
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise TrainingError(
            f"a process that makes clips has ended ({error}), maybe for want of memory: try fewer workers"
        ) from error
    finally:
        made._shutdown_workers()  # type: ignore[attr-defined]  # else they last as long as a traceback refers to them


def _same(clip: Any) -> Any:
    """Clips go through a pipe as they are: shared memory may be as small as 64 MB."""
    return clip


def _begin(number: int) -> None:
    atexit.register(os._exit, 0)  # a thread that still sends a clip aborts where it runs on into the interpreter's end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which then ends its processes
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """PyTorch looks after its parent only every few seconds, and not while a clip is being made."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _one_thread() -> Generator[None]:
    """As in a worker process: the same sums in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
