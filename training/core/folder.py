"""Checkpoints on disk: a folder appears whole under its name or not at all."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from training.core.state import FORMAT, Facts, State, names
from vsanimesr.durable import sync_folder
from vsanimesr.errors import TrainingError

MANIFEST = "checkpoint.json"
PREFIX = "step-"
WRITING, REMOVED = ".writing-", ".removed-"
"""Begin the names of folders that are not whole any more, or not yet."""


@dataclass(frozen=True)
class Checkpoint:
    """A whole one: every file is as it was written."""

    path: Path
    """Its folder."""
    facts: Facts
    """What its manifest says."""
    files: dict[str, dict[str, Any]]
    """Bytes and SHA-256 of each file."""

    def load(self, file: str) -> Any:
        """The tensors of a file, on the CPU; only tensors and plain values are read. Raises TrainingError."""
        if file not in self.files:
            raise TrainingError(f"'{self.path}' has no {file}, it has {', '.join(self.files)}")
        return _loaded(self.path / file)

    def state(self) -> State:
        """Everything in it; raises TrainingError."""
        kinds = {
            f"{kind}s": {name: self.load(f"{kind}-{name}.pt") for name in names(self.files, kind)}
            for kind in ("network", "average", "optimiser")
        }
        return State(**kinds, random=self.load("random.pt"))


def name_of(step: int) -> str:
    """Of a checkpoint's folder."""
    return f"{PREFIX}{step:08d}"


def write(parent: Path, state: State, facts: Facts) -> Path:
    """Write a checkpoint into `parent`, which may hold one of the same step already, and return its folder.

    The files are on the disk before the folder gets its name, so neither a killed process nor a power cut leaves half
    a checkpoint under it. Raises TrainingError if it cannot be written.
    """
    path = parent / name_of(facts.step)
    temporary = parent / f"{WRITING}{path.name}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        _fill(temporary, state, facts)
        remove(path)
        temporary.rename(path)
        sync_folder(parent)
    except (OSError, RuntimeError) as exc:  # PyTorch says the latter when a disk is full
        shutil.rmtree(temporary, ignore_errors=True)
        raise TrainingError(
            f"'{path}' could not be written: {exc}; free some space or see to the folder's rights, then start the "
            "training again, it goes on after the checkpoint before"
        ) from exc
    return path


def _fill(folder: Path, state: State, facts: Facts) -> None:
    files = {}
    for name, thing in state.files():
        torch.save(thing, folder / name)
        files[name] = _described(folder / name)
    manifest = {"format": FORMAT, **facts.as_json(), "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for name in (*files, MANIFEST):
        with (folder / name).open("r+b") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def read(path: Path) -> Checkpoint:
    """The checkpoint in a folder; raises TrainingError, which says why, unless every file of it is whole."""
    found = described(path)
    for name, wanted in found.files.items():
        try:
            got = _described(path / name)
        except OSError as exc:
            raise TrainingError(f"'{path}' is damaged: {name} cannot be read: {exc.strerror}") from exc
        if got != wanted:
            raise TrainingError(f"'{path}' is damaged: {name} is {_words(got)}, wanted {_words(wanted)}")
    return found


def described(path: Path) -> Checkpoint:
    """The checkpoint in a folder as its manifest has it; its other files are not looked at. Raises TrainingError."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if manifest.pop("format") != FORMAT:
            raise TrainingError(f"'{path}' is no checkpoint of format {FORMAT}: use the version that made it")
        files = manifest.pop("files")
        facts = Facts(**{f.name: manifest[f.name] for f in fields(Facts)})
    except FileNotFoundError as exc:
        raise TrainingError(f"'{path}' is no checkpoint: it has no {MANIFEST}") from exc
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise TrainingError(f"'{path}' is damaged: {MANIFEST} cannot be read: {exc}") from exc
    return Checkpoint(path, facts, files)


def remove(path: Path) -> None:
    """Delete a checkpoint, if there is one, so that it has lost its name before it is not whole; raises OSError."""
    if path.exists():
        gone = path.with_name(f"{REMOVED}{path.name}")
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone)


def _loaded(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # whatever a damaged archive makes PyTorch raise
        raise TrainingError(f"'{path}' cannot be read: {exc}") from exc


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _words(description: dict[str, Any]) -> str:
    return f"{description['bytes']} bytes of SHA-256 {description['sha256'][:12]}"
