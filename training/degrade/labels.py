"""What was drawn, in words for people."""

import math

from training.degrade.kernels import Gaussian
from training.degrade.recipes import H264, LEARNED, Noise, Recipe, Step


def of_recipe(recipe: Recipe, frame: int) -> tuple[str, str, str]:
    """Three short lines: blur, the noise of one frame of the clip, and what comes after."""
    blur = f"blur {of_blur(recipe.blur)}" if recipe.blur else "no blur"
    noise = of_noise(recipe.noise[frame]) if recipe.noise else "no noise"
    codec = of_codec(recipe.compression) if recipe.compression else "no codec"
    return blur, noise, f"{of_steps(recipe.steps, recipe.operator)}, {codec}"


def of_blur(blur: Gaussian) -> str:
    """Deviations in samples, and the angle from 0 to 180 degrees of an anisotropic Gaussian."""
    if blur.isotropic:
        return f"{blur.sigma_x:.1f}"
    return f"{blur.sigma_x:.1f} x {blur.sigma_y:.1f} at {math.degrees(blur.angle) % 180:.0f}°"


def of_noise(noise: Noise) -> str:
    """Kind and deviation, in steps of 8 bits."""
    return f"{'gray' if noise.gray else 'colour'} noise {noise.sigma:.1f}"


def of_steps(steps: tuple[Step, ...], operator: int = 0) -> str:
    """The filters of the reductions, in their order, and the number of the operator of learned ones."""
    return " + ".join(of_operator(operator) if step.filter == LEARNED else step.filter for step in steps)


def of_operator(number: int) -> str:
    """A learned operator's name, short as labels are: the paper's abbreviation and its number in the pool."""
    return f"LBO {number}"


def of_codec(settings: H264) -> str:
    """Rate factor and profile."""
    return f"CRF {settings.crf:.1f} {settings.profile}"
