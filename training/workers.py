"""Items of a dataset, made in order by processes of one thread each beside the one that wants them."""

import atexit
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Generator, Iterable
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from vsanimesr.errors import TrainingError


def items[T](dataset: Dataset[T], numbers: Iterable[int], workers: int, ahead: int) -> Generator[T]:
    """The items of those numbers, in order, each of so many processes `ahead` by as many; `workers` is at least 1.

    Closing the generator ends the processes. Raises TrainingError where one of them was killed.
    """
    loader: DataLoader[T] = DataLoader(
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
            f"a process that makes samples has ended ({error}), maybe for want of memory: try fewer workers"
        ) from error
    finally:
        made._shutdown_workers()  # type: ignore[attr-defined]  # else they last as long as a traceback refers to them


def _same(item: Any) -> Any:
    """Items go through a pipe as they are: shared memory may be as small as 64 MB."""
    return item


def _begin(number: int) -> None:
    atexit.register(os._exit, 0)  # a thread that still sends an item aborts where it runs on into the interpreter's end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which then ends its processes
    if hasattr(os, "setsid"):
        os.setsid()  # so are the signals that a terminal, or torchrun, sends to all of its group
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """PyTorch looks after its parent only every few seconds, and not while an item is being made."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)
