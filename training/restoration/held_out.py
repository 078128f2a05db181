"""Drawn clips that no training sees, to look at now and then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import toon
from training.core import unroll
from training.core.losses import psnr
from training.core.unroll import Recurrent
from training.data.degrading import BasicOp
from training.data.samples import values


@dataclass(frozen=True)
class HeldOut:
    """Clips with their truth."""

    low: Sequence[Tensor]
    """Each float32 [T, 3, h, w] from 0 to 1."""
    truth: Sequence[Tensor]
    """Each float32 [T, 3, 4h, 4w] from 0 to 1."""

    @classmethod
    def drawn(cls, clips: int, size: tuple[int, int] = (320, 192), frames: int = 15) -> Self:
        """The first clips of the renderer's split for validation, of `size`, width and height.

        All trainings are judged by the same ones, which the basic operators degraded.
        """
        degradation, lows, truths = BasicOp(), [], []
        for seed in range(clips):
            film = toon.clip(seed, frames=frames, size=size, split="val")
            truth = values(np.stack([frame.image for frame in film]))
            lows.append(degradation(truth, np.random.default_rng([seed, 0]), seed))
            truths.append(truth)
        return cls(lows, truths)

    def judged(self, network: Recurrent | nn.Module) -> Mapping[str, Tensor]:
        """Means over frames and clips, and last pictures beside their truth.

        `psnr`, dB; `over bicubic`, dB, what is gained over that; `edges`, the mean difference of neighbouring samples
        as a share of the truth's: less than 1 is softer, more is sharper than it or noisier.
        """
        device = next(network.parameters()).device if isinstance(network, nn.Module) else torch.device("cpu")
        found, bicubic, edges, pairs = [], [], [], []
        for low, truth in zip(self.low, self.truth, strict=True):
            made = unroll(network, low[None].to(device))[0].float().cpu().clamp(0, 1)
            enlarged = F.interpolate(low, scale_factor=4.0, mode="bicubic", align_corners=False).clamp(0, 1)
            found.append(psnr(made, truth))
            bicubic.append(psnr(enlarged, truth))
            edges.append(_edges(made) / _edges(truth))
            pairs.append(torch.cat([made[-1:], truth[-1:]], 3))
        mean = torch.tensor(found).mean()
        gain, edge = mean - torch.tensor(bicubic).mean(), torch.tensor(edges).mean()
        return {"psnr": mean, "over bicubic": gain, "edges": edge, "made and truth": torch.cat(pairs)}


def _edges(pictures: Tensor) -> float:
    return sum(pictures.diff(dim=axis).abs().mean().item() for axis in (-2, -1))
