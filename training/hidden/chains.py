"""The chains, and what is drawn for each clip."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.degrade import H264, compressed
from training.hidden import codecs, signal
from vsanimesr.errors import ArgumentError

type Chain = Callable[[Tensor, np.random.Generator], Tensor]
"""From truth float32 [T, 3, H, W] from 0 to 1 to frames [T, 3, H/4, W/4]; all clips of a chain are much alike."""


def broadcast(truth: Tensor, rng: np.random.Generator) -> Tensor:
    """Two generations: MPEG-2 from a studio that sharpened, H.264 from someone who sharpened again."""
    low = signal.reduced(signal.blurred(truth, *2 * [rng.uniform(0.4, 1.0)]))
    low = signal.ringing(signal.sharpened(low, rng.uniform(0.5, 0.8), 1.0), rng.uniform(0.05, 0.12))
    low = signal.coloured(low, rng.uniform(1.2, 1.8), 0.6, late=1)
    low = codecs.generation(low, "mpeg2video", int(rng.integers(4, 8)))
    low = signal.sharpened(low, rng.uniform(0.2, 0.4), 1.5)
    return compressed(low.clamp(0, 1), H264(rng.uniform(22, 27)))


def tape(truth: Tensor, rng: np.random.Generator) -> Tensor:
    """An analogue recording, with little colour across and noise in rows, digitised in MPEG-4, then H.264."""
    low = signal.blurred(signal.reduced(truth), rng.uniform(0.6, 1.0), 0.0)
    low = signal.coloured(low, rng.uniform(2.0, 3.0), 1.0, late=1)
    low = signal.echoed(low, rng.uniform(0.06, 0.12), delay=3)
    low = signal.streaked(low, rng.uniform(1, 2) / 255, rng.uniform(2, 4) / 255, rng)
    low = codecs.generation(low.clamp(0, 1), "mpeg4", int(rng.integers(3, 7)))
    return compressed(low.clamp(0, 1), H264(rng.uniform(23, 28)))


CHAINS: Mapping[str, Chain] = {"broadcast": broadcast, "tape": tape}


@dataclass(frozen=True)
class Hidden:
    """A chain as what a loader or an evaluation makes low-resolution clips with; raises ArgumentError for a name."""

    name: str
    """One of CHAINS."""

    def __post_init__(self) -> None:
        if self.name not in CHAINS:
            raise ArgumentError(f"{self.name!r}, wanted one of {', '.join(CHAINS)}")

    @torch.no_grad()
    def __call__(self, truth: Tensor, rng: np.random.Generator, number: int = 0) -> Tensor:
        """float32 [T, 3, H, W] from 0 to 1 to [T, 3, H/4, W/4] in steps of 1/255, by `rng` alone."""
        return CHAINS[self.name](truth, rng)
