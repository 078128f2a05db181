"""Statistics of natural scenes: samples normalised by their neighbourhood, and Gaussians fitted to them.

After Mittal, Moorthy, Bovik: No-Reference Image Quality Assessment in the Spatial Domain (BRISQUE), IEEE Transactions
on Image Processing 2012, and Lasmar, Stitou, Berthoumieu (ICIP 2009) for the asymmetric fit.
"""

import math
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics.pictures import Plane

type Values = NDArray[np.float64]

WINDOW, SIGMA = 7, 7 / 6
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Rows and columns to the neighbour whose product with a sample is looked at."""
_NOTHING = 1e-6
"""More than rounding leaves of a flat area, and less than any difference of 8 bits."""
_SHAPES = np.arange(200, 10001) / 1000


def normalised(plane: Plane, *, border: int = cv2.BORDER_REPLICATE) -> tuple[Values, Values]:
    """Mean-subtracted, contrast-normalised samples, and the local deviations, both [height, width].

    (I - mu) / (sigma + 1) with mu and sigma under a 7x7 Gaussian of deviation 7/6; the plane is on the scale of 0 to
    255. `border` is OpenCV's: NIQE repeats the edge, BRISQUE has zeros beyond it. What is flat gives exactly 0, which
    is neither negative nor positive: elsewhere the rounding of the sums decides, and fits of pictures with large flat
    areas, such as drawings, differ between implementations by that.
    """
    samples = np.ascontiguousarray(plane, np.float64)
    taps = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    mean, square = (
        cv2.sepFilter2D(each, cv2.CV_64F, taps, taps, borderType=border) for each in (samples, samples * samples)
    )
    deviation, difference = np.sqrt(np.abs(square - mean * mean)), samples - mean
    difference[np.abs(difference) < _NOTHING] = 0
    return difference / (deviation + 1), deviation


def gaussian(values: Values) -> tuple[Values, Values]:
    """Shape and variance of the generalised Gaussians with mean 0 that fit rows of values [n, samples]; [n] each."""
    squares, absolute = (values**2).mean(axis=-1), np.abs(values).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _shape(absolute**2 / squares), squares


def asymmetric(values: Values) -> tuple[Values, Values, Values]:
    """Shape, left and right deviation of the asymmetric Gaussians that fit rows of values [n, samples]; [n] each.

    NaN in rows that have no negative or no positive value.
    """
    left, right = _one_sided(values, values < 0), _one_sided(values, values > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = left / right
        measured = np.abs(values).mean(axis=-1) ** 2 / (values**2).mean(axis=-1)
        wanted = measured * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    return _shape(wanted), left, right


def asymmetric_mean(shape: Values, left: Values, right: Values) -> Values:
    """Mean of asymmetric Gaussians of these shapes and deviations."""
    first, second, third = (_gamma(number / shape) for number in (1, 2, 3))
    return (right - left) * np.sqrt(first / third) * (second / first)


def width(shape: Values, deviation: Values) -> Values:
    """The parameter beta of a Gaussian of this shape and deviation."""
    return deviation * np.sqrt(_gamma(1 / shape) / _gamma(3 / shape))


def _one_sided(values: Values, which: NDArray[np.bool_]) -> Values:
    with np.errstate(invalid="ignore"):
        return np.sqrt((values**2 * which).sum(axis=-1) / which.sum(axis=-1))


def _shape(ratio: Values) -> Values:
    """The shape, of 0.2 to 10 in thousandths, whose E[|x|]^2 / E[x^2] is nearest; NaN for NaN."""
    ratios = _ratios()
    after = np.clip(np.searchsorted(ratios, ratio), 1, len(ratios) - 1)
    lower = np.abs(ratios[after - 1] - ratio) <= np.abs(ratios[after] - ratio)
    return np.where(np.isnan(ratio), np.nan, _SHAPES[after - lower])


@cache
def _ratios() -> Values:
    """Ascending, one for each of _SHAPES."""
    return _gamma(2 / _SHAPES) ** 2 / (_gamma(1 / _SHAPES) * _gamma(3 / _SHAPES))


def _gamma(x: Values) -> Values:
    flat = [math.gamma(each) if math.isfinite(each) else math.nan for each in np.ravel(x)]
    return np.array(flat, np.float64).reshape(np.shape(x))


def blocks(samples: Values, side: int) -> Values:
    """Blocks [blocks, side, side] of samples whose sides are multiples of `side`, in the order of rows."""
    height, wide = samples.shape
    return samples.reshape(height // side, side, wide // side, side).swapaxes(1, 2).reshape(-1, side, side)
