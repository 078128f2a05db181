"""Where shots begin, by how much colours change from frame to frame (A9.2 of AVC-Train's preparation).

The differences are those of PySceneDetect's detector of content, in HSV and in Luv; between two thresholds of the first
the second decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from training.preparing.decoding import Picture

CERTAIN = 40.0
"""A change in HSV from here on is a cut."""
DOUBTFUL = 30.0
"""From here on it is one where LUV and the excess over this say so."""
EXCESS = 5.0
"""Weight of that excess beside the change in Luv."""
DECIDING = 40.0
"""A cut where change in Luv and weighted excess are together above this."""
SHORTEST = 15
"""Frames: a cut that comes sooner after another is none."""
SUBSAMPLED = ((3200, 12), (2100, 8), (1700, 6), (1200, 5), (900, 4), (600, 3))
"""From which width on only every how many-th row and column is looked at."""


@dataclass(frozen=True)
class Colours:
    """What is kept of a frame to compare the next one with, at 8 bits as OpenCV has them."""

    hsv: NDArray[np.uint8]
    """[h, w, 3]; hue from 0 to 179."""
    luv: NDArray[np.uint8]
    """[h, w, 3]."""

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """Of a frame, subsampled by its width."""
        step = subsampling(picture.shape[1])
        few = np.ascontiguousarray(picture[::step, ::step])
        return cls(_converted(few, cv2.COLOR_RGB2HSV), _converted(few, cv2.COLOR_RGB2LUV))

    def change(self, before: "Colours") -> tuple[float, float]:
        """Mean absolute difference over samples and channels, in HSV and in Luv."""
        return _difference(self.hsv, before.hsv), _difference(self.luv, before.luv)


@dataclass(frozen=True)
class Shot:
    """Frames without a cut among them."""

    first: int
    """Number of its first frame."""
    count: int
    """How many there are, at least one."""

    @property
    def stop(self) -> int:
        """Number of the frame behind its last."""
        return self.first + self.count


def subsampling(width: int) -> int:
    """Every how many-th row and column is looked at in frames of that width."""
    return next((step for least, step in SUBSAMPLED if width >= least), 1)


def is_cut(hsv: float, luv: float) -> bool:
    """Whether such changes to the frame before are a cut."""
    return hsv >= CERTAIN or (hsv >= DOUBTFUL and luv + EXCESS * (hsv - DOUBTFUL) > DECIDING)


def shots(hsv: Sequence[float], luv: Sequence[float], shortest: int = SHORTEST) -> list[Shot]:
    """All shots of a video whose frames change by so much, the first by 0; each frame is in exactly one.

    What follows the last cut is a shot, too: the authors' code forgets it. Only that one may have fewer frames than
    `shortest`. No frames have no shots.
    """
    starts = [0]
    for number, change in enumerate(zip(hsv, luv, strict=True)):
        if number - starts[-1] >= shortest and is_cut(*change):
            starts.append(number)
    ends = [*starts[1:], len(hsv)]
    return [Shot(first, end - first) for first, end in zip(starts, ends, strict=True) if end > first]


def _converted(picture: Picture, code: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.mean(cv2.absdiff(one, other)))
