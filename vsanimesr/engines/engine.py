"""An engine on disk: a file, and beside it metadata that tell what it is and what its bytes must hash to.

Nothing is believed: the metadata carry a hash of themselves, the name of the file follows from the key, and size and
hash of the bytes are compared before they are handed out.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vsanimesr.engines import strict
from vsanimesr.engines.files import metadata_path
from vsanimesr.engines.key import EngineKey
from vsanimesr.errors import EngineError

VERSION = 1
"""Version of the metadata's layout."""
MAX_METADATA = 1 << 16
"""Most bytes of a metadata file; they have about 1 KB."""
MEMBERS = ("key", "nbytes", "seconds", "built", "sha256", "version", "metadata_sha256")


@dataclass(frozen=True)
class Engine:
    """An engine on disk."""

    key: EngineKey
    """What it is."""
    path: Path
    """Its file."""
    nbytes: int
    """Size of the file, bytes."""
    seconds: float
    """What building it took, s."""
    built: str
    """When it was built: ISO date and time, UTC."""
    sha256: str
    """SHA-256 of the file, in hex."""


def metadata(engine: Engine) -> bytes:
    """What the file of metadata holds: JSON, one member a line, with a hash of all the others."""
    described: dict[str, Any] = {**asdict(engine), "key": engine.key.to_json(), "version": VERSION}
    del described["path"]
    described["metadata_sha256"] = hashlib.sha256(_text(described)).hexdigest()
    return _text(described)


def describe(path: Path) -> Engine:
    """The engine that the metadata of `path` describe; the file itself is not looked at.

    Raises EngineError, which starts with the file's name, if there are no metadata, or damaged or foreign ones.
    """
    try:
        data = _read(metadata_path(path), MAX_METADATA)
    except FileNotFoundError as error:
        raise EngineError(f"{path.name} has no metadata beside it: its build did not end") from error
    except OSError as error:
        raise EngineError(f"the metadata of {path.name} cannot be read: {error.strerror or error}") from error
    try:
        engine = _parse(data, path)
    except ValueError as error:
        raise EngineError(f"the metadata of {path.name} are damaged: {error}") from error
    # The name is compared without case, since there are file systems without.
    if engine.key.file_name.casefold() != path.name.casefold():
        raise EngineError(f"the metadata of {path.name} are those of {engine.key.file_name}")
    return engine


def load(path: Path) -> tuple[Engine, bytes]:
    """An engine and its bytes; raises EngineError, which starts with the file's name, unless all of it is whole."""
    engine = describe(path)
    return engine, read(engine)


def read(engine: Engine) -> bytes:
    """The bytes of an engine; raises EngineError, which names the file, unless size and SHA-256 are as they were."""
    name = engine.path.name
    try:
        if (found := engine.path.stat().st_size) != engine.nbytes:
            raise EngineError(f"{name} has {found} bytes, and had {engine.nbytes} when it was built")
        data = engine.path.read_bytes()
    except OSError as error:
        raise EngineError(f"{name} cannot be read: {error.strerror or error}") from error
    if (sha256 := hashlib.sha256(data).hexdigest()) != engine.sha256:
        raise EngineError(
            f"{name} is damaged: its SHA-256 is {sha256[:12]}..., and was {engine.sha256[:12]}... when it was built"
        )
    return data


def _parse(data: bytes, path: Path) -> Engine:
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if isinstance(value, dict) and value.get("version") != VERSION:
        raise ValueError(f"their version is {value.get('version')!r}, wanted {VERSION}")
    entries = strict.record(value, MEMBERS, "what was read")
    engine = Engine(
        key=EngineKey.from_json(entries["key"]),
        path=path,
        nbytes=strict.integer(entries["nbytes"]),
        seconds=strict.number(entries["seconds"]),
        built=strict.text(entries["built"]),
        sha256=strict.text(entries["sha256"]),
    )
    if not math.isfinite(engine.seconds) or metadata(engine) != data:
        raise ValueError("they are not as they were written")
    return engine


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)


def _text(described: dict[str, Any]) -> bytes:
    return (json.dumps(described, indent=1) + "\n").encode()
