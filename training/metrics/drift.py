"""Drift: whether pictures become darker, flatter or wilder the longer a recurrence runs.

VQD-SR (ICCV 2023, supplement, VSR Model) leaves the feedback of pictures out because errors accumulate by it. What a
frame shows is no drift, so each picture is measured beside the bicubic enlargement of its own frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST = 20
"""Frames that the others are held against."""
FIGURES = ("mean", "contrast", "state")
"""Of a frame, as `Moment` has them."""
PER = 100
"""Frames that a slope is given for."""


@dataclass(frozen=True)
class Moment:
    """One frame of a run."""

    mean: float
    """Mean of the picture less that of the bicubic one, in steps of 8 bits."""
    contrast: float
    """Standard deviation of the picture over that of the bicubic one; 1 where both are constant."""
    state: float
    """Root mean square of the state after it."""


@dataclass(frozen=True)
class Course:
    """What became of one figure."""

    start: float
    """Its mean over the frames that the others are held against."""
    end: float
    """How far the last ones, as many, are from those on average."""
    worst: float
    """The largest distance of a later frame, with its sign."""
    slope: float
    """Of the least-squares line through all later distances, for each hundred frames."""


@dataclass(frozen=True)
class Drift:
    """What became of a run."""

    frames: int
    mean: Course
    contrast: Course
    state: Course
    """In units of the first frames' mean, so that 0.1 is 10% more."""


def moment(picture: NDArray[np.floating], bicubic: NDArray[np.floating], state: NDArray[np.floating]) -> Moment:
    """A frame's figures; pictures are on the scale of 0 to 255, of one size."""
    deviation, other = float(picture.std()), float(bicubic.std())
    flat = max(deviation, other) < 0.5
    contrast = 1.0 if flat else deviation / max(other, 1e-6)
    norm = float(np.sqrt(np.square(state, dtype=np.float64).mean()))
    return Moment(float(picture.mean() - bicubic.mean()), contrast, norm)


def summary(moments: Sequence[Moment], *, first: int = FIRST, period: int = 0) -> Drift:
    """The courses of a run's figures, held against its first `first` frames, or against a third of a shorter run.

    Of a clip that repeats after `period` frames each frame is held against the one of the same content in its second
    time: the first one has the start of the recurrence. Where it does not go round three times, as without a period.
    """
    again = period if period and len(moments) >= 3 * period else 0
    held = slice(again, 2 * again) if again else slice(0, max(1, min(first, len(moments) // 3)))
    mean, contrast, state = (np.array([getattr(each, name) for each in moments]) for name in FIGURES)
    unit = float(state[held].mean()) or 1.0
    return Drift(len(moments), *(course(values, held, period=again) for values in (mean, contrast, state / unit)))


def course(values: NDArray[np.floating], held: slice, *, period: int = 0) -> Course:
    """What became of one figure [frames]; `held` are the frames that later ones are held against.

    With a period each frame is held against the one of `held` that is so many frames, or a multiple, before it.
    """
    start = float(values[held].mean())
    apart = values - (values[np.arange(len(values)) % period + period] if period else start)
    later = apart[held.stop :]
    if len(later) < 2:
        return Course(start, 0.0, 0.0, 0.0)
    slope = PER * float(np.polyfit(np.arange(len(later)), later, 1)[0])
    end = float(later[held.start - held.stop :].mean())
    return Course(start, end, float(later[np.abs(later).argmax()]), slope)
