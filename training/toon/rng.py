"""Named, independent random streams: a trait that is added draws from its own stream and shifts no other."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vsanimesr.errors import ArgumentError

VERSION = 1
"""Raised by every change that alters a pixel; a picture is a function of (VERSION, split, seed, size, frame)."""

SPLITS = ("train", "val", "test")
"""train and val share generators but no stream; test has generators of its own."""


class Dice(random.Random):
    """A stream of random numbers with the draws that traits need."""

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.random() < probability

    def pick[T](self, weights: Mapping[T, float]) -> T:
        """One of the keys, in proportion to its weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def signed(self, spread: float) -> float:
        """Uniform between -spread and +spread."""
        return self.uniform(-spread, spread)

    def signs(self, spread: float, count: int) -> list[float]:
        """Several of `signed`."""
        return [self.uniform(-spread, spread) for _ in range(count)]

    def log(self, low: float, high: float) -> float:
        """Between low and high, both positive, uniform in the logarithm."""
        return float(low * (high / low) ** self.random())

    def field(self) -> np.random.Generator:
        """A generator for whole arrays, seeded by this stream."""
        return np.random.default_rng(self.getrandbits(64))


@dataclass(frozen=True)
class Seed:
    """The name of a stream: where it is in the tree of everything that a clip is made of."""

    path: tuple[str | int, ...]
    """Split, seed, then names of parts; equal paths give equal numbers on any machine with the same Python and
    numpy, whose generators may draw otherwise in other versions."""

    def child(self, *names: str | int) -> "Seed":
        """The name of a part of this."""
        return Seed(self.path + names)

    def dice(self, *names: str | int) -> Dice:
        """The stream of that part."""
        text = "/".join(map(repr, (VERSION, *self.path, *names)))
        return Dice(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def root(seed: int, split: str) -> Seed:
    """The stream of a whole clip; raises ArgumentError for a split that does not exist."""
    if split not in SPLITS:
        raise ArgumentError(f"there is no split {split!r}; the splits are {', '.join(SPLITS)}")
    return Seed((split, seed))
