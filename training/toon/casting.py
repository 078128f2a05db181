"""Who is in a shot, how large and where: people, crowds, cars."""

import math
from dataclasses import dataclass, replace

from training.toon.body import BUILDS, sole
from training.toon.curves import ellipse, path
from training.toon.pen import Pen
from training.toon.people import Character, Drawing, Figure
from training.toon.production import Production
from training.toon.props import thing
from training.toon.rng import Dice, Seed
from training.toon.shot import Actor
from training.toon.timing import Acting, acting
from training.toon.traffic import car

SIZES = {"eyes": (0.55, 1.3), "face": (0.28, 0.42), "bust": (0.17, 0.25), "two": (0.13, 0.2), "medium": (0.09, 0.14),
         "full": (0.05, 0.064), "crowd": (0.013, 0.034), "insert": (0.13, 0.45)}  # fmt: skip
"""A head's radius, in picture heights."""


@dataclass(frozen=True, eq=False)
class Person:
    """A character in a shot."""

    who: Character
    """Traits."""
    acts: Acting
    """What it does."""
    low: bool
    """Whether legs are in the picture."""
    walk: tuple[float, float]
    """Picture heights for each frame, and the height of a step."""

    def drawing(self, n: int) -> Drawing:
        """What is shown at frame n."""
        return self.acts.drawing(n)

    def draw(self, pen: Pen, drawing: Drawing) -> None:
        """Draws it, with a shadow at its feet."""
        if self.low:
            feet = path(ellipse(0, sole(BUILDS[self.who.build]), 2.4, 0.3))
            pen.tint(feet, 0x44101830)
        Figure(pen, self.who, drawing).draw(self.low)

    def place(self, n: int) -> tuple[float, float]:
        """Where it has walked, in steps of its exposure."""
        if not self.walk[0]:
            return 0.0, 0.0
        tick = n // self.acts.exposure * self.acts.exposure
        return self.walk[0] * tick, -self.walk[1] * abs(math.sin(tick * 0.35))


def cast(show: Production, seed: Seed, kind: str) -> list[Actor]:
    """Who is in the picture, and where."""
    if kind == "crowd":
        return crowd(show, seed)
    dice = seed.dice("cast")
    if kind == "insert":
        size = dice.log(*SIZES[kind])
        return [Actor(thing(seed.child("thing")), (dice.signed(0.2), dice.signed(0.1)), size, flip=dice.chance(0.5))]
    count = 2 if kind == "two" else dice.pick({1: 5, 2: 2, 3: 1}) if kind in ("medium", "full") else 1
    base = dice.log(*SIZES[kind])
    made = []
    for i in range(count):
        grown = seed.dice("actor", i)
        size = base * grown.uniform(0.92, 1.08)
        x = (i - (count - 1) / 2) * max(size * 4.4, 0.2) + grown.signed(0.06)
        if count == 1 and kind not in ("eyes", "face"):
            x = grown.signed(0.3)
        who = show.cast(grown.randint(0, 3) if count == 1 else i)
        made.append(
            Actor(
                person(seed.child("actor", i), who, kind), (x, height(grown, kind, size, sole(BUILDS[who.build]))), size
            )
        )
    if kind in ("bust", "medium") and dice.chance(0.16):
        side = -1.0 if made[0].at[0] > 0 else 1.0
        made[0].at = (-side * max(abs(made[0].at[0]), 0.18), made[0].at[1])
        made.append(over_shoulder(show, seed, base, side))
    return made


def height(dice: Dice, kind: str, size: float, tall: float) -> float:
    """Where the middle of the head is; `tall` is how far the soles are below it, in heads' units."""
    if kind == "eyes":
        return -0.18 * size + dice.signed(0.12)
    if kind == "full":
        return 0.46 - tall * size + dice.signed(0.03)
    return {"face": 0.02, "bust": -0.10, "two": -0.12, "medium": -0.2}[kind] + dice.signed(0.05)


def person(seed: Seed, who: Character, kind: str) -> Person:
    """A character who acts."""
    dice = seed.dice("walk")
    acts = acting(seed)
    walks = kind in ("full", "crowd", "medium") and dice.chance(0.3)
    speed = dice.log(0.001, 0.006) * dice.choice((-1, 1)) if walks else 0.0
    if kind in ("crowd", "full", "medium") and dice.chance(0.25 if kind == "crowd" else 0.1):
        start = replace(acts.start, yaw=math.pi)
        acts = replace(acts, start=start, end=start)
    if kind in ("face", "eyes"):
        start = replace(acts.start, pitch=acts.start.pitch * 0.6)
        acts = replace(acts, start=start, end=start if acts.end == acts.start else acts.end)
    return Person(who, acts, kind in ("full", "crowd", "medium"), (speed, 0.006 if walks else 0.0))


def over_shoulder(show: Production, seed: Seed, base: float, side: float) -> Actor:
    """Someone near the camera on one side, from behind and out of focus."""
    dice = seed.dice("shoulder")
    who = person(seed.child("shoulder"), show.cast(5), "bust")
    start = replace(who.acts.start, yaw=math.pi)
    away = replace(who, acts=replace(who.acts, start=start, end=start))
    size = base * dice.uniform(1.5, 2.2)
    return Actor(
        away,
        (side * dice.uniform(0.55, 0.8), dice.uniform(0.1, 0.35)),
        size,
        1.4,
        blur=dice.uniform(0.0, 0.012),
    )


def crowd(show: Production, seed: Seed) -> list[Actor]:
    """Many small people in rows; drawings are shared by those who look alike."""
    dice = seed.dice("crowd")
    size, count, kinds = dice.log(*SIZES["crowd"]), dice.randint(9, 40), dice.randint(4, 8)
    people = [person(seed.child("crowd", i), show.cast(10 + i), "crowd") for i in range(kinds)]
    made = []
    for i in range(count):
        depth = i / count
        at = dice.signed(show.aspect / 2 + 0.05), 0.2 + 0.29 * depth - 10.5 * size * (0.75 + 0.5 * depth)
        made.append(Actor(people[i % kinds], at, size * (0.75 + 0.5 * depth), 0.8 + 0.2 * depth, dice.chance(0.5)))
    for actor in made:
        actor.cels = next(other.cels for other in made if other.who is actor.who)
    return made


def traffic(seed: Seed, where: str) -> list[Actor]:
    """Cars behind the people."""
    dice = seed.dice("traffic")
    made = []
    for i in range(dice.randint(1, 3)):
        size = dice.uniform(0.09, 0.15)
        one = car(seed.child("car", i), size)
        foot = dice.uniform(0.3, 0.42) if where == "front" else dice.uniform(0.25, 0.45)
        x = dice.signed(0.8) - 12 * one.speed
        made.append(Actor(one, (x, foot), size, 0.9, flip=one.speed < 0 or (not one.speed and dice.chance(0.5))))
    return sorted(made, key=lambda actor: actor.at[1])
