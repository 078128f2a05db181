"""Files that are still there, whole, after a power cut; and folders in which one process works at a time."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vsanimesr.errors import JobError

LOCK = ".lock"
"""File of a folder that is held; the file tells nothing, only the lock on it does."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


def publish(temporary: Path, path: Path) -> None:
    """Gives a complete file its name once its bytes are on the disk; raises OSError."""
    with temporary.open("r+b") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Brings a folder's names onto the disk; Windows, which has no call for that, does so by itself."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def disk_full(path: Path) -> JobError:
    """The error that says so; `path` could not be written."""
    return JobError(
        f"the disk is full: '{path}' could not be written; free some space in '{path.parent}' and run the same command "
        "again, it goes on after what is finished"
    )


@contextmanager
def explained(path: Path) -> Generator[None, None, None]:
    """Turns an OSError into a JobError that says what `path` could not be written for."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise disk_full(path) from exc
        raise JobError(
            f"'{path}' could not be written: {exc.strerror or exc}; see to the folder '{path.parent}' and run the same "
            "command again, it goes on after what is finished"
        ) from exc


@contextmanager
def held(folder: Path) -> Generator[None, None, None]:
    """Holds a folder, so that no other process works in it; the folder is made if there is none.

    However a process ends, its lock ends with it. Raises JobError where another one holds it, or it cannot be had.
    """
    lock = FileLock(folder / LOCK)
    with explained(folder / LOCK):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout as exc:
            raise JobError(
                f"another process works in '{folder}': wait until it has ended, end it first, or name another folder"
            ) from exc
    try:
        yield
    finally:
        lock.release()
