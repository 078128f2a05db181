"""Samples out of a pool: patches of a few frames, with their neighbours in time, and what of them counts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.distilling.pool import Clip, Pictures
from vsanimesr.errors import TrainingError

SCALE = 4
MARGIN = 4
"""Samples of low resolution at the sides of a patch, within its clip, that count for nothing: the teacher saw what lies
beyond them."""
PLACES, BUSY = 3, 0.75
"""Places that are looked at for a patch, and the part of the samples that take the one with the most detail."""


@dataclass(frozen=True)
class Batch:
    """Samples, from 0 to 1."""

    low: Tensor
    """What the student gets, float32 [B, T + 2, 3, h, w]: T frames, the one before and the one after them; where a
    scene begins or ends the first or the last one again."""
    picture: Tensor
    """What it is to make of the T frames, float32 [B, T, 3, 4h, 4w]."""
    counts: Tensor
    """Where it is judged, bool [B, 1, 1, 4h, 4w]."""


@dataclass(frozen=True)
class _Sample:
    low: Pictures
    picture: Pictures
    counts: NDArray[np.bool_]


class Batches:
    """Sample i is a function of (seed, i), the number of frames and the pool."""

    def __init__(self, clips: list[Clip], patch: int, seed: int, longest: int) -> None:
        """Raises TrainingError for clips that are too small, or a pool without scenes of `longest` frames."""
        small = [clip for clip in clips if min(clip.low.shape[1:3]) < patch]
        if small:
            size = "x".join(map(str, small[0].low.shape[2:0:-1]))
            raise TrainingError(f"'{small[0].folder}' is of {size}, patches of {patch} do not fit; lower --patch")
        self._clips, self._patch, self._seed = clips, patch, seed
        if not any(len(scene) >= longest for clip in clips for scene in clip.scenes):
            raise TrainingError(f"no scene of the pool has {longest} frames; make one of longer clips, by --frames")

    def of(self, numbers: Iterable[range], frames: Callable[[int], int]) -> Iterator[Batch]:
        """The batches of those samples; `frames` tells the T of a batch by the number of its first sample."""
        for batch in numbers:
            samples = [self._sample(number, frames(batch[0])) for number in batch]
            low, picture = (_values([getattr(each, name) for each in samples]) for name in ("low", "picture"))
            counts = torch.from_numpy(np.stack([sample.counts for sample in samples]))[:, None, None]
            yield Batch(low, picture, counts)

    def _sample(self, number: int, frames: int) -> _Sample:
        draw = np.random.default_rng([self._seed, number])
        clip, scene = self._scene(draw, frames)
        first = scene.start + int(draw.integers(len(scene) - frames + 1))
        y, x = self._place(draw, clip, first)
        patch, (height, width) = self._patch, clip.low.shape[1:3]
        times = np.clip(np.arange(first - 1, first + frames + 1), scene.start, scene.stop - 1)
        low = clip.low[times, y : y + patch, x : x + patch]
        rows, columns = (slice(SCALE * at, SCALE * (at + patch)) for at in (y, x))
        picture = np.array(clip.picture[first : first + frames, rows, columns])
        counts = np.outer(_counted(y, patch, height), _counted(x, patch, width))
        return _Sample(low, picture, counts)

    def _scene(self, draw: np.random.Generator, frames: int) -> tuple[Clip, range]:
        """A scene that is long enough; longer ones more often."""
        while True:
            clip = self._clips[draw.integers(len(self._clips))]
            at = int(draw.integers(clip.low.shape[0]))
            scene = next(scene for scene in clip.scenes if at in scene)
            if len(scene) >= frames:
                return clip, scene

    def _place(self, draw: np.random.Generator, clip: Clip, frame: int) -> tuple[int, int]:
        """Multiples of 4, as the branches of the network divide a frame."""
        sides = [(side - self._patch) // 4 + 1 for side in clip.low.shape[1:3]]
        places = [(4 * int(draw.integers(sides[0])), 4 * int(draw.integers(sides[1]))) for _ in range(PLACES)]
        if draw.random() >= BUSY:
            return places[0]
        return max(places, key=lambda place: self._detail(clip, frame, place))

    def _detail(self, clip: Clip, frame: int, place: tuple[int, int]) -> float:
        y, x = place
        gray = clip.low[frame, y : y + self._patch, x : x + self._patch].mean(2)
        return float(np.abs(np.diff(gray, axis=0)).mean() + np.abs(np.diff(gray, axis=1)).mean())


def _counted(at: int, patch: int, side: int) -> NDArray[np.bool_]:
    """Which rows or columns of the picture count: none of the margins but those at the clip's own border."""
    counts = np.ones(SCALE * patch, bool)
    if at > 0:
        counts[: SCALE * MARGIN] = False
    if at + patch < side:
        counts[-SCALE * MARGIN :] = False
    return counts


def _values(pictures: list[Pictures]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 1, 4, 2, 3).float() / 255
