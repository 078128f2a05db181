"""Planes of decoded frames, and the pictures that they mean; colours and kernel are those of the filter's reference."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vsanimesr.colour import HORIZONTAL, VERTICAL, to_rgb
from vsanimesr.compare.images import Image
from vsanimesr.resampling import SUPPORT, bicubic
from vsanimesr.spec import FORMATS, Colour, PixelFormat

Planes = Sequence[NDArray[Any]]
"""[height, width] for each plane."""
Size = tuple[int, int]
"""Width and height, samples."""

DEPTHS = (8, 10, 12, 14, 16)
_NAMES = re.compile(r"(yuv4\d\d|gbr|gray)p?(\d*)(?:le)?")
_RGB = (2, 0, 1)
"""FFmpeg's planes are green, blue, red."""


def unpacked(frame: Any) -> tuple[PixelFormat, Planes]:
    """Format and planes of a PyAV frame; layouts of other kinds are rearranged to the nearest that holds them."""
    format_ = _format(frame.format.name)
    if format_ is None:
        frame = frame.reformat(format=_nearest(frame.format))
        format_ = _format(frame.format.name)
    assert format_ is not None, frame.format.name
    planes = [_samples(plane, format_) for plane in frame.planes]
    return format_, [planes[number] for number in _RGB] if format_.family == "rgb" else planes


def picture(planes: Planes, format_: PixelFormat, colour: Colour, size: Size) -> Image:
    """The picture of a frame in a size, [height, width, 3], sRGB.

    As `core.resize.Bicubic` makes it if that is no smaller than the frame: chroma gets the size of luma, all gets the
    size that is wanted, then it becomes RGB, and is rounded once at the end.
    """
    height, width = planes[0].shape
    values = [plane.astype(np.float32) for plane in planes]
    if any(format_.subsampling):
        shifts = HORIZONTAL.get(colour.location, 0.0), VERTICAL.get(colour.location, 0.0)
        own = (-shifts[0] / 2 * format_.subsampling[0], -shifts[1] / 2 * format_.subsampling[1])
        values[1:] = [_enlarged(plane, format_, own)[:height, :width] for plane in values[1:]]
    values = [resized(plane, size) for plane in values]
    meaning = to_rgb(format_, colour)
    result = np.empty((size[1], size[0], 3), np.uint8)
    for channel, weights, offset in zip(range(3), 255 * meaning.matrix, 255 * meaning.offset, strict=True):
        result[..., channel] = np.rint(_mixed(values, weights, offset)).clip(0, 255)
    return result


def _mixed(values: Planes, weights: NDArray[np.floating], offset: float) -> NDArray[np.float32]:
    """The weighted sum of planes of one size, and a number."""
    total = np.full_like(values[0], offset)
    for plane, weight in zip(values, weights, strict=True):
        if weight:
            total += np.float32(weight) * plane
    return total


def resized(plane: NDArray[np.float32], size: Size, shift: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.float32]:
    """A plane in another size by the bicubic kernel; `shift` moves where the samples are taken, in old samples."""
    down = _along(plane, size[1], shift[1])
    return np.ascontiguousarray(_along(np.ascontiguousarray(down.T), size[0], shift[0]).T)


def _along(plane: NDArray[np.float32], wanted: int, shift: float) -> NDArray[np.float32]:
    """Rows made of rows; those beyond an edge are mirrored, the one at the edge repeated."""
    total = len(plane)
    if wanted == total and not shift:
        return plane
    step = min(1.0, wanted / total)
    count = 2 * math.ceil(SUPPORT / step)
    positions = (np.arange(wanted) + 0.5) * total / wanted + shift
    first = np.floor(positions - count / 2 + 0.5).astype(int)
    taps = first[:, None] + np.arange(count)
    weights = bicubic((taps + 0.5 - positions[:, None]) * step)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    mirrored = taps % (2 * total)
    mirrored = np.minimum(mirrored, 2 * total - 1 - mirrored)
    result = np.zeros((wanted, plane.shape[1]), np.float32)
    for tap in range(count):
        result += weights[:, tap, None] * plane[mirrored[:, tap]]
    return result


def _enlarged(plane: NDArray[np.float32], format_: PixelFormat, shift: tuple[float, float]) -> NDArray[np.float32]:
    """A plane of chroma in the size of luma; of an odd size it covers a sample more."""
    height, width = plane.shape
    return resized(plane, (width << format_.subsampling[0], height << format_.subsampling[1]), shift)


def _samples(plane: Any, format_: PixelFormat) -> NDArray[Any]:
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height]
    return np.ascontiguousarray(lines[:, : plane.width * format_.dtype.itemsize]).view(format_.dtype)


def _format(name: str) -> PixelFormat | None:
    """Our format of FFmpeg's name, where its planes are the same."""
    found = _NAMES.fullmatch(name.replace("yuvj", "yuv"))
    if found is None:
        return None
    bits = found[2] or "8"
    kinds = {"gbr": f"RGB{3 * int(bits)}", "gray": f"Gray{bits}"}
    return FORMATS.get(kinds.get(found[1], f"{found[1].upper()}P{bits}"))


def _nearest(format_: Any) -> str:
    """FFmpeg's name of a layout of ours that holds what one of its own does."""
    deepest = max(component.bits for component in format_.components)
    bits = next((depth for depth in DEPTHS if depth >= deepest), DEPTHS[-1])
    suffix = "" if bits == DEPTHS[0] else f"{bits}le"
    if format_.is_rgb or format_.has_palette:
        return f"gbrp{suffix}"
    if len(format_.components) < 3:
        return f"gray{suffix}"
    halved = format_.chroma_width(4) == 2, format_.chroma_height(4) == 2
    layout = {(True, True): "420", (True, False): "422"}.get(halved, "444")
    return f"yuv{layout}p{suffix}"
