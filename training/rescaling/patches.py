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

    def overlaps(self, other: "Patch") -> bool:
        """Whether they have samples at the same place of one shot in common."""
        apart = max(abs(self.left - other.left), abs(self.top - other.top)) >= self.side
        return self.window.shot == other.window.shot and not apart


def gradients(picture: Picture) -> NDArray[np.float32]:
    """Length of Sobel's gradient of the gray values, [H, W], in steps of 8 bits per sample."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    along, down = (cv2.Sobel(gray, cv2.CV_32F, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(along, down), np.float32)


def busiest(picture: Picture, side: int, count: int) -> Iterator[tuple[float, int, int]]:
    """Squares of a frame that do not overlap, at most `count` of them, those of most energy first.

    Yields the mean of capped gradients, column and row of each. Raises TrainingError where no such square fits.
    """
    height, width = picture.shape[:2]
    if min(height, width) < side:
        raise TrainingError(f"patches of {side}x{side} do not fit frames of {width}x{height}; lower --patch")
    sums = cv2.integral(np.minimum(gradients(picture), STRONG), sdepth=cv2.CV_64F)
    energies = (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side])[::STEP, ::STEP]
    reach = (side - 1) // STEP
    for _ in range(count):
        row, column = (int(at) for at in np.unravel_index(int(energies.argmax()), energies.shape))
        if energies[row, column] < 0:
            return
        yield float(energies[row, column] / side**2), STEP * column, STEP * row
        energies[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = -1


def find(video: Video, count: int, side: int, frames: int, seed: int) -> list[Patch]:
    """The patches of most energy of several frames, of as many shots as there are; in the order of their times.

    Those of one shot do not overlap. They depend on the video, these numbers and nothing else. Raises TrainingError for
    a video without `frames` frames between cuts, or for frames that have not room enough.
    """
    found = windows(video.measures, frames, seed)
    if not found:
        raise TrainingError(f"'{video.path}' has no {frames} frames without a cut that show anything; lower --frames")
    ranked = sorted(_busy(video, found[: LOOKED * count], side, count), key=lambda each: -each.energy)
    chosen = _apart(ranked)
    if len(chosen) < count:
        raise TrainingError(
            f"'{video.path}' has room for {len(chosen)} patches of {side}x{side}, wanted {count}; lower --patch"
        )
    return sorted(chosen[:count], key=lambda each: (each.window.first, each.top, each.left))


def _apart(ranked: list[Patch]) -> list[Patch]:
    """The best of each shot, then what else does not overlap within its shot."""
    first = {each.window.shot: each for each in reversed(ranked)}
    kept = list[Patch]()
    for each in [*first.values(), *ranked]:
        if not any(each.overlaps(other) for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: (first[each.window.shot] is not each, -each.energy))


def _busy(video: Video, looked: list[Window], side: int, count: int) -> Iterator[Patch]:
    ordered = sorted(looked, key=lambda window: window.first)
    numbers = [window.last for window in ordered]
    decoded = decoding.some(video.path, video.measures.time[numbers].tolist(), numbers)
    for window, picture in zip(ordered, decoded, strict=True):
        for energy, left, top in busiest(picture, side, count):
            yield Patch(window, left, top, side, energy)


def _around(at: int, side: int, length: int, margin: int) -> slice:
    whole = min(length, side + 2 * margin)
    first = min(max(0, at - margin), length - whole)
    return slice(first, first + whole)
