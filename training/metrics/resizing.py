"""Bicubic resizing as MATLAB's imresize does it: the kernel of -0.5, widened by the reduction, edges mirrored."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import ArgumentError

_SUPPORT = 4.0


def imresize(samples: NDArray[np.number], scale: float) -> NDArray[np.float64]:
    """Samples [height, width, ...] in ceil(scale * side), float64, not clipped: a cubic kernel overshoots.

    A reduction is antialiased, as is imresize's default; an enlargement is an interpolation. Sample centres lie at half
    numbers (Keys, IEEE Transactions on Acoustics 1981, for the kernel). Raises ArgumentError for scales up to 0.
    """
    if not scale > 0:
        raise ArgumentError(f"scale={scale}, wanted a number above 0")
    rows = _along_first(np.asarray(samples, np.float64), scale)
    return np.ascontiguousarray(_along_first(rows.swapaxes(0, 1), scale).swapaxes(0, 1))


def _along_first(samples: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    taps, weights = _taps(samples.shape[0], scale)
    result = np.zeros((len(taps), *samples.shape[1:]))
    spread = (-1, *(1 for _ in samples.shape[1:]))
    for tap in range(taps.shape[1]):
        result += weights[:, tap].reshape(spread) * samples[taps[:, tap]]
    return result


@lru_cache(16)
def _taps(total: int, scale: float) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Numbers of the samples that each new one is made of, and their weights, [new, taps] both."""
    wanted, shrink = int(np.ceil(total * scale - 1e-9)), min(scale, 1.0)
    width = _SUPPORT / shrink
    positions = (np.arange(wanted) + 0.5) / scale - 0.5
    first = np.floor(positions - width / 2).astype(int)
    taps = first[:, None] + np.arange(int(np.ceil(width)) + 2)
    weights = _cubic(np.asarray((positions[:, None] - taps) * shrink, np.float64))
    weights /= weights.sum(axis=1, keepdims=True)
    used = np.any(weights != 0, axis=0)
    mirrored = taps[:, used] % (2 * total)
    return np.minimum(mirrored, 2 * total - 1 - mirrored), weights[:, used]


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
