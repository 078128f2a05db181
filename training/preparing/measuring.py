"""Everything that is measured of a video, in one pass over its frames."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from training.preparing import decoding, flow
from training.preparing.decoding import Picture, opened
from training.preparing.flow import Flow, Gray
from training.preparing.quality import Score
from training.preparing.shots import Colours
from vsanimesr.errors import MediaError

type Column = NDArray[np.float32]


@dataclass(frozen=True)
class Facts:
    """What a file says of its video (A9.1)."""

    width: int
    """Of a frame."""
    height: int
    """Of a frame."""
    fps: float
    """Frames per second on average; 0 where the file does not say."""
    bit_rate: int
    """Bits per second of the stream, else of the file; 0 where it does not say."""
    expected: int
    """Frames, as far as the header tells; for a progress bar."""


@dataclass(frozen=True, eq=False)
class Measures:
    """A value for each frame, in the order in which they are shown; all float32 [frames] but the times."""

    time: NDArray[np.int64]
    """`decoding.Frame.time`."""
    hsv: Column
    """Change to the frame before, in HSV; 0 for the first frame."""
    luv: Column
    """The same in Luv."""
    flow_max: Column
    """The largest length of flow to the frame before, in `flow`'s pixels; 0 for the first frame."""
    flow_mean: Column
    """Twice the mean length of it."""
    flat: Column
    """The share of the pixels that the most frequent gray level of 256 has (A9.4)."""
    quality: Column
    """The scorer's, from 0 to 100."""

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self.time)


@dataclass(frozen=True)
class _Kept:
    """What is kept of the frame before."""

    shape: tuple[int, ...]
    colours: Colours
    gray: Gray

    @classmethod
    def of(cls, picture: Picture) -> Self:
        return cls(picture.shape, Colours.of(picture), flow.reduced(picture))


def facts(path: Path) -> Facts:
    """Raises MediaError for a file that is missing or no video."""
    with opened(path) as (file, stream):
        rate = float(stream.average_rate or 0)
        seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        seconds = seconds or (file.duration or 0) / 1e6
        bit_rate = stream.codec_context.bit_rate or file.bit_rate or 0
        return Facts(stream.width, stream.height, rate, bit_rate, stream.frames or round(seconds * rate))


def measure(path: Path, score: Score, seen: Callable[[int], None]) -> Measures:
    """Decodes a video once; `seen` is told of frames that are done. Raises MediaError where there are none."""
    rows, times = list[tuple[float, ...]](), list[int]()
    moving, kept = Flow(), None
    for frame in decoding.every(path):
        now = _Kept.of(frame.picture)
        rows.append((*_changes(moving, now, kept or now), flatness(frame.picture), score(frame.picture)))
        times.append(frame.time)
        kept = now
        seen(1)
    if not rows:
        raise MediaError(f"'{path}' has no frames that can be decoded; give a whole video")
    return Measures(np.array(times), *np.array(rows, np.float32).T)


def flatness(picture: Picture) -> float:
    """The share of the pixels that the most frequent of 256 gray levels has."""
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    return float(np.bincount(gray.ravel(), minlength=256).max() / gray.size)


def _changes(moving: Flow, now: _Kept, before: _Kept) -> tuple[float, ...]:
    if now is before:
        return 0.0, 0.0, 0.0, 0.0
    if now.shape != before.shape:
        raise MediaError("the size of its frames changes on the way; cut it there, or give it one size")
    return *now.colours.change(before.colours), *moving.lengths(now.gray, before.gray)
