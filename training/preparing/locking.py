"""Only one preparation in a folder."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vsanimesr.durable import explained
from vsanimesr.errors import JobError

FILE = ".lock"


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Makes the folder and keeps other processes from preparing in it; raises JobError if one does already."""
    lock = FileLock(folder / FILE)
    with explained(folder / FILE):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise JobError(f"another process works in '{folder}': wait for it, or take another --out") from error
    try:
        yield
    finally:
        lock.release()
