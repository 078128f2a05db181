"""Where textures and edges are: unpleasant artefacts are most likely there (AnimeSR, appendix B, step 1)."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.preparing import decoding
from training.preparing.records import Video
from training.rescaling.footage import Window, windows
from vsanimesr.errors import TrainingError

type Picture = NDArray[np.uint8]
"""RGB, [H, W, 3]."""

LOOKED = 4
"""Windows that are looked at for each patch that is wanted."""
STRONG = 24.0
"""Gradients above this, in steps of 8 bits per sample, count as this, so many lines are more than one hard edge."""
STEP = 4
"""Samples from one place that a patch may have to the next."""


@dataclass(frozen=True)
class Patch:
    """A square of a frame, and the window whose last frame that is."""

    window: Window
    """The frames that a recurrent network steps through."""
    left: int
    """Column of its left side."""
    top: int
    """Row of its upper side."""
    side: int
    """Width and height."""
    energy: float
    """Mean of its capped gradients, in steps of 8 bits per sample."""

    def context(self, height: int, width: int, margin: int) -> tuple[slice, slice]:
        """Rows and columns of the patch and of what lies about it, so far as there is any in frames of that size.

        Where frames are large enough its sides are 2 `margin` more than the patch's at any place.
        """
        return _around(self.top, self.side, height, margin), _around(self.left, self.side, width, margin)


def gradients(picture: Picture) -> NDArray[np.float32]:
    """Length of Sobel's gradient of the gray values, [H, W], in steps of 8 bits per sample."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    along, down = (cv2.Sobel(gray, cv2.CV_32F, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(along, down), np.float32)


def busiest(picture: Picture, side: int) -> tuple[float, int, int]:
    """The most energy that a square of a frame has, and its column and row.

    Raises TrainingError where no such square fits.
    """
    height, width = picture.shape[:2]
    if min(height, width) < side:
        raise TrainingError(f"patches of {side}x{side} do not fit frames of {width}x{height}; lower --patch")
    sums = cv2.integral(np.minimum(gradients(picture), STRONG), sdepth=cv2.CV_64F)
    energies = (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side])[::STEP, ::STEP]
    row, column = np.unravel_index(int(energies.argmax()), energies.shape)
    return float(energies[row, column] / side**2), STEP * int(column), STEP * int(row)


def find(video: Video, count: int, side: int, frames: int, seed: int) -> list[Patch]:
    """The patches of most energy of several frames, of as many shots as there are; in the order of their times.

    They depend on the video, these numbers and nothing else. Raises TrainingError for a video without as many windows
    of `frames` frames between cuts, or for frames that are smaller than a patch.
    """
    found = windows(video.measures, frames, seed)
    if len(found) < count:
        raise TrainingError(
            f"'{video.path}' has {len(found)} windows of {frames} frames without a cut, wanted {count}; "
            "lower --patches or --frames"
        )
    ranked = sorted(_busiest_of(video, found[: LOOKED * count], side), key=lambda each: -each.energy)
    first = {each.window.shot: each for each in reversed(ranked)}  # the best of each shot
    ordered = sorted(ranked, key=lambda each: (first[each.window.shot] is not each, -each.energy))
    return sorted(ordered[:count], key=lambda each: each.window.first)


def _busiest_of(video: Video, looked: list[Window], side: int) -> Iterator[Patch]:
    ordered = sorted(looked, key=lambda window: window.first)
    numbers = [window.last for window in ordered]
    decoded = decoding.some(video.path, video.measures.time[numbers].tolist(), numbers)
    for window, picture in zip(ordered, decoded, strict=True):
        energy, left, top = busiest(picture, side)
        yield Patch(window, left, top, side, energy)


def _around(at: int, side: int, length: int, margin: int) -> slice:
    whole = min(length, side + 2 * margin)
    first = min(max(0, at - margin), length - whole)
    return slice(first, first + whole)
