"""What features are to know of each place of a picture, made of the drawing as it was before it was worn."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.critics.samples import Batch

LINES, FLAT, COLOUR, ORIENTATION = slice(0, 1), slice(1, 2), slice(2, 5), slice(5, 7)
"""Channels: how much is ink; how much is flat; the mean colour; the mean way of edges, by twice their angle."""
CHANNELS = 7
STILL = 2 / 255
"""A sample whose gradient is shorter is flat."""
STEEP = 4.0
"""What gradients, in values per sample, are multiplied by."""


@torch.no_grad()
def local(batch: Batch) -> Tensor:
    """The targets at every sample, float32 [B, CHANNELS, P, P].

    The way of an edge is its gradient (gx, gy) with twice its angle, (gx^2 - gy^2, 2 gx gy) / |g|, so that dark to
    light and light to dark are one and means do not cancel.
    """
    gray = F.pad(batch.clean.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    gx = (gray[..., 1:-1, 2:] - gray[..., 1:-1, :-2]) / 2
    gy = (gray[..., 2:, 1:-1] - gray[..., :-2, 1:-1]) / 2
    length = (gx.square() + gy.square()).sqrt()
    way = torch.cat([gx.square() - gy.square(), 2 * gx * gy], 1) / length.clamp_min(1e-6)
    return torch.cat([batch.lines, (length < STILL).float(), batch.clean, STEEP * way], 1)


def at_size(targets: Tensor, size: torch.Size) -> Tensor:
    """The means of targets [B, C, H, W] over the places that a feature stands for, [B, C, *size].

    Features of VGG have H // 2^n places; what is left over at the right and below has none.
    """
    factor = targets.shape[-1] // size[-1]
    rows, columns = (factor * side for side in size)
    return F.avg_pool2d(targets[..., :rows, :columns], factor)
