"""The model that makes pseudo truth, and its pictures of frames that were made smaller first."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.core import checkpoints
from training.core.export import CELL, artifact_of, weights
from training.core.folder import Checkpoint
from training.core.state import names
from training.report.methods import Method, Network
from vsanimesr import models
from vsanimesr.errors import TrainingError
from vsanimesr.models import Artifact, artifact

type Picture = NDArray[np.uint8]
"""RGB, [H, W, 3]."""
type Pictures = NDArray[np.uint8]
"""Frames, [frames, height, width, 3], RGB of 0 to 255."""

BURN_IN = 3
"""Steps on the first frame as a still before the frames themselves, as the filter has them."""
TRUTH = 2
"""How much larger than the frames pseudo truth is: the learnable operators reduce by two."""
TENTHS = range(1, 11)
"""Factors that frames can be reduced by, in tenths."""


@dataclass(frozen=True)
class Upscaler:
    """A model that enlarges clips four times."""

    asked: str
    """What it was asked for by."""
    weights: str
    """SHA-256 of its weights."""
    method: Method
    """What computes."""


def load(text: str, *, device: str = "cpu", precision: str = "fp32") -> Upscaler:
    """A model by its name, the path of an .onnx artifact, or the folder of a run, whose averaged network it is.

    Raises ModelError where there is none, TrainingError for a folder that is no run of such a network, and as
    `training.report.methods.Network` does for a device.
    """
    model = _of_run(Path(text)) if Path(text).is_dir() else models.load(text)
    about = f"{model.spec.source}, weights {model.spec.weights_sha256[:12]}"
    name = Path(text).name if Path(text).exists() else text
    network = Network(name, model, about, device=device, precision=precision)
    return Upscaler(text, model.spec.weights_sha256, network)


def doubled(method: Method, low: Pictures, tenths: int) -> Iterator[Picture]:
    """What a model makes of successive frames that are reduced to `tenths` / 10, each picture at exactly 2h x 2w.

    The first step knows no frames before; `BURN_IN` steps on a still stand for them. Of a factor of 0.5 the pictures
    are the network's own, else they are resized once more. All resizing is Lanczos', antialiased, in 8 bits.
    """
    height, width = low.shape[1:3]
    sides = max(1, round(height * tenths / 10)), max(1, round(width * tenths / 10))
    small = [resized(frame, *sides) for frame in low]
    made = method.pictures(np.stack([*small[:1] * BURN_IN, *small]))
    return (resized(picture, TRUTH * height, TRUTH * width) for picture in islice(made, BURN_IN, None))


def resized(picture: Picture, height: int, width: int) -> Picture:
    """A picture of exactly that size, by Lanczos' filter of three lobes, which a reduction widens."""
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS), np.uint8)


def _of_run(folder: Path) -> Artifact:
    found = checkpoints.find(folder)
    source = f"step {found.facts.step} of the run '{folder.name}'"
    return artifact_of(found, _network(found), folder.name, source, "unknown")


def _network(found: Checkpoint) -> str:
    """The name of the averaged network that upscales; a run may have others, such as critics."""
    averaged = names(found.files, "average")
    able = [name for name in averaged if f"{CELL}{artifact.HEAD}" in weights(found, name)]
    if len(able) != 1:
        raise TrainingError(
            f"'{found.path}' has averages of {', '.join(averaged) or 'nothing'}, of which {len(able)} upscale; wanted "
            "a run with one network that does: training.animesr or training.distill"
        )
    return able[0]
