"""Engines by their key: look for one, or build it once for every process that wants it.

A build runs under a lock. Its engine is written before its metadata, both under a temporary name and then renamed: what
a killed process leaves has no metadata, or some that do not fit, and is never used.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from vsanimesr.engines import files
from vsanimesr.engines.engine import Engine, describe, load, metadata
from vsanimesr.engines.key import DIGITS, SUFFIX, EngineKey
from vsanimesr.errors import EngineError, EngineMissing, EngineNotBuilt
from vsanimesr.models import registry

SAME = ("model", "graph", "format", "precision", "shapes", "library")
"""What people know an engine by; if only other fields differ, they expected it to be used and are told why not."""


def folder(engine_dir: Path | None) -> Path:
    """Folder of the engines: `engine_dir`, else that within $VSANIMESR_HOME, else that within the user's cache."""
    if engine_dir is not None:
        return engine_dir
    home = os.environ.get(registry.HOME)
    return (Path(home) if home else platformdirs.user_cache_path("vsanimesr")) / "engines"


def find(key: EngineKey, folder: Path) -> tuple[Engine | None, str]:
    """The engine of a key, whole; or None and why not.

    The text is '' where there is nothing like it. Else it tells in one line why the file that is there is not used:
    damaged, cut short, without metadata, of another key; or what has changed since the last engine for this purpose.
    """
    found = _look(key, folder)
    return (None, found) if isinstance(found, str) else (found[0], "")


def obtain(
    key: EngineKey,
    folder: Path,
    build: Callable[[], bytes],
    *,
    say: Callable[[str], None],
    may_build: bool = True,
    how: str = "",
) -> tuple[Engine, bytes, bool]:
    """The engine of a key and its bytes, built if there is none; the last value tells whether it was built now.

    `build` is called at most once and under a lock: of several processes one builds, the others wait and use its file.
    `say` gets lines for people: why a file is not used, that it waits, that it builds.

    Raises EngineMissing, ended by the line `how`, if there is none and `may_build` is False, EngineNotBuilt if `build`
    returns nothing, EngineError where the folder cannot be written, and whatever `build` raises; then nothing is kept.
    """
    found = _look(key, folder)
    if not isinstance(found, str):
        return *found, False
    if not may_build:
        raise EngineMissing("\n".join(filter(None, (_missing(key, folder, found), how))))
    path = folder / key.file_name
    with files.locked(path, lambda: say(f"another process builds {path.name}; waiting for it")):
        found = _look(key, folder)
        if not isinstance(found, str):
            return *found, False
        if found:
            say(found)
        return *_build(key, path, build, say), True


def _build(key: EngineKey, path: Path, build: Callable[[], bytes], say: Callable[[str], None]) -> tuple[Engine, bytes]:
    with files.explained(path.parent):
        files.remove_parts(path)
    say(f"building the engine of {key}; it will be kept in {path.parent}")
    start = time.monotonic()
    data = build()
    seconds = round(time.monotonic() - start, 3)
    if not data:
        raise EngineNotBuilt(f"{key.library} {key.library_version} built an empty engine of {key}; nothing was kept")
    built = datetime.now(UTC).isoformat(timespec="seconds")
    engine = Engine(key, path, len(data), seconds, built, hashlib.sha256(data).hexdigest())
    with files.explained(path.parent):
        files.write(data, path)
        files.write(metadata(engine), files.metadata_path(path))
    return engine, data


def _look(key: EngineKey, folder: Path) -> tuple[Engine, bytes] | str:
    """The engine of a key and its bytes, or why not."""
    problems = []
    for path in _candidates(key, folder):
        try:
            engine, data = load(path)
        except EngineError as error:
            problems.append(f"{error}; it is not used")
            continue
        if engine.key.digest == key.digest:
            return engine, data
        problems.append(f"{path.name} is the engine of another key; it is not used")
    return problems[0] if problems else _changed(key, folder)


def _candidates(key: EngineKey, folder: Path) -> list[Path]:
    """Files that may hold the engine: that of its name, then those of the same weights under another model's name."""
    found = folder.glob(f"*.{key.digest[:DIGITS]}{SUFFIX}")
    return sorted(found, key=lambda path: (path.name != key.file_name, path.name))


def _changed(key: EngineKey, folder: Path) -> str:
    """What has changed since the engine that is most like the wanted one; '' where none serves the same purpose."""
    alike = [e.key for e in described(folder) if all(getattr(e.key, name) == getattr(key, name) for name in SAME)]
    if not alike:
        return ""
    nearest = min(alike, key=lambda other: (len(_differences(other, key)), other.file_name))
    return f"{nearest.file_name} is not used: {', '.join(_differences(nearest, key))}"


def _differences(found: EngineKey, wanted: EngineKey) -> list[str]:
    values = [(field.name, getattr(found, field.name), getattr(wanted, field.name)) for field in fields(EngineKey)]
    return [f"its {name} is {_short(had)}, wanted {_short(want)}" for name, had, want in values if had != want]


def _short(value: object) -> str:
    """A value of a key in words; of a hash the beginning."""
    if isinstance(value, tuple):
        return _short(", ".join(map(str, value)))
    text = "" if value is None else str(value)
    return f"{text[:12]}..." if len(text) == 64 else text or "not set"


def described(folder: Path) -> Iterator[Engine]:
    """Every engine whose metadata are good."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield describe(path)
        except EngineError:
            continue  # damaged ones are listed by `entries`


def _missing(key: EngineKey, folder: Path, notice: str) -> str:
    return f"there is no engine of {key} in {folder}, and none may be built here{f' ({notice})' if notice else ''}."
