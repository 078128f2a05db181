"""Noise: Gaussian, of each frame's own deviation, in colour or the same in the three channels."""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.degrade.recipes import Noise
from vsanimesr.errors import ArgumentError


def noisy(clip: Tensor, noise: Sequence[Noise], seed: int, *, first: int = 0) -> Tensor:
    """The clip, [T, 3, H, W], float32, with noise, clipped to the range from 0 to 1 and not rounded.

    `noise` is that of the whole clip, of which these may be the frames from `first` on. A frame's pixels are those of
    a generator of its own, seeded by its number, so they do not depend on where a clip is divided. Generators of a
    processor and of a GPU differ. Raises ArgumentError where there is no noise for a frame.
    """
    if len(noise) < first + len(clip):
        raise ArgumentError(f"noise for {len(noise)} frames, wanted that of {first + len(clip)}: draw it for as many")
    result = torch.empty_like(clip)
    for n, frame in enumerate(clip, first):
        plane = _normal(frame, noise[n].gray, seed + 1 + n)
        torch.add(frame, plane, alpha=noise[n].sigma / 255, out=result[n - first])
    return result.clamp_(0, 1)


def _normal(frame: Tensor, gray: bool, seed: int) -> Tensor:
    drawn = torch.Generator(frame.device).manual_seed(seed)
    shape = (1 if gray else 3, *frame.shape[1:])
    return torch.randn(shape, generator=drawn, device=frame.device, dtype=frame.dtype)
