"""Ordered dither: Bayer, "An optimum method for two-level rendition of continuous-tone pictures", 1973."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

SIDE = 4
"""Rows and columns of the pattern, where so many samples can be made one cell."""


def pattern(rows: int, columns: int) -> Array:
    """What is added to the samples of a cell before they are rounded: [rows, columns], in (-0.5, 0.5), of mean zero.

    For sides that are no powers of two the order is that of the larger pattern's part.
    """
    ranks = np.argsort(np.argsort(_bayer(SIDE)[:rows, :columns], axis=None))
    return ((ranks + 0.5) / ranks.size - 0.5).reshape(rows, columns)


def _bayer(side: int) -> Array:
    """The order in which the samples of a square pattern are rounded up; its side is a power of two."""
    if side == 1:
        return np.zeros((1, 1))
    smaller = 4 * _bayer(side // 2)
    return np.block([[smaller, smaller + 2], [smaller + 3, smaller + 1]])
