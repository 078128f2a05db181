"""Things close up, alone or in a hand."""

# a list that is added to an array moves points

import math
from dataclasses import dataclass

import numpy as np

from training.toon.colour import WHITE, Tone
from training.toon.curves import tube
from training.toon.outfits import cloth_tone
from training.toon.pen import Pen
from training.toon.people import skin_tone
from training.toon.rng import Dice, Seed
from training.toon.things import Things

THINGS = {
    "cup": 1.5,
    "book": 1.2,
    "phone": 1.5,
    "letter": 1.2,
    "bowl": 1,
    "key": 0.7,
    "blade": 1,
    "lantern": 0.8,
    "fruit": 0.8,
    "clock": 0.8,
}


@dataclass(frozen=True)
class Moment:
    """One drawing of a thing."""

    tick: int
    """Where in its cycle it is."""
    tilt: float
    """Its tilt, radians."""


@dataclass(frozen=True, eq=False)
class Thing(Things):
    """A thing of about 2 units; its middle is the origin."""

    kind: str
    """One of THINGS."""
    held: bool
    """Whether a hand holds it."""
    skin: Tone
    """Of the hand."""
    sleeve: Tone
    """Of the cuff."""
    exposure: int
    """Frames for each drawing."""
    moves: bool
    """Whether it sways."""

    def drawing(self, n: int) -> Moment:
        """What is shown at frame n."""
        tick = n // self.exposure % 12
        return Moment(
            tick % 4 if self.kind in ("cup", "bowl", "lantern", "clock") else 0,
            round(0.06 * math.sin(tick / 12 * math.tau), 3) if self.moves else 0.0,
        )

    def place(self, n: int) -> tuple[float, float]:
        """It stays."""
        return 0.0, 0.0

    def draw(self, pen: Pen, drawing: Moment) -> None:
        """The thing, and the hand around it."""
        with pen.placed(0, 0, 1, drawing.tilt + self.seed.dice("tilt").signed(0.25)):
            if self.held:
                self.wrist(pen)
            getattr(self, self.kind)(pen, drawing.tick)
            if self.held:
                self.fingers(pen)

    def wrist(self, pen: Pen) -> None:
        """Forearm, cuff and the back of the hand, behind the thing."""
        arm = tube([(4.2, 4.1), (1.9, 1.6), (0.9, 0.6)], [0.7, 0.5, 0.42], 4)
        for sides, made in (
            (arm, self.skin),
            (tube([(14.0, 13.0), (5.0, 4.9), (2.3, 2.1), (1.8, 1.5)], [1.6, 1.15, 0.85, 0.72], 4), self.sleeve),
        ):
            shape = np.concatenate([sides[0], sides[1][::-1]])
            pen.cel(shape, made, 0.2)
        pen.cel([(1.3, 1.0), (0.5, 1.0), (0.25, 0.2), (0.7, -0.35), (1.25, 0.1)], self.skin, 0.15)

    def fingers(self, pen: Pen) -> None:
        """Four fingers and a thumb, around the thing."""
        for i in range(4):
            y = -0.15 + 0.27 * i
            sides = tube([(0.98, y - 0.05), (0.5, y - 0.1), (0.08 + 0.04 * i, y + 0.02)], [0.17, 0.155, 0.13], 3)
            shape = np.concatenate([sides[0], [sides[0][-1] * 0.5 + sides[1][-1] * 0.5 - [0.1, 0]], sides[1][::-1]])
            pen.cel(shape, self.skin, 0.05)
            pen.line(np.array([(0.52, y - 0.2), (0.5, y - 0.12)]), 0.7, self.skin.ink)
            nail = np.array(
                [
                    (0.10 + 0.04 * i, y - 0.06),
                    (0.22 + 0.04 * i, y - 0.08),
                    (0.22 + 0.04 * i, y + 0.06),
                    (0.10 + 0.04 * i, y + 0.07),
                ]
            )
            pen.cel(nail, Tone(self.skin.shine, self.skin.base, self.skin.shade, WHITE, self.skin.ink), 0, 0.6)


def thing(seed: Seed) -> Thing:
    """A thing of one kind."""
    dice: Dice = seed.dice("thing")
    kind = dice.pick(THINGS)
    held = kind in ("cup", "phone", "letter", "key", "blade", "book") and dice.chance(0.7)
    return Thing(
        seed,
        made=cloth_tone(dice),
        second=cloth_tone(dice),
        kind=kind,
        held=held,
        skin=skin_tone(dice),
        sleeve=cloth_tone(dice),
        exposure=dice.choice((2, 2, 3)),
        moves=dice.chance(0.5),
    )
