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
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def outputs(sources: Sequence[Path], wanted: str, *, suffix: str) -> list[Path]:
    """Where each goes: a file, or into a folder under its own name with that suffix. Raises ArgumentError."""
    target = Path(wanted)
    if not wanted:
        raise ArgumentError("the output has no name; give one by --output")
    if not (target.is_dir() or wanted.endswith(("/", "\\")) or len(sources) > 1):
        return [target]
    if target.is_file() or (target.suffix.lower() in VIDEOS and not target.is_dir()):
        raise ArgumentError(f"{len(sources)} videos cannot all become '{target}'; give a folder by --output")
    found = [target / f"{source.stem}{suffix}" for source in sources]
    if len(set(found)) < len(found):
        double = next(path for path in found if found.count(path) > 1)
        raise ArgumentError(f"two of the videos would become '{double}'; upscale them one by one")
    target.mkdir(parents=True, exist_ok=True)
    return found


def _meant(word: str) -> list[Path]:
    if not word:
        raise ArgumentError("an input has no name; was a variable of your shell empty?")
    path = Path(word)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in VIDEOS and _is_shown(file))
        if not found:
            raise ArgumentError(f"there is no video in the folder '{path}'; wanted {', '.join(sorted(VIDEOS))}")
        return found
    if path.exists() or not glob.has_magic(word):
        return [path]
    found = sorted(Path(name) for name in glob.iglob(word, recursive=True) if Path(name).is_file())  # noqa: PTH207  # also absolute ones
    if not found:
        raise ArgumentError(f"nothing matches '{word}'")
    return found


def _is_shown(file: Path) -> bool:
    """Whether it is a file that people see; what begins with a dot is a program's own, such as a killed job's."""
    return file.is_file() and not file.name.startswith(".")
