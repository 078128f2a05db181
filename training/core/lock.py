"""Only one training in a folder."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vsanimesr.errors import TrainingError

FILE = ".lock"


@contextmanager
def locked(folder: Path) -> Generator[None, None, None]:
    """Make the folder and keep other processes from training in it; raises TrainingError if one does already."""
    lock = FileLock(folder / FILE, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise TrainingError(f"another process trains in '{folder}': wait for it, or take another folder") from None
    except OSError as exc:
        raise TrainingError(f"'{folder}' cannot be written: {exc.strerror}; see to its rights") from exc
    try:
        yield
    finally:
        lock.release()
