"""The learnable basic operator (AnimeSR, Wu et al., NeurIPS 2022, section 4.1)."""

from itertools import pairwise
from typing import override

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FACTOR = 2
FEATURES = 64
SLOPE = 0.2


class LBO(nn.Module):
    """A reduction by two that is learnt: pixel-unshuffle, then three convolutions of 3x3; 45,635 parameters.

    The paper speaks of two or three convolutions and of LeakyReLU; that there are three, and a slope of 0.2, is in the
    authors' code. There is no skip, and values may leave the range from 0 to 1.
    """

    def __init__(self) -> None:
        """Random weights by Kaiming's rule for ReLU, biases of 0."""
        super().__init__()
        widths = 3 * FACTOR**2, FEATURES, FEATURES, 3
        first, second, last = (_convolution(*ends) for ends in pairwise(widths))
        self.body = nn.Sequential(first, nn.LeakyReLU(SLOPE), second, nn.LeakyReLU(SLOPE), last)

    @override
    def forward(self, frames: Tensor) -> Tensor:
        """Frames [N, 3, 2h, 2w], RGB from 0 to 1, as [N, 3, h, w].

        On a processor, where no gradients are wanted, one frame after another: that is quicker than all at once, needs
        little memory, and the bits of a frame do not depend on how many there are.
        """
        if frames.device.type == "cpu" and not torch.is_grad_enabled():
            return torch.cat([self._reduced(frame[None]) for frame in frames])
        return self._reduced(frames)

    def _reduced(self, frames: Tensor) -> Tensor:
        reduced: Tensor = self.body(F.pixel_unshuffle(frames, FACTOR))
        return reduced


def _convolution(ins: int, outs: int) -> nn.Conv2d:
    made = nn.Conv2d(ins, outs, 3, padding=1)
    nn.init.kaiming_normal_(made.weight, nonlinearity="relu")
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]  # Conv2d has one unless told otherwise
    return made
