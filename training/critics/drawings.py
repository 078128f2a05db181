"""Drawn frames to learn features from: their lines and what is in them, each drawn once and then kept as a file."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from training import toon
from training.toon.effects import EFFECTS
from training.toon.staging import FRAMINGS, PLACES
from training.toon.text import TEXTS
from vsanimesr.durable import explained, publish
from vsanimesr.errors import TrainingError

NAMES = (
    *(f"place:{name}" for name in (*PLACES, "foreground")),
    *(f"actor:{name}" for name in ("person", "thing", "car")),
    *(f"effect:{name}" for name in EFFECTS),
    *(f"text:{name}" for name in TEXTS),
    *(f"framing:{name}" for name in FRAMINGS),
)
"""What may be in a shot, as the renderer calls its generators, and how it may be framed."""
FRAMES = 48
"""Of the clips out of which a frame each is taken."""
_KEY = "names"


@dataclass(frozen=True, eq=False)
class Drawing:
    """A frame and what the renderer knows of it."""

    image: NDArray[np.uint8]
    """RGB, [H, W, 3]."""
    lines: NDArray[np.uint8]
    """How much of each sample is ink, [H, W]."""
    names: tuple[str, ...]
    """Which of NAMES its shot has."""


@dataclass(frozen=True)
class Drawings:
    """Drawing i is a frame of the clip of seed i; a missing file is drawn, and read ever after."""

    folder: Path
    """Where they are kept, of all splits, sizes and versions of the renderer."""
    size: tuple[int, int] = (640, 384)
    """Width and height."""
    split: str = "train"
    """Of the renderer."""

    def __getitem__(self, number: int) -> Drawing:
        """Raises JobError where a file cannot be written, TrainingError where it cannot be read."""
        file = self.file(number)
        if not file.exists():
            _write(file, drawn(number, self.size, self.split))
        return _read(file)

    def file(self, number: int) -> Path:
        """Where a drawing is kept: PNG, its lines as the fourth channel, its names as text."""
        width, height = self.size
        return self.folder / f"toon{toon.VERSION}-{self.split}-{width}x{height}" / f"{number:08}.png"


def drawn(number: int, size: tuple[int, int], split: str) -> Drawing:
    """A frame, any, of the clip of that seed."""
    clip = toon.clip(number, frames=FRAMES, size=size, split=split)
    n = int(np.random.default_rng(number).integers(FRAMES))
    frame, shot = clip[n], clip.shot_at(n)
    found = {*shot.names, f"framing:{shot.kind}"}
    return Drawing(frame.image, frame.lines, tuple(name for name in NAMES if name in found))


def _write(file: Path, drawing: Drawing) -> None:
    """The file appears when it is whole, whoever else draws the same."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
    notes = PngInfo()
    notes.add_text(_KEY, json.dumps(drawing.names))
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            picture = Image.fromarray(np.dstack([drawing.image, drawing.lines]))
            picture.save(unfinished, "PNG", pnginfo=notes, compress_level=1)
            publish(unfinished, file)
        finally:
            unfinished.unlink(missing_ok=True)


def _read(file: Path) -> Drawing:
    try:
        with Image.open(file) as picture:
            planes = np.asarray(picture, np.uint8)
            return Drawing(planes[..., :3], planes[..., 3], tuple(json.loads(picture.info[_KEY])))
    except (OSError, ValueError, KeyError, IndexError, SyntaxError) as error:
        raise TrainingError(f"'{file}' is no drawing: {error!r}; delete it, and it is drawn again") from error
