"""Reductions by two and by four: OpenCV's filters without antialiasing, and learned operators in their place.

The filters are sums of tensors, on whatever device, and equal OpenCV's.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from training.degrade.recipes import ANTIALIASED, LEARNED, Recipe, Step
from vsanimesr.errors import ArgumentError

type Operator = Callable[[Tensor], Tensor]
"""A learned basic operator: frames [T, 3, 2h, 2w], float32, to [T, 3, h, w] (AnimeSR, section 4)."""

_CUBIC = (-0.09375, 0.59375, 0.59375, -0.09375)  # the cubic kernel of -0.75 halfway between two samples
TAPS: dict[tuple[int, str], tuple[float, ...]] = {
    (2, "area"): (0.5, 0.5),
    (2, "linear"): (0.5, 0.5),
    (2, "cubic"): _CUBIC,
    (4, "area"): (0.25, 0.25, 0.25, 0.25),
    (4, "linear"): (0.0, 0.5, 0.5, 0.0),
    (4, "cubic"): _CUBIC,
}
"""Weights along one side, centred on the samples that become one. Those of area and linear are the same by two."""


def reduced(clip: Tensor, recipe: Recipe, operators: Sequence[Operator] = ()) -> Tensor:
    """The clip, [T, 3, H, W], float32, after all steps of its recipe: [T, 3, H/4, W/4], clipped to 0 to 1.

    Between two steps values are not clipped. Raises ArgumentError where the recipe's operator is not in the pool, or
    gives frames of another size than half.
    """
    for step in recipe.steps:
        clip = _learned(clip, recipe, operators) if step.filter == LEARNED else filtered(clip, step)
    return clip.clamp(0, 1)


def filtered(clip: Tensor, step: Step) -> Tensor:
    """Frames [..., H, W] reduced by a filter to [..., H/factor, W/factor]; sides are multiples of the factor.

    Equal to OpenCV's `resize` within 1e-6, with the border repeated where a filter reaches over it. A cubic filter
    overshoots. Raises ArgumentError for a filter or factor that is none.
    """
    if step.filter == ANTIALIASED:
        return F.interpolate(clip, scale_factor=1 / step.factor, mode="bicubic", antialias=True)
    if (step.factor, step.filter) not in TAPS:
        raise ArgumentError(f"{step} is no reduction, wanted one of {', '.join(f'{f} by {n}' for n, f in TAPS)}")
    taps = TAPS[step.factor, step.filter]
    beyond = (len(taps) - step.factor) // 2
    if beyond:
        clip = F.pad(clip, (beyond,) * 4, mode="replicate")
    for side in (-2, -1):
        clip = _weighted(clip.unfold(side, len(taps), step.factor).unbind(-1), taps)
    return clip


def _weighted(samples: Sequence[Tensor], taps: Sequence[float]) -> Tensor:
    result = samples[0] * taps[0]
    for each, weight in zip(samples[1:], taps[1:], strict=True):
        result.add_(each, alpha=weight)
    return result


def _learned(clip: Tensor, recipe: Recipe, operators: Sequence[Operator]) -> Tensor:
    if not 0 <= recipe.operator < len(operators):
        raise ArgumentError(
            f"the recipe wants learned operator {recipe.operator}, the pool has {len(operators)}: "
            "give the pool for which it was drawn"
        )
    result = operators[recipe.operator](clip)
    wanted = (*clip.shape[:2], clip.shape[2] // 2, clip.shape[3] // 2)
    if result.shape != wanted or not torch.is_floating_point(result):
        raise ArgumentError(f"an operator gave {tuple(result.shape)} of {result.dtype}, wanted {wanted} of float32")
    return result.float()
