"""Eyes: white, iris in tones, pupil, lights, lashes, creases and brows; drawn on the face through its view."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

from dataclasses import dataclass

import numpy as np
import skia

from training.toon.colour import WHITE, Tone, faint, mix, oklch
from training.toon.curves import Points, corners, ellipse, path, sampled
from training.toon.pen import Pen
from training.toon.rng import Dice
from training.toon.view import View


@dataclass(frozen=True)
class EyeStyle:
    """How one series draws eyes."""

    width: float
    """Half the width, as an angle on the face."""
    height: float
    """Half the height."""
    level: float
    """Where they are on the face."""
    apart: float
    """The angle between an eye's middle and the face's."""
    slant: float
    """How much the outer corner is raised (tsurime) or, below 0, lowered (tareme)."""
    lash: float
    """Thickness of the upper lash, as a share of the height."""
    flicks: int
    """How many lashes stand out at the outer corner."""
    iris: float
    """The iris's width as a share of the eye's."""
    pupil: float
    """The pupil's size as a share of the iris."""
    lights: int
    """How many highlights."""
    ring: bool
    """Whether the iris has a line around it."""
    fade: bool
    """Whether the iris runs from dark to light evenly; otherwise in flat steps."""
    lower: float
    """Weight of the lower lash; 0 leaves it out."""
    crease: float
    """Distance of the crease above the lash; 0 leaves it out."""
    colour: Tone
    """Of the iris."""


@dataclass(frozen=True)
class Look:
    """What the eyes do in one drawing."""

    open: float = 1.0
    """0 shut to 1 open; wider where it is more."""
    smile: bool = False
    """Shut eyes curve upward."""
    gaze: tuple[float, float] = (0.0, 0.0)
    """Where the irises look, each -1 to 1."""
    brow: float = 0.0
    """-1 angry to 1 worried."""
    lift: float = 0.0
    """How far the brows are raised."""


def eye_style(dice: Dice, build: str) -> EyeStyle:
    """Eyes for one of the builds in people.py."""
    grown = build in ("man", "elder")
    tall = {"girl": 0.25, "woman": 0.20, "boy": 0.20, "man": 0.125, "child": 0.26, "elder": 0.11}[build]
    hue, chroma = dice.random(), dice.uniform(0.05, 0.17)
    return EyeStyle(
        width=dice.uniform(0.225, 0.275) * (0.92 if grown else 1),
        height=tall * dice.uniform(0.85, 1.15) * (1 if grown else dice.pick({1.0: 3, 0.78: 1.2, 0.6: 0.6})),
        level=dice.uniform(0.17, 0.27),
        apart=dice.uniform(0.43, 0.48),
        slant=dice.uniform(-0.25, 0.4),
        lash=dice.uniform(0.10, 0.22) * (0.7 if grown else 1),
        flicks=0 if grown else dice.pick({0: 1, 1: 2, 2: 3, 3: 1}),
        iris=dice.uniform(0.56, 0.74) * (0.8 if grown else 1),
        pupil=dice.uniform(0.35, 0.6),
        lights=dice.pick({1: 3, 2: 3, 3: 1}),
        ring=dice.chance(0.7),
        fade=dice.chance(0.5),
        lower=dice.uniform(0.4, 0.9) if dice.chance(0.85) else 0,
        crease=dice.uniform(0.18, 0.4) if dice.chance(0.7) else 0,
        colour=Tone(
            oklch(0.58, chroma, hue), oklch(0.40, chroma, hue), oklch(0.22, 0.05, hue),
            oklch(0.82, chroma * 0.8, hue + 0.03), oklch(0.15, 0.04, hue),
        ),
    )  # fmt: skip


