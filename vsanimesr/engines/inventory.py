"""What lies in a folder of engines, and its removal; files that are not ours are never touched."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from vsanimesr.engines import files
from vsanimesr.engines.engine import Engine, describe, read
from vsanimesr.errors import EngineError

NAME = r"\w[\w.-]*\.[0-9a-f]{12}\.engine"
OURS = re.compile(rf"({NAME})(?:\.json|\.lock|\.[A-Za-z0-9-]+\.cache)?", re.ASCII)
PARTS = re.compile(rf"\.({NAME})(?:\.json|\.[A-Za-z0-9-]+\.cache)?\.[0-9a-f]{{8}}\.part", re.ASCII)
"""Names of temporary files."""


@dataclass(frozen=True)
class Entry:
    """A file of ours that stands for itself: an engine, or something that has none."""

    engine: Engine | None
    """What its metadata say, where those are good; whether the engine is whole too is what `problem` tells."""
    path: Path
    """The file."""
    problem: str
    """Why it cannot be used, in one line that starts with its name; '' for an engine that is whole."""


def entries(folder: Path) -> list[Entry]:
    """Every engine of a folder, verified; left-over temporary files; metadata, locks and caches without their engine.

    Sorted by name. A folder that does not exist has none; raises EngineError where it cannot be read.
    """
    with files.explained(folder):
        paths = sorted(path for path in folder.iterdir() if path.is_file()) if folder.exists() else []
    return [entry(path) for path in paths if _stands_for_itself(path)]


def entry(path: Path) -> Entry:
    """The entry of one file of ours."""
    if PARTS.fullmatch(path.name):
        return Entry(None, path, f"{path.name} is being written, or was left behind by a killed build")
    if path != _engine_path(path):
        return Entry(None, path, f"{path.name} belongs to no engine: a build is running, failed or was killed")
    try:
        engine = describe(path)
    except EngineError as error:
        return Entry(None, path, str(error))
    try:
        read(engine)
    except EngineError as error:
        return Entry(engine, path, str(error))
    return Entry(engine, path, "")


def clear(
    folder: Path, select: Callable[[Entry], bool], *, say: Callable[[str], None], dry_run: bool = False
) -> list[tuple[Path, int]]:
    """Remove the entries that `select` picks, each engine with its metadata, lock and caches.

    Returns path and size (bytes) of what was removed, or, in a dry run, would be; the locks of engines, which are empty
    files, are not told of. What a running build has locked stays, and so does what cannot be removed; `say` gets a line
    about each. Raises EngineError where the folder cannot be read.
    """
    removed: list[tuple[Path, int]] = []
    selected = sorted((_engine_path(entry.path), entry.path) for entry in entries(folder) if select(entry))
    for path, pairs in groupby(selected, key=lambda pair: pair[0]):
        chosen = [file for _, file in pairs]
        try:
            with _reserved(path, dry_run) as free:
                if not free:
                    say(f"{path.name} is being built; it was left alone")
                    continue
                # A build may have ended since the files were listed, and made a good one of a bad one.
                still = [file for file in chosen if file.exists() and select(entry(file))]
                removed.extend(_removed(path, still, dry_run))
        except OSError as error:
            say(f"{error.filename or path} cannot be removed: {error.strerror or error}")
    return removed


def _removed(path: Path, chosen: list[Path], dry_run: bool) -> Iterator[tuple[Path, int]]:
    """Remove files of one engine, whose lock is held and is left to `_reserved`; tell of each."""
    beside = (files.metadata_path(path), *files.cache_paths(path)) if path in chosen else ()
    for target in [*chosen, *(file for file in beside if file.exists())]:
        size = target.stat().st_size
        if not dry_run and target != files.lock_path(path):
            target.unlink()
        yield target, size


@contextmanager
def _reserved(path: Path, dry_run: bool) -> Iterator[bool]:
    """Whether no build has the engine's lock, which is held meanwhile, and goes if it guards nothing afterwards."""
    lock = files.lock_path(path)
    if dry_run and not lock.exists():
        yield True
        return
    with files.locked_now(path) as free:
        yield free
        if free and not dry_run and not path.exists():
            with suppress(PermissionError):  # Windows keeps a file that is open; the lock removes its file there itself
                lock.unlink(missing_ok=True)


def _engine_path(path: Path) -> Path:
    """The engine that a file of ours is, or belongs to."""
    match = OURS.fullmatch(path.name) or PARTS.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path} is no file of ours")
    return path.with_name(match[1])


def _stands_for_itself(path: Path) -> bool:
    if PARTS.fullmatch(path.name):
        return True
    return OURS.fullmatch(path.name) is not None and (path == _engine_path(path) or not _engine_path(path).is_file())
