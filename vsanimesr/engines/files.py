"""Files that are there whole or not at all, and the lock under which one process at a time makes them."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from vsanimesr.errors import EngineError
from vsanimesr.models import registry

PART = ".part"
"""End of a temporary name; its beginning is a dot and the name that the file is to get."""


def metadata_path(path: Path) -> Path:
    """Where the metadata of an engine lie."""
    return path.with_name(f"{path.name}.json")


def cache_path(path: Path, gpu: str) -> Path:
    """Where a library may keep what it finds out while it runs an engine on GPUs of that name."""
    return path.with_name(f"{path.name}.{re.sub(r'[^A-Za-z0-9]+', '-', gpu).strip('-')}.cache")


def cache_paths(path: Path) -> list[Path]:
    """What it has kept of an engine, for whatever GPUs."""
    return sorted(path.parent.glob(f"{path.name}.*.cache"))


def lock_path(path: Path) -> Path:
    """Where the lock of an engine lies; the file tells nothing, only the lock on it does."""
    return path.with_name(f"{path.name}.lock")


def write(data: bytes, path: Path) -> None:
    """Write a file under a temporary name beside `path` and rename it; raises OSError and then leaves nothing."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(path: Path) -> None:
    """Remove what killed builds of an engine left under temporary names; whoever calls holds its lock."""
    for file in list(path.parent.iterdir()):
        if file.name.startswith(f".{path.name}.") and file.name.endswith(PART):
            file.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of an engine; `waiting` is called, once, if another process holds it.

    The folder is made if there is none. Raises EngineError where the lock cannot be had.
    """
    lock = FileLock(lock_path(path))
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        free = _try(lock)
    if not free:
        waiting()
        with explained(path.parent):
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locked_now(path: Path) -> Iterator[bool]:
    """Hold the lock of an engine if nobody else does: the value tells. Raises OSError where it cannot be asked."""
    lock = FileLock(lock_path(path))
    free = _try(lock)
    try:
        yield free
    finally:
        if free:
            lock.release()


def _try(lock: BaseFileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn an OSError into an EngineError that names the folder and the way out."""
    try:
        yield
    except OSError as error:
        raise EngineError(
            f"engines cannot be kept in {folder}: {error.strerror or error}; "
            f"name another folder (engine_dir= or --engine-dir) or set {registry.HOME}"
        ) from error
