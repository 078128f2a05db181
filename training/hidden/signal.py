"""What video signals suffer, on frames [T, 3, h, w] of values about 0 to 1."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""Luma and two differences of colour, BT.601 with full range, which BT.601's own weights of red, green, blue give."""
_RGB = torch.linalg.inv(_YCC.double()).float()


def reduced(frames: Tensor) -> Tensor:
    """A quarter of the sides, each sample the mean of 4x4."""
    return F.avg_pool2d(frames, 4)


def blurred(frames: Tensor, across: float, down: float) -> Tensor:
    """By a Gaussian of so many samples in either direction; 0 leaves that direction as it is."""
    for sigma, shape in ((across, (1, -1)), (down, (-1, 1))):
        if sigma > 0:
            frames = _convolved(frames, _gaussian(sigma).reshape(shape))
    return frames


def sharpened(frames: Tensor, amount: float, sigma: float) -> Tensor:
    """With so much of what a Gaussian takes away added once more, which leaves halos beside lines."""
    return frames + amount * (frames - blurred(frames, sigma, sigma))


def ringing(frames: Tensor, amount: float) -> Tensor:
    """Echoes of alternating sign on both sides of upright edges, as a steep filter leaves them."""
    taps = torch.tensor([amount / 2, -amount, 1 + amount, -amount, amount / 2])
    return _convolved(frames, taps.reshape(1, -1))


def echoed(frames: Tensor, amount: float, delay: int) -> Tensor:
    """With a weak copy `delay` samples to the right."""
    return (frames + amount * _later(frames, delay)) / (1 + amount)


def coloured(frames: Tensor, across: float, down: float, late: int) -> Tensor:
    """Colour, not luma, blurred by a Gaussian and `late` samples to the right."""
    signal = torch.einsum("ij,tjhw->tihw", _YCC, frames)
    colour = _later(blurred(signal[:, 1:], across, down), late)
    return torch.einsum("ij,tjhw->tihw", _RGB, torch.cat([signal[:, :1], colour], 1))


def streaked(frames: Tensor, rows: float, grain: float, rng: np.random.Generator) -> Tensor:
    """With noise of these deviations: one value for each row, and grain that is longer than high; both gray."""
    shape = (len(frames), 1, *frames.shape[-2:])
    lines = torch.from_numpy(rng.standard_normal((*shape[:3], 1), np.float32))
    noise = blurred(torch.from_numpy(rng.standard_normal(shape, np.float32)), 1.0, 0.0)
    return frames + rows * lines + grain * noise / noise.std()


def _later(frames: Tensor, samples: int) -> Tensor:
    first = frames[..., :1].expand(*frames.shape[:-1], samples)
    return torch.cat([first, frames[..., : frames.shape[-1] - samples]], -1)


def _gaussian(sigma: float) -> Tensor:
    half = max(1, math.ceil(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-half, half + 1) / sigma).square())
    return weights / weights.sum()


def _convolved(frames: Tensor, kernel: Tensor) -> Tensor:
    """Every channel by a kernel [rows, columns]; the border repeats itself."""
    rows, columns = (side // 2 for side in kernel.shape)
    count = frames.shape[1]
    padded = F.pad(frames, (columns, columns, rows, rows), mode="replicate")
    return F.conv2d(padded, kernel.expand(count, 1, *kernel.shape), groups=count)
