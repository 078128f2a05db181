"""Work that reports by a callback, as a generator: it runs on a thread, and what it reports is yielded."""

import queue
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress

TICK = 0.2
"""Seconds between two reports that are passed on."""

type Report = Callable[[int, int], None]
type Told = tuple[int, int]


class _Cancelled(Exception):
    """Nobody listens any more."""


def watched[T](work: Callable[[Report], T]) -> Generator[Told, None, T]:
    """Yield what `work` reports, some five times a second; return what it returns, raise what it raises.

    Closing the generator ends the work at its next report.
    """
    told: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
    cancelled, last, found = threading.Event(), [0.0], list[T]()
    failed, latest = list[BaseException](), list[Told]()

    def report(done: int, total: int) -> None:
        if cancelled.is_set():
            raise _Cancelled
        latest[:] = [(done, total)]
        if (now := time.monotonic()) >= last[0] + TICK:
            last[0] = now
            told.put(latest.pop())

    def run() -> None:
        try:
            with suppress(_Cancelled):
                found.append(work(report))
        except BaseException as error:  # raised where somebody listens
            failed.append(error)
        for final in latest:  # the last one is always told
            told.put(final)
        told.put(None)

    thread = threading.Thread(target=run, name="background", daemon=True)
    thread.start()
    try:
        while (event := told.get()) is not None:
            yield event
    finally:
        cancelled.set()
        thread.join()
    if failed:
        raise failed[0]
    return found[0]
