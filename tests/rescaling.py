"""Films, models and measures for the tests of input rescaling."""

from pathlib import Path

import cv2
import numpy as np
from onnx import numpy_helper

from tests.networks import network
from tests.preparing import film, moving, video
from training.preparing import measuring
from training.preparing.measuring import Measures
from training.preparing.records import Made, Video
from training.rescaling import Measured, Settings, Upscaler
from training.rescaling.footage import Window
from training.rescaling.measures import Source
from training.rescaling.patches import Patch
from training.rescaling.statistics import Statistics
from vsanimesr.models import artifact

SHOT = 24
WEIGHTS = "ab" * 32


class Nearest:
    """Every sample four times along each side; keeps the sizes of the frames that it was given."""

    name, about = "nearest", "a mock"

    def __init__(self):
        self.given = []

    def pictures(self, low):
        self.given.append(low.shape)
        for frame in low:
            yield frame.repeat(4, 0).repeat(4, 1)


def upscaler(method=None):
    return Upscaler("mock", WEIGHTS, method or Nearest())


def bilinear(path: Path) -> str:
    """A file of the real network whose last layer is nothing: its pictures are bilinear enlargements."""
    drawn = network(architecture="animesr-lite")
    arrays = {each.name: numpy_helper.to_array(each) for each in drawn.proto.graph.initializer}
    weights = {name: array for name, array in arrays.items() if name.endswith((".weight", ".bias"))}
    last = {name: np.zeros_like(array) for name, array in weights.items() if name.startswith("fusion.2.")}
    artifact.write(artifact.build("bilinear", weights | last, "drawn", "unknown", "zeroed"), path)
    return str(path)


def shots(count: int = 3, size: tuple[int, int] = (48, 64), frames: int = SHOT) -> np.ndarray:
    """Shots of textures that move."""
    return film(*(moving(seed, frames, 2, size) for seed in range(count)))


def filmed(path: Path, pictures: np.ndarray) -> Video:
    """A file of these frames, measured."""
    video(path, pictures)
    made = Made("identity", "flow", "none")
    return Video(path.stem, path, made, measuring.facts(path), measuring.measure(path, lambda _: 0.0, lambda _: None))


def measures(counts, still=(), flat=()):
    """Of shots of so many frames; those of these numbers stand still, or show one gray level."""
    total = sum(counts)
    starts = np.cumsum([0, *counts])[:-1]
    hsv = np.zeros(total, np.float32)
    hsv[starts[1:]] = 99
    columns = {"flow_mean": np.full(total, 5, np.float32), "flat": np.zeros(total, np.float32)}
    for number, (first, count) in enumerate(zip(starts, counts, strict=True)):
        columns["flow_mean"][first + 1 : first + count] = 0 if number in still else 5
        columns["flat"][first : first + count] = 0.95 if number in flat else 0.2
    zeros = np.zeros(total, np.float32)
    return Measures(np.arange(total), hsv, zeros, zeros, columns["flow_mean"], columns["flat"], zeros)


def measured(unrest, lost, patches=2, identity="identity", weights=WEIGHTS) -> Measured:
    """Fabricated: by factor in tenths, how much unrest there is, and what is lost."""
    found = {tenths: Statistics(10 + tenths, 0.3, unrest[tenths], lost[tenths]) for tenths in unrest}
    each = tuple((Patch(Window(n, 20 * n, 11), 8 * n, 4, 16, 9.5), found) for n in range(patches))
    settings = Settings(patches=patches, side=16, factors=tuple(unrest))
    return Measured(Source("film", identity, "mock", weights), settings, each)


def drawn(seed: int, side: int = 32) -> np.ndarray:
    """A picture for the sheet."""
    cells = np.random.default_rng(seed).integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    return cv2.resize(cells, (side, side), interpolation=cv2.INTER_CUBIC)
