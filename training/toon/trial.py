"""Shots of the test split: other performers in other places than training has, by the same pens and cameras."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import skia

from training.toon import landscape
from training.toon.camera import MARGIN, camera
from training.toon.colour import HOURS, WHITE, faint, light, oklch
from training.toon.machines import robot, ship
from training.toon.mascots import mascot
from training.toon.painting import Paper
from training.toon.production import Production
from training.toon.rng import Dice, Seed
from training.toon.shot import Actor, Overlay, Performer, Shot

PLACES = {"vista": landscape.vista, "orbit": landscape.orbit}
"""Generators of backgrounds."""

ACTORS: dict[str, Callable[[Seed], Performer]] = {"robot": robot, "ship": ship, "mascot": mascot}
"""Generators of performers."""

CASTS = {"robot": 3, "ship": 2, "mascot": 3, "none": 1.2}
"""Who is in a shot, by how often."""

SIZES = {"robot": (0.03, 0.42), "ship": (0.02, 0.3), "mascot": (0.03, 0.4)}
"""One unit of a performer in picture heights: one is seen from far to very near."""


@dataclass(frozen=True)
class Beams:
    """Rays of light between machines."""

    seed: Seed
    """Their stream."""
    aspect: float
    """Width of the picture by its height."""

    def key(self, n: int) -> int:
        """New ones on twos."""
        return n // 2

    def draw(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Draws a few, each with a glow."""
        dice = self.seed.dice("beams", n // 2)
        colour = oklch(0.8, 0.18, self.seed.dice("beams").random())
        for _ in range(dice.randint(0, 4)):
            x, y, angle = dice.signed(self.aspect / 2), dice.signed(0.5), self.seed.dice("angle").random() * math.pi
            dx, dy = 0.4 * math.cos(angle), 0.4 * math.sin(angle)
            for width, tone in ((0.02, faint(colour, 0.25)), (0.01, faint(colour, 0.7)), (0.004, WHITE)):
                stroke = skia.Paint(AntiAlias=True, Color=tone, StrokeWidth=width, StrokeCap=skia.Paint.kRound_Cap)
                canvas.drawLine(x - dx, y - dy, x + dx, y + dy, stroke)


def stage(show: Production, seed: Seed) -> Shot:
    """Composes a shot."""
    dice = seed.dice("stage")
    kind, where = dice.pick(CASTS), dice.pick({"vista": 1.3, "orbit": 1})
    lit = light(dice, dice.pick(HOURS))
    size = show.aspect + 2 * MARGIN, 1 + 2 * MARGIN
    blur = dice.uniform(0.0, 0.006) if dice.chance(0.3) else 0.0
    sheet = Paper(size, show.density, show.medium, dice.uniform(0.4, 1.4), lit.tint, blur)
    actors, unit = ([], 0.1) if kind == "none" else cast(dice, seed, kind, show.aspect)
    overlays: list[Overlay] = (
        [Beams(seed.child("beams"), show.aspect)] if kind in ("robot", "ship") and dice.chance(0.4) else []
    )
    names = {f"place:{where}", *(() if kind == "none" else (f"actor:{kind}",)), *("effect:beams" for _ in overlays)}
    return Shot(
        kind=kind,
        names=frozenset(names),
        painters=[lambda: PLACES[where](seed.child(where), sheet)],
        actors=actors,
        overlays=overlays,
        camera=camera(seed, 1.0),
        ink=show.ink,
        light=lit,
        width=min(max(14 * unit, 0.5), 6.0) * dice.uniform(0.7, 1.3) * show.weight / 544,
    )


def cast(dice: Dice, seed: Seed, kind: str, aspect: float) -> tuple[list[Actor], float]:
    """One near performer, or several far ones; and how large their unit is."""
    unit = dice.log(*SIZES[kind])
    count = max(1, min(12, round(0.12 / unit * dice.uniform(0.5, 2))))
    kinds: list[Performer] = [ACTORS[kind](seed.child("actor", i)) for i in range(min(count, 4))]
    made = []
    for i in range(count):
        x = dice.signed(0.25) if count == 1 else dice.signed(aspect / 2)
        made.append(
            Actor(
                kinds[i % len(kinds)],
                (x, dice.uniform(-0.1, 0.25)),
                unit * dice.uniform(0.85, 1.15),
                flip=dice.chance(0.3),
            )
        )
    made.sort(key=lambda actor: actor.at[1])
    return made, unit
