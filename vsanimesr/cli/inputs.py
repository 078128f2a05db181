"""Which files a command line means, and where each goes."""

import glob
from collections.abc import Sequence
from pathlib import Path

from vsanimesr.errors import ArgumentError

VIDEOS = {".mkv", ".mp4", ".m4v", ".mov", ".avi", ".webm", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".wmv"}
"""Suffixes of what is taken out of a folder."""


def files(words: Sequence[str]) -> list[Path]:
    """Files, the videos of folders, and what patterns match, each once, in that order; raises ArgumentError."""
    found = [path for word in words for path in _meant(word)]
    return list(dict.fromkeys(found))


def outputs(sources: Sequence[Path], wanted: str, *, suffix: str) -> list[Path]:
    """Where each goes: a file, or into a folder under its own name with that suffix. Raises ArgumentError."""
    target = Path(wanted)
    if not (target.is_dir() or wanted.endswith(("/", "\\")) or len(sources) > 1):
        return [target]
    if target.is_file():
        raise ArgumentError(f"{len(sources)} videos cannot all become '{target}'; give a folder by --output")
    target.mkdir(parents=True, exist_ok=True)
    found = [target / f"{source.stem}{suffix}" for source in sources]
    if len(set(found)) < len(found):
        double = next(path for path in found if found.count(path) > 1)
        raise ArgumentError(f"two of the videos would become '{double}'; upscale them one by one")
    return found


def _meant(word: str) -> list[Path]:
    path = Path(word)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in VIDEOS and file.is_file())
        if not found:
            raise ArgumentError(f"there is no video in the folder '{path}'; wanted {', '.join(sorted(VIDEOS))}")
        return found
    if path.exists() or not glob.has_magic(word):
        return [path]
    found = sorted(Path(name) for name in glob.iglob(word, recursive=True) if Path(name).is_file())  # noqa: PTH207  # also absolute ones
    if not found:
        raise ArgumentError(f"nothing matches '{word}'")
    return found
