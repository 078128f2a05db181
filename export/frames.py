"""Frames of a video file as a network gets them, read by VapourSynth."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import vapoursynth as vs
from numpy.typing import NDArray

from vsanimesr.errors import ArgumentError, BackendUnavailable, FormatError
from vsanimesr.spec import ClipSpec

Image = NDArray[Any]
"""[3, height, width] in RGB, of a clip's sample type."""

SD_HEIGHT = 576
"""Lines up to which video that does not tell its matrix has that of BT.601."""
UNSPECIFIED = 2
"""What `_Matrix` is where nobody knows."""
WINDOW = 3
"""Frames that a step reads, which are kept."""


class Frames(Protocol):
    """What a network is run over."""

    def __len__(self) -> int:
        """Number of frames."""

    def __getitem__(self, n: int, /) -> Image:
        """Frame n, from 0 on."""


class Clip:
    """Frames `first` to `first + spec.frames - 1` of a video file, cut out of the middle, in the format of `spec`.

    Raises ArgumentError if the file is no video or too short, FormatError if it is too small, BackendUnavailable
    without VapourSynth's plugin BestSource.
    """

    def __init__(self, file: Path, first: int, spec: ClipSpec) -> None:
        self._file, self._first = file, first
        node = _open(file)
        _check(file, node, first, spec)
        with _foreign(file):
            node = convert(node, vs.PresetVideoFormat[spec.format.name])
            left, top = (node.width - spec.width) // 2, (node.height - spec.height) // 2
            self._node = vs.core.std.CropAbs(node, spec.width, spec.height, left, top)[first : first + spec.frames]
        self._read = lru_cache(WINDOW)(self._decode)

    def __len__(self) -> int:
        return len(self._node)

    def __getitem__(self, n: int, /) -> Image:
        return self._read(n)

    def _decode(self, n: int) -> Image:
        with _foreign(self._file, f"frame {self._first + n}"), self._node.get_frame(n) as frame:
            return np.stack([np.asarray(frame[plane]) for plane in range(3)])


def convert(node: vs.VideoNode, format_: vs.PresetVideoFormat) -> vs.VideoNode:
    """A clip of any format in one of RGB; raises vapoursynth.Error for a clip that changes its format."""
    known = node.get_frame(0).props.get("_Matrix", UNSPECIFIED) != UNSPECIFIED
    if node.format.color_family == vs.YUV and not known:
        matrix = "170m" if node.height <= SD_HEIGHT else "709"
        return vs.core.resize.Bicubic(node, format=format_, matrix_in_s=matrix)
    return vs.core.resize.Bicubic(node, format=format_)


def _open(file: Path) -> vs.VideoNode:
    if not file.is_file():
        raise ArgumentError(f"no video file {str(file)!r}; --clip takes the path of one")
    if not hasattr(vs.core, "bs"):
        raise BackendUnavailable("VapourSynth has no plugin BestSource; run: pip install vapoursynth-bestsource")
    with _foreign(file):
        return vs.core.bs.VideoSource(str(file), cachemode=0, showprogress=False)


def _check(file: Path, node: vs.VideoNode, first: int, spec: ClipSpec) -> None:
    if first + spec.frames > len(node):
        wanted = f"wanted frames {first} to {first + spec.frames - 1}"
        raise ArgumentError(f"{file} has {len(node)} frames, {wanted}; choose less by --first and --frames")
    if spec.width > node.width or spec.height > node.height:
        wanted = f"wanted {spec.width}x{spec.height}"
        raise FormatError(f"{file} is {node.width}x{node.height}, {wanted}; choose less by --size")


@contextmanager
def _foreign(file: Path, what: str = "it") -> Iterator[None]:
    """Turn VapourSynth's errors into one of ours, of one line."""
    try:
        yield
    except vs.Error as error:
        raise ArgumentError(f"{file}: {what} cannot be read as video: {str(error).strip().splitlines()[0]}") from error
