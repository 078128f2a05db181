"""The checkpoints of a run: which is the newest whole one, and which are kept."""

import logging
import shutil
from itertools import islice
from pathlib import Path

from training.core import folder
from training.core.folder import PREFIX, REMOVED, WRITING, Checkpoint
from vsanimesr.errors import TrainingError

_LOG = logging.getLogger(__name__)


def all_in(parent: Path) -> list[Path]:
    """The folders of checkpoints, whole or not, the oldest first."""
    found = [path for path in parent.glob(f"{PREFIX}*") if path.is_dir() and path.name.removeprefix(PREFIX).isdigit()]
    return sorted(found, key=step_of)


def step_of(path: Path) -> int:
    """The step of a checkpoint, by its folder's name."""
    return int(path.name.removeprefix(PREFIX))


def newest(parent: Path) -> Checkpoint | None:
    """The newest whole checkpoint, None if there is none at all; a damaged one is passed over with a warning.

    Raises TrainingError if every one is damaged: then a training would begin anew that nobody asked to.
    """
    found = all_in(parent)
    for path in reversed(found):
        if whole := _if_whole(path):
            return whole
    if not found:
        return None
    raise TrainingError(
        f"none of the {len(found)} checkpoints in '{parent}' is whole; bring one back from a copy, or delete that "
        "folder to begin anew"
    )


def prune(parent: Path, keep: int, milestone_every: int = 0) -> None:
    """Delete all but the last `keep` checkpoints and those of multiples of `milestone_every` steps (0: none).

    The newest whole one stays in any case. Raises TrainingError if a folder cannot be deleted.
    """
    found = all_in(parent)
    kept = set(found[-keep:]) | {path for path in found if _milestone(path, milestone_every)}
    if not any(_if_whole(path) for path in reversed(found) if path in kept):
        kept |= {whole.path for whole in islice(filter(None, map(_if_whole, reversed(found))), 1)}
    for path in found:
        if path not in kept:
            _remove(path)


def sweep(parent: Path) -> None:
    """Delete what killed processes left half written or half deleted."""
    for prefix in (WRITING, REMOVED):
        for path in parent.glob(f"{prefix}*"):
            shutil.rmtree(path, ignore_errors=True)


def find(path: Path) -> Checkpoint:
    """The checkpoint in a folder, or the newest of a run's folder; raises TrainingError."""
    if (path / folder.MANIFEST).exists():
        return folder.read(path)
    for parent in (path / "checkpoints", path):
        if found := newest(parent):
            return found
    raise TrainingError(f"'{path}' has no checkpoints: name the folder of a training or of one of its checkpoints")


def _milestone(path: Path, every: int) -> bool:
    return bool(every) and step_of(path) > 0 and step_of(path) % every == 0


def _if_whole(path: Path) -> Checkpoint | None:
    try:
        return folder.read(path)
    except TrainingError as error:
        _LOG.warning("%s; it is passed over", error)
        return None


def _remove(path: Path) -> None:
    try:
        folder.remove(path)
    except OSError as exc:
        raise TrainingError(f"'{path}' cannot be deleted: {exc}; see to the folder's rights") from exc
