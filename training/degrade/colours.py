"""8 bits, and the colours that a codec takes: RGB to planes of yuv420p and back.

BT.601 with limited range in both directions, which is what ffmpeg takes for untagged frames of any size, with chroma
the mean of 2x2 samples and given back to the same 2x2, as its usual converter does. Both are rounded to nearest.
ffmpeg's converter is not used: its way back truncates and makes pictures darker by more than one step of 8 bits on
average, and its results differ between versions and processors.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_FORWARD = torch.tensor([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
_BACK = torch.linalg.inv(_FORWARD.double()).float()
_OFFSET = torch.tensor([16.0, 128.0, 128.0])[:, None, None]


def truncated(clip: Tensor) -> Tensor:
    """Values from 0 to 1 as uint8 of 0 to 255, cut off below, never rounded up, as the authors' code does.

    What is outside the range is clipped: their conversion would wrap the overshoot of a cubic filter around.
    """
    return (clip.clamp(0, 1) * 255).to(torch.uint8)


def rounded(clip: Tensor) -> Tensor:
    """Values from 0 to 1 as uint8 of 0 to 255, the nearest; what is outside the range is clipped."""
    return (clip.clamp(0, 1) * 255).round_().to(torch.uint8)


def to_yuv420(rgb: Tensor) -> Tensor:
    """RGB frames, uint8 [T, 3, h, w], as yuv420p, uint8 [T, 3h/2, w]: Y, then U and V each as h/4 rows of w samples.

    Odd sides are made even by a repeated last row or column; h and w are then the even ones.
    """
    height, width = rgb.shape[-2:]
    even = F.pad(rgb.float(), (0, width % 2, 0, height % 2), mode="replicate")
    yuv = torch.einsum("ij,tjhw->tihw", _FORWARD.to(even.device), even) + _OFFSET.to(even.device)
    planes = torch.cat([yuv[:, 0].flatten(1), F.avg_pool2d(yuv[:, 1:], 2).flatten(1)], 1)
    return planes.round_().to(torch.uint8).reshape(len(rgb), -1, even.shape[-1])


def to_rgb(planes: Tensor, height: int, width: int) -> Tensor:
    """What `to_yuv420` made of frames of this height and width, as RGB, uint8 [T, 3, height, width]."""
    rows, columns = height + height % 2, width + width % 2
    samples = planes.flatten(1).float()
    luma = samples[:, : rows * columns].reshape(-1, 1, rows, columns)
    chroma = samples[:, rows * columns :].reshape(-1, 2, rows // 2, columns // 2)
    yuv = torch.cat([luma, chroma.repeat_interleave(2, 2).repeat_interleave(2, 3)], 1) - _OFFSET.to(planes.device)
    rgb = torch.einsum("ij,tjhw->tihw", _BACK.to(planes.device), yuv)
    return rgb.round_().clamp_(0, 255).to(torch.uint8)[..., :height, :width]
