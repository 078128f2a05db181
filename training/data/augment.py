"""Random changes of truth clips that leave them as natural as they were (A8 of AnimeSR's training)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from training.data.sources import Pictures, Size, Truth


@dataclass(frozen=True)
class Augmentation:
    """What is done to a clip; drawn before it is."""

    interval: int = 1
    """Frames from one to the next."""
    reverse: bool = False
    """Whether the last frame comes first."""
    horizontal: bool = False
    """Whether left and right change places."""
    vertical: bool = False
    """Whether top and bottom do."""
    transpose: bool = False
    """Whether, after that, rows become columns."""

    @classmethod
    def draw(cls, rng: np.random.Generator, intervals: Sequence[int] = (1, 2, 3)) -> Self:
        """One of the intervals, all as likely, and each of the others with probability 1/2."""
        interval = intervals[int(rng.integers(len(intervals)))]
        reverse, horizontal, vertical, transpose = (bool(bit) for bit in rng.integers(2, size=4))
        return cls(interval, reverse, horizontal, vertical, transpose)

    def before(self, size: Size) -> Size:
        """The size that a clip must have to have this one afterwards."""
        return (size[1], size[0]) if self.transpose else size

    def of(self, truth: Truth) -> Truth:
        """The same clip, changed: its frames and, with them, its lines; the interval is the source's business."""
        lines = None if truth.lines is None else self.pictures(truth.lines)
        return replace(truth, frames=self.pictures(truth.frames), lines=lines)

    def pictures(self, clip: Pictures) -> Pictures:
        """Of [T, H, W] or [T, H, W, 3], contiguous."""
        times, rows, columns = (slice(None, None, -1 if turned else 1) for turned in self._turned)
        changed = clip[times, rows, columns]
        changed = changed.swapaxes(1, 2) if self.transpose else changed
        return np.array(changed, order="C")  # a reversed single frame counts as contiguous, and PyTorch refuses it

    @property
    def _turned(self) -> tuple[bool, bool, bool]:
        return self.reverse, self.vertical, self.horizontal
