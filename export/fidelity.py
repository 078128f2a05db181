"""How far the pictures of a recurrence are from the right ones, step by step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.frames import Image

LEVEL = 1 / 255
"""One level of 8 bits: what varies by less than half of it is constant to the eye."""


@dataclass(frozen=True)
class Step:
    """One picture beside the right one, samples in [0, 1]. Of a picture with broken samples the errors are NaN."""

    frame: int
    """Number in the clip."""
    mse: float
    """Mean squared error."""
    psnr: float
    """The same in dB over a peak of 1; infinite for equal pictures."""
    max_error: float
    """Largest absolute error of a sample."""
    differ_8: float
    """Share of samples that differ after rounding to 8 bits."""
    differ_10: float
    """Share of samples that differ after rounding to 10 bits."""
    broken: int
    """Number of samples that are NaN or infinite."""
    flat: str
    """'black' or 'constant' if the picture is that and the right one is not."""


@dataclass(frozen=True)
class Summary:
    """The steps taken together, PSNR in dB; NaN where there is nothing to tell."""

    first: float
    last: float
    minimum: float
    minimum_frame: int | None
    drift: float
    """Slope of the least-squares line through the PSNR of the steps, in dB per 10 frames; negative is worse."""
    max_error: float
    differ_8: float
    differ_10: float
    """Shares over all steps."""


def compare(frame: int, picture: Image, right: Image) -> Step:
    """Figures of a picture beside the right one, both [3, H, W], the right one float32 in [0, 1]."""
    broken = int(np.count_nonzero(~np.isfinite(picture)))
    if broken:
        return Step(frame, math.nan, math.nan, math.nan, math.nan, math.nan, broken, "")
    ours = picture.astype(np.float32)
    error = np.abs(ours - right)
    mse = float(np.square(error, dtype=np.float64).mean())
    psnr = -10 * math.log10(mse) if mse else math.inf
    differ_8, differ_10 = (float((np.rint(ours * top) != np.rint(right * top)).mean()) for top in (255, 1023))
    return Step(frame, mse, psnr, float(error.max()), differ_8, differ_10, broken, _flatness(ours, right))


def is_flat(picture: Image) -> bool:
    """Whether a picture is constant to the eye in every plane."""
    return bool((np.ptp(picture, axis=(1, 2)) < LEVEL / 2).all())


def summary(steps: Sequence[Step]) -> Summary:
    """The steps taken together; those with broken samples count nowhere."""
    whole = [step for step in steps if not step.broken]
    if not whole:
        return Summary(math.nan, math.nan, math.nan, None, *[math.nan] * 4)
    lowest = min(whole, key=lambda step: step.psnr)
    shares = [float(np.mean([getattr(step, name) for step in whole])) for name in ("differ_8", "differ_10")]
    error = max(step.max_error for step in whole)
    return Summary(whole[0].psnr, whole[-1].psnr, lowest.psnr, lowest.frame, drift(whole), error, *shares)


def drift(steps: Sequence[Step]) -> float:
    """Slope of the line through the finite PSNR of the steps, dB per 10 frames; NaN for fewer than two."""
    points = [(step.frame, step.psnr) for step in steps if math.isfinite(step.psnr)]
    if len(points) < 2:
        return math.nan
    frames, decibels = np.array(points).T
    return 10 * float(np.polyfit(frames, decibels, 1)[0])


def _flatness(picture: Image, right: Image) -> str:
    if not is_flat(picture) or np.ptp(right, axis=(1, 2)).max() <= LEVEL:
        return ""
    return "black" if picture.max() < LEVEL / 2 else "constant"
