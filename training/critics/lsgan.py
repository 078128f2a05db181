"""Least squares for adversaries (Mao et al.: Least Squares Generative Adversarial Networks, ICCV 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vsanimesr.errors import ArgumentError


def to_real(maps: Sequence[Tensor]) -> Tensor:
    """How far a discriminator's maps are from saying that all is real: the mean square of their distance to 1.

    maps: one or more of any shape, one for each scale. A scalar in float32, also of bfloat16 and under autocast: the
    mean over each scale, then the mean over the scales, so that a scale of few values counts as much as one of many.
    Lower it of real pictures for the discriminator, of made ones for the generator. Raises ArgumentError for no maps.
    """
    return _distance(maps, 1.0)


def to_fake(maps: Sequence[Tensor]) -> Tensor:
    """As `to_real`, the distance to 0: lower it of made pictures for the discriminator."""
    return _distance(maps, 0.0)


def _distance(maps: Sequence[Tensor], wanted: float) -> Tensor:
    if not maps:
        raise ArgumentError("a discriminator of no scales says nothing, wanted one map at least")
    return torch.stack([(each.float() - wanted).square().mean() for each in maps]).mean()
