"""What samples mean: matrices, ranges, siting of chroma; the linear maps that lead to RGB in [0, 1] and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vsanimesr.resampling import Resampling, resampling
from vsanimesr.spec import Colour, PixelFormat

Array = NDArray[np.floating]

LUMA = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}
"""Weights of red and blue in luma (ITU-R BT.601, BT.709, and BT.2020 with non-constant luminance)."""
HORIZONTAL = {"left": -0.5, "top_left": -0.5, "bottom_left": -0.5}
VERTICAL = {"top": -0.5, "top_left": -0.5, "bottom": 0.5, "bottom_left": 0.5}
"""Where a chroma sample lies, in luma samples right of and below the middle of those that it belongs to; else 0."""


@dataclass(frozen=True)
class Affine:
    """`matrix @ values + offset`."""

    matrix: Array
    """[results, values]."""
    offset: Array
    """[results]."""


def to_rgb(format_: PixelFormat, colour: Colour) -> Affine:
    """From the samples of all planes to R, G and B in [0, 1]; grey becomes three equal ones."""
    gain, offset = _quantisation(format_, colour)
    matrix = _planes_to_rgb(format_, colour) / gain
    return Affine(matrix, -matrix @ offset)


def from_rgb(format_: PixelFormat, colour: Colour) -> Affine:
    """From R, G and B in [0, 1] to the samples of all planes, before they are rounded; grey is the luma."""
    gain, offset = _quantisation(format_, colour)
    matrix = np.eye(3) if format_.family == "rgb" else _matrix(colour)[: format_.planes]
    return Affine(gain[:, None] * matrix, offset)


def enlarging(format_: PixelFormat, colour: Colour) -> tuple[Resampling | None, Resampling | None]:
    """How chroma gets the size of luma, horizontally and vertically; None where it has it."""
    sited = _siting(colour)
    horizontal, vertical = (
        resampling(1, 2, shift=-shift / 2) if halved else None
        for halved, shift in zip(format_.subsampling, sited, strict=True)
    )
    return horizontal, vertical


def reducing(format_: PixelFormat, colour: Colour, samples: int) -> tuple[Resampling | None, Resampling | None]:
    """How chroma, in cells of `samples` each way, is subsampled, horizontally and vertically; None where it is not.

    An odd number of samples has no half, so two cells are made one then.
    """
    cells = 1 + samples % 2
    horizontal, vertical = (
        resampling(samples, cells * samples // 2, cells=cells, shift=shift) if halved else None
        for halved, shift in zip(format_.subsampling, _siting(colour), strict=True)
    )
    return horizontal, vertical


def peak(format_: PixelFormat) -> int:
    """The greatest sample of an integer format."""
    return (1 << format_.bits) - 1


def _planes_to_rgb(format_: PixelFormat, colour: Colour) -> Array:
    if format_.family == "gray":
        return np.ones((3, 1))
    return np.eye(3) if format_.family == "rgb" else np.linalg.inv(_matrix(colour))


def _siting(colour: Colour) -> tuple[float, float]:
    return HORIZONTAL.get(colour.location, 0.0), VERTICAL.get(colour.location, 0.0)


def _matrix(colour: Colour) -> Array:
    """R, G, B to Y, U, V in [0, 1] and [-0.5, 0.5]."""
    red, blue = LUMA[colour.matrix]
    luma = np.array([red, 1 - red - blue, blue])
    return np.stack([luma, ([0, 0, 1] - luma) / (2 - 2 * blue), ([1, 0, 0] - luma) / (2 - 2 * red)])


def _quantisation(format_: PixelFormat, colour: Colour) -> tuple[Array, Array]:
    """By what the values of each plane are multiplied, and what is added, to make samples of them."""
    if format_.floating:
        return np.ones(format_.planes), np.zeros(format_.planes)
    unit = 1 << (format_.bits - 8)
    luma = (peak(format_), 0) if colour.full else (219 * unit, 16 * unit)
    chroma = (peak(format_) if colour.full else 224 * unit, 128 * unit)
    planes = [luma, chroma, chroma] if format_.family == "yuv" else [luma] * format_.planes
    gain, offset = np.array(planes, float).T
    return gain, offset
