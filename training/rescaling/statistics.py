"""What can be measured of pseudo truth: what a model has put in, and what it has lost of the frame.

The paper compares "simple image statistics (e.g. image gradients)" (appendix B, step 3) to sort factors by their
artefacts, and says that they assist a person and do not replace one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rescaling.patches import Picture, gradients
from training.rescaling.upscaler import TRUTH, resized

STRONG = 16.0
"""Gradients above this, in steps of 8 bits per sample, are those of lines."""
QUIET = 0.25
"""Part of the samples, those of the frame with the least about them, where a picture should be quiet as well."""
_SMOOTH, _ABOUT = 2.0, 5  # samples of the picture: noise of the frame that is no detail, and what is near a line


@dataclass(frozen=True)
class Statistics:
    """Of a picture, beside the frame it was made of."""

    gradient: float
    """Mean length of the gradient, in steps of 8 bits per sample: artefacts raise it, and so do sharp lines."""
    strong: float
    """Share of the samples whose gradient is above `STRONG`, from 0 to 1."""
    unrest: float
    """Mean gradient where the frame is quietest: noise and textures that do not belong there, but no sharp lines."""
    lost: float
    """Share of the frame's gradients that the picture, reduced to its size, lacks, from 0 to 1: lost detail."""


def statistics(picture: Picture, low: Picture) -> Statistics:
    """Of a picture [2h, 2w, 3] of a frame [h, w, 3]."""
    lengths = gradients(picture)
    return Statistics(
        float(lengths.mean()),
        float((lengths > STRONG).mean()),
        float(lengths[_quiet(low)].mean()),
        _lost(gradients(low), gradients(resized(picture, *low.shape[:2]))),
    )


def mean(several: Iterable[Statistics]) -> Statistics:
    """Of each value; of at least one."""
    kept = list(several)
    return Statistics(*(float(np.mean([getattr(each, field.name) for each in kept])) for field in fields(Statistics)))


def _quiet(low: Picture) -> NDArray[np.bool_]:
    """Which samples of the picture are those without lines near them in the frame."""
    enlarged = resized(low, TRUTH * low.shape[0], TRUTH * low.shape[1])
    smooth = np.asarray(cv2.GaussianBlur(enlarged, (0, 0), _SMOOTH), np.uint8)
    about = cv2.dilate(gradients(smooth), np.ones((_ABOUT, _ABOUT), np.uint8))
    return np.asarray(about <= np.quantile(about, QUIET), np.bool_)


def _lost(frame: NDArray[np.float32], picture: NDArray[np.float32]) -> float:
    total = float(frame.mean())
    return float(np.maximum(frame - picture, 0).mean()) / total if total else 0.0
