"""Work on videos in processes of one thread each, which end with the one that started them, however that ends."""

import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue

import cv2

from vsanimesr.errors import AnimeSRError, JobError

type Seen = Callable[[int], None]
"""Told of frames that are done."""

_EVERY = 8  # frames for each message to the bar


@dataclass(frozen=True)
class Failure:
    """A video that could not be worked on."""

    what: str
    """Which, and why."""


def run[T, R](work: Callable[[T, Seen], R], items: Sequence[T], processes: int, seen: Seen) -> list[R | Failure]:
    """The result of each item, in their order, or how it failed; an item that fails keeps no other from being done.

    Only errors of vsanimesr's tree are failures, others are raised. Where the caller is interrupted, so are the
    processes. Raises JobError where a process is killed.
    """
    if not items:
        return []
    with _processes(min(processes, len(items)), seen) as pool:
        futures = {pool.submit(_one, work, item): at for at, item in enumerate(items)}
        results: dict[int, R | Failure] = {}
        try:
            for future in as_completed(futures):
                results[futures[future]] = future.result()
        except BrokenProcessPool as error:
            raise JobError(
                "a process that worked on a video was killed, maybe for want of memory; run the same command again "
                "with fewer --processes, it goes on after what is finished"
            ) from error
    return [results[at] for at in range(len(items))]


PATIENCE = 5.0
"""Seconds for the last counts of processes that have ended."""


@contextmanager
def _processes(count: int, seen: Seen) -> Generator[ProcessPoolExecutor]:
    context = get_context("spawn")
    kept, leash = context.Pipe()  # only this process holds one end: however it ends, the others read that it did
    counts: Queue[int | None] = context.Queue()
    listener = threading.Thread(target=_listen, args=(counts, seen), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(count, context, _begin, (leash, counts))
    try:
        yield pool
        pool.shutdown()
    finally:
        kept.close()
        pool.shutdown(cancel_futures=True)
        counts.cancel_join_thread()  # a process that was killed may hold the queue's lock, or have sent half a message
        counts.put(None)
        listener.join(PATIENCE)


def _listen(counts: "Queue[int | None]", seen: Seen) -> None:
    while (count := counts.get()) is not None:
        seen(count)


_told: "Queue[int | None]"


def _begin(leash: Connection, counts: "Queue[int | None]") -> None:
    global _told  # noqa: PLW0603  - an initialiser has no other way to hand something to the tasks
    _told = counts
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who then ends this process
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: Connection) -> None:
    try:
        leash.recv()
    except (EOFError, OSError):
        os._exit(1)


def _one[T, R](work: Callable[[T, Seen], R], item: T) -> R | Failure:
    counter = _Counter()
    try:
        return work(item, counter.seen)
    except AnimeSRError as error:
        return Failure(str(error))
    finally:
        counter.flush()


class _Counter:
    """Sends every few frames."""

    def __init__(self) -> None:
        self._count = 0

    def seen(self, frames: int) -> None:
        self._count += frames
        if self._count >= _EVERY:
            self.flush()

    def flush(self) -> None:
        _told.put(self._count)
        self._count = 0
