"""From a number to a degraded clip, and from clips to samples and batches; each a function of seed and number alone."""

import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augment import Augmentation
from training.data.degrading import Degradation
from training.data.sources import Pictures, Size, Source, Truth
from vsanimesr.errors import AnimeSRError, ArgumentError, TrainingError

SCALE = 4
"""Truth is so many times as high and wide as what is made of it."""
_CUT, _ORDER = 1, 2  # keys of the draws that cut a sample, and choose its clip, beside those that make clips


@dataclass(frozen=True)
class Sample:
    """What a network gets, and what it is to give back."""

    low: Tensor
    """float32 [T, 3, h, w] from 0 to 1."""
    truth: Tensor
    """float32 [T, 3, 4h, 4w] from 0 to 1."""
    lines: Tensor | None
    """float32 [T, 1, 4h, 4w] from 0 to 1, how much of each pixel is ink; None where the source does not know it."""


@dataclass(frozen=True)
class Batch:
    """Samples one above the other."""

    low: Tensor
    """float32 [B, T, 3, h, w] from 0 to 1."""
    truth: Tensor
    """float32 [B, T, 3, 4h, 4w] from 0 to 1."""
    lines: Tensor | None = None
    """float32 [B, T, 1, 4h, 4w] from 0 to 1; None where one of the samples has none."""
    first: int = 0
    """Number of its first sample in the training."""

    @classmethod
    def of(cls, samples: Sequence[Sample], first: int = 0) -> "Batch":
        """Of samples of one shape."""
        lines = [sample.lines for sample in samples if sample.lines is not None]
        return cls(
            torch.stack([sample.low for sample in samples]),
            torch.stack([sample.truth for sample in samples]),
            torch.stack(lines) if len(lines) == len(samples) else None,
            first,
        )


@dataclass(frozen=True)
class Pool:
    """Degraded clips that several samples are cut out of: a clip costs much more to make than a sample to cut.

    Sample i is cut out of one of the `clips` clips from number i // `patches` on. So one clip in the pool is replaced
    by a new one after every `patches` samples, and each serves that many samples on average. Samples that follow one
    another take turns: in each turn of `clips` samples every place in the pool has one, in an order of that turn.
    """

    clips: int = 1
    """How many are held at once; a pixel of each frame takes 4 bytes, or 5 with lines."""
    patches: int = 1
    """Samples for each clip that is made."""
    frames: int = 0
    """Of a clip; 0 for as many as a sample has."""
    size: Size = (0, 0)
    """Height and width of a clip, or width and height where it is transposed; 0 for those of a sample."""


@dataclass(frozen=True)
class Plan:
    """Everything that decides a training's samples."""

    source: Source
    """Of truth clips."""
    degradation: Degradation
    """Of what is made of them."""
    seed: int = 0
    """Of all draws, at least 0."""
    frames: int = 15
    """Of a sample."""
    size: Size = (256, 256)
    """Height and width of a sample's truth, multiples of 4."""
    batch: int = 4
    """Samples of a batch."""
    intervals: tuple[int, ...] = (1, 2, 3)
    """That a clip's frames may lie apart, each as likely."""
    augment: bool = True
    """Whether clips are also reversed, flipped and transposed."""
    pool: Pool = field(default=Pool())
    """Fresh clips for every sample, where nothing else is said."""

    def __post_init__(self) -> None:
        numbers = (self.frames, self.batch, *self.size, *self.intervals, self.pool.clips, self.pool.patches)
        if min(numbers) < 1 or not self.intervals or self.seed < 0:
            raise ArgumentError(f"frames, batch, size, intervals, pool {numbers}, seed {self.seed}: wanted 1 and more")
        if any(side % SCALE for side in (*self.size, *self.clip_size)):
            raise ArgumentError(f"sizes {self.size} and {self.clip_size}, wanted multiples of {SCALE}")
        if self.clip_frames < self.frames or any(a < b for a, b in zip(self.clip_size, self.size, strict=True)):
            samples, clips = _words(self.frames, self.size), _words(self.clip_frames, self.clip_size)
            raise ArgumentError(f"a pool of clips of {clips} for samples of {samples}, wanted clips as large at least")

    @property
    def clip_frames(self) -> int:
        """Frames of a clip."""
        return self.pool.frames or self.frames

    @property
    def clip_size(self) -> Size:
        """Height and width of a clip."""
        return self.pool.size[0] or self.size[0], self.pool.size[1] or self.size[1]


