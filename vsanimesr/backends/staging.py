"""How the planes of a frame lie in tensors: one tensor [1, planes, height, width] for each size among them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vsanimesr.backends.base import Planes
from vsanimesr.errors import DeviceError
from vsanimesr.spec import ClipSpec, Group


def stack(planes: Planes, clip: ClipSpec) -> list[NDArray[Any]]:
    """Copy a frame of the clip into new tensors, one for each of its format's groups; rows may be strided.

    Raises DeviceError for planes of another number, size or type than the clip's.
    """
    arrays = [np.asarray(plane) for plane in planes]
    _check(arrays, clip)
    return [_stacked(arrays, group, clip) for group in clip.format.groups]


def unstack(tensors: Sequence[NDArray[Any]]) -> Planes:
    """The planes that lie in the tensors of a picture, as views of them."""
    return [plane for tensor in tensors for plane in tensor[0]]


def _stacked(arrays: Sequence[NDArray[Any]], group: Group, clip: ClipSpec) -> NDArray[Any]:
    wide, high = group.size(clip.width, clip.height)
    tensor = np.empty((1, len(group.planes), high, wide), clip.format.dtype)
    for room, plane in zip(tensor[0], group.planes, strict=True):
        np.copyto(room, arrays[plane])
    return tensor


def _check(arrays: Sequence[NDArray[Any]], clip: ClipSpec) -> None:
    """Raise DeviceError unless these are the planes of a frame of the clip."""
    got = [(plane.shape[::-1], plane.dtype.name) for plane in arrays]
    wanted = [(size, clip.format.dtype.name) for size in clip.format.plane_sizes(clip.width, clip.height)]
    if got != wanted:
        raise DeviceError(f"a frame came with planes {_words(got)}; wanted {_words(wanted)} ({clip.format.name})")


def _words(planes: Sequence[tuple[tuple[int, ...], str]]) -> str:
    return ", ".join(f"{'x'.join(map(str, size))} {dtype}" for size, dtype in planes)
