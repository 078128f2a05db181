"""Things that are drawn close up: cups, bowls, books, telephones, letters, keys, blades, lanterns, fruit, clocks."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

import math
from dataclasses import dataclass

import numpy as np

from training.toon import glyphs
from training.toon.colour import WHITE, Tone, faint, oklch, tone
from training.toon.curves import Points, corners, ellipse, path, polygon, tube
from training.toon.pen import Pen
from training.toon.rng import Seed


@dataclass(frozen=True, eq=False)
class Things:
    """A method for each thing, about 2 units large around the origin; `tick`, 0 to 3, moves what moves."""

    seed: Seed
    """The stream."""
    made: Tone
    """Colours of the thing."""
    second: Tone
    """Of what is on it."""

    def cup(self, pen: Pen, tick: int) -> None:
        """A cup with a handle, a pattern, and steam."""
        pen.line(ellipse(-0.85, 0.1, 0.35, 0.4), 4.0, self.made.ink, closed=True)
        body = pen.cel(
            [
                (-0.75, -0.7),
                (-0.75, -0.7),
                (-0.7, 0.5),
                (-0.45, 0.95),
                (0.45, 0.95),
                (0.7, 0.5),
                (0.75, -0.7),
                (0.75, -0.7),
            ],
            self.made,
            0.28,
        )
        with pen.inside(body):
            for i in range(5):
                pen.tint_ellipse(-0.6 + 0.3 * i, 0.15 + 0.1 * (i % 2), 0.09, 0.09, self.second.base)
            pen.tint(polygon([(-0.75, 0.45), (0.75, 0.45), (0.75, 0.56), (-0.75, 0.56)]), self.second.shade)
        pen.cel(ellipse(0, -0.7, 0.75, 0.2), self.made, 0)
        pen.fill(path(ellipse(0, -0.68, 0.62, 0.14)), oklch(0.38, 0.07, 0.14))
        self.steam(pen, tick)

    def steam(self, pen: Pen, tick: int) -> None:
        """Three threads that rise and curl."""
        for i in (-1, 0, 1):
            phase = tick * math.tau / 4 + i
            rows = [(0.3 * i + 0.1 * math.sin(phase + k), -0.95 - 0.3 * k) for k in range(4)]
            left, right = tube(rows, [0.02, 0.08, 0.06, 0.0], 4)
            pen.tint(path(np.concatenate([left, right[::-1]])), faint(WHITE, 0.55))

    def bowl(self, pen: Pen, tick: int) -> None:
        """Noodles in a bowl, with what lies on them."""
        pen.cel(
            [
                (-1.2, -0.2),
                (-1.2, -0.2),
                (-0.95, 0.5),
                (-0.45, 0.85),
                (0.45, 0.85),
                (0.95, 0.5),
                (1.2, -0.2),
                (1.2, -0.2),
            ],
            self.made,
            0.3,
        )
        pen.line([(-1.05, 0.1), (0, 0.38), (1.05, 0.1)], 1.6, self.second.ink)
        pen.cel(ellipse(0, -0.2, 1.2, 0.38), self.made, 0)
        soup = pen.cel(ellipse(0, -0.18, 1.05, 0.3), tone(0.65, 0.1, 0.17), 0.05, 0.8)
        with pen.inside(soup):
            for i in range(14):
                x = -0.9 + 0.13 * i
                pen.line([(x, -0.4), (x + 0.1, -0.2), (x + 0.02, 0.0), (x + 0.16, 0.14)], 1.0, oklch(0.75, 0.1, 0.22))
        pen.cel(ellipse(-0.35, -0.22, 0.28, 0.13), tone(0.95, 0.02, 0.25), 0.04)
        pen.tint_ellipse(-0.35, -0.22, 0.13, 0.07, oklch(0.82, 0.15, 0.22))
        pen.cel(ellipse(0.35, -0.16, 0.3, 0.14), tone(0.7, 0.08, 0.08), 0.05)
        pen.cel(corners([(0.5, -0.2), (0.95, -0.75), (1.12, -0.7), (0.85, -0.1)]), tone(0.3, 0.05, 0.42), 0.05)
        self.steam(pen, tick)

    def book(self, pen: Pen, tick: int) -> None:
        """An open book with rows of letters."""
        for side in (-1, 1):
            page = np.array(
                [
                    (0, -0.75),
                    (side * 0.5, -0.85),
                    (side * 1.25, -0.72),
                    (side * 1.3, 0.75),
                    (side * 0.5, 0.62),
                    (0, 0.75),
                ]
            )
            pen.cel(page * 1.05 + [0, 0.04], self.made, 0)
            shape = pen.cel(page, tone(0.95, 0.02, 0.24), 0.1)
            with pen.inside(shape):
                self.rows(pen, side * 0.68 - 0.45, -0.6, 0.9, 9)
        pen.line([(0, -0.75), (0.02, 0.0), (0, 0.75)], 1.2, self.made.ink)

    def rows(self, pen: Pen, x: float, y: float, wide: float, count: int) -> None:
        """Rows of small letters."""
        dice = self.seed.dice("rows")
        hand = glyphs.Hand(0.1, 0.7, False)
        size = 0.11
        for i in range(count):
            line = glyphs.joined(glyphs.word(dice, "mixed", max(int(wide / size / 1.1) - dice.randint(0, 2), 1)), False)
            pen.canvas.save()
            pen.canvas.translate(x, y + i * size * 1.3)
            pen.canvas.scale(size, size)
            hand.write(pen.canvas, line, pen.light.on(oklch(0.3, 0.02, 0.7)))
            pen.canvas.restore()

    def phone(self, pen: Pen, tick: int) -> None:
        """A telephone with a lit screen."""
        pen.cel(rounded(0.68, 1.25, 0.14), self.made, 0.08)
        screen = pen.cel(rounded(0.58, 1.08, 0.05), tone(0.93, 0.03, 0.65), 0, 0.6)
        with pen.inside(screen):
            dice = self.seed.dice("screen")
            pen.tint(polygon([(-0.6, -1.1), (0.6, -1.1), (0.6, -0.86), (-0.6, -0.86)]), self.second.base)
            for i in range(5):
                left = -0.5 if dice.chance(0.5) else -0.2
                y = -0.75 + 0.36 * i
                bubble = rounded(0.33, 0.14, 0.1) + [left + 0.35, y + 0.1]
                pen.tint(path(bubble), dice.choice((WHITE, self.second.shine)))
                self.rows(pen, left + 0.1, y + 0.04, 0.5, 1)
        pen.tint(polygon([(0.1, -1.1), (0.5, -1.1), (-0.1, 1.1), (-0.5, 1.1)]), faint(WHITE, 0.15))

    def letter(self, pen: Pen, tick: int) -> None:
        """A folded sheet with writing."""
        sheet = pen.cel(corners([(-0.95, -1.0), (0.9, -1.1), (1.0, 0.95), (-0.85, 1.05)]), tone(0.96, 0.02, 0.24), 0.06)
        with pen.inside(sheet):
            self.rows(pen, -0.75, -0.8, 1.4, 11)
            for y in (-0.35, 0.33):
                pen.line([(-1, y), (1, y - 0.05)], 0.6, self.made.ink)

    def key(self, pen: Pen, tick: int) -> None:
        """A key on a ring with a tag."""
        metal = tone(0.75, 0.05, 0.25)
        pen.line(ellipse(-0.6, -0.7, 0.5, 0.5), 2.0, metal.ink, closed=True)
        pen.cel(ellipse(0, 0, 0.42, 0.42), metal, 0.1)
        pen.fill(path(ellipse(-0.08, -0.08, 0.15, 0.15)), oklch(0.35, 0.03, 0.7))
        pen.cel(
            corners(
                [
                    (0.26, 0.18),
                    (1.25, 1.1),
                    (1.15, 1.25),
                    (1.02, 1.12),
                    (0.92, 1.22),
                    (0.8, 1.1),
                    (0.72, 1.14),
                    (0.14, 0.36),
                ]
            ),
            metal,
            0.06,
        )
        pen.cel(corners([(-1.0, -0.6), (-0.5, -0.4), (-0.8, 0.6), (-1.3, 0.4)]), self.made, 0.08)

    def blade(self, pen: Pen, tick: int) -> None:
        """A sword with a wrapped hilt."""
        steel = tone(0.85, 0.015, 0.65)
        pen.cel(
            [
                (-0.1, 0.2),
                (-0.1, 0.2),
                (-0.6, -1.3),
                (-1.5, -2.7),
                (-1.5, -2.7),
                (-0.9, -1.3),
                (0.12, 0.1),
                (0.12, 0.1),
            ],
            steel,
            0.06,
        )
        pen.line([(0.0, 0.1), (-0.75, -1.3), (-1.45, -2.6)], 0.7, steel.ink)
        pen.cel(ellipse(0.02, 0.2, 0.42, 0.12), self.second, 0.04)
        hilt = pen.cel(corners([(-0.13, 0.25), (0.15, 0.2), (0.62, 1.5), (0.36, 1.58)]), self.made, 0.05)
        with pen.inside(hilt):
            for i in range(6):
                y = 0.3 + 0.22 * i
                pen.line([(-0.3 + 0.15 * i, y), (0.6, y + 0.2)], 1.0, self.second.shine, (0, 0))

    def lantern(self, pen: Pen, tick: int) -> None:
        """A paper lantern with a character, glowing."""
        pen.glow(0, 0, 2.0, faint(oklch(0.9, 0.1, 0.22), 0.55 + 0.05 * tick))
        body = pen.cel(ellipse(0, 0, 0.85, 1.0), tone(0.85, 0.13, 0.12), 0.2)
        with pen.inside(body):
            pen.glow(0, 0.1, 0.9, faint(oklch(0.97, 0.08, 0.27), 0.8))
            for i in range(9):
                y = -0.8 + 0.2 * i
                pen.line([(-0.95, y - 0.05), (0, y + 0.06), (0.95, y - 0.05)], 0.7, oklch(0.5, 0.12, 0.08))
        for y in (-1.05, 0.95):
            pen.cel(corners([(-0.4, y), (0.4, y), (0.4, y + 0.14), (-0.4, y + 0.14)]), tone(0.25, 0.02, 0.1), 0.03)
        pen.canvas.save()
        pen.canvas.translate(-0.42, -0.42)
        pen.canvas.scale(0.85, 0.85)
        glyphs.Hand(0.14, 0.7, False).write(
            pen.canvas, glyphs.ideograph(self.seed.dice("mark")), pen.light.on(oklch(0.25, 0.03, 0.1))
        )
        pen.canvas.restore()

    def fruit(self, pen: Pen, tick: int) -> None:
        """Three fruits."""
        for x, y, size in ((-0.6, 0.3, 0.6), (0.6, 0.35, 0.55), (0.05, -0.1, 0.65)):
            body = pen.cel(
                np.array(
                    [(0, -0.8), (0.6, -0.95), (1, -0.2), (0.6, 0.9), (0, 0.8), (-0.6, 0.9), (-1, -0.2), (-0.6, -0.95)]
                )
                * size
                + [x, y],
                tone(0.6, 0.19, 0.07),
                0.25,
            )
            with pen.inside(body):
                pen.tint_ellipse(x - size * 0.4, y - size * 0.4, size * 0.16, size * 0.22, faint(WHITE, 0.8))
            pen.line(
                [(x, y - size * 0.8), (x + 0.04, y - size * 1.1), (x + 0.14, y - size * 1.25)],
                1.6,
                oklch(0.35, 0.05, 0.15),
            )
            pen.cel(
                np.array([(0.05, -1.0), (0.4, -1.3), (0.75, -1.15), (0.4, -0.95)]) * size + [x, y],
                tone(0.6, 0.13, 0.37),
                0.05,
                0.8,
            )

    def clock(self, pen: Pen, tick: int) -> None:
        """A clock's face; its second hand jumps."""
        pen.cel(ellipse(0, 0, 1.15, 1.15, 24), self.made, 0.12)
        pen.cel(ellipse(0, 0, 0.98, 0.98, 24), tone(0.96, 0.01, 0.25), 0.1)
        for i in range(60):
            way = np.array([math.sin(i / 60 * math.tau), -math.cos(i / 60 * math.tau)])
            pen.line(
                [way * (0.80 if i % 5 == 0 else 0.87), way * 0.92],
                1.4 if i % 5 == 0 else 0.6,
                oklch(0.25, 0.02, 0.7),
                (0, 0),
            )
        dice = self.seed.dice("time")
        for long, wide, turn in (
            (0.5, 3.0, dice.random()),
            (0.75, 2.0, dice.random()),
            (0.82, 0.8, dice.random() + tick / 60),
        ):
            pen.line(
                [(0, 0), (long * math.sin(turn * math.tau), -long * math.cos(turn * math.tau))],
                wide,
                oklch(0.2, 0.05, 0.05),
                (0, 0.3),
            )
        pen.fill(path(ellipse(0, 0, 0.06, 0.06)), self.second.base)


def rounded(x: float, y: float, radius: float) -> Points:
    """A box with round corners."""
    rows = []
    for sx, sy in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        ends = [(sx * x, sy * (y - radius)), (sx * (x - radius), sy * y)]
        rows += ends if sx * sy > 0 else ends[::-1]
    return corners(rows)
