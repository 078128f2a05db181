"""Blur: each plane of a clip convolved with one kernel.

By Fourier transforms, whatever the kernel: frame by frame, since a whole clip at once no longer fits the cache, and
quicker than a convolution of 21x21. `python -m training.degrade speed` tells what each stage takes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from vsanimesr.errors import FormatError


def blurred(clip: Tensor, kernel: Tensor) -> Tensor:
    """The clip, [T, 3, H, W], float32, correlated with a kernel [k, k], k odd, over a border that is mirrored.

    The border is that of OpenCV's BORDER_REFLECT_101: the outermost sample is not repeated. Errors are about 1e-6, so
    values leave the range from 0 to 1 by as much. Raises FormatError for sides shorter than the kernel reaches.
    """
    height, width = clip.shape[-2:]
    reach = kernel.shape[-1] // 2
    if min(height, width) <= reach:
        raise FormatError(f"frames of {width}x{height}, wanted sides above {reach} samples, as far as the blur reaches")
    size = _quick(height + 2 * reach), _quick(width + 2 * reach)
    spectrum = torch.fft.rfft2(kernel.flip(0, 1).to(clip), s=size)
    # A frame at a time stays in a processor's cache; a GPU is better off with the whole clip.
    part = 1 if clip.device.type == "cpu" else len(clip)
    parts = [clip[n : n + part] for n in range(0, len(clip), part)]
    return torch.cat([_convolved(frames, spectrum, size, reach) for frames in parts])


def _convolved(frames: Tensor, spectrum: Tensor, size: tuple[int, int], reach: int) -> Tensor:
    """The part of the circular convolution that no sample from the other side has reached."""
    height, width = frames.shape[-2:]
    mirrored = F.pad(frames, (reach,) * 4, mode="reflect")
    whole: Tensor = torch.fft.irfft2(torch.fft.rfft2(mirrored, s=size).mul_(spectrum), s=size)
    return whole[..., 2 * reach : 2 * reach + height, 2 * reach : 2 * reach + width]


def _quick(side: int) -> int:
    """The next length that has no prime factors but 2, 3 and 5, and is even."""
    side += side % 2
    while _rest(side) > 1:
        side += 2
    return side


def _rest(number: int) -> int:
    for prime in (2, 3, 5):
        while number % prime == 0:
            number //= prime
    return number
