"""Several sources as one."""

from collections.abc import Sequence

import numpy as np

from training.data.sources import Size, Source, Truth
from vsanimesr.errors import ArgumentError


class Mixed:
    """A source that draws each clip from one of others, by their weights."""

    def __init__(self, parts: Sequence[tuple[float, Source]]) -> None:
        """Weights above 0, which need not sum to 1, and sources; raises ArgumentError for others, or none."""
        self.parts = tuple(parts)
        if not parts or min(weight for weight, _ in parts) <= 0:
            raise ArgumentError(f"weights {[weight for weight, _ in parts]}, wanted some, all of them above 0")

    def clip(self, rng: np.random.Generator, frames: int, size: Size, interval: int = 1) -> Truth:
        """As `Source.clip`."""
        ends = np.cumsum([weight for weight, _ in self.parts])
        number = int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))
        return self.parts[min(number, len(self.parts) - 1)][1].clip(rng, frames, size, interval)
