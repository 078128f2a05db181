"""The camera over the animation stand: holds, pans, zooms, shakes and whips; layers move by their depth."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import skia

from training.toon.noise import Pixels
from training.toon.rng import Dice, Seed

MOVES = {"hold": 5, "pan": 2.5, "tilt": 1.0, "zoom in": 1.2, "zoom out": 0.8, "drift": 1.2, "whip": 0.4, "shake": 0.6}

MARGIN = 0.36
"""How far layers go beyond the picture, in picture heights, on every side; no camera looks further."""


@dataclass(frozen=True)
class Sight:
    """Where the camera is at one frame."""

    x: float = 0.0
    """Its middle, in picture heights."""
    y: float = 0.0
    """Its middle."""
    zoom: float = 1.0
    """Magnification."""
    roll: float = 0.0
    """Degrees."""

    def matrix(self, size: tuple[float, float], near: float = 1.0) -> skia.Matrix:
        """From units of a layer of that depth to a picture of (width, height) pixels."""
        width, height = size
        scale = height * (1 + (self.zoom - 1) * (0.45 + 0.55 * near))
        made = skia.Matrix.Translate(width / 2, height / 2)
        made.preRotate(self.roll)
        made.preScale(scale, scale)
        made.preTranslate(-self.x * near, -self.y * near)
        return made


@dataclass(frozen=True)
class Camera:
    """A move from one sight to another, and what shakes it."""

    move: str
    """One of MOVES."""
    start: Sight
    """Where it begins."""
    end: Sight
    """Where it stops."""
    first: int
    """The frame at which it begins to move."""
    length: int
    """How many frames it moves."""
    shake: float
    """Amplitude of shaking, in picture heights."""
    decay: float
    """After how many frames shaking is weaker by a factor of e; 1e9 where it goes on."""
    seed: Seed
    """The stream of the shaking."""

    def at(self, n: int) -> Sight:
        """The camera at frame n of a shot."""
        t = min(max((n - self.first) / self.length, 0.0), 1.0)
        eased = t * t * (3 - 2 * t) if self.move != "whip" else t**3 * (4 - 3 * t)
        names = ("x", "y", "zoom", "roll")
        a, b = ([getattr(sight, name) for name in names] for sight in (self.start, self.end))
        made = Sight(*(p + (q - p) * eased for p, q in zip(a, b, strict=True)))
        if not self.shake:
            return made
        dice = self.seed.dice("shake", n)
        size = self.shake * math.exp(-n / self.decay)
        return replace(made, x=made.x + dice.signed(size), y=made.y + dice.signed(size))

    def speed(self, n: int) -> tuple[float, float]:
        """How far it goes during frame n, in picture heights."""
        before, now = self.at(n), self.at(n + 1)
        return now.x - before.x, now.y - before.y


def camera(seed: Seed, far: float) -> Camera:
    """A move; `far` scales how far it goes: close shots move less."""
    dice = seed.dice("camera")
    move = dice.pick(MOVES)
    start = Sight(
        dice.signed(0.03), dice.signed(0.02), 1 + dice.random() * 0.06, dice.signed(3) if dice.chance(0.12) else 0.0
    )
    end, first, length = start, 0, 1
    if move == "pan":
        start, end, first, length = across(dice, start, far, upright=False)
    elif move == "tilt":
        start, end, first, length = across(dice, start, far * 0.6, upright=True)
    elif move in ("zoom in", "zoom out"):
        end = replace(start, zoom=start.zoom * dice.uniform(1.06, 1.45), x=dice.signed(0.08), y=dice.signed(0.05))
        start, end = (start, end) if move == "zoom in" else (end, start)
        first, length = dice.randint(0, 6), round(dice.log(10, 90))
    elif move == "drift":
        end = replace(
            start,
            x=start.x + dice.signed(0.06),
            y=start.y + dice.signed(0.03),
            zoom=start.zoom * dice.uniform(1.0, 1.05),
        )
        first, length = 0, 100
    elif move == "whip":
        start, end = replace(start, x=-0.26), replace(start, x=0.26)
        if dice.chance(0.5):
            start, end = end, start
        first, length = dice.randint(0, 12), dice.randint(5, 9)
    shaken = move == "shake"
    decay = dice.uniform(4, 30) if dice.chance(0.6) else 1e9
    return Camera(move, start, end, first, length, dice.log(0.002, 0.012) if shaken else 0.0, decay, seed)


def across(dice: Dice, start: Sight, far: float, upright: bool) -> tuple[Sight, Sight, int, int]:
    """A pan through the middle at an even speed."""
    half = min(0.30, 0.30 * far) * dice.uniform(0.4, 1.0) * dice.choice((-1, 1))
    length = round(2 * abs(half) / dice.log(0.0015, 0.018)) + 4
    if upright:
        return replace(start, y=-half * 0.8), replace(start, y=half * 0.8), dice.randint(0, 8), length
    return replace(start, x=-half), replace(start, x=half), dice.randint(0, 8), length


def smear(image: Pixels, across_: float, down: float) -> Pixels:
    """The picture blurred along a way given in pixels, as a fast pan blurs it."""
    length = int(math.hypot(across_, down))
    if length < 3:
        return image
    kernel = np.zeros((length | 1, length | 1), np.float32)
    middle = (length | 1) // 2
    dx, dy = across_ / length * middle, down / length * middle
    ends = (round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy))
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA)
    made = cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)
