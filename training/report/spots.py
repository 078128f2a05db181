"""Places that are worth looking at: where the versions of a picture disagree most."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics.pictures import Picture

SIDE = 160
"""Samples of a crop's side."""
START = 5
"""Frames in which recurrences begin, which are like no others."""
EVERY = 4
"""Samples between the places that are looked at."""


@dataclass(frozen=True, eq=False)
class Spot:
    """One place in one frame."""

    clip: str
    frame: int
    box: tuple[int, int, int, int]
    """Left, top, width and height."""
    size: tuple[int, int]
    """Width and height of the whole picture."""
    whole: Picture
    """The whole picture, of the truth or else of the last method, no wider than 480 samples."""
    crops: Mapping[str, Picture]
    """By version."""


class Finder:
    """Keeps the best place of each of so many parts of a clip, while its frames go by."""

    def __init__(self, clip: str, frames: int, count: int) -> None:
        self._clip, self._frames, self._count = clip, frames, min(count, frames)
        self._best: dict[int, tuple[float, Spot]] = {}

    @property
    def spots(self) -> list[Spot]:
        """What was found, in the order of the frames."""
        return [spot for _, (_, spot) in sorted(self._best.items())]

    def offer(self, n: int, versions: Mapping[str, Picture]) -> None:
        """Look at frame n, whose last version is the truth where there is one; the first ones are left out."""
        if n < min(START, self._frames // 3):
            return
        part = n * self._count // self._frames
        worth, left, top = busiest(disagreement(list(versions.values())), SIDE)
        if part in self._best and worth <= self._best[part][0]:
            return
        height, width = next(iter(versions.values())).shape[:2]
        box = (left, top, min(SIDE, width), min(SIDE, height))
        crops = {name: _cut(picture, box) for name, picture in versions.items()}
        whole = _small(list(versions.values())[-1])
        self._best[part] = worth, Spot(self._clip, n, box, (width, height), whole, crops)


def disagreement(versions: list[Picture]) -> NDArray[np.float32]:
    """Mean distance of the versions from their mean, of each sample, [height, width]."""
    stack = np.stack(versions).astype(np.float32)
    return np.asarray(np.abs(stack - stack.mean(axis=0)).mean(axis=(0, 3)))


def busiest(values: NDArray[np.float32], side: int) -> tuple[float, int, int]:
    """Greatest mean of a square of that side, or of what fits, and its left and top samples; multiples of EVERY."""
    height, width = values.shape
    window = (min(side, width), min(side, height))
    means = np.asarray(cv2.boxFilter(values, -1, window, anchor=(0, 0)))
    inside = means[: height - window[1] + 1 : EVERY, : width - window[0] + 1 : EVERY]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return float(inside[row, column]), EVERY * int(column), EVERY * int(row)


def _cut(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    left, top, width, height = box
    return picture[top : top + height, left : left + width].copy()


def _small(picture: Picture, most: int = 480) -> Picture:
    height, width = picture.shape[:2]
    if width <= most:
        return picture.copy()
    size = (most, max(1, round(height * most / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
