"""How far a frame's parts have moved, by OpenCV's DIS flow: a substitute for SPyNet, whose weights are not to be had.

Lengths are in pixels of a picture REFERENCE columns wide, so that thresholds mean the same for every size of video. The
authors' thresholds are in SPyNet's pixels at the source's own size; their sources are mostly as wide as that.
"""

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from training.preparing.decoding import Picture

NAME = "OpenCV DIS, ultrafast, in pixels of a picture 1920 wide (substitute for SPyNet)"
"""What the output calls it."""
REFERENCE = 1920
"""Columns of the picture whose pixels lengths are counted in."""
WIDTH = 640
"""Wider frames are reduced to so many columns before they are compared."""

type Gray = NDArray[np.uint8]


class Flow:
    """Flow from each frame to the one before it."""

    @cached_property
    def _dis(self) -> cv2.DISOpticalFlow:
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def lengths(self, gray: Gray, before: Gray) -> tuple[float, float]:
        """The largest length and twice the mean length between two frames as `reduced` gives them (A9.3)."""
        flow = self._dis.calc(gray, before, None)  # type: ignore[call-overload]
        length = cv2.magnitude(flow[..., 0], flow[..., 1])
        scale = REFERENCE / gray.shape[1]
        return float(length.max()) * scale, 2 * float(length.mean()) * scale


def reduced(picture: Picture) -> Gray:
    """A frame's gray values, at most WIDTH columns, at least the 32 rows and columns that DIS needs."""
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    scale = min(1.0, WIDTH / gray.shape[1])
    width, height = (max(32, round(side * scale)) for side in (gray.shape[1], gray.shape[0]))
    if (height, width) == gray.shape:
        return gray
    return np.asarray(cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
