"""BRISQUE (Mittal, Moorthy, Bovik: No-Reference Image Quality Assessment in the Spatial Domain, IEEE Transactions on
Image Processing 2012): 36 features of natural scenes and a regression to scores of people (LIVE's, of photographs).
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, override

import cv2
import numpy as np

from training.metrics import svr
from training.metrics.pictures import Picture, Plane, gray
from training.metrics.resizing import imresize
from training.metrics.statistics import SHIFTS, Values, asymmetric, asymmetric_mean, gaussian, normalised
from vsanimesr.errors import BadModelFile

FEATURES = 36


@dataclass(frozen=True, eq=False)
class Model:
    """What turns features into a score."""

    regression: svr.Regression
    low: Values
    """Smallest value of each feature in the training set, [36]."""
    high: Values
    """Largest one."""


class _Lists(pickle.Unpickler):
    """Knows numbers, texts, lists and dictionaries, and no class at all."""

    @override
    def find_class(self, module_name: str, global_name: str) -> NoReturn:
        raise BadModelFile(f"it asks for {module_name}.{global_name}")


def read(regression: Path, ranges: Path) -> Model:
    """The model of the `brisque` package: libsvm's text file, and a pickle of `min_` and `max_`, 36 numbers each.

    Raises BadModelFile for others; no class of the pickle is loaded.
    """
    try:
        with ranges.open("rb") as file:
            stored = _Lists(file).load()
        low, high = (np.array(stored[key], np.float64) for key in ("min_", "max_"))
    except Exception as error:  # whatever a damaged pickle makes the standard library raise
        raise BadModelFile(f"{ranges} is no pickle of min_ and max_, 36 numbers each: {error}") from error
    if low.shape != (FEATURES,) or high.shape != low.shape or not (low < high).all():
        raise BadModelFile(f"{ranges} has {low.shape} and {high.shape} numbers, wanted {FEATURES}, min_ below max_")
    return Model(svr.read(regression, FEATURES), low, high)


def score(picture: Picture, model: Model) -> float:
    """Score of a picture, lower is better; about 0 to 100, and beyond where a picture is unlike any photograph."""
    scaled = 2 * (features(gray(picture)) - model.low) / (model.high - model.low) - 1
    return model.regression(scaled)


def features(plane: Plane) -> Values:
    """The 36 features of a plane on the scale of 0 to 255 (table I): 18 at its own size, 18 at half of it.

    NaN stands for what a flat picture does not have.
    """
    return np.array([*_of_scale(plane), *_of_scale(imresize(plane, 0.5))])


def _of_scale(plane: Plane) -> Iterator[float]:
    samples, _ = normalised(plane, border=cv2.BORDER_CONSTANT)
    shape, variance = gaussian(samples.reshape(1, -1))
    yield from (float(shape[0]), float(variance[0]))
    for shift in SHIFTS:
        shape, left, right = asymmetric((samples * np.roll(samples, shift, axis=(0, 1))).reshape(1, -1))
        yield from (float(each[0]) for each in (shape, asymmetric_mean(shape, left, right), left**2, right**2))
