"""A recurrent network over a whole clip."""

from collections.abc import Iterator
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from vsanimesr.errors import FormatError


class Recurrent(Protocol):
    """What is unrolled: `vsanimesr.nets.AnimeSR`, or anything else of its form."""

    def initial_state(self, n: int, h: int, w: int) -> Tensor:
        """The state [n, C, h, w] before the first frame."""

    def __call__(self, window: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """From window [N, 9, h, w] and state [N, C, h, w] to picture [N, 3, 4h, 4w] and the next state."""


def unroll(network: Recurrent | nn.Module, clip: Tensor, *, recompute: bool = False) -> Tensor:
    """The pictures [B, T, 3, 4h, 4w], not clamped, of clips [B, T, 3, h, w] in RGB from 0 to 1, h, w multiples of 4.

    The frame before the first is the first, the frame after the last is the last (AnimeSR, section 3.4); gradients
    run through all frames. `recompute` keeps only the states between frames for the backward pass and computes each
    step once more there (Chen et al., arXiv 1604.06174): less memory for one more pass forward. The network may be
    wrapped for several processes. Raises FormatError for other shapes.
    """
    return torch.stack([picture for picture, _ in steps(network, clip, recompute=recompute)], 1)


def steps(
    network: Recurrent | nn.Module, clip: Tensor, state: Tensor | None = None, *, recompute: bool = False
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield picture [B, 3, 4h, 4w] and next state [B, C, h, w] of one frame after another, as `unroll` does.

    `state`: what comes before the first frame, by default the network's own.
    """
    if clip.ndim != 5 or clip.shape[2] != 3 or not clip.shape[1]:
        raise FormatError(f"clips of {list(clip.shape)}, wanted [batch, frames, 3, height, width] and a frame at least")
    frames = clip.unbind(1)
    for window in windows(frames):
        if state is None:
            state = _bare(network).initial_state(len(clip), *clip.shape[-2:])
        if recompute:
            picture, state = checkpoint(network, window, state, use_reentrant=False)
        else:
            picture, state = network(window, state)
        yield picture, state


def windows(frames: tuple[Tensor, ...]) -> Iterator[Tensor]:
    """Yield [B, 9, h, w], the previous, current and next frame, for each of the frames [B, 3, h, w]."""
    following = (*frames[1:], frames[-1])
    for previous, current, after in zip((frames[0], *frames[:-1]), frames, following, strict=True):
        yield torch.cat([previous, current, after], 1)


def _bare(network: Recurrent | nn.Module) -> Recurrent:
    """Without the wrapper of DistributedDataParallel, which passes on calls only."""
    bare: Any = network
    return cast(Recurrent, getattr(bare, "module", bare))
