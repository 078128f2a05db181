"""How the planes of a frame, or of a picture, lie in page-locked memory: tensor after tensor, as they cross."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vsanimesr.backends.base import Planes
from vsanimesr.backends.device import HostBytes
from vsanimesr.errors import DeviceError
from vsanimesr.graphs import Tensor
from vsanimesr.spec import PixelFormat

ALIGNMENT = 256
"""Bytes; where each tensor begins."""


class Layout:
    """The tensors of a frame or picture of that size (samples), by name and in the order of the format's groups.

    A tensor has room for its planes at the top left. Its elements are samples, or their bytes.
    """

    def __init__(self, tensors: Mapping[str, Tensor], format_: PixelFormat, width: int, height: int) -> None:
        self._tensors, self._format = dict(tensors), format_
        self._shapes = [(high, wide) for wide, high in format_.plane_sizes(width, height)]
        self.sizes = {name: tensor.nbytes for name, tensor in self._tensors.items()}
        *starts, self.nbytes = accumulate(map(aligned, self.sizes.values()), initial=0)
        self._starts = dict(zip(self.sizes, starts, strict=True))

    def pieces(self, memory: HostBytes) -> dict[str, HostBytes]:
        """The bytes of each tensor, by name: what crosses."""
        return {name: memory[start : start + self.sizes[name]] for name, start in self._starts.items()}

    def planes(self, memory: HostBytes) -> list[NDArray[Any]]:
        """Views of the planes, in the format's type."""
        rooms = zip(self._rooms(memory), self._shapes, strict=True)
        return [room[:high, :wide] for room, (high, wide) in rooms]

    def fill(self, memory: HostBytes, planes: Planes) -> None:
        """Copy planes in, and repeat their edge to the right and to the bottom; raises DeviceError for other sizes."""
        planes = [np.asarray(plane) for plane in planes]
        shapes = [plane.shape for plane in planes]
        if shapes != self._shapes:
            raise DeviceError(f"a frame with planes of {shapes} came, wanted {self._shapes}")
        for plane, room in zip(planes, self._rooms(memory), strict=True):
            high, wide = plane.shape
            np.copyto(room[:high, :wide], plane, casting="no")
            room[:high, wide:] = room[:high, wide - 1 : wide]
            room[high:] = room[high - 1]

    def _rooms(self, memory: HostBytes) -> Iterator[NDArray[Any]]:
        for name, piece in self.pieces(memory).items():
            _, planes, height, _ = self._tensors[name].shape
            yield from piece.view(self._format.dtype).reshape(planes, height, -1)


def aligned(nbytes: int) -> int:
    """Room for that many bytes, up to where the next tensor may begin."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT
