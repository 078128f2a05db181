"""What a checkpoint holds, in words."""

import time
from collections.abc import Iterator
from typing import Any

from training.core.folder import MANIFEST, Checkpoint
from training.core.progress import clock
from training.core.state import names


def told(found: Checkpoint) -> Iterator[str]:
    """Yield lines for people: how far it is, networks, files, settings, versions."""
    facts = found.facts
    written = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime((found.path / MANIFEST).stat().st_mtime))
    yield f"{found.path}, written {written}"
    yield f"steps done: {facts.step} of {facts.settings.get('steps')}, {clock(facts.seconds)} of training"
    yield f"next sample: {facts.sample}; processes: {facts.processes}"
    for name in names(found.files, "network"):
        updates = f", average of {facts.updates[name]} updates" if name in facts.updates else ""
        yield f"network {name}: {_parameters(found, name):,} numbers{updates}"
    yield from _table("numbers", {name: f"{value:.6g}" for name, value in facts.values.items()})
    yield from _table("files", {name: f"{each['bytes']:,} bytes" for name, each in found.files.items()})
    yield from _table("settings", facts.settings)
    yield from _table("versions", facts.versions)


def _parameters(found: Checkpoint, name: str) -> int:
    return sum(value.numel() for value in found.load(f"network-{name}.pt").values())


def _table(title: str, rows: Any) -> Iterator[str]:
    if rows:
        yield f"{title}:"
        yield from (f"  {name}: {value}" for name, value in rows.items())
