"""How far a picture is from the truth: PSNR, PSNR at the lines, and the difference of their changes in time.

All samples are on the scale of 0 to 255. A mean over a clip is the mean of its frames' figures, not the figure of the
mean error, as the super-resolution literature has it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from training.metrics.pictures import Picture, check_pair, checked, cropped
from vsanimesr.errors import FormatError

PEAK = 255.0


def psnr(picture: NDArray[np.generic], truth: NDArray[np.generic], *, border: int = 0) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal samples.

    Both are [height, width, 3] of RGB, whose mean squared error is that of the three channels together, or
    [height, width], such as `luma` gives; `border` samples at each edge do not count. Raises FormatError for shapes
    that differ.
    """
    check_pair(picture, truth)
    return decibels(float(_squares(cropped(picture, border), cropped(truth, border)).mean()))


def line_psnr(picture: Picture, truth: Picture, lines: NDArray[np.uint8], *, border: int = 0) -> float:
    """PSNR in dB over the lines alone; NaN for a picture without any.

    lines: [height, width], 0 to 255, how much of a sample is line; the mean squared error of the three channels is
    weighted by it. Raises FormatError for shapes that differ.
    """
    check_pair(picture, truth)
    if lines.shape != checked(picture).shape[:2]:
        raise FormatError(f"lines of {list(lines.shape)}, wanted {list(picture.shape[:2])}, one for each sample")
    weights = cropped(lines, border).astype(np.float64)
    if not weights.any():
        return math.nan
    squares = _squares(cropped(picture, border), cropped(truth, border)).mean(axis=2)
    return decibels(float(np.average(squares, weights=weights)))


def temporal_error(before: Picture, picture: Picture, truth_before: Picture, truth: Picture) -> float:
    """Mean absolute difference between the changes of two clips from one frame to the next, in steps of 8 bits.

    It is 0 where pictures change as the truth does, whatever they look like: errors that stand still do not flicker.
    Raises FormatError for shapes that differ.
    """
    for other in (before, truth_before, truth):
        check_pair(picture, other)
    error, error_before = _differences(picture, truth), _differences(before, truth_before)
    return float(np.abs(error - error_before).mean(dtype=np.float64))


def decibels(mse: float) -> float:
    """PSNR in dB of a mean squared error, over a peak of 255."""
    return 10 * math.log10(PEAK**2 / mse) if mse > 0 else math.inf


def _squares(picture: NDArray[np.generic], truth: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.square(picture.astype(np.float64) - truth.astype(np.float64))


def _differences(picture: Picture, truth: Picture) -> NDArray[np.int16]:
    return np.asarray(picture.astype(np.int16) - truth.astype(np.int16))
