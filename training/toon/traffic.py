"""Cars and bicycles that stand or drive past, from the side; a car is about 4 units long, its wheels touch y = 0."""

import math
from dataclasses import dataclass

import numpy as np

from training.toon.colour import WHITE, Tone, faint, oklch, tone
from training.toon.curves import Points, corners, ellipse, path, polygon
from training.toon.outfits import cloth_tone
from training.toon.pen import Pen
from training.toon.rng import Seed

BODIES: dict[str, tuple[list[tuple[float, float]], list[list[tuple[float, float]]]]] = {
    "saloon": (
        [
            (-2.0, -0.3),
            (-1.95, -0.72),
            (-1.35, -0.85),
            (-0.75, -1.38),
            (0.5, -1.4),
            (1.05, -0.88),
            (1.9, -0.72),
            (2.05, -0.3),
        ],
        [
            [(-1.15, -0.86), (-0.7, -1.28), (-0.15, -1.29), (-0.15, -0.86)],
            [(-0.05, -0.86), (-0.05, -1.29), (0.45, -1.3), (0.9, -0.86)],
        ],
    ),
    "van": (
        [(-2.0, -0.3), (-2.0, -1.85), (-1.85, -1.95), (1.2, -1.95), (1.75, -1.05), (2.0, -0.9), (2.05, -0.3)],
        [
            [(0.35, -1.1), (0.35, -1.75), (1.1, -1.75), (1.5, -1.1)],
            [(-0.9, -1.2), (-0.9, -1.75), (0.2, -1.75), (0.2, -1.2)],
        ],
    ),
    "kei": (
        [(-1.5, -0.3), (-1.55, -1.35), (-1.4, -1.62), (0.55, -1.64), (1.0, -1.0), (1.5, -0.85), (1.55, -0.3)],
        [
            [(-1.3, -0.98), (-1.2, -1.48), (-0.35, -1.5), (-0.35, -0.98)],
            [(-0.25, -0.98), (-0.25, -1.5), (0.45, -1.5), (0.8, -0.98)],
        ],
    ),
}
"""Outlines, nose to the right, and windows."""


@dataclass(frozen=True, eq=False)
class Car:
    """A car of one kind."""

    kind: str
    """One of BODIES, or bicycle."""
    paint: Tone
    """Of its body."""
    speed: float
    """Picture heights for each frame."""
    size: float
    """One of its units in picture heights."""

    def drawing(self, n: int) -> float:
        """The turn of its wheels, as one of twelve drawings."""
        return round(n * abs(self.speed) / self.size / 0.38 / math.tau * 12) % 12 / 12 if self.speed else 0.0

    def place(self, n: int) -> tuple[float, float]:
        """Where it has driven."""
        return self.speed * n, 0.0

    def draw(self, pen: Pen, drawing: float) -> None:
        """Shadow, body, windows, lamps, wheels."""
        pen.tint(path(ellipse(0, 0.02, 2.0, 0.12)), 0x55101828)
        if self.kind == "bicycle":
            self.bicycle(pen, drawing)
            return
        outline, windows = BODIES[self.kind]
        body = pen.cel(corners(outline), self.paint, 0.16)
        with pen.inside(body):
            pen.tint(polygon([(-3, -0.42), (3, -0.42), (3, -0.3), (-3, -0.3)]), self.paint.deep)
            pen.line([(-2, -0.62), (2.1, -0.62)], 0.7, self.paint.ink, (0, 0))
        for window in windows:
            self.window(pen, np.array(window))
        end = outline[-1][0]
        pen.cel(ellipse(end - 0.18, -0.58, 0.14, 0.1), tone(0.95, 0.03, 0.27), 0.03, 0.8)
        pen.cel(
            corners([(-end + 0.02, -0.7), (-end + 0.2, -0.7), (-end + 0.2, -0.5), (-end + 0.02, -0.5)]),
            tone(0.55, 0.19, 0.07),
            0.02,
            0.8,
        )
        pen.line([(-0.10, -0.4), (-0.10, -1.0)], 0.7, self.paint.ink, (0, 0))
        for x in (0.05, -1.0):
            pen.line([(x, -0.72), (x + 0.22, -0.72)], 1.2, self.paint.ink, (0, 0))
        for x in (-end * 0.62, end * 0.62):
            self.wheel(pen, (x, -0.36), 0.38, drawing)

    def window(self, pen: Pen, at: Points) -> None:
        """Glass with a slanted light."""
        glass = pen.cel(corners(at), tone(0.55, 0.05, 0.65), 0.08, 0.8)
        x, y = at.mean(axis=0)
        with pen.inside(glass):
            pen.tint(
                polygon([(x, y - 0.6), (x + 0.16, y - 0.6), (x - 0.14, y + 0.6), (x - 0.3, y + 0.6)]),
                faint(WHITE, 0.55),
            )

    def wheel(self, pen: Pen, at: tuple[float, float], radius: float, turn: float) -> None:
        """Tyre, rim and spokes."""
        pen.cel(ellipse(*at, radius, radius, 20), tone(0.25, 0.01, 0.7), 0.06)
        pen.cel(ellipse(*at, radius * 0.6, radius * 0.6, 16), tone(0.8, 0.01, 0.7), 0.04, 0.8)
        for i in range(5):
            angle = (turn + i) / 5 * math.tau
            way = np.array([math.cos(angle), math.sin(angle)]) * radius
            pen.line([np.array(at) + way * 0.15, np.array(at) + way * 0.55], 0.9, oklch(0.4, 0.01, 0.7), (0, 0))

    def bicycle(self, pen: Pen, turn: float) -> None:
        """Thin tubes and many spokes."""
        for x in (-0.75, 0.75):
            for radius, weight in ((0.55, 2.2), (0.5, 0.6)):
                pen.line(ellipse(x, -0.55, radius, radius, 24), weight, oklch(0.25, 0.01, 0.7), closed=True)
            for i in range(14):
                angle = (turn + i) / 14 * math.tau
                pen.line(
                    [(x, -0.55), (x + 0.5 * math.cos(angle), -0.55 + 0.5 * math.sin(angle))],
                    0.4,
                    oklch(0.55, 0.01, 0.7),
                    (0, 0),
                )
        for rows in (
            [(-0.75, -0.55), (-0.3, -1.05), (0.5, -1.05), (-0.1, -0.5), (-0.75, -0.55)],
            [(-0.38, -1.2), (-0.1, -0.5)],
            [(0.75, -0.55), (0.45, -1.3), (0.25, -1.38)],
            [(-0.6, -1.22), (-0.18, -1.22)],
        ):
            pen.line(corners(rows)[1:-1], 2.6, self.paint.ink, (0, 0))
            pen.line(corners(rows)[1:-1], 1.4, self.paint.base, (0, 0))


def car(seed: Seed, size: float) -> Car:
    """A car or a bicycle that stands or drives; `size` is one unit in picture heights."""
    dice = seed.dice("car")
    kind = dice.pick({"saloon": 2, "van": 1.2, "kei": 1.5, "bicycle": 1.2})
    speed = dice.choice((-1, 1)) * dice.log(0.002, 0.03) if dice.chance(0.55) else 0.0
    return Car(kind, cloth_tone(seed.dice("paint")), speed, size)
