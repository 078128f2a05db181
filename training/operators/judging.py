"""How near an operator's pictures are to the frames that it learns to make, beside those of classic filters."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.core.losses import psnr
from training.data.samples import values
from training.degrade.downscale import filtered
from training.degrade.recipes import Step
from training.operators.network import FACTOR
from training.operators.pairs import Pairs

SHOWN = 8
"""Pairs that are looked at."""


@dataclass(frozen=True)
class Judged:
    """Means over pairs, in dB; higher is nearer."""

    operator: float
    """PSNR of the operator's pictures."""
    area: float
    """PSNR of means of 2x2 samples."""
    cubic: float
    """PSNR of OpenCV's cubic filter."""
    pair: Tensor
    """The operator's picture of the last pair beside the video's own frame, [1, 3, h, 2w] from 0 to 1."""


@torch.no_grad()
def judged(operator: nn.Module, pairs: Pairs, device: torch.device, shown: int = SHOWN) -> Judged:
    """An operator on so many whole pairs, spread over all of them."""
    count = min(shown, len(pairs))
    results = []
    for number in (n * len(pairs) // count for n in range(count)):
        hr, lr = (values(picture[None]).to(device) for picture in pairs.whole(number))
        made = operator(hr).float().clamp(0, 1)
        classic = [filtered(hr, Step(FACTOR, name)).clamp(0, 1) for name in ("area", "cubic")]
        results.append([psnr(each, lr) for each in (made, *classic)])
    learnt, area, cubic = torch.tensor(results).mean(0).tolist()
    return Judged(learnt, area, cubic, torch.cat([made, lr], -1))
