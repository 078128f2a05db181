"""SSIM (Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment, IEEE Transactions on Image Processing 2004)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics.pictures import check_pair, cropped
from vsanimesr.errors import FormatError

WINDOW = 11
"""Samples of the Gaussian window's side."""
SIGMA = 1.5
"""Its deviation, in samples."""
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(picture: NDArray[np.generic], truth: NDArray[np.generic], *, border: int = 0) -> float:
    """Structural similarity, 1 for equal samples; the mean over the places where the whole window lies inside.

    Both are [height, width], on the scale of 0 to 255, or [height, width, channels], of whose channels it is the mean;
    `border` samples at each edge do not count. Raises FormatError for shapes that differ or below 11x11.
    """
    check_pair(picture, truth)
    one, other = (cropped(samples, border).astype(np.float64) for samples in (picture, truth))
    if min(one.shape[:2]) < WINDOW:
        raise FormatError(f"{one.shape[1]}x{one.shape[0]} samples, wanted {WINDOW}x{WINDOW} at least, the window")
    if one.ndim == 2:
        return _of_planes(one, other)
    return float(np.mean([_of_planes(one[..., n], other[..., n]) for n in range(one.shape[2])]))


def _of_planes(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    mean, other_mean = _windowed(one), _windowed(other)
    variances = _windowed(one**2) - mean**2 + _windowed(other**2) - other_mean**2
    covariance = _windowed(one * other) - mean * other_mean
    similar = (2 * mean * other_mean + _C1) * (2 * covariance + _C2)
    return float((similar / ((mean**2 + other_mean**2 + _C1) * (variances + _C2))).mean())


def _windowed(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means under the window, of the places where it lies inside."""
    taps = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    whole = cv2.sepFilter2D(np.ascontiguousarray(plane), cv2.CV_64F, taps, taps)
    return cropped(np.asarray(whole), WINDOW // 2)
