"""Sources as people name them on a command line."""

import re
from collections.abc import Sequence
from pathlib import Path

from training.data.folders import FolderClips
from training.data.mixed import Mixed
from training.data.sources import Source
from training.data.toons import ToonClips
from training.data.videos import VideoClips
from training.preparing.records import LISTED
from vsanimesr.errors import ArgumentError

HELP = (
    "a folder of clips, a clips.jsonl, a video, or toon, toon:SEEDS, toon:SEEDS:FOLDER for rendered ones; "
    "WEIGHT*SOURCE, such as 0.3*toon, where there are several"
)
"""What `source` takes."""
_WEIGHT = r"\d+\.?\d*|\.\d+"


def source(texts: Sequence[str]) -> Source:
    """One source, or several as one, each as HELP says; raises ArgumentError and MediaError."""
    parts = [_weighted(text) for text in texts]
    return parts[0][1] if len(parts) == 1 else Mixed(parts)


def pictures(text: str) -> str:
    """What the pictures of a source, named so, depend on: the folder that keeps rendered clips is left out.

    Raises nothing: the source need not be there.
    """
    rendered = re.fullmatch(rf"((?:(?:{_WEIGHT})\*)?toon:\d+):.*", text)
    return rendered[1] if rendered else text


def _weighted(text: str) -> tuple[float, Source]:
    found = re.fullmatch(rf"({_WEIGHT})\*(.+)", text)
    return (float(found[1]), _one(found[2])) if found else (1.0, _one(text))


def _one(text: str) -> Source:
    if text == "toon" or text.startswith("toon:"):
        return _toon(text)
    path = Path(text)
    if path.is_dir():
        return VideoClips.listed(path / LISTED) if (path / LISTED).exists() else FolderClips(path)
    if not path.exists():
        raise ArgumentError(f"'{text}': no such file or folder; wanted {HELP}")
    return VideoClips.listed(path) if path.suffix == ".jsonl" else VideoClips.whole([path])


def _toon(text: str) -> Source:
    _, *rest = text.split(":", 2)
    if not rest:
        return ToonClips()
    if not rest[0].isdecimal():
        raise ArgumentError(f"'{text}', wanted toon, toon:SEEDS or toon:SEEDS:FOLDER, such as toon:200:rendered")
    return ToonClips(int(rest[0]), kept=Path(rest[1]) if len(rest) > 1 else None)
