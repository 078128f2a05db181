"""A video: measured once as `training.prepare` does, then read in windows of successive frames without a cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.preparing import decoding, flow, measuring, quality, records
from training.preparing.jobs import Bar
from training.preparing.measuring import Measures
from training.preparing.records import Made, Video
from training.preparing.selecting import Selection
from training.preparing.shots import shots
from vsanimesr.errors import MediaError
from vsanimesr.media.probing import identity

type Pictures = NDArray[np.uint8]
"""Frames, [frames, height, width, 3], RGB of 0 to 255."""

MEASUREMENTS = "measurements.npz"
"""File of what was measured of each frame, so that a video is decoded whole only once."""


@dataclass(frozen=True)
class Window:
    """Successive frames of one shot."""

    shot: int
    """Number of the shot."""
    first: int
    """Number of its first frame within the video."""
    frames: int
    """How many it has."""

    @property
    def last(self) -> int:
        """Number of its last frame."""
        return self.first + self.frames - 1


def measured(path: Path, folder: Path, bar: Bar) -> Video:
    """Colours, motion and flatness of each frame, kept in `folder`.

    Raises MediaError for what cannot be read as a video, JobError where the folder cannot be written.
    """
    made = Made(identity(path), flow.NAME, quality.NAMED["none"].name)
    known = records.load(folder / MEASUREMENTS, path.stem, path, made)
    if known is not None:
        return known
    facts = measuring.facts(path)
    with bar("frames", facts.expected) as seen:
        try:
            measures = measuring.measure(path, quality.none, seen)
        except MediaError as error:
            raise MediaError(f"'{path}': {error}" if str(path) not in str(error) else str(error)) from error
    video = Video(path.stem, path, made, facts, measures)
    records.save(folder / MEASUREMENTS, video)
    return video


def windows(measures: Measures, frames: int, seed: int) -> list[Window]:
    """All windows of so many frames, none of which overlap, in an order of which any beginning is spread.

    In turns each shot gives one, shots of all times mixed; what moves comes before what stands still, and frames of
    one gray level are in none. So the first N of them have the motion and the scenes of the whole video.
    """
    draw = np.random.default_rng([seed, frames])
    rows = [
        list(_of_shot(number, first, count, frames, draw)) for number, (first, count) in enumerate(_shots(measures))
    ]
    lively = [[each for each in row if _part(measures.flat, each).max() < Selection.flattest] for row in rows]
    moving = [[each for each in row if _moves(measures, each)] for row in lively]
    still = [[each for each in row if not _moves(measures, each)] for row in lively]
    return [*_turns(moving, draw), *_turns(still, draw)]


def pictures(video: Video, window: Window) -> Pictures:
    """The frames of a window; raises MediaError where the video no longer has them."""
    numbers = range(window.first, window.last + 1)
    return np.stack(list(decoding.some(video.path, video.measures.time[list(numbers)].tolist(), numbers)))


def _shots(measures: Measures) -> Iterable[tuple[int, int]]:
    return ((shot.first, shot.count) for shot in shots(measures.hsv.tolist(), measures.luv.tolist()))


def _of_shot(number: int, first: int, count: int, frames: int, draw: np.random.Generator) -> Iterable[Window]:
    begin = first + int(draw.integers(count % frames + 1))
    return (Window(number, begin + frames * n, frames) for n in range(count // frames))


def _moves(measures: Measures, window: Window) -> bool:
    """The flow of its first frame is to one that it does not have."""
    return float(_part(measures.flow_mean, window)[1:].mean() if window.frames > 1 else 1.0) >= Selection.least_motion


def _part(column: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    return column[window.first : window.last + 1]


def _turns(rows: Sequence[Sequence[Window]], draw: np.random.Generator) -> Iterable[Window]:
    """One of each shot, then a second one of each that has it, and so on."""
    mixed = [_mixed(row, draw) for row in rows if row]
    for turn in zip_longest(*mixed):
        yield from _mixed([each for each in turn if each is not None], draw)


def _mixed[T](items: Sequence[T], draw: np.random.Generator) -> list[T]:
    """In an order that halves the gaps again and again (van der Corput's), from a place that is drawn."""
    if not items:
        return []
    bits, begin = (len(items) - 1).bit_length(), int(draw.integers(len(items)))
    order = (int(f"{n:0{bits}b}"[::-1], 2) if bits else 0 for n in range(1 << bits))
    return [items[(begin + n) % len(items)] for n in order if n < len(items)]
