"""Performers of the test split that are drawn another way: round creatures with dots for eyes, all of ellipses."""

import math
from dataclasses import dataclass

from training.toon.colour import WHITE, Tone, oklch, tone
from training.toon.curves import corners, ellipse
from training.toon.pen import Pen
from training.toon.rng import Seed


@dataclass(frozen=True)
class Squash:
    """One drawing of a creature."""

    tall: float
    """Its height; its width makes up for it."""
    shut: bool
    """Whether it blinks."""
    wave: float
    """Angle of its arms."""


@dataclass(frozen=True, eq=False)
class Mascot:
    """A creature whose body is about 1 in radius; its middle is the origin."""

    seed: Seed
    """Its stream."""
    fur: Tone
    """Of its body."""
    belly: Tone
    """Of belly and face."""
    ears: str
    """long, round, cat or horns."""
    bounce: float
    """How high it jumps, in picture heights."""
    exposure: int
    """Frames for each drawing."""

    def drawing(self, n: int) -> Squash:
        """It squashes when it lands."""
        tick = n // self.exposure
        air = abs(math.sin(tick * 0.25)) if self.bounce else 0.5
        return Squash(
            round(0.88 + 0.24 * air, 3),
            tick % 31 in (5, 6),
            round(0.6 * math.sin(tick * 0.5), 2) if self.bounce else 0.0,
        )

    def place(self, n: int) -> tuple[float, float]:
        """It jumps."""
        tick = n // self.exposure
        return 0.0, -self.bounce * abs(math.sin(tick * 0.25))

    def draw(self, pen: Pen, drawing: Squash) -> None:
        """Ears, feet, body, belly, face."""
        tall, wide = drawing.tall, 1 / drawing.tall
        for side in (-1, 1):
            self.ear(pen, side, tall)
            pen.cel(ellipse(side * 0.45 * wide, 0.95 * tall, 0.36, 0.2), self.fur, 0.08)
            with pen.placed(side * 0.85 * wide, 0.1, 1, -side * (0.5 + drawing.wave)):
                pen.cel(ellipse(0, 0.28, 0.2, 0.42), self.fur, 0.08)
        body = pen.cel(ellipse(0, 0, wide, tall), self.fur, 0.25)
        with pen.inside(body):
            pen.tint_ellipse(0, 0.45 * tall, 0.66 * wide, 0.62 * tall, self.belly.base)
        for side in (-1, 1):
            x = side * 0.34 * wide
            if drawing.shut:
                pen.line([(x - 0.12, -0.22), (x, -0.16), (x + 0.12, -0.22)], 1.2, self.fur.ink)
            else:
                pen.tint_ellipse(x, -0.22 * tall, 0.11, 0.16, oklch(0.15, 0.03, 0.7))
                pen.tint_ellipse(x - 0.03, -0.28 * tall, 0.04, 0.05, WHITE)
            pen.tint_ellipse(side * 0.6 * wide, 0.02, 0.15, 0.09, oklch(0.78, 0.12, 0.04))
        pen.line([(-0.16, 0.0), (-0.08, 0.06), (0, 0.0), (0, 0.0), (0.08, 0.06), (0.16, 0.0)], 1.1, self.fur.ink)

    def ear(self, pen: Pen, side: int, tall: float) -> None:
        """One ear of its kind."""
        x, y = side * 0.5, -0.75 * tall
        if self.ears == "long":
            with pen.placed(x, y, 1, side * 0.25):
                pen.cel(ellipse(0, -0.55, 0.2, 0.7), self.fur, 0.08)
                pen.tint_ellipse(0, -0.55, 0.09, 0.5, self.belly.shade)
        elif self.ears == "round":
            pen.cel(ellipse(x * 1.2, y, 0.3, 0.3), self.fur, 0.08)
            pen.tint_ellipse(x * 1.2, y, 0.15, 0.15, self.belly.shade)
        else:
            tip = (side * 0.75, y - 0.65) if self.ears == "cat" else (side * 0.5, y - 0.5)
            wide = 0.34 if self.ears == "cat" else 0.12
            pen.cel(
                corners([(x - wide, y + 0.2), tip, (x + wide, y + 0.25)]),
                self.fur if self.ears == "cat" else self.belly,
                0.08,
            )


def mascot(seed: Seed) -> Mascot:
    """A creature of one kind."""
    dice = seed.dice("mascot")
    return Mascot(
        seed,
        tone(dice.uniform(0.5, 0.92), dice.uniform(0.03, 0.15), dice.random()),
        tone(0.95, 0.03, dice.random()),
        dice.choice(("long", "round", "cat", "horns")),
        dice.uniform(0.03, 0.15) if dice.chance(0.6) else 0.0,
        dice.choice((1, 2, 2, 3)),
    )
