"""Pictures as metrics take them: 8 bits, their luma, their gray, and without a border."""

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import FormatError

type Picture = NDArray[np.uint8]
"""A picture, [height, width, 3], RGB of 0 to 255."""
type Plane = NDArray[np.floating]
"""One channel, [height, width], on the scale of 0 to 255."""

_LUMA = np.array([65.481, 128.553, 24.966]) / 255
_GRAY = np.array([0.298936021293775, 0.587043074451121, 0.114020904255103])


def luma(picture: Picture) -> Plane:
    """Y of BT.601 with limited range, float64 [height, width] from 16 to 235, not rounded.

    This is the Y channel of the super-resolution literature (MATLAB's rgb2ycbcr).
    """
    return np.asarray(checked(picture) @ _LUMA + 16)


def gray(picture: Picture) -> Plane:
    """Luminance as MATLAB's rgb2gray has it, float64 [height, width], rounded to whole numbers from 0 to 255."""
    return np.asarray(np.rint(checked(picture) @ _GRAY))


def cropped[Samples: NDArray[np.generic]](samples: Samples, border: int) -> Samples:
    """The samples [height, width, ...] without so many at each edge; raises FormatError where nothing is left."""
    height, width = samples.shape[:2]
    if not 0 <= 2 * border < min(height, width):
        raise FormatError(f"a border of {border} samples of {width}x{height}, wanted at least 0 and something left")
    inner: Samples = samples[border : height - border, border : width - border]  # type: ignore[assignment]
    return inner


def checked(picture: Picture) -> Picture:
    """The same picture; raises FormatError unless it is uint8 [height, width, 3]."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise FormatError(f"a picture of {picture.dtype} {list(picture.shape)}, wanted uint8 [height, width, 3]")
    return picture


def check_pair(one: NDArray[np.generic], other: NDArray[np.generic]) -> None:
    """Raise FormatError unless both have one shape and some samples."""
    if one.shape != other.shape or not one.size:
        raise FormatError(f"samples of {list(one.shape)} and {list(other.shape)}, wanted the same shape, and some")
