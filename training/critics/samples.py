"""Samples to learn features from: patches of drawings, worn or not, each a function of (seed, number) alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from training.critics.drawings import NAMES, Drawings
from training.degrade import Recipe, codec, degrade
from training.degrade.pipeline import stages

WEAR = 4
"""Numbers that say how worn a picture is: deviations of blur and noise, CRF, whether it was reduced and enlarged."""
SCALES = (4.0, 10.0, 51.0, 1.0)
"""What they are divided by."""
SOUND, WORN, SMALL = "sound", "worn", "small"
TREATMENTS = (SOUND, WORN, SMALL, SMALL)
"""A quarter of the samples is as it was drawn, a quarter blurred and noisy, and half is reduced, compressed, enlarged:
what a network would make pictures of, and near what an unfinished one makes."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A patch and what is known of it."""

    picture: NDArray[np.uint8]
    """RGB [P, P, 3], worn or not."""
    clean: NDArray[np.uint8]
    """The same as it was drawn."""
    lines: NDArray[np.uint8]
    """How much of each sample of it is ink, [P, P]."""
    names: NDArray[np.float32]
    """1 for each of NAMES that its shot has, else 0."""
    wear: NDArray[np.float32]
    """How worn it is, [WEAR], each about 0 to 1; 0 for what was not done."""


@dataclass(frozen=True)
class Batch:
    """Samples one above the other, values from 0 to 1."""

    pictures: Tensor
    """float32 [B, 3, P, P]."""
    clean: Tensor
    """float32 [B, 3, P, P]."""
    lines: Tensor
    """float32 [B, 1, P, P]."""
    names: Tensor
    """float32 [B, len(NAMES)]."""
    wear: Tensor
    """float32 [B, WEAR]."""

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Batch":
        """Of samples of one size."""
        pictures, clean = (_values([getattr(each, name) for each in samples]) for name in ("picture", "clean"))
        lines = _values([each.lines[..., None] for each in samples])
        names, wear = (torch.from_numpy(np.stack([getattr(each, n) for each in samples])) for n in ("names", "wear"))
        return cls(pictures, clean, lines, names, wear)


@dataclass(frozen=True)
class Samples:
    """Sample i of a training."""

    drawings: Drawings
    """What patches are cut out of."""
    count: int
    """Drawings that there are."""
    patch: int
    """Side of a patch, a multiple of 4, at most those of drawings."""
    seed: int = 0
    """Of all draws."""

    def __getitem__(self, number: int) -> Sample:
        """Raises as Drawings and `training.degrade.degrade` do."""
        draw = np.random.default_rng([self.seed, number])
        drawing = self.drawings[int(draw.integers(self.count))]
        inside = self._place(draw, drawing.lines.shape)
        ahead = -1 if draw.random() < 0.5 else 1  # half of them are mirrored
        clean = drawing.image[inside][:, ::ahead].copy()
        treatment = TREATMENTS[int(draw.integers(len(TREATMENTS)))]
        recipe = Recipe.draw(draw, 1)
        names = np.array([name in drawing.names for name in NAMES], np.float32)
        lines = drawing.lines[inside][:, ::ahead]
        return Sample(treated(clean, recipe, treatment), clean, lines, names, wear(recipe, treatment))

    def _place(self, draw: np.random.Generator, shape: tuple[int, ...]) -> tuple[slice, slice]:
        at = [int(draw.integers(side - self.patch + 1)) for side in shape]
        return slice(at[0], at[0] + self.patch), slice(at[1], at[1] + self.patch)


def treated(clean: NDArray[np.uint8], recipe: Recipe, treatment: str) -> NDArray[np.uint8]:
    """The picture [H, W, 3] by one of TREATMENTS; one that was reduced is enlarged again by a cubic filter."""
    if treatment == SOUND:
        return clean
    frame = torch.from_numpy(clean).permute(2, 0, 1)[None].float() / 255
    if treatment == WORN:
        for stage in stages(recipe):
            frame = stage.apply(frame) if stage.name in ("blur", "noise") else frame
    else:
        small = degrade(frame, recipe, by=codec.choose())
        frame = F.interpolate(small, scale_factor=4, mode="bicubic", align_corners=False)
    made: NDArray[np.uint8] = (frame[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return made


def wear(recipe: Recipe, treatment: str) -> NDArray[np.float32]:
    """The numbers of a recipe, as far as the treatment has them, by SCALES."""
    if treatment == SOUND:
        return np.zeros(WEAR, np.float32)
    assert recipe.blur
    assert recipe.compression
    sigma = (recipe.blur.sigma_x * recipe.blur.sigma_y) ** 0.5
    small = treatment == SMALL
    found = sigma, recipe.noise[0].sigma, recipe.compression.crf * small, float(small)
    return np.divide(found, SCALES).astype(np.float32)


def _values(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().float().div_(255)
