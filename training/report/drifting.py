"""Long runs of the networks: a picture that stands still, and a clip that is cut all the time."""

from collections.abc import Sequence

import numpy as np

from training.metrics import drift
from training.report.clips import Clip, Pictures
from training.report.methods import Network, enlarged
from training.report.results import DriftResult

FRAMES = 300
SIZE = (96, 64)
"""Width and height of the low-resolution frames."""
SHOT = 12
"""Frames between two cuts."""
PERIOD = 5 * SHOT
"""Frames after which the cut clip repeats, so that its pictures can be held against earlier ones of the same frame."""


def still(clips: Sequence[Clip], frames: int = FRAMES, size: tuple[int, int] = SIZE) -> Pictures:
    """The middle of the first clip's middle frame, again and again."""
    low = clips[0].low
    return np.repeat(_middle(low[len(low) // 2 : len(low) // 2 + 1], size), frames, axis=0)


def cut_heavy(clips: Sequence[Clip], frames: int = FRAMES, size: tuple[int, int] = SIZE, seed: int = 0) -> Pictures:
    """Five shots of twelve frames, again and again: of the clips in turn, each from another time and place."""
    rng, shots = np.random.default_rng(seed), list[Pictures]()
    for number in range(PERIOD // SHOT):
        low = clips[number % len(clips)].low
        first = int(rng.integers(max(1, len(low) - SHOT + 1)))
        numbers = np.minimum(first + np.arange(SHOT), len(low) - 1)
        shots.append(_somewhere(low[numbers], size, rng))
    return np.concatenate(shots * -(-frames // PERIOD))[:frames]


def run(network: Network, name: str, low: Pictures, *, period: int = 0) -> DriftResult:
    """What becomes of a network's pictures and state over a long clip; after `period` frames it repeats, 0: never."""
    moments, last, bicubic = list[drift.Moment](), None, np.empty(0)
    for frame, (picture, state) in zip(low, network.steps(low), strict=True):
        if last is None or not np.array_equal(frame, last):
            last, bicubic = frame, enlarged(frame)
        moments.append(drift.moment(255 * picture.cpu().numpy(), bicubic, state.cpu().numpy()))
    courses = ([round(getattr(moment, name), 4) for moment in moments] for name in drift.FIGURES)
    return DriftResult(network.name, name, drift.summary(moments, period=period), *courses)


def _middle(frames: Pictures, size: tuple[int, int]) -> Pictures:
    height, width = frames.shape[1:3]
    wide, high = min(size[0], width), min(size[1], height)
    left, top = (width - wide) // 2, (height - high) // 2
    return frames[:, top : top + high, left : left + wide]


def _somewhere(frames: Pictures, size: tuple[int, int], rng: np.random.Generator) -> Pictures:
    """A crop of that size at a drawn place; a smaller clip is repeated beyond its edge by its mirror."""
    missing = [(0, max(0, wanted - side)) for wanted, side in zip(size[::-1], frames.shape[1:3], strict=True)]
    frames = np.pad(frames, [(0, 0), *missing, (0, 0)], mode="symmetric")
    (wide, high), (height, width) = size, frames.shape[1:3]
    top, left = int(rng.integers(height - high + 1)), int(rng.integers(width - wide + 1))
    crop = frames[:, top : top + high, left : left + wide]
    return crop[:, :, ::-1] if rng.random() < 0.5 else crop
