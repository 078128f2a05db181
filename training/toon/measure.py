"""Statistics that tell drawn video from other video, the same for our clips and for anybody's files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.preparing import decoding
from training.toon.noise import Pixels
from vsanimesr.errors import MediaError

EDGES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Bounds of the gradient histogram, in levels of 255 for each pixel."""

WIDTHS = (2, 4, 6, 8, 12, 20)
"""Bounds of the histogram of line widths, in pixels; even, since a closing needs odd sides."""

STILL = 0.35
"""Two frames whose mean difference is below this many levels show the same drawing under the same camera."""


@dataclass(frozen=True)
class Statistics:
    """What was measured; shares add up to 1."""

    frames: int
    """How many frames."""
    gradient: tuple[float, ...]
    """The share of pixels whose gradient lies between successive EDGES."""
    width: tuple[float, ...]
    """Of the pixels on dark lines, the share whose line is as wide as each of WIDTHS, and wider than the one before."""
    lined: float
    """The share of pixels that lie on dark lines at all."""
    colours: float
    """Colours in a block of 32 x 32 pixels, of 5 bits a channel, on average."""
    flat: float
    """The share of blocks with 4 colours or fewer."""
    slope: float
    """The exponent of the power spectrum over frequency: about -2 for photographs, steeper where pictures are soft."""
    held: float
    """Of the pairs of neighbours within a clip, the share that show the same."""

    def table(self) -> str:
        """Readable rows."""
        rows = []
        for field in fields(self):
            value = getattr(self, field.name)
            text = " ".join(f"{x:.4f}" for x in value) if isinstance(value, tuple) else f"{value:.4g}"
            rows.append(f"{field.name:10} {text}")
        return "\n".join(rows)


def statistics(clips: Iterable[Iterable[Pixels]], every: int = 4) -> Statistics:
    """Measures clips of RGB frames; all but `held` is taken from the first frame of each and every `every`-th after it.

    Raises MediaError where there are no frames.
    """
    count, pairs, still = 0, 0, 0
    rows = []
    for clip in clips:
        before: Pixels | None = None
        for n, frame in enumerate(clip):
            if before is not None:
                pairs, still = pairs + 1, still + (float(cv2.absdiff(frame, before).mean()) < STILL)
            if n % every == 0:
                rows.append(picture(frame))
            before, count = frame, count + 1
    if not rows:
        raise MediaError("there are no frames to measure: give a video with at least one")
    columns = [np.mean([row[i] for row in rows], axis=0) for i in range(6)]
    gradient, width, lined, colours, flat, slope = columns
    total = max(float(width.sum()), 1e-9)
    return Statistics(
        count,
        tuple(gradient),
        tuple(width / total),
        float(lined),
        float(colours),
        float(flat),
        float(slope),
        still / max(pairs, 1),
    )


def picture(frame: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float, float, float]:
    """The statistics of one frame, in the order of Statistics."""
    grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
    width, lined = line_widths(grey)
    colours = block_colours(frame)
    return gradients(grey), width, lined, float(colours.mean()), float((colours <= 4).mean()), spectrum_slope(grey)


def gradients(grey: Pixels) -> NDArray[np.float64]:
    """The histogram of gradients over EDGES."""
    x = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3, scale=0.25)
    y = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3, scale=0.25)
    counts, _ = np.histogram(np.hypot(x, y), bins=EDGES)
    made: NDArray[np.float64] = counts / grey.size
    return made


def line_widths(grey: Pixels, contrast: int = 28) -> tuple[NDArray[np.float64], float]:
    """The share of pixels on dark lines, by the width that a closing needs to remove them, and in all."""
    left = np.ones(grey.shape, bool)
    counts = []
    for width in WIDTHS:
        kernel = np.ones((width + 1, width + 1), np.uint8)
        closed = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel)
        line = (cv2.subtract(closed, grey) > contrast) & left
        left &= ~line
        counts.append(line.mean())
    return np.array(counts), float(np.sum(counts))


def block_colours(frame: Pixels, block: int = 32) -> NDArray[np.int64]:
    """The number of colours in each whole block."""
    height, width = (side // block * block for side in frame.shape[:2])
    five = frame[:height, :width].astype(np.int32) >> 3
    codes = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    blocks = codes.reshape(height // block, block, width // block, block).swapaxes(1, 2).reshape(-1, block * block)
    ordered = np.sort(blocks, axis=1)
    made: NDArray[np.int64] = 1 + (np.diff(ordered, axis=1) != 0).sum(axis=1)
    return made


def spectrum_slope(grey: Pixels) -> float:
    """The slope of log power over log frequency, between 1/64 and 1/3 of a cycle for each pixel."""
    side = min(grey.shape)
    window = np.hanning(side)
    part = grey[:side, :side] * np.outer(window, window)
    power = np.abs(np.fft.fft2(part - part.mean())) ** 2
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    bins = np.geomspace(1 / 64, 1 / 3, 16)
    which = np.digitize(frequency.ravel(), bins)
    rows = [
        (np.sqrt(bins[i] * bins[i - 1]), power.ravel()[which == i].mean())
        for i in range(1, len(bins))
        if (which == i).any()
    ]
    middle, means = np.array(rows).T
    return float(np.polyfit(np.log(middle), np.log(means + 1e-6), 1)[0])


def video(file: Path, most: int) -> Iterator[Pixels]:
    """The first frames of a video, RGB; raises MediaError for a file that is none."""
    return (frame.picture for frame in islice(decoding.every(file), most))
