"""What can be measured of pseudo truth: how much texture a model has put in, and what it has lost of the frame.

The paper compares "simple image statistics (e.g. image gradients)" (appendix B, step 3) to sort factors by their
artefacts, and says that they assist a person and do not replace one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from training.rescaling.patches import Picture, gradients
from training.rescaling.upscaler import resized

STRONG = 16.0
"""Gradients above this, in steps of 8 bits per sample, are those of lines."""


@dataclass(frozen=True)
class Statistics:
    """Of a picture, beside the frame it was made of; all of them lower where there is less."""

    gradient: float
    """Mean length of the gradient, in steps of 8 bits per sample: artefacts raise it, and so do sharp lines."""
    strong: float
    """Share of the samples whose gradient is above `STRONG`, from 0 to 1."""
    lost: float
    """Mean difference between the frame and the picture reduced to its size, in steps of 8 bits: lost detail raises
    it, and so do noise and artefacts of the frame that the model took away."""


def statistics(picture: Picture, low: Picture) -> Statistics:
    """Of a picture [2h, 2w, 3] of a frame [h, w, 3]."""
    lengths = gradients(picture)
    back = resized(picture, *low.shape[:2])
    lost = np.abs(back.astype(np.float32) - low).mean()
    return Statistics(float(lengths.mean()), float((lengths > STRONG).mean()), float(lost))


def mean(several: Iterable[Statistics]) -> Statistics:
    """Of each value; of at least one."""
    kept = list(several)
    return Statistics(
        **{each.name: float(np.mean([getattr(s, each.name) for s in kept])) for each in fields(Statistics)}
    )
