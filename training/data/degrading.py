"""What a loader is told to make low-resolution clips with."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from torch import Tensor

from training.degrade import BASIC_OP, Ranges, Recipe, codec, degrade


class Degradation(Protocol):
    """Makes a low-resolution clip; it can be pickled."""

    def __call__(self, truth: Tensor, rng: np.random.Generator, number: int) -> Tensor:
        """float32 [T, 3, H, W] from 0 to 1 to [T, 3, H/4, W/4], by `rng` and the clip's number alone."""
        ...


@dataclass(frozen=True)
class BasicOp:
    """AnimeSR's degradations, among them a share of clean clips, by a curriculum if wanted."""

    ranges: Ranges = field(default=BASIC_OP)
    """What recipes are drawn from."""
    clean: float = 0.0
    """Share of the clips that are only reduced, `Recipe.bicubic`."""
    grown: int = 0
    """Number of the clip from which on the ranges are whole; they grow from the first one on (`Ranges.at`)."""

    def recipe(self, frames: int, rng: np.random.Generator, number: int) -> Recipe:
        """What is done to a clip; as many values are taken from `rng` whether it is clean or not."""
        ranges = self.ranges.at(min(1.0, number / self.grown)) if self.grown else self.ranges
        clean = rng.random() < self.clean
        drawn = Recipe.draw(rng, frames, ranges)
        return Recipe.bicubic() if clean else drawn

    def __call__(self, truth: Tensor, rng: np.random.Generator, number: int) -> Tensor:
        """As `Degradation`; raises as `training.degrade.degrade` does."""
        return degrade(truth, self.recipe(len(truth), rng, number), by=codec.choose())
