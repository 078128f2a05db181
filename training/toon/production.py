"""What all shots of one clip share."""

from dataclasses import dataclass

from training.toon.ink import Ink
from training.toon.people import Character, character
from training.toon.rng import Seed


@dataclass(frozen=True)
class Production:
    """What all shots of one clip share."""

    seed: Seed
    """Its stream."""
    ink: Ink
    """Its lines."""
    aspect: float
    """Width of the picture by its height."""
    density: float
    """Pixels that backgrounds are painted with, for each picture height."""
    medium: str
    """What backgrounds are painted with."""
    weight: float
    """How heavy its lines are."""

    def cast(self, i: int) -> Character:
        """One of its characters."""
        return character(self.seed.child("cast", i))


def production(seed: Seed, ink: Ink, size: tuple[int, int]) -> Production:
    """The habits of a production for pictures of (width, height)."""
    dice = seed.dice("production")
    return Production(
        seed=seed,
        ink=ink,
        aspect=size[0] / size[1],
        density=size[1] * dice.pick({1.0: 2, 1.25: 2, 1.5: 1}),
        medium=dice.pick({"gouache": 3.5, "watercolour": 1.2, "flat": 2.5}),
        weight=dice.log(0.8, 1.35),
    )
