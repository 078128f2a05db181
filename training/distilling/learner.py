"""The student's training: L1 to the teacher's pictures, over whole sequences."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss
from torch.optim import Adam

from training.core import Cosine, Learner, Settings, Tools, charbonnier, free, l1, unroll
from training.distilling import pool
from training.distilling.pool import Clip
from vsanimesr.nets import AnimeSR
from vsanimesr.spec import ARCHITECTURES, Network

SCALE = 4
DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l1": l1, "charbonnier": charbonnier, "l2": mse_loss}
"""By the names that the settings have."""
MARGIN = 4
"""Samples of low resolution at each side of a patch that count for nothing: the teacher saw what lies beyond."""


@dataclass(frozen=True, kw_only=True)
class Distilling(Settings):
    """What decides a distillation."""

    network: Network = ARCHITECTURES["animesr-lite"]
    """The student's width and depth."""
    feedback: bool = True
    """Whether its last picture is part of its state."""
    frames: int = 7
    """Of each sample."""
    patch: int = 64
    """Side of each sample at low resolution, a multiple of 4."""
    loss: Literal["l1", "charbonnier", "l2"] = "l1"
    """Distance to the teacher's pictures."""
    lr: float = 1e-3
    """Highest learning rate; it ends at a hundredth of that."""
    length: int = 20_000
    """Steps over which it falls."""
    held_out: str = free("")
    """A pool whose pictures are compared now and then; '' for none."""


@dataclass(frozen=True)
class Batch:
    """Samples: float32 [B, T, 3, h, w] and [B, T, 3, 4h, 4w] from 0 to 1."""

    low: Tensor
    """What the student gets."""
    picture: Tensor
    """What it is to make of it."""


class Batches:
    """Samples out of a pool; sample i is a function of (seed, i) and of the pool."""

    def __init__(self, folder: Path, settings: Distilling) -> None:
        """Raises TrainingError for a folder that is no pool, or whose clips are too small or too short."""
        self._clips, self._settings = pool.clips(folder), settings

    def __call__(self, first: int) -> Iterator[Batch]:
        """Batches from the sample `first` on, without end."""
        count = self._settings.batch
        while True:
            samples = [self._sample(first + n) for n in range(count)]
            low, picture = (torch.from_numpy(np.stack(parts)) for parts in zip(*samples, strict=True))
            yield Batch(*(pictures.permute(0, 1, 4, 2, 3).float() / 255 for pictures in (low, picture)))
            first += count

    def _sample(self, number: int) -> tuple[pool.Pictures, pool.Pictures]:
        draw, asked = np.random.default_rng([self._settings.seed, number]), self._settings
        clip = self._clips[draw.integers(len(self._clips))]
        count, height, width, _ = clip.low.shape
        first = draw.integers(count - asked.frames + 1)
        y, x = (4 * draw.integers((side - asked.patch) // 4 + 1) for side in (height, width))
        times = slice(first, first + asked.frames)
        low = clip.low[times, y : y + asked.patch, x : x + asked.patch]
        large = (slice(SCALE * at, SCALE * (at + asked.patch)) for at in (y, x))
        return np.array(low), np.array(clip.picture[(times, *large)])


class Distillation(Learner[Batch]):
    """A student on its way."""

    def __init__(self, settings: Distilling, held_out: Path | None = None) -> None:
        """Random weights by the settings' seed."""
        torch.manual_seed(settings.seed)
        student = AnimeSR(settings.feedback, settings.network)
        self.networks = {"student": student}
        self.optimisers = {"student": Adam(student.parameters(), betas=(0.9, 0.99))}
        self.schedules = {"student": Cosine(settings.lr, settings.length, settings.lr / 100, warm_up=100)}
        self.decays = {"student": 0.999}
        self._settings = settings
        self._held_out = pool.clips(held_out) if held_out else []

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step down the distance to the teacher's pictures."""
        with tools.autocast():
            made = unroll(tools["student"], batch.low)
        inner = slice(SCALE * MARGIN, -SCALE * MARGIN or None)
        distance = DISTANCES[self._settings.loss]
        made, wanted = (pictures.float()[..., inner, inner] for pictures in (made, batch.picture))
        tools.descend("student", {"distance": distance(made, wanted)})

    def samples(self, tools: Tools) -> Mapping[str, Tensor]:
        """PSNR to the teacher on the held-out clips, and three pictures of the student beside the teacher's."""
        if not self._held_out:
            return {}
        results = [compared(tools.average("student"), clip) for clip in self._held_out]
        found: dict[str, Any] = {"psnr_teacher": torch.tensor(float(np.mean([each.teacher for each in results])))}
        return found | {"student and teacher": torch.cat([each.pair for each in results[:3]])}


@dataclass(frozen=True)
class Compared:
    """How a student did on a clip."""

    teacher: float
    """Mean over the frames of the PSNR to the teacher's pictures, dB."""
    pair: Tensor = field(repr=False)
    """Its last picture beside the teacher's, [1, 3, 4h, 8w] from 0 to 1."""


@torch.no_grad()
def compared(student: torch.nn.Module, clip: Clip) -> Compared:
    """A student's pictures of a whole clip against the teacher's."""
    low, wanted = (
        torch.from_numpy(np.array(part)).permute(0, 3, 1, 2).float() / 255 for part in (clip.low, clip.picture)
    )
    made = unroll(student, low[None])[0].float().clamp(0, 1)
    errors = (made - wanted).square().flatten(1).mean(1)
    return Compared(float((-10 * errors.clamp_min(1e-10).log10()).mean()), torch.cat([made[-1:], wanted[-1:]], 3))
