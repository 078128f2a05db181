"""The degradations of AnimeSR's training (NeurIPS 2022, section 4): a recipe is drawn, then made of a clip.

    recipe = Recipe.draw(generator(seed, clip), frames=15)
    lr = degrade(hr, recipe)

`python -m training.degrade sheet` shows them.
"""

from training.degrade.kernels import Gaussian
from training.degrade.pipeline import compressed, degrade, to_lr
from training.degrade.ranges import BASIC_OP, LEARNED_OP, Ranges
from training.degrade.recipes import H264, Noise, Recipe, Step, generator

VERSION = 1
"""Raised by every change that alters what a recipe is drawn as, or what it makes of a clip."""

__all__ = [
    "BASIC_OP",
    "H264",
    "LEARNED_OP",
    "VERSION",
    "Gaussian",
    "Noise",
    "Ranges",
    "Recipe",
    "Step",
    "compressed",
    "degrade",
    "generator",
    "to_lr",
]
