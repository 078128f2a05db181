"""Performers of the test split that are built, not grown: robots and ships of plates, joints and lamps."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

import math
from dataclasses import dataclass

import numpy as np

from training.toon.colour import WHITE, Tone, faint, oklch, tone
from training.toon.curves import PointsLike, corners, ellipse, path, points, polygon
from training.toon.pen import Pen
from training.toon.rng import Seed


@dataclass(frozen=True)
class Stance:
    """One drawing of a robot."""

    arms: tuple[tuple[float, float], tuple[float, float]]
    """Angles of upper arm and forearm on either side, from straight down, outward."""
    turn: float
    """Of the head, -1 to 1."""
    lamp: float
    """How bright its eyes are, 0 to 1."""
    bob: float
    """How far the torso is raised."""


@dataclass(frozen=True, eq=False)
class Robot:
    """A robot; the middle of its chest is the origin, its chest is about 2 wide."""

    seed: Seed
    """Its stream."""
    armour: Tone
    """Of its plates."""
    trim: Tone
    """Of what stands out."""
    frame: Tone
    """Of joints."""
    exposure: int
    """Frames for each drawing."""
    swing: float
    """How far its arms move."""

    def drawing(self, n: int) -> Stance:
        """What is shown at frame n."""
        tick = n // self.exposure
        wave = self.swing * math.sin(tick * 0.4)
        dice = self.seed.dice("stance")
        base = dice.uniform(0.1, 0.5), dice.uniform(-0.6, 0.3), dice.uniform(0.1, 1.6), dice.uniform(-0.4, 1.8)
        arms = (
            (round(base[0] + wave * 0.4, 3), round(base[1] + wave, 3)),
            (round(base[2] - wave * 0.3, 3), round(base[3] - wave * 0.6, 3)),
        )
        return Stance(arms, round(math.sin(tick * 0.1 + dice.random() * 6), 2), tick % 8 / 8, round(0.05 * wave, 3))

    def place(self, n: int) -> tuple[float, float]:
        """It stands."""
        return 0.0, 0.0

    def draw(self, pen: Pen, drawing: Stance) -> None:
        """Legs, arms, torso, head."""
        for side in (-1, 1):
            self.leg(pen, side)
        for i, side in enumerate((-1, 1)):
            self.arm(pen, side, drawing.arms[i])
        with pen.placed(0, -drawing.bob):
            self.torso(pen)
            self.head(pen, drawing)

    def plate(self, pen: Pen, at: PointsLike, made: Tone, bevel: float = 0.16) -> None:
        """A plate with a bevel: a smaller copy in a lighter tone, and rivets."""
        at = points(at)
        shape = pen.cel(corners(at), made, bevel)
        middle = at.mean(axis=0)
        inner = middle + (at - middle) * (1 - 1.4 * bevel)
        with pen.inside(shape):
            pen.line(corners(inner), 0.6, made.ink, closed=True)
            pen.tint(polygon(inner - [0.03, 0.05]), faint(made.shine, 0.35))
        for x, y in inner[::2]:
            pen.tint(path(ellipse(x, y, 0.03, 0.03, 8)), made.ink)

    def torso(self, pen: Pen) -> None:
        """Waist, chest, vents and a reactor."""
        self.plate(pen, [(-0.5, 0.7), (0.5, 0.7), (0.62, 1.7), (-0.62, 1.7)], self.frame, 0.1)
        for i in range(4):
            pen.line([(-0.45, 0.9 + 0.2 * i), (0.45, 0.9 + 0.2 * i)], 0.8, self.frame.ink, (0, 0))
        self.plate(
            pen, [(-1.0, -0.85), (1.0, -0.85), (1.15, 0.1), (0.6, 0.85), (-0.6, 0.85), (-1.15, 0.1)], self.armour
        )
        self.plate(pen, [(-0.55, -0.7), (0.55, -0.7), (0.35, 0.0), (-0.35, 0.0)], self.trim)
        for side in (-1, 1):
            self.plate(pen, np.array([(0.45, 0.1), (0.95, 0.0), (0.8, 0.5), (0.5, 0.6)]) * [side, 1], self.trim, 0.08)
            for i in range(3):
                pen.line([(side * 0.55, 0.18 + 0.12 * i), (side * 0.84, 0.12 + 0.12 * i)], 0.8, self.trim.ink, (0, 0))
        pen.cel(ellipse(0, 0.35, 0.2, 0.2), self.trim, 0.05)
        pen.glow(0, 0.35, 0.5, faint(oklch(0.9, 0.12, 0.55), 0.8))

    def head(self, pen: Pen, shown: Stance) -> None:
        """A helmet with a crest, a visor and cheek guards."""
        x = 0.14 * shown.turn
        self.plate(pen, [(-0.2, -1.0), (0.2, -1.0), (0.24, -0.8), (-0.24, -0.8)], self.frame, 0.1)
        self.plate(
            pen,
            np.array([(-0.4, -1.75), (0.4, -1.75), (0.5, -1.35), (0.3, -0.95), (-0.3, -0.95), (-0.5, -1.35)]) + [x, 0],
            self.armour,
            0.12,
        )
        visor = np.array([(-0.36, -1.5), (0.36, -1.5), (0.26, -1.3), (0.0, -1.24), (-0.26, -1.3)]) + [x * 1.6, 0]
        pen.cel(corners(visor), self.frame, 0)
        for side in (-1, 1):
            eye = np.array([(0.06, -1.42), (0.28, -1.46), (0.2, -1.34), (0.08, -1.34)]) * [side, 1] + [x * 1.7, 0]
            pen.fill(polygon(eye), oklch(0.6 + 0.35 * shown.lamp, 0.15, 0.4))
            horn = np.array([(0.04, -1.62), (0.5, -2.35), (0.2, -1.6)]) * [side, 1] + [x, 0]
            pen.cel(corners(horn), self.trim, 0.05)
        self.plate(
            pen, np.array([(-0.14, -1.2), (0.14, -1.2), (0.1, -0.95), (-0.1, -0.95)]) + [x * 1.5, 0], self.trim, 0.1
        )

    def arm(self, pen: Pen, side: int, angles: tuple[float, float]) -> None:
        """Shoulder guard, two segments with a joint, a fist."""
        at = np.array([side * 1.3, -0.55])
        for angle, length, wide, made in ((angles[0], 1.0, 0.28, self.frame), (angles[1], 1.15, 0.4, self.armour)):
            way = np.array([math.sin(side * angle), math.cos(angle)])
            across = np.array([way[1], -way[0]])
            end = at + way * length
            shape = [at - across * wide * 0.7, at + across * wide * 0.7, end + across * wide, end - across * wide]
            self.plate(pen, np.array(shape), made)
            pen.cel(ellipse(at[0], at[1], 0.26, 0.26), self.frame, 0.08)
            at = end
        fist = at + np.array([(-0.3, -0.05), (0.3, -0.05), (0.34, 0.3), (0.15, 0.45), (-0.25, 0.42), (-0.34, 0.2)])
        self.plate(pen, fist, self.frame, 0.1)
        guard = np.array([(-0.5, -0.35), (0.1, -0.6), (0.6, -0.3), (0.55, 0.35), (-0.3, 0.3)]) * [side, 1] + [
            side * 1.35,
            -0.6,
        ]
        self.plate(pen, guard, self.armour)

    def leg(self, pen: Pen, side: int) -> None:
        """Thigh, knee, shin and foot."""
        x = side * 0.55
        out = side * 0.25
        self.plate(
            pen, np.array([(x - 0.3, 1.6), (x + 0.3, 1.6), (x + out + 0.26, 2.8), (x + out - 0.26, 2.8)]), self.frame
        )
        self.plate(
            pen,
            np.array(
                [(x + out - 0.36, 2.9), (x + out + 0.36, 2.9), (x + 2 * out + 0.5, 4.4), (x + 2 * out - 0.5, 4.4)]
            ),
            self.armour,
        )
        self.plate(
            pen,
            np.array(
                [(x + out - 0.3, 2.6), (x + out, 2.4), (x + out + 0.3, 2.6), (x + out + 0.2, 3.2), (x + out - 0.2, 3.2)]
            ),
            self.trim,
        )
        foot = np.array(
            [(x + 2 * out - 0.5, 4.35), (x + 2 * out + 0.5, 4.35), (x + 2 * out + 0.7, 4.8), (x + 2 * out - 0.7, 4.8)]
        )
        self.plate(pen, foot, self.trim, 0.1)


@dataclass(frozen=True, eq=False)
class Ship:
    """A ship that flies past, nose to the right; its hull is about 4 long."""

    seed: Seed
    """Its stream."""
    armour: Tone
    """Of its hull."""
    trim: Tone
    """Of wings and marks."""
    speed: float
    """Picture heights for each frame."""

    def drawing(self, n: int) -> int:
        """Its flames flicker on twos."""
        return n // 2 % 3

    def place(self, n: int) -> tuple[float, float]:
        """Where it has flown."""
        return self.speed * n, 0.01 * math.sin(n * 0.15)

    def draw(self, pen: Pen, drawing: int) -> None:
        """Flames, wings, hull, canopy."""
        for y in (-0.16, 0.16):
            long = 0.9 + 0.3 * drawing
            flame = path([(-1.9, y - 0.13), (-1.9 - long, y), (-1.9 - long, y), (-1.9, y + 0.13)])
            pen.tint(flame, oklch(0.85, 0.12, 0.6))
            pen.tint(path([(-1.9, y - 0.06), (-1.9 - long * 0.6, y), (-1.9 - long * 0.6, y), (-1.9, y + 0.06)]), WHITE)
        pen.cel(corners([(-0.2, -0.2), (-1.6, -1.3), (-1.9, -1.25), (-1.2, -0.2)]), self.trim, 0.1)
        hull = [
            (-1.9, -0.32),
            (-0.3, -0.42),
            (1.1, -0.2),
            (2.1, 0.05),
            (2.1, 0.05),
            (0.9, 0.3),
            (-1.9, 0.34),
            (-1.9, 0.34),
        ]
        shape = pen.cel(hull, self.armour, 0.14)
        with pen.inside(shape):
            for x in (-1.4, -0.8, 0.1, 0.7):
                pen.line([(x, -0.6), (x + 0.06, 0.6)], 0.7, self.armour.ink, (0, 0))
            pen.tint(polygon([(-1.9, 0.0), (1.9, 0.02), (1.9, 0.08), (-1.9, 0.08)]), self.trim.base)
        glass = pen.cel([(0.1, -0.34), (0.5, -0.62), (1.05, -0.22)], tone(0.6, 0.08, 0.65), 0.06)
        with pen.inside(glass):
            pen.tint(polygon([(0.4, -0.7), (0.55, -0.7), (0.5, -0.2), (0.35, -0.2)]), faint(WHITE, 0.7))
        pen.cel(corners([(-0.4, 0.2), (-1.5, 0.95), (-1.9, 0.95), (-1.4, 0.2)]), self.trim, 0.1)


def robot(seed: Seed) -> Robot:
    """A robot of one kind."""
    dice = seed.dice("robot")
    armour = tone(dice.uniform(0.5, 0.95), dice.uniform(0.0, 0.12), dice.random())
    trim = tone(dice.uniform(0.45, 0.8), dice.uniform(0.08, 0.2), dice.random())
    return Robot(seed, armour, trim, tone(0.38, 0.015, 0.7), dice.choice((1, 2, 2, 3)), dice.pick({0.0: 1, 0.5: 2}))


def ship(seed: Seed) -> Ship:
    """A ship of one kind."""
    dice = seed.dice("ship")
    hull = tone(dice.uniform(0.5, 0.95), dice.uniform(0.0, 0.08), dice.random())
    return Ship(seed, hull, tone(dice.uniform(0.4, 0.75), 0.14, dice.random()), dice.signed(0.012))
