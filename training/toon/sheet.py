"""Contact sheets: one frame of each of many clips, to look at."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from training.toon.film import clip
from training.toon.noise import Pixels
from vsanimesr.errors import ArgumentError

_JPEG = tuple({"format": "JPEG", "quality": quality, "optimize": True} for quality in (92, 85, 75, 65, 55, 45, 35))
KINDS: dict[str, tuple[dict[str, Any], ...]] = {".png": ({"format": "PNG"},), ".jpg": _JPEG, ".jpeg": _JPEG}
"""How pictures are written, by the end of their name: the best first."""


def sheet(
    seeds: range,
    *,
    columns: int,
    size: tuple[int, int],
    split: str,
    frame: int,
    shrink: int,
    said: Callable[[int, str], None],
) -> Pixels:
    """Frame `frame` of each clip, in rows from the left, each drawn at `size` and then shrunk by a whole factor.

    `said` is told each seed and how its first shot is framed. Returns RGB. Raises ArgumentError where nothing is left.
    """
    width, height = size[0] // shrink, size[1] // shrink
    if not min(width, height):
        raise ArgumentError(f"frames of {size[0]}x{size[1]} cannot be shrunk by {shrink}: give less --shrink")
    rows = -(-len(seeds) // columns)
    made: Pixels = np.zeros((rows * height, columns * width, 3), np.uint8)
    for i, seed in enumerate(seeds):
        drawn = clip(seed, frames=frame + 1, size=size, split=split)
        y, x = divmod(i, columns)
        small = cv2.resize(drawn[frame].image, (width, height), interpolation=cv2.INTER_AREA)
        made[y * height : (y + 1) * height, x * width : (x + 1) * width] = small
        said(seed, drawn.shot(0).kind)
    return made


def save(image: Pixels, output: Path, most: int | None = None) -> None:
    """Writes a PNG or JPEG; the latter with the best quality that keeps it to that many bytes.

    Raises ArgumentError for other kinds of files, or where no quality does.
    """
    if output.suffix.lower() not in KINDS:
        raise ArgumentError(f"a sheet is a .png or a .jpg, not {output.name}")
    for settings in KINDS[output.suffix.lower()]:
        file = io.BytesIO()
        Image.fromarray(image).save(file, **settings)
        if most is None or file.tell() <= most:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_bytes(file.getvalue())
            return
    raise ArgumentError(
        f"{output.name} would have {file.tell()} bytes or more, wanted {most}: allow more --bytes, or make it smaller "
        "by a higher --shrink or less --count"
    )