@dataclass(frozen=True, eq=False)
class Clip:
    """A degraded clip, as it comes from the process that made it."""

    number: int
    """In the training."""
    low: NDArray[np.float32]
    """[T, 3, h, w] from 0 to 1."""
    truth: Pictures
    """uint8 [T, 4h, 4w, 3]."""
    lines: Pictures | None
    """uint8 [T, 4h, 4w]."""
    name: str
    """Where it comes from."""
    seconds: dict[str, float]
    """That its making took, by step."""


@dataclass(frozen=True)
class Failed:
    """A clip that could not be made, as it comes from the process that tried."""

    error: TrainingError
    """Names the clip and where it comes from."""


def make(plan: Plan, number: int) -> Clip:
    """Clip `number` of a training: drawn, changed, degraded; raises TrainingError, which names it."""
    rng = np.random.default_rng([plan.seed, number])
    seconds = dict[str, float]()
    name = ""
    try:
        augmentation = Augmentation.draw(rng, plan.intervals)
        augmentation = augmentation if plan.augment else Augmentation(augmentation.interval)
        square = plan.size[0] == plan.size[1]  # then it may be cut out of a clip that lies or stands
        size = plan.clip_size if square else augmentation.before(plan.clip_size)
        with _timed(seconds, "source"):
            drawn = plan.source.clip(rng, plan.clip_frames, size, augmentation.interval)
        name = drawn.name
        with _timed(seconds, "augmentation"):
            truth = augmentation.of(drawn)
        with _timed(seconds, "degradation"):
            low = plan.degradation(values(truth.frames), rng, number)
    except Exception as error:
        raise _explained(plan, number, name, error) from error
    return Clip(number, _checked(low, truth, plan, number), truth.frames, truth.lines, name, seconds)


def cut(plan: Plan, number: int, clip: Callable[[int], Clip]) -> Sample:
    """Sample `number` of a training, of the clip that it is cut out of; `clip` gives that by its number."""
    rng = np.random.default_rng([plan.seed, number, _CUT])
    chosen = clip(clip_of(plan, number))
    (height, width), (high, wide) = plan.size, chosen.truth.shape[1:3]
    first = int(rng.integers(plan.clip_frames - plan.frames + 1))
    top, left = (SCALE * int(rng.integers(rest // SCALE + 1)) for rest in (high - height, wide - width))
    times = slice(first, first + plan.frames)
    inside = times, slice(top, top + height), slice(left, left + width)
    low = [slice(edge // SCALE, (edge + side) // SCALE) for edge, side in ((top, height), (left, width))]
    lines = None if chosen.lines is None else torch.from_numpy(chosen.lines[inside]).float().div_(255)[:, None]
    return Sample(torch.from_numpy(chosen.low[times, :, low[0], low[1]]).clone(), values(chosen.truth[inside]), lines)


def clip_of(plan: Plan, number: int) -> int:
    """Number of the clip that sample `number` is cut out of; see Pool."""
    turn, place = divmod(number, plan.pool.clips)
    order = np.random.default_rng([plan.seed, turn, _ORDER]).permutation(plan.pool.clips)
    return number // plan.pool.patches + int(order[place])


def values(frames: Pictures) -> Tensor:
    """uint8 [T, H, W, 3] as float32 [T, 3, H, W] from 0 to 1."""
    return torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous().float().div_(255)


def _words(frames: int, size: Size) -> str:
    return f"{frames} frames of {size[1]}x{size[0]}"


def _checked(low: Tensor, truth: Truth, plan: Plan, number: int) -> NDArray[np.float32]:
    times, height, width = truth.frames.shape[:3]
    wanted = (times, 3, height // SCALE, width // SCALE)
    if low.dtype != torch.float32 or tuple(low.shape) != wanted:
        raise TrainingError(f"clip {number}: its degradation gave {low.dtype} {list(low.shape)}, wanted {list(wanted)}")
    return low.numpy()


def _explained(plan: Plan, number: int, name: str, error: Exception) -> TrainingError:
    first = max(0, number - plan.pool.clips + 1) * plan.pool.patches
    what = str(error) if isinstance(error, AnimeSRError) else traceback.format_exc().rstrip()
    where = f" of {name}" if name else ""
    return TrainingError(f"sample {first} and on (seed {plan.seed}): clip {number}{where} could not be made: {what}")


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Generator[None]:
    begin = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - begin
