"""Collars and fronts: what is between the neck and the waist of each kind of top."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

from collections.abc import Callable, Sequence

import numpy as np
import skia

from training.toon.cloth import Cloth
from training.toon.colour import Tone, oklch, tone
from training.toon.curves import corners, path, polygon


class Collars(Cloth):
    """Draws the front of a top."""

    def front(self) -> None:
        """The front of the top that is worn."""
        fronts: dict[str, Callable[[], None]] = {
            "tee": self.plain,
            "shirt": self.buttoned,
            "sailor": self.sailor,
            "blazer": self.lapels,
            "hoodie": self.hooded,
            "kimono": self.crossed,
            "coat": self.lapels,
            "armour": self.plates,
        }
        fronts[self.worn.top]()

    def flap(self, side: int, rows: Sequence[tuple[float, float]], made: Tone) -> None:
        """One half of a collar; rows are from the middle of the neck."""
        at = np.array(rows) * [side, 1] + self.middle
        self.pen.cel(corners(at), made, 0.06, 0.9)

    def opening(self, wide: float, deep: float) -> None:
        """Skin that the neck of a garment leaves free."""
        shape = np.array([(-wide, -0.2), (-wide, -0.2), (0, deep), (wide, -0.2), (wide, -0.2)]) + self.middle
        self.pen.fill(path(shape), self.skin.base)
        self.pen.tint(path(shape - [0, deep * 0.5]), self.skin.shade)
        self.pen.line(shape[1:4], 0.9, self.worn.cloth.ink)

    def plain(self) -> None:
        """A round neck."""
        x, y = self.at.neck
        half = self.build.neck * 1.3
        shape = np.array(
            [
                (x - half, y - 0.16),
                (x - half * 0.7, y + 0.2),
                (x, y + 0.32),
                (x + half * 0.7, y + 0.2),
                (x + half, y - 0.16),
            ]
        )
        self.pen.fill(path(shape), self.skin.base)
        self.pen.tint(path(shape * [1, 0.9] + [0, 0.08]), self.skin.shade)
        self.pen.line(shape, 1.6, self.worn.second.ink, (0, 0))

    def buttoned(self) -> None:
        """A collar with two points, buttons, perhaps a tie."""
        self.opening(0.32, 0.4)
        down = self.at.hip - self.at.neck
        self.pen.line(
            [self.middle + down * 0.14, self.middle + down * 0.5, self.middle + down * 0.92],
            0.7,
            self.worn.cloth.ink,
            (0, 0),
        )
        for side in (-1, 1):
            self.flap(side, [(0.26, -0.22), (0.55, 0.10), (0.38, 0.55), (0.0, 0.38)], self.worn.cloth)
        if self.worn.sleeves == 1:
            tie = np.array([(-0.10, 0.42), (0.10, 0.42), (0.17, 1.5), (0.0, 1.75), (-0.17, 1.5)]) + self.middle
            self.pen.cel(corners(tie), self.worn.second, 0.1, 0.9)
            knot = np.array([(-0.13, 0.32), (0.13, 0.32), (0.09, 0.52), (-0.09, 0.52)]) + self.middle
            self.pen.cel(corners(knot), self.worn.second, 0, 0.9)
            return
        for i in range(4):
            x, y = self.middle + down * (0.26 + 0.18 * i)
            self.pen.fill(skia.Path.Circle(float(x), float(y), 0.055), self.worn.second.base)

    def sailor(self) -> None:
        """A wide collar with a stripe, and a scarf."""
        self.opening(0.30, 0.75)
        wide = self.build.shoulders * 0.8
        for side in (-1, 1):
            rows = [(0.26, -0.24), (wide, 0.12), (wide * 0.92, 0.72), (0.0, 1.15), (0.0, 0.8)]
            self.flap(side, rows, self.worn.second)
            stripe = np.array([(wide * 0.88, 0.2), (wide * 0.80, 0.62), (0.06, 0.98)]) * [side, 1] + self.middle
            self.pen.line(corners(stripe)[1:-1], 1.1, oklch(0.97, 0, 0), (0, 0))
            end = (
                np.array([(0, 1.0), (side * 0.18, 1.5), (side * 0.42 + 0.1 * self.held.sway, 1.95), (side * 0.1, 1.75)])
                + self.middle
            )
            self.pen.cel(corners(end), self.worn.lower, 0.1, 0.9)
        knot = np.array([(-0.14, 0.95), (0.14, 0.95), (0.13, 1.2), (-0.13, 1.2)]) + self.middle
        self.pen.cel(knot, self.worn.lower, 0.05, 0.9)

    def lapels(self) -> None:
        """A jacket over a shirt."""
        down = self.at.hip - self.at.neck
        shirt = np.array([(-0.42, -0.2), (0.0, 1.55), (0.42, -0.2)]) + self.middle
        white = tone(0.96, 0.01, 0.7)
        self.pen.fill(polygon(shirt), white.base)
        self.pen.tint(polygon(shirt * [1, 0.4] + self.middle * [0, 0.6]), white.shade)
        self.buttoned()
        for side in (-1, 1):
            rows = [(0.30, -0.2), (0.72, 0.35), (0.56, 0.5), (0.66, 0.6), (0.04, 1.7), (0.16, 0.9)]
            self.flap(side, rows, self.worn.cloth)
        self.pen.line([self.middle + down * 0.5, self.middle + down * 0.92], 0.9, self.worn.cloth.ink, (0, 0))
        for i in range(2):
            x, y = self.middle + down * (0.58 + 0.16 * i)
            self.pen.fill(skia.Path.Circle(float(x) + 0.12, float(y), 0.07), self.worn.second.base)

    def hooded(self) -> None:
        """A hood behind the neck, strings and a pocket."""
        self.plain()
        for side in (-1, 1):
            self.flap(
                side, [(0.2, -0.3), (0.62, -0.28), (0.85, 0.05), (0.5, 0.42), (0.0, 0.6), (0.25, 0.3)], self.worn.cloth
            )
            self.pen.line(
                np.array([(0.16, 0.5), (0.20, 0.9), (0.16, 1.3)]) * [side, 1] + self.middle, 1.3, self.worn.second.ink
            )
        down = self.at.hip - self.at.neck
        pocket = np.array([(-0.55, 0), (0.55, 0), (0.8, 0.75), (-0.8, 0.75)]) + self.middle + down * 0.72
        self.pen.line(corners(pocket), 0.8, self.worn.cloth.ink, closed=True)

    def crossed(self) -> None:
        """Two collars that cross, and a sash."""
        self.opening(0.34, 0.62)
        down = self.at.hip - self.at.neck
        for side in (1, -1):
            self.flap(side, [(0.30, -0.26), (0.52, -0.16), (-0.25, 1.35), (-0.45, 1.2)], self.worn.second)
        sash = (
            np.array([(-1, -0.45), (1, -0.45), (1.02, 0.3), (-1.02, 0.3)]) * [self.build.waist * 1.15, 1]
            + self.at.neck
            + down * 0.68
        )
        self.pen.cel(corners(sash), self.worn.lower, 0.2)

    def plates(self) -> None:
        """Armour over chest and shoulders."""
        self.plain()
        down = self.at.hip - self.at.neck
        wide = self.build.shoulders * 0.82
        for y, grow in ((0.16, 1.0), (0.44, 0.9), (0.64, 0.8)):
            x = wide * grow
            plate = (
                np.array([(-x, 0), (0, 0.16), (x, 0), (x * 0.86, 0.85), (0, 1.05), (-x * 0.86, 0.85)])
                + self.middle
                + down * y
            )
            shape = self.pen.cel(corners(plate), self.worn.second, 0.22)
            with self.pen.inside(shape):
                self.pen.tint(polygon(plate[:3] + [[0, 0.08]] - [[0, 0.14]]), self.worn.second.shine)
        for side in (-1, 1):
            at = self.at.shoulders[side]
            pad = np.array([(-0.55, 0.3), (-0.5, -0.2), (0, -0.42), (0.5, -0.2), (0.6, 0.35), (0, 0.2)]) + at
            self.pen.cel(pad, self.worn.second, 0.2)
