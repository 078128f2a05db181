"""The face: contour, shadows, nose, mouth, ears and what feelings add."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

from dataclasses import dataclass, field

import numpy as np
import skia

from training.toon.colour import WHITE, Tone, faint, mix, oklch
from training.toon.curves import Points, path
from training.toon.eyes import Eye, EyeStyle, Look, brow
from training.toon.pen import Pen
from training.toon.rng import Dice
from training.toon.view import View

CAVITY, TONGUE, TEETH = oklch(0.42, 0.12, 0.05), oklch(0.66, 0.14, 0.05), oklch(0.97, 0.005, 0.2)


@dataclass(frozen=True)
class Mouth:
    """What the mouth does in one drawing."""

    open: float = 0.0
    """0 shut to 1 wide open."""
    wide: float = 0.5
    """0 a point to 1 from cheek to cheek."""
    smile: float = 0.2
    """-1 corners down to 1 corners up."""


@dataclass(frozen=True)
class Expression:
    """What a face shows in one drawing."""

    look: Look = field(default_factory=Look)
    """The eyes."""
    mouth: Mouth = field(default_factory=Mouth)
    """The mouth."""
    blush: float = 0.0
    """0 to 1."""
    sweat: bool = False
    """A drop on the temple."""
    tears: bool = False
    """Tears along the cheeks."""


@dataclass(frozen=True)
class FaceStyle:
    """How one series draws what is not eyes."""

    nose: str
    """line, shadow, point or bridge."""
    brow: float
    """Weight of the brows in line widths."""
    shade: float
    """The share of the face that lies in shadow."""
    blush: str
    """soft, strokes or none."""
    ears: float
    """Size of the ears."""


def face_style(dice: Dice, build: str) -> FaceStyle:
    """The habits of a series."""
    grown = build in ("man", "elder")
    return FaceStyle(
        nose="bridge" if grown and dice.chance(0.7) else dice.pick({"line": 3, "shadow": 2, "point": 2}),
        brow=dice.uniform(0.8, 1.3) if not grown else dice.uniform(1.4, 2.4),
        shade=dice.pick({0.0: 1, 0.16: 2, 0.26: 2, 0.42: 0.7}),
        blush=dice.pick({"soft": 2, "strokes": 1.5, "none": 2}) if not grown else "none",
        ears=dice.uniform(0.85, 1.1),
    )


class Face:
    """Draws one face in one view; hair comes after."""

    def __init__(self, pen: Pen, view: View, style: FaceStyle, eyes: EyeStyle, *, skin: Tone, hair: Tone):
        self.pen, self.view, self.style, self.eyes, self.skin, self.hair = pen, view, style, eyes, skin, hair

    def draw(self, shown: Expression, fringe: Points | None) -> None:
        """The face with its expression; `fringe` is the lower edge of the hair, whose shadow falls on the forehead."""
        contour = self.view.contour
        outline = path(contour)
        self.pen.fill(outline, self.skin.base)
        with self.pen.inside(outline):
            self.shadows(fringe)
            self.blush(shown)
        self.contour(contour)
        self.nose()
        self.mouth(shown.mouth)
        self.both_eyes(shown, outline)
        self.drops(shown)

    def shadows(self, fringe: Points | None) -> None:
        """The side away from the light, and what the fringe casts."""
        if self.style.shade:
            self.side_shadow(self.style.shade)
        if fringe is not None:
            x, y = self.pen.light.toward
            self.pen.tint(path(fringe + [0.05 * x, 0.10 * y]), self.skin.shade)

    def side_shadow(self, share: float) -> None:
        """A band down one side that follows temple, cheek and chin."""
        right = self.pen.light.toward[0] > 0
        edge = 0.9 - share
        u = np.array([edge, edge - 0.05, edge + 0.12, edge + 0.02, edge - 0.12, edge - 0.3])
        v = np.array([-0.9, -0.1, 0.16, 0.45, 0.8, 1.2])
        side = 1 if right == (self.view.sign > 0) else -1
        if side < 0:
            u = -u - self.view.turn * 0.4
        rim = self.view.at(u, v)
        far = 3.0 if right else -3.0
        self.pen.tint(path(np.concatenate([rim, [(far, 1.3), (far, 1.3), (far, -1.2), (far, -1.2)]])), self.skin.shade)
        if self.pen.light.rim:
            self.pen.beyond(path(self.view.contour), (0.05 * -self.pen.light.toward[0], 0), self.pen.light.rim)

    def contour(self, contour: Points) -> None:
        """The line of the face: from temple to temple by the chin."""
        last = 18 if self.view.profile else 11
        weight = self.pen.ink.contour
        self.pen.line(contour[2:last], weight, self.skin.ink, (0.7, 1))

    def nose(self) -> None:
        """As little of a nose as the style has."""
        if self.view.profile:
            return
        lift = self.view.shape.nose
        ink = self.skin.ink
        tip, under = self.view.at([0.02, 0.0], [0.50, 0.57], [lift, lift * 0.5])
        if self.style.nose == "point":
            self.pen.line([tip, (tip + under) / 2 + [0.012 * self.view.sign, 0], under], 0.9, ink, (0.6, 1))
        elif self.style.nose == "line":
            self.pen.line(
                self.view.at([0.03, 0.05, -0.04], [0.42, 0.53, 0.57], [lift * 0.6, lift, lift * 0.3]), 0.9, ink
            )
        elif self.style.nose == "bridge":
            self.pen.line(
                self.view.at([0.10, 0.08, 0.10, 0.0], [0.1, 0.30, 0.52, 0.58], [0, lift * 0.5, lift, 0]), 1, ink
            )
            self.pen.line(self.view.at([-0.12, -0.07], [0.55, 0.58], [0.02, 0.02]), 0.8, ink)
        else:
            u, v = [0.0, 0.11, 0.05, -0.08], [0.40, 0.52, 0.575, 0.56]
            self.pen.tint(path(self.view.at(u, v, [lift * 0.4, lift, lift * 0.6, 0])), self.skin.shade)
            self.pen.line(self.view.at([0.06, -0.05], [0.575, 0.57], lift * 0.5), 0.7, ink)

    def mouth(self, shown: Mouth) -> None:
        """Lips are left out, as on most cels; an open mouth shows teeth and tongue."""
        if self.view.profile:
            self.side_mouth(shown)
            return
        half = 0.10 + 0.22 * shown.wide
        u = np.array([-1, -0.5, 0, 0.5, 1]) * half
        arch = np.array([-1, 0.1, 0.4, 0.1, -1]) * 0.045 * shown.smile
        top = self.view.at(u, 0.785 + arch - 0.03 * shown.open, 0.01)
        if shown.open < 0.08:
            self.pen.line(top, 1.0, self.skin.ink, (1, 1))
            lip = self.view.at(np.array([-0.07, 0, 0.07]) + u[2], [0.885, 0.895, 0.885], 0.01)
            self.pen.line(lip, 0.55, self.skin.ink)
            return
        drop = np.array([0, 0.75, 1, 0.75, 0]) * 0.20 * shown.open
        low = self.view.at(u * np.array([1, 0.85, 1, 0.85, 1]), 0.785 + arch + drop, 0.01)
        self.open_mouth(top, low, shown)

    def side_mouth(self, shown: Mouth) -> None:
        """A mouth from the side: a line from the lips, or a wedge."""
        lips, corner = (0.825, 0.64), (0.63 - 0.1 * shown.wide, 0.66 - 0.04 * shown.smile)
        drop = 0.16 * shown.open
        shape = np.array([lips, (0.73, 0.635), corner, (0.70, 0.67 + drop * 0.8), (0.81, 0.66 + drop)])
        at = self.view.placed(shape)
        if shown.open > 0.08:
            self.pen.fill(path(np.concatenate([at[:1], at[:3], at[2:3], at[3:]])), CAVITY)
            self.pen.line(at[2:], 0.9, self.skin.ink)
        self.pen.line(at[:3], 1.0, self.skin.ink, (0.3, 1))

    def open_mouth(self, top: Points, low: Points, shown: Mouth) -> None:
        """What is between the lips."""
        hole = path(np.concatenate([top[:1], top, top[-1:], low[::-1][1:-1]]))
        self.pen.fill(hole, CAVITY)
        with self.pen.inside(hole):
            if shown.open > 0.3:
                middle = low[2]
                tongue = middle + (low - middle) * 0.8 - [0, 0.035]
                self.pen.fill(path(np.concatenate([tongue, low[::-1] + [0, 0.2]])), TONGUE)
            if shown.wide > 0.35:
                self.pen.fill(path(np.concatenate([top - [0, 0.1], top[::-1] + [0, 0.03 + 0.02 * shown.open]])), TEETH)
        self.pen.line(top, 1.1, self.skin.ink)
        self.pen.line(np.concatenate([top[:1], low[1:-1], top[-1:]]), 0.9, self.skin.ink)

    def both_eyes(self, shown: Expression, outline: skia.Path) -> None:
        """The far eye first; brows last, since they show through hair."""
        near = -1 if self.view.yaw else 1
        for side in (-near, near):
            if not self.view.visible(side * self.eyes.apart):
                continue
            with self.pen.inside(outline) if side > 0 and not self.view.profile else self.pen.placed(0, 0):
                Eye(self.pen, self.view, self.eyes, shown.look, side).draw(self.hair, self.skin)
            weight = self.style.brow * max(self.pen.width * 0.7, 0.02)
            brow(self.pen, self.view, self.eyes, shown.look, side=side, hair=self.hair, weight=weight)

    def blush(self, shown: Expression) -> None:
        """Red cheeks: an airbrush or a few strokes."""
        if self.style.blush == "none" or shown.blush <= 0:
            return
        red = mix(self.skin.base, oklch(0.68, 0.16, 0.06), 0.8)
        for side in (-1, 1):
            u = side * (self.eyes.apart + 0.10)
            if not self.view.visible(u):
                continue
            ((x, y),) = self.view.at([u], [0.52])
            if self.style.blush == "soft":
                self.pen.glow(x, y, 0.24, faint(red, 0.75 * shown.blush))
            else:
                for i in (-1, 0, 1):
                    self.pen.line(self.view.at(u + i * 0.08 + np.array([0.02, -0.02]), [0.48, 0.56]), 0.9, red)

    def drops(self, shown: Expression) -> None:
        """Sweat and tears."""
        water, shine = oklch(0.85, 0.05, 0.63), WHITE
        if shown.sweat:
            x, y = self.view.at([0.75 if self.view.yaw == 0 else -0.75], [-0.12])[0]
            drop = np.array([(0, -0.13), (0, -0.13), (0.05, 0.02), (0, 0.07), (-0.05, 0.02)]) + [x, y]
            self.pen.fill(path(drop), water)
            self.pen.line(drop, 0.6, None, closed=True)
        if shown.tears:
            for side in (-1, 1):
                u = side * self.eyes.apart + np.array([-0.07, 0.07, 0.05, -0.05])
                v = self.eyes.level + self.eyes.height * 0.9 + np.array([0, 0, 0.4, 0.4])
                self.pen.tint(path(self.view.at(u, v)), faint(shine, 0.7))

    def ears(self) -> None:
        """Drawn before the face, which covers their roots."""
        size = self.style.ears
        if self.view.profile:
            self.ear(self.view.skull([0.0], [0.36])[0], size * 1.1, -self.view.sign)
            return
        share = abs(self.view.yaw) / 0.8
        if self.view.turn < 0.15:
            self.ear(self.view.skull([0.93], [0.36])[0], size * 0.75, self.view.sign)
        self.ear(self.view.skull([-0.90 + 0.42 * share], [0.36])[0], size * (0.75 + 0.3 * share), -self.view.sign)

    def ear(self, middle: Points, size: float, side: float) -> None:
        """One ear, its rim outward."""
        rim = np.array([(-0.06, 0.24), (-0.04, -0.18), (0.07, -0.27), (0.19, -0.17), (0.15, 0.08), (0.03, 0.28)])
        outline = rim * [side, 1] * size + middle
        self.pen.cel(outline, self.skin, 0.05, 0.9)
        inner = np.array([(0.02, -0.12), (0.10, -0.15), (0.09, 0.02), (0.02, 0.09)]) * [side, 1] * size + middle
        self.pen.line(inner, 0.7, self.skin.ink)
