"""What a loader is told to make low-resolution clips with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, override

import numpy as np
from torch import Tensor

from training.degrade import BASIC_OP, LEARNED_OP, Ranges, Recipe, codec, degrade
from training.degrade.downscale import Operator
from vsanimesr.errors import ArgumentError


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

    @property
    def pool(self) -> Sequence[Operator]:
        """The learned operators, none."""
        return ()

    def recipe(self, frames: int, rng: np.random.Generator, number: int) -> Recipe:
        """What is done to a clip; as many values are taken from `rng` whether it is clean or not."""
        ranges = self.ranges.at(min(1.0, number / self.grown)) if self.grown else self.ranges
        clean = rng.random() < self.clean
        drawn = Recipe.draw(rng, frames, ranges, len(self.pool))
        return Recipe.bicubic() if clean else drawn

    def __call__(self, truth: Tensor, rng: np.random.Generator, number: int) -> Tensor:
        """As `Degradation`; raises as `training.degrade.degrade` does."""
        return degrade(truth, self.recipe(len(truth), rng, number), operators=self.pool, by=codec.choose())


@dataclass(frozen=True)
class AnimeSROp(BasicOp):
    """The degradations of AnimeSR's final stage: two reductions by two, half of them by the clip's learned operator.

    Both steps of a clip share an operator; which one of the pool is drawn for each clip (the paper: for each step of
    the training; the authors' code draws once for each process of its loader). Raises ArgumentError for an empty pool.
    """

    ranges: Ranges = field(default=LEARNED_OP)
    """What recipes are drawn from."""
    operators: tuple[Operator, ...] = ()
    """The pool, as `training.operators.load_operators` gives it, on the processor."""

    def __post_init__(self) -> None:
        if not self.operators:
            raise ArgumentError(
                "the final stage has a pool of learned operators, and none was given: make one by "
                "`python -m training.lbo`, or use BasicOp(LEARNED_OP)"
            )

    @property
    @override
    def pool(self) -> Sequence[Operator]:
        """The learned operators."""
        return self.operators
