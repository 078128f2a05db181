"""Losses and targets for pictures in RGB from 0 to 1. Everything is computed in float32, also of bfloat16."""

from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vsanimesr.errors import FormatError

KERNEL = 51
"""Side of the unsharp mask's Gaussian, in samples."""
SIGMA = 0.3 * ((KERNEL - 1) * 0.5 - 1) + 0.8
"""Its standard deviation, 8.0: what OpenCV takes for that side."""


def l1(pictures: Tensor, truth: Tensor) -> Tensor:
    """The mean absolute difference of tensors of one shape."""
    return (pictures.float() - truth.float()).abs().mean()


def charbonnier(pictures: Tensor, truth: Tensor, epsilon: float = 1e-3) -> Tensor:
    """The mean of sqrt(d^2 + epsilon^2), an L1 that is smooth at 0 (Charbonnier et al., ICIP 1994)."""
    return ((pictures.float() - truth.float()).square() + epsilon**2).sqrt().mean()


def l2(pictures: Tensor, truth: Tensor) -> Tensor:
    """The mean squared difference of tensors of one shape."""
    return (pictures.float() - truth.float()).square().mean()


def log_l2(pictures: Tensor, truth: Tensor) -> Tensor:
    """The mean over the pictures [..., 3, H, W] of ln(MSE + 1e-5): down it, the mean of their PSNR rises.

    An easy picture counts as much as a hard one, until it has 50 dB: nobody sees what is left then. But for that it
    is the loss of HINet (CVPR Workshops 2021), the negative PSNR.
    """
    errors = (pictures.float() - truth.float()).square().flatten(-3).mean(-1)
    return (errors + 1e-5).log().mean()


Distance = Literal["l1", "charbonnier", "l2", "log-l2"]
DISTANCES: dict[Distance, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": l1,
    "charbonnier": charbonnier,
    "l2": l2,
    "log-l2": log_l2,
}
"""Of pictures to what they should be, by the names that settings and command lines have."""


def psnr(pictures: Tensor, others: Tensor) -> float:
    """The mean over the frames of the PSNR of pictures [T, 3, H, W] from 0 to 1, dB; that of equal frames is 100."""
    errors = (pictures - others).square().flatten(1).mean(1)
    return float((-10 * errors.clamp_min(1e-10).log10()).mean())


@torch.no_grad()
def unsharp_masked(truth: Tensor, weight: float = 0.3, threshold: float = 10.0) -> Tensor:
    """The sharpened target of AnimeSR's L1 stage, [..., 3, H, W] from 0 to 1 to the same shape and range.

    residual = x - blur(x); mask = blur(|residual| > threshold / 255); mask clip(x + weight residual) + (1 - mask) x.
    The Gaussian is 51 samples wide, its border mirrored without repeating the outermost sample; so sides must be more
    than 25, else FormatError. Source: the authors' code; the paper does not mention it (Real-ESRGAN, section 4.2 does).
    """
    if min(truth.shape[-2:]) <= KERNEL // 2:
        height, width = truth.shape[-2:]
        raise FormatError(f"pictures of {width}x{height} cannot be sharpened, wanted sides above {KERNEL // 2}")
    flat = truth.float().reshape(-1, 1, *truth.shape[-2:])
    residual = flat - _blurred(flat)
    mask = _blurred((residual.abs() * 255 > threshold).float())
    sharp = (flat + weight * residual).clamp(0, 1)
    return (mask * sharp + (1 - mask) * flat).reshape(truth.shape)


def _blurred(planes: Tensor) -> Tensor:
    """Planes [N, 1, H, W], one direction after the other."""
    half, kernel = KERNEL // 2, _gaussian().to(planes.device)
    with torch.autocast(planes.device.type, enabled=False):
        across = F.conv2d(F.pad(planes, (half, half, 0, 0), mode="reflect"), kernel.reshape(1, 1, 1, -1))
        return F.conv2d(F.pad(across, (0, 0, half, half), mode="reflect"), kernel.reshape(1, 1, -1, 1))


@cache
def _gaussian() -> Tensor:
    at = torch.arange(KERNEL, dtype=torch.float64) - KERNEL // 2
    weights = torch.exp(-at.square() / (2 * SIGMA**2))
    return (weights / weights.sum()).float()
