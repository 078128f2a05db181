"""What characters wear on the head: glasses, hats, bands, pins, earrings; and freckles, beards and scars."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

from dataclasses import dataclass

import numpy as np

from training.toon.colour import WHITE, Tone, faint, mix, oklch, tone
from training.toon.curves import corners, ellipse, path, polygon
from training.toon.eyes import EyeStyle
from training.toon.hair import Hair
from training.toon.pen import Pen
from training.toon.rng import Dice
from training.toon.view import View

ON_FACE = {"none": 12, "glasses": 2.4, "round glasses": 1, "freckles": 0.8, "scar": 0.4, "plaster": 0.4}
ON_HEAD = {
    "none": 12,
    "band": 1.5,
    "pins": 1.5,
    "cap": 1,
    "headphones": 0.8,
    "cat ears": 0.8,
    "beret": 0.6,
    "flower": 0.8,
}


@dataclass(frozen=True)
class Extras:
    """What one character wears on the head."""

    face: str
    """One of ON_FACE."""
    head: str
    """One of ON_HEAD."""
    beard: bool
    """Whether there is a beard."""
    lips: bool
    """Whether lips are painted."""
    made: Tone
    """Of what is worn."""


def extras(dice: Dice, build: str, made: Tone) -> Extras:
    """For one of the builds in people.py."""
    male = build in ("man", "elder")
    return Extras(
        dice.pick(ON_FACE), dice.pick(ON_HEAD), male and dice.chance(0.3), build == "woman" and dice.chance(0.4), made
    )


class Worn:
    """Draws extras on one head in one view."""

    def __init__(self, pen: Pen, view: View, eyes: EyeStyle, worn: Extras):
        self.pen, self.view, self.eyes, self.worn = pen, view, eyes, worn

    def on_face(self, skin: Tone, hair: Tone) -> None:
        """Before the fringe."""
        if self.worn.beard and not self.view.profile:
            self.beard(hair)
        if self.worn.lips and not self.view.profile:
            lip = path(self.view.at([-0.12, 0, 0.12, 0], [0.80, 0.785, 0.80, 0.86], 0.01))
            self.pen.tint(lip, faint(mix(skin.base, oklch(0.6, 0.17, 0.04), 0.8), 0.7))
        if self.worn.face == "freckles":
            self.freckles(skin)
        elif self.worn.face == "scar":
            self.pen.line(self.view.at([-0.5, -0.42, -0.38], [0.3, 0.48, 0.66]), 1.1, skin.ink)
            self.pen.line(self.view.at([-0.52, -0.36], [0.45, 0.5]), 0.7, skin.ink)
        elif self.worn.face == "plaster":
            strip = self.view.at([-0.62, -0.35, -0.33, -0.6], [0.50, 0.47, 0.57, 0.60])
            self.pen.cel(corners(strip), Tone(oklch(0.9, 0.03, 0.2), skin.shade, skin.deep, WHITE, skin.ink), 0, 0.7)

    def freckles(self, skin: Tone) -> None:
        """Dots across the nose."""
        for i in range(9):
            u, v = -0.5 + 0.125 * i, 0.46 + 0.05 * (i * 7 % 3)
            if self.view.visible(u):
                x, y = self.view.at([u], [v])[0]
                self.pen.tint_ellipse(x, y, 0.017, 0.015, skin.deep)

    def beard(self, hair: Tone) -> None:
        """Along jaw and chin, around the mouth."""
        u = np.array([-1.15, -0.9, -0.45, -0.22, 0, 0.22, 0.45, 0.9, 1.15])
        inner = self.view.at(u, [0.35, 0.6, 0.72, 0.92, 0.90, 0.92, 0.72, 0.6, 0.35])
        low = self.view.contour[3:11] * [1.01, 1.03]
        shape = path(np.concatenate([inner, low]))
        with self.pen.inside(path(self.view.contour * [1.02, 1.03])):
            self.pen.tint(shape, hair.shade)
        self.pen.line(inner[1:-1], 0.7, hair.ink)

    def over_eyes(self) -> None:
        """Glasses: after eyes and fringe."""
        if "glasses" not in self.worn.face:
            return
        style = self.eyes
        tall = max(style.height * 1.25, 0.17) if self.worn.face == "glasses" else max(style.height * 1.4, 0.24)
        power = 4 if self.worn.face == "glasses" else 2
        turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        bow = np.abs(np.cos(turn)) ** (2 / power) * np.sign(np.cos(turn))
        rise = np.abs(np.sin(turn)) ** (2 / power) * np.sign(np.sin(turn))
        for side in (-1, 1):
            if not self.view.visible(side * style.apart):
                continue
            lens = self.view.at(side * style.apart + bow * 0.33, style.level + 0.02 + rise * tall, 0.07)
            shape = path(lens)
            self.pen.tint(shape, faint(WHITE, 0.10))
            with self.pen.inside(shape):
                x, y = lens.mean(axis=0)
                self.pen.tint(
                    polygon([(x - 0.05, y - 0.4), (x + 0.08, y - 0.4), (x - 0.12, y + 0.4), (x - 0.25, y + 0.4)]),
                    faint(WHITE, 0.3),
                )
            self.pen.line(lens, 1.2, self.worn.made.ink, closed=True)
        if self.view.visible(0):
            self.pen.line(
                self.view.at([-0.12, 0, 0.12], [style.level, style.level - 0.03, style.level], 0.1),
                1.1,
                self.worn.made.ink,
                (0, 0),
            )
        side = -1
        self.pen.line(
            self.view.at([side * (style.apart + 0.33), side * 1.25], [style.level, style.level - 0.02], [0.07, 0.1]),
            1.1,
            self.worn.made.ink,
            (0, 0),
        )

    def on_hair(self, hair: Hair) -> None:
        """After the hair."""
        getattr(self, "_" + self.worn.head.replace(" ", "_"))(hair)

    def _none(self, hair: Hair) -> None:
        pass

    def _band(self, hair: Hair) -> None:
        """A band from ear to ear."""
        outer, inner = hair.cap(20, 160, 9, 1.02), hair.cap(18, 162, 9, 0.90)
        drop = np.array([0, 0.16])
        self.pen.cel(np.concatenate([outer + drop, (inner + drop)[::-1]]), self.worn.made, 0.06)

    def _pins(self, hair: Hair) -> None:
        """Two pins beside the fringe."""
        for i in range(2):
            bar = self.view.at([-0.85, -0.62], [-0.36 + 0.12 * i, -0.42 + 0.12 * i], 0.2)
            self.pen.line(bar, 3.0, self.worn.made.ink, (0, 0))
            self.pen.line(bar, 1.4, self.worn.made.shine, (0, 0))

    def _cap(self, hair: Hair) -> None:
        """A cap with a peak."""
        crown = hair.cap(8, 172, 11, 1.06)
        rim = self.view.at([1.3 - self.view.turn, 0.5, 0.0, -0.5, -1.3], [-0.42, -0.60, -0.64, -0.60, -0.42], 0.3)
        shape = self.pen.cel(np.concatenate([crown, rim[::-1]]), self.worn.made, 0.25)
        with self.pen.inside(shape):
            for u in (-0.6, 0.0, 0.6):
                self.pen.line(
                    np.concatenate([hair.cap(90, 90, 1, 1.05), self.view.at([u], [-0.62], 0.28)]),
                    0.7,
                    self.worn.made.ink,
                )
        peak = self.view.at(
            [-0.8, -0.4, 0, 0.4, 0.8, 0.4, 0, -0.4],
            [-0.56, -0.62, -0.64, -0.62, -0.56, -0.40, -0.34, -0.40],
            [0.28, 0.3, 0.3, 0.3, 0.28, 0.6, 0.72, 0.6],
        )
        self.pen.cel(peak, self.worn.made, 0.08)

    def _beret(self, hair: Hair) -> None:
        """A soft flat cap, askew."""
        x, y = hair.cap(100, 100, 1, 0.98)[0] + [0, 0.3]
        shape = np.array(
            [(-1.15, 0.25), (-1.05, -0.25), (-0.3, -0.5), (0.6, -0.35), (0.95, 0.1), (0.5, 0.3), (-0.5, 0.38)]
        ) + [x, y]
        self.pen.cel(shape, self.worn.made, 0.2)
        self.pen.line(np.array([(0, -0.45), (0.03, -0.6), (0.1, -0.62)]) + [x, y], 1.4, self.worn.made.ink)

    def _headphones(self, hair: Hair) -> None:
        """A bow over the crown and two shells."""
        outer, inner = hair.cap(0, 180, 11, 1.07), hair.cap(0, 180, 11, 1.01)
        self.pen.cel(np.concatenate([outer, inner[::-1]]), self.worn.made, 0.04)
        for angle in (0, 180):
            if angle == 0 and self.view.turn > 0.2:
                continue
            x, y = hair.cap(angle, angle, 1, 0.98)[0] + [0, 0.25]
            x -= self.view.sign * 0.35 * np.sin(self.view.turn) * -1 if angle else 0
            self.pen.cel(ellipse(x, y, 0.2 + 0.12 * np.sin(self.view.turn), 0.33), self.worn.made, 0.08)
            self.pen.line(ellipse(x, y, 0.1, 0.18), 0.8, self.worn.made.ink, closed=True)

    def _cat_ears(self, hair: Hair) -> None:
        """Ears of a cat on a band."""
        for side in (-1, 1):
            angle = 90 - side * 38
            root = hair.cap(angle - 14, angle - 14, 1, 0.98)[0], hair.cap(angle + 14, angle + 14, 1, 0.98)[0]
            tip = hair.cap(angle - side * 4, angle - side * 4, 1, 1.5)[0]
            self.pen.cel(corners([root[0], tip, root[1]]), hair.tone, 0.08)
            middle = (root[0] + root[1]) / 2
            inner = [middle + (at - middle) * 0.6 for at in (root[0], tip, root[1])]
            self.pen.tint(polygon(inner), oklch(0.8, 0.08, 0.03))

    def _flower(self, hair: Hair) -> None:
        """A flower above one ear."""
        x, y = hair.cap(140, 140, 1, 0.98)[0]
        for i in range(5):
            turn = np.radians(72 * i + 18)
            self.pen.cel(
                ellipse(x + 0.16 * np.cos(turn), y + 0.16 * np.sin(turn), 0.12, 0.12, 8), self.worn.made, 0.04, 0.7
            )
        self.pen.cel(ellipse(x, y, 0.07, 0.07, 8), tone(0.88, 0.14, 0.27), 0, 0.7)
