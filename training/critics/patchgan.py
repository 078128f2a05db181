"""The discriminator of AnimeSR: PatchGANs of one form that see a frame at several sizes, each with spectral norm."""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from training.critics.spectral import spectrally_normed
from vsanimesr.errors import ArgumentError, FormatError

STRIDES = (2, 2, 2, 1, 1)
"""Of the five convolutions."""
LEAST = 24
"""Smallest side of a picture of which one PatchGAN makes a value."""


class Patches(nn.Sequential):
    """One PatchGAN (Isola et al., CVPR 2017): a value for every 70x70 samples, without a sigmoid.

    Maps [N, 3, H, W] to [N, 1, H // 8 - 2, W // 8 - 2].
    """

    def __init__(self, width: int = 64) -> None:
        channels = (3, width, 2 * width, 4 * width, 8 * width, 1)
        layers = list[nn.Module]()
        for (into, out), stride in zip(pairwise(channels), STRIDES, strict=True):
            layers += [spectrally_normed(nn.Conv2d(into, out, 4, stride, 1)), nn.LeakyReLU(0.2)]
        super().__init__(*layers[:-1])


class PatchGAN(nn.Module):
    """AnimeSR's discriminator (section 4.3): at three scales it has 8,294,211 parameters, at one a third of them.

    It judges each frame for itself; nothing of it knows time. Its networks share no weights. Spectral norm is on all
    five convolutions. Raises ArgumentError for no scale, or no width.
    """

    def __init__(self, scales: int = 3, width: int = 64) -> None:
        super().__init__()
        if min(scales, width) < 1:
            raise ArgumentError(f"{scales} scales of width {width}, wanted 1 or more of both")
        self.scales = nn.ModuleList(Patches(width) for _ in range(scales))
        self.least = LEAST << (scales - 1)
        """Smallest side of its frames."""

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Maps of values, [N, 1, h, w] for each scale, the whole frame's first, of frames [N, 3, H, W] from 0 to 1.

        Each scale has half the sides of the one before, rounded down, by bilinear interpolation whose corners stay
        (the authors' code). Raises FormatError for another shape, or sides below `least`.
        """
        if frames.ndim != 4 or frames.shape[1] != 3:
            raise FormatError(f"frames of {list(frames.shape)}, wanted [N, 3, height, width]; flattened() makes them")
        height, width = frames.shape[-2:]
        if min(height, width) < self.least:
            raise FormatError(
                f"frames of {width}x{height} are too small for {len(self.scales)} scales, wanted sides of "
                f"{self.least} at least: take larger patches or fewer scales"
            )
        maps = list[Tensor]()
        for number, patches in enumerate(self.scales):
            frames = halved(frames) if number else frames
            maps.append(patches(frames))
        return maps


def halved(frames: Tensor) -> Tensor:
    """Frames [N, C, H, W] at half their sides, rounded down, in float32; samples of the corners stay where they are."""
    size = frames.shape[-2] // 2, frames.shape[-1] // 2
    return F.interpolate(frames.float(), size, mode="bilinear", align_corners=True)


def flattened(clips: Tensor) -> Tensor:
    """Clips [B, T, 3, H, W] as frames [B * T, 3, H, W]; raises FormatError for another shape."""
    if clips.ndim != 5 or clips.shape[2] != 3:
        raise FormatError(f"clips of {list(clips.shape)}, wanted [batch, frames, 3, height, width]")
    return clips.flatten(0, 1)
