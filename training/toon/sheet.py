"""Contact sheets: one frame of each of many clips, to look at."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from training.toon.film import clip
from training.toon.noise import Pixels
from vsanimesr.errors import ArgumentError


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

    `said` is told each seed and how its first shot is framed. Returns RGB.
    """
    width, height = size[0] // shrink, size[1] // shrink
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

    Raises ArgumentError for other kinds of files.
    """
    if output.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise ArgumentError(f"a sheet is a .png or a .jpg, not {output.name}")
    if output.suffix.lower() == ".png":
        Image.fromarray(image).save(output)
        return
    for quality in (92, 85, 75, 65, 55, 45, 35):
        Image.fromarray(image).save(output, quality=quality, optimize=True)
        if most is None or output.stat().st_size <= most:
            return