class Eye:
    """One eye; its own coordinates are a: -1 at the inner to 1 at the outer corner, b: -1 top to 1 bottom."""

    def __init__(self, pen: Pen, view: View, style: EyeStyle, look: Look, side: int):
        self.pen, self.view, self.style, self.look, self.side = pen, view, style, look, side
        rise = style.slant * 0.6
        inner, outer = 0.22 + rise * 0.4, -0.02 - rise
        open_ = look.open
        top = np.array(
            [(-1, inner), (-0.72, -0.52), (-0.15, -1.0), (0.45, -0.98), (0.88, -0.5 - rise * 0.6), (1.0, outer)]
        )
        low = np.array([(-1, inner), (-0.6, 0.74), (0.0, 0.98), (0.55, 0.92), (0.9, 0.45 - rise * 0.5), (1.0, outer)])
        middle = 0.62 + 0.12 * top[:, 0] ** 2
        top[:, 1] = middle + (top[:, 1] - middle) * max(open_, 0.04)
        self.top, self.low = top, low

    def at(self, local: Points) -> Points:
        """From the eye's coordinates to the picture's."""
        style = self.style
        return self.view.at(
            self.side * (style.apart + local[:, 0] * style.width), style.level + local[:, 1] * style.height, 0.0
        )

    def draw(self, lash: Tone, skin: Tone) -> None:
        """All of it; where it is shut, only lashes."""
        if self.look.open < 0.15 or self.look.smile:
            self.shut(lash, skin)
            return
        white = path(np.concatenate([self.at(self.top), self.at(self.low)[-2:0:-1]]))
        self.pen.fill(white, mix(WHITE, skin.base, 0.06))
        with self.pen.inside(white):
            self.iris()
            self.lid_shadow()
        self.lights(white)
        self.upper(lash)
        self.below(lash)
        self.crease(skin)

    def iris(self) -> None:
        """The iris and what is in it."""
        style, tone, pen = self.style, self.style.colour, self.pen
        rx = style.iris * 0.98
        ry = (
            max(0.98, rx * style.width * 0.79 / style.height * 0.9)
            if style.height > 0.16
            else rx * style.width / style.height
        )
        gx, gy = self.side * self.view.sign * self.look.gaze[0] * 0.26, self.look.gaze[1] * 0.22 - 0.04
        self.centre, self.radii = (gx, gy), (rx, ry)
        disc = path(self.at(ellipse(gx, gy, rx, ry)))
        (_, top), (_, bottom) = self.at(np.array([(gx, gy - ry), (gx, gy + ry)]))
        if style.fade:
            pen.gradient(disc, ((0, top), (0, bottom)), [tone.deep, tone.shade, tone.base, tone.shine])
        else:
            pen.fill(disc, tone.shade)
            with pen.inside(disc):
                pen.tint(path(self.at(ellipse(gx, gy + ry * 0.62, rx * 0.78, ry * 0.62))), tone.base)
                pen.tint(path(self.at(ellipse(gx, gy + ry * 0.86, rx * 0.5, ry * 0.34))), tone.shine)
        pen.fill(path(self.at(ellipse(gx, gy - 0.04, rx * style.pupil, ry * style.pupil))), tone.deep)
        with pen.inside(disc):
            for turn in np.linspace(0.15, 0.85, 8) * np.pi:
                rows = np.array([(np.cos(turn), np.sin(turn))]) * np.array([[0.62], [0.94]]) * [rx, ry] + [gx, gy]
                pen.tint(path(self.at(np.concatenate([rows, rows[::-1] + [0.03, 0]]))), faint(tone.shine, 0.55))
        if style.ring:
            pen.line(self.at(ellipse(gx, gy, rx, ry)), 0.8, tone.ink, closed=True)

    def lid_shadow(self) -> None:
        """What the lid and its lash cast on the eye."""
        drop = np.array([0.0, 0.26 + self.style.lash])
        shape = np.concatenate([self.top - [0, 0.3], self.top[::-1] + drop])
        self.pen.tint(path(self.at(shape)), faint(oklch(0.42, 0.06, 0.78), 0.5))

    def lights(self, white: skia.Path) -> None:
        """Highlights, which lie over lines, on the same side in both eyes."""
        (gx, gy), (rx, ry) = self.centre, self.radii
        left = -self.side * self.view.sign
        spots = ((left * 0.42, -0.42, 0.30), (-left * 0.36, 0.44, 0.17), (left * 0.05, 0.66, 0.10))
        with self.pen.inside(white):
            for x, y, size in spots[: self.style.lights]:
                spot = ellipse(gx + x * rx, gy + y * ry, size * rx * 1.05, size * ry, 12)
                self.pen.fill(path(self.at(spot)), WHITE)

    def upper(self, lash: Tone) -> None:
        """The upper lash: a shape that thickens outward, and its flicks."""
        thick = self.style.lash
        grow = np.array([0.5, 1.1, 1.35, 1.5, 1.7, 0.3])[:, None]
        outer = self.top - np.array([[0, thick]]) * grow
        tip = self.top[-1] + [0.20, -0.10 + 0.12 * (1 - self.look.open)]
        edge = np.concatenate(
            [self.top[:1] - [0.06, -0.02], outer[1:-1], [tip, tip], self.top[::-1][:-1] + [0, thick * 0.3]]
        )
        self.pen.mark(path(self.at(edge)), lash.ink)
        for i in range(self.style.flicks):
            base = self.top[-2 - i // 2] + [0.03 * i, -thick * 0.8]
            tip = base + [0.24 - 0.05 * i, -0.16 - 0.10 * i]
            flick = corners(np.array([base + [-0.12, -0.02], tip, base + [0.1, 0.12]]))
            self.pen.mark(path(self.at(flick)), lash.ink)

    def below(self, lash: Tone) -> None:
        """The lower lash."""
        if self.style.lower:
            self.pen.line(self.at(self.low[2:5] + [0.02, 0.03]), self.style.lower, lash.ink, (1, 0.6))

    def crease(self, skin: Tone) -> None:
        """The fold above the eye."""
        if self.style.crease:
            above = self.top[1:-1] * [0.92, 1] - [-0.02, self.style.lash * 1.5 + self.style.crease]
            self.pen.line(self.at(above), 0.65, skin.ink)

    def shut(self, lash: Tone, skin: Tone) -> None:
        """A shut eye: one thick line, downward in a blink, upward in a smile."""
        curve = np.array([(-0.95, 0.45), (-0.4, 0.78), (0.2, 0.85), (0.75, 0.62), (1.12, 0.28)])
        if self.look.smile:
            curve = np.array([(-0.95, 0.62), (-0.45, 0.05), (0.1, -0.12), (0.65, 0.1), (1.05, 0.62)])
        along = sampled(self.at(curve), 5)
        t = np.linspace(0, 1, len(along))
        size = self.style.height * self.style.lash * 0.9 + self.pen.width * 0.4
        self.pen.ribbon(along, size * (0.25 + np.sin(np.pi * t) ** 0.8) * 0.6, lash.ink)
        self.crease(skin)


def brow(pen: Pen, view: View, style: EyeStyle, look: Look, *, side: int, hair: Tone, weight: float) -> None:
    """An eyebrow, in the colour of the hair's line."""
    height = style.level - style.height * 1.25 - 0.10 - 0.1 * look.lift
    tilt = 0.09 * look.brow
    u = side * (style.apart + np.array([-0.24, -0.04, 0.14, 0.28]))
    v = height + np.array([0.02 - tilt, -0.035 - tilt * 0.3, -0.02 + tilt * 0.4, 0.05 + tilt])
    along = sampled(view.at(u, v, 0.01), 5)
    t = np.linspace(0, 1, len(along))
    pen.ribbon(along, (0.4 + 0.6 * np.sin(np.pi * np.minimum(t * 0.75 + 0.25, 1))) * weight, hair.ink)
