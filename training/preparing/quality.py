"""Scores of frames that need no reference, from 0 to 100, higher is better: what hyperIQA was to the authors.

hyperIQA's weights are not to be had. The default is a score of sharpness, which says so in its name; a better one can
be named by its place, `package.module:function`, and the output carries that name.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from training.preparing.decoding import Picture
from vsanimesr.errors import ArgumentError

type Score = Callable[[Picture], float]
"""Of a frame; from 0 to 100, higher is better."""

HALF = 300.0
"""Variance of the Laplacian that scores 50."""


@dataclass(frozen=True)
class Scorer:
    """A score and what the output calls it."""

    name: str
    """For people; says what it stands for."""
    score: Score
    """Of a frame."""


def sharpness(picture: Picture) -> float:
    """Variance v of the Laplacian of a frame's gray values at its own size, as 100 v / (v + HALF).

    Noise and grain count as sharpness, which hyperIQA does not hold for quality.
    """
    variance = float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())
    return 100 * variance / (variance + HALF)


def none(picture: Picture) -> float:
    """0 for every frame: clips are then ranked by motion alone."""
    return 0.0


NAMED = {
    "sharpness": Scorer("sharpness, variance of the Laplacian (substitute for hyperIQA)", sharpness),
    "none": Scorer("no score (instead of hyperIQA)", none),
}
"""By what `--quality` takes."""


def scorer(name: str) -> Scorer:
    """One of NAMED, or a function of a frame at `package.module:function`.

    Raises ArgumentError where there is none, or where it does not give a number from 0 to 100 for a gray frame.
    """
    if name in NAMED:
        return NAMED[name]
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
        tried = float(found(np.full((256, 256, 3), 128, np.uint8)))
    except Exception as error:
        wanted = f"{', '.join(NAMED)}, or package.module:function, which gives a number for a frame uint8 [H, W, 3]"
        raise ArgumentError(f"--quality {name}: {type(error).__name__}: {error}; wanted {wanted}") from error
    if not 0 <= tried <= 100:
        raise ArgumentError(f"--quality {name} gives {tried:g} for a gray frame, wanted 0 to 100, higher for better")
    return Scorer(f"{name} (substitute for hyperIQA)", found)
