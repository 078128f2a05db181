"""Recipes: everything that is drawn for a clip, drawn before a pixel is touched."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from training.degrade.kernels import Gaussian
from training.degrade.ranges import BASIC_OP, FILTERS, PROFILES, Range, Ranges
from vsanimesr.errors import ArgumentError

LEARNED = "learned"
"""Of a Step: a learned operator instead of a filter."""
ANTIALIASED = "antialiased cubic"
"""Of a Step: a cubic filter as wide as the reduction asks for, which the paper's degradations do not have."""


@dataclass(frozen=True)
class Noise:
    """The noise of one frame."""

    sigma: float
    """Standard deviation, in steps of 8 bits: sigma/255 is added to values from 0 to 1."""
    gray: bool
    """Whether the three channels get the same plane."""


@dataclass(frozen=True)
class Step:
    """One reduction of a clip."""

    factor: int
    """2 or 4."""
    filter: str
    """One of FILTERS, ANTIALIASED or LEARNED."""


@dataclass(frozen=True)
class H264:
    """How x264 is told to encode a clip; the rest is in `x264.options`."""

    crf: float
    """Constant rate factor, 0 to 51, real-valued; higher is worse."""
    profile: str = "high"
    """One of PROFILES."""


@dataclass(frozen=True)
class Recipe:
    """The degradation of one clip (AnimeSR, section 4): blur, noise, reductions, H.264, in this order."""

    blur: Gaussian | None
    """One kernel for the clip; None for no blur."""
    noise: tuple[Noise, ...]
    """One for each frame of the clip; none at all for a clip without noise."""
    noise_seed: int
    """Of the pixels of the noise, from 0 to 2^62 - 1."""
    steps: tuple[Step, ...]
    """Reductions for the clip, whose factors' product is 4."""
    compression: H264 | None
    """None for no codec: values are then rounded to 8 bits instead of truncated."""
    operator: int = 0
    """Number in the pool of the learned operator that all LEARNED steps of the clip use."""

    @classmethod
    def draw(cls, rng: np.random.Generator, frames: int, ranges: Ranges = BASIC_OP, operators: int = 0) -> Self:
        """A recipe for a clip of `frames` frames, of `ranges`; `operators` is how many learned ones the pool has.

        The same number of values is taken from `rng` whatever they turn out to be and whatever the ranges are. Those of
        the frames come last: a longer clip's recipe begins as a shorter one's.
        Raises ArgumentError for fewer than one frame, or fewer than no operators.
        """
        if frames < 1 or operators < 0:
            raise ArgumentError(f"{frames} frames and {operators} operators, wanted at least 1 and at least 0")
        blur, steps = _blur(rng, ranges), _steps(rng, ranges, operators)
        operator = int(rng.random() * max(operators, 1))
        compression = H264(_uniform(rng, ranges.crf), _one_of(rng, PROFILES, ranges.profiles))
        seed = int(rng.integers(2**62))
        return cls(blur, _noise(rng, frames, ranges), seed, steps, compression, operator)

    @classmethod
    def bicubic(cls) -> Self:
        """Nothing but an antialiased cubic reduction by four, rounded to 8 bits; for a clip of any length.

        A share of such clips keeps a network from harming sources that are clean.
        """
        return cls(None, (), 0, (Step(4, ANTIALIASED),), None)


def generator(seed: int, *key: int) -> np.random.Generator:
    """The generator of a clip's recipe, such as `generator(seed, epoch, clip)`; all numbers are at least 0.

    Generators of different keys are independent, so a recipe depends on no other clip and on no number of workers.
    """
    if min(seed, *key, 0) < 0:
        raise ArgumentError(f"seed {seed} and key {key}, wanted numbers from 0 on")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _blur(rng: np.random.Generator, ranges: Ranges) -> Gaussian:
    anisotropic = rng.random() < ranges.anisotropic
    sigma, sigma_x, sigma_y = (_uniform(rng, ends) for ends in (ranges.sigma, ranges.sigma_x, ranges.sigma_y))
    angle = _uniform(rng, (-np.pi, np.pi))
    return Gaussian(sigma_x, sigma_y, angle) if anisotropic else Gaussian(sigma, sigma)


def _steps(rng: np.random.Generator, ranges: Ranges, operators: int) -> tuple[Step, ...]:
    """Two steps are drawn even where only the first is used."""
    drawn = [(rng.random() < ranges.learned, _one_of(rng, FILTERS, ranges.filters)) for _ in range(2)]
    if ranges.steps == 1:
        return (Step(4, drawn[0][1]),)
    return tuple(Step(2, LEARNED if learned and operators else filter_) for learned, filter_ in drawn)


def _noise(rng: np.random.Generator, frames: int, ranges: Ranges) -> tuple[Noise, ...]:
    low, high = ranges.noise
    return tuple(
        Noise(low + (high - low) * sigma, gray < ranges.gray) for sigma, gray in rng.random((frames, 2)).tolist()
    )


def _uniform(rng: np.random.Generator, ends: Range) -> float:
    low, high = ends
    return float(low + (high - low) * rng.random())


def _one_of(rng: np.random.Generator, names: tuple[str, ...], probabilities: tuple[float, ...]) -> str:
    number = int(np.searchsorted(np.cumsum(probabilities), rng.random(), side="right"))
    return names[min(number, len(names) - 1)]
