"""Pictures as data: URIs."""

import base64
import importlib
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import ArgumentError

Image = NDArray[np.uint8]
"""A picture: [height, width, 3], sRGB."""

ENCODINGS: dict[str, dict[str, Any]] = {
    "webp": {"lossless": True, "quality": 40, "method": 2, "exact": True},
    "png": {"compress_level": 6},
    "jpeg": {"quality": 95, "subsampling": 0},
}
"""What pictures may be in the page, and Pillow's options; the first two are exact, the third is a third of the size."""
WEBP_SIDE = 16383
"""Greatest width and height of a WebP."""


def data_uri(image: Image, encoding: str = "webp") -> str:
    """The picture as `data:image/...;base64,...`; one that is too large for WebP becomes a PNG, which is exact too.

    Raises ArgumentError for an encoding that is none of ENCODINGS, and what is no array [height, width, 3] of uint8.
    """
    if encoding not in ENCODINGS:
        raise ArgumentError(f"images={encoding!r} is not known; use one of {', '.join(ENCODINGS)}")
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ArgumentError(f"got a picture {image.shape} of {image.dtype}, wanted [height, width, 3] of uint8")
    if encoding == "webp" and max(image.shape) > WEBP_SIDE:
        encoding = "png"
    file = io.BytesIO()
    _pillow().fromarray(np.ascontiguousarray(image)).save(file, encoding, **ENCODINGS[encoding])
    return f"data:image/{encoding};base64,{base64.b64encode(file.getvalue()).decode()}"


def _pillow() -> Any:
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise ArgumentError(f"pictures cannot be written: {error}; install Pillow: pip install pillow") from error
