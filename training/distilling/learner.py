"""The student's training: a distance to the teacher's pictures, over sequences that grow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam

from training.core import DISTANCES, Cosine, Learner, Settings, Tools
from training.distilling.judging import compared
from training.distilling.pool import Clip
from training.distilling.samples import MARGIN, Batch
from vsanimesr.errors import TrainingError
from vsanimesr.nets import AnimeSR
from vsanimesr.nets.animesr import PACKED
from vsanimesr.spec import ARCHITECTURES, Network

type Loss = Literal["l1", "charbonnier", "l2"]
"""Distances that are means over samples, so that some of these can be left out."""
GROWTH = ((0.1, 1), (0.6, 3), (0.92, 7), (1.0, 15))
"""Frames of a sample until a part of all steps is done: what a picture is like costs least to learn from single frames,
and what a state is to carry needs long ones."""


@dataclass(frozen=True, kw_only=True)
class Distilling(Settings):
    """What decides a distillation."""

    pools: tuple[Mapping[str, Any], ...]
    """What each pool is of, and how many clips it has."""
    network: Network = ARCHITECTURES["animesr-lite"]
    """The student's width and depth."""
    feedback: bool = True
    """Whether its last picture is part of its state."""
    growth: tuple[tuple[float, int], ...] = GROWTH
    """Frames of a sample, as GROWTH."""
    patch: int = 64
    """Side of each sample at low resolution, a multiple of 4."""
    loss: Loss = "l1"
    """Distance to the teacher's pictures."""
    burn_in: int = 3
    """Steps on a sample's first frame as a still, without gradients, before it counts: the filter begins so."""
    lr: float = 1e-3
    """Highest learning rate; it ends at a hundredth of that."""
    length: int = 20_000
    """Steps over which it falls, and sequences grow."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        super().__post_init__()
        if self.patch % 4 or self.patch <= 2 * MARGIN or self.length < 1 or self.lr <= 0 or self.burn_in < 0:
            raise TrainingError(
                f"patches of {self.patch}, {self.length} steps, rate {self.lr}, {self.burn_in} steps before a sample; "
                f"wanted a multiple of 4 above {2 * MARGIN}, and numbers above 0"
            )

    def frames(self, sample: int) -> int:
        """Of the batch whose first sample has that number."""
        part = sample / (self.batch * self.length)
        return next((frames for until, frames in self.growth if part < until), self.growth[-1][1])


class Distillation(Learner[Batch]):
    """A student on its way."""

    def __init__(self, settings: Distilling, held_out: list[Clip] | None = None) -> None:
        """Weights are random, but for the picture's detail, which begins at zero: the picture is bilinear then."""
        student = AnimeSR(settings.feedback, settings.network)
        for name, parameter in student.named_parameters():
            if name.startswith("recurrent_cell.fusion.2."):
                nn.init.zeros_(parameter.data[:PACKED])
        self.networks = {"student": student}
        self.optimisers = {"student": Adam(student.parameters(), betas=(0.9, 0.99))}
        self.schedules = {"student": Cosine(settings.lr, settings.length, settings.lr / 100, warm_up=100)}
        self.decays = {"student": 0.999}
        self._settings, self._held_out = settings, held_out or []

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step down the distance to the teacher's pictures."""
        frames = batch.low.unbind(1)
        with torch.no_grad(), tools.autocast():  # of its own: within the other, weights would lose their gradients
            state = self._burnt_in(frames[1])
        made, student = [], tools["student"]
        with tools.autocast():
            for window in zip(frames, frames[1:], frames[2:], strict=False):
                picture, state = student(torch.cat(window, 1), state)
                made.append(picture)
        distance = judged(self._settings.loss, torch.stack(made, 1).float(), batch)
        tools.descend("student", {"distance": distance})

    def _burnt_in(self, first: Tensor) -> Tensor:
        student = self.networks["student"]
        assert isinstance(student, AnimeSR)
        state = student.initial_state(len(first), *first.shape[-2:])
        for _ in range(self._settings.burn_in):
            _, state = student(torch.cat([first] * 3, 1), state)
        return state

    def samples(self, tools: Tools) -> Mapping[str, Tensor]:
        """PSNR to the teacher on the held-out clips, and pictures of the student beside the teacher's."""
        if not self._held_out:
            return {}
        results = [compared(tools.average("student"), clip, self._settings.burn_in) for clip in self._held_out]
        found: dict[str, Any] = {"psnr_teacher": torch.tensor(float(np.mean([each.teacher for each in results])))}
        return found | {"student and teacher": torch.cat([each.pair for each in results[:3]])}


def judged(loss: Loss, made: Tensor, batch: Batch) -> Tensor:
    """The distance of pictures to a batch's, where these count; the mean over what counts."""
    made = torch.where(batch.counts, made, batch.picture)
    return DISTANCES[loss](made, batch.picture) / batch.counts.float().mean()
