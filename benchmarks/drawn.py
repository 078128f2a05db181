"""Shots of cel animation drawn by rules: a background, figures on it, a camera; each a function of seed and time."""

import math
import random
from dataclasses import dataclass, field

import numpy as np
import skia
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""RGB, [height, width, 3]."""
CAMERAS = ("still", "pan", "fast pan", "whip", "zoom", "shake")
STYLES = ("flat", "painted")
"""Areas of one colour with hard edges; or clouds of fractal noise behind them."""


@dataclass
class Shot:
    """A shot, drawn in a world that is 1.6 times as wide as it is high."""

    seed: int
    """Decides everything that is not said here."""
    style: str = "flat"
    """One of STYLES."""
    camera: str = "still"
    """One of CAMERAS."""
    held: int = 2
    """For how many frames a drawing of the figures stays; backgrounds move in every frame."""
    foreground: float = 0.0
    """How far something dark as high as half the frame moves past the camera in each frame, in frames' widths."""
    like: "Shot | None" = None
    """A shot whose colours and light it has; None for its own."""
    draw: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311
        hue, light = self.draw.random(), self.draw.uniform(0.25, 1)
        self.hue: float = self.like.hue if self.like else hue
        self.light: float = self.like.light if self.like else light
        self.shapes = [self._shape() for _ in range(self.draw.randint(6, 14))]
        self.figures = [self._figure() for _ in range(self.draw.randint(0, 2))]
        self.way = self.draw.choice((-1, 1)), self.draw.uniform(-0.3, 0.3)

    def picture(self, n: int, width: int, height: int) -> Image:
        """Frame n of the shot."""
        surface = skia.Surface(width, height)
        canvas = surface.getCanvas()
        canvas.scale(width / 1.6, height)
        canvas.save()
        self._look(canvas, n)
        self._background(canvas)
        for figure in self.figures:
            _paint_figure(canvas, figure, n // self.held * self.held)
        canvas.restore()
        if self.foreground:
            x = (n * self.foreground * 1.6) % 3 - 1
            canvas.drawOval(skia.Rect.MakeXYWH(x, 0.4, 0.9, 0.9), _paint((self.hue + 0.4, 0.5, 0.2)))
        return np.ascontiguousarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3])

    def _look(self, canvas: skia.Canvas, n: int) -> None:
        """Place the camera."""
        speed = {"pan": 0.008, "fast pan": 0.04, "whip": 0.09, "zoom": 0.0, "shake": 0.0, "still": 0.0}[self.camera]
        if self.camera == "shake":
            shake = random.Random(self.seed * 1000 + n)  # noqa: S311
            canvas.translate(shake.uniform(-0.03, 0.03), shake.uniform(-0.03, 0.03))
        if self.camera == "zoom":
            grown = 1.015 ** (n * self.way[0])
            canvas.translate(0.8, 0.5)
            canvas.scale(grown, grown)
            canvas.translate(-0.8, -0.5)
        canvas.translate(-self.way[0] * speed * n * 1.6, self.way[1] * speed * n)

    def _background(self, canvas: skia.Canvas) -> None:
        sky = [_colour((self.hue, 0.35, self.light)), _colour((self.hue + 0.1, 0.5, self.light * 0.6))]
        paint = skia.Paint(Shader=skia.GradientShader.MakeLinear([skia.Point(0, 0), skia.Point(0, 1)], sky))
        canvas.drawRect(skia.Rect(-9, -3, 9, 4), paint)
        if self.style == "painted":
            noise = skia.PerlinNoiseShader.MakeFractalNoise(2.5, 3.5, 4, self.seed % 999)
            canvas.drawRect(skia.Rect(-9, -3, 9, 4), skia.Paint(Shader=noise, Alphaf=0.7))
        for path, colour in self.shapes:
            for k in range(-2, 3):  # the world repeats, so that a pan never leaves it
                canvas.save()
                canvas.translate(2.4 * k, 0)
                canvas.drawPath(path, _paint(colour))
                canvas.drawPath(path, _ink(0.006))
                canvas.restore()

    def _shape(self) -> tuple[skia.Path, tuple[float, float, float]]:
        x, y, draw = self.draw.uniform(-0.4, 2), self.draw.uniform(0.1, 1.1), self.draw
        wide, high = draw.uniform(0.1, 0.7), draw.uniform(0.1, 0.8)
        colour = (self.hue + draw.uniform(-0.2, 0.5), draw.uniform(0.1, 0.8), self.light * draw.uniform(0.15, 1))
        path = skia.PathBuilder()
        kind = draw.choice(("box", "oval", "hill"))
        if kind == "box":
            path.addRect(skia.Rect.MakeXYWH(x, y - high / 2, wide / 2, high))
        elif kind == "oval":
            path.addOval(skia.Rect.MakeXYWH(x, y - high / 2, wide, high / 2))
        else:
            path.addPolygon(
                [skia.Point(x + wide * k / 4, y + high * draw.random() * (0 < k < 4)) for k in range(5)], True
            )
        return path.detach(), colour

    def _figure(self) -> dict[str, float]:
        draw = self.draw
        return {
            "x": draw.uniform(0.3, 1.3),
            "y": draw.uniform(0.35, 0.7),
            "size": draw.choice((0.12, 0.2, 0.35)),
            "skin": draw.uniform(0.6, 1) * self.light,
            "hair": draw.random(),
            "walk": draw.choice((0, 0, 0.004, 0.015)),
            "nod": draw.choice((0, 0.01, 0.05)),
        }


def _paint_figure(canvas: skia.Canvas, figure: dict[str, float], n: int) -> None:
    """A head with hair, eyes that blink and a mouth that talks, on shoulders."""
    canvas.save()
    canvas.translate(figure["x"] + figure["walk"] * n, figure["y"] + figure["nod"] * math.sin(n / 3))
    canvas.scale(figure["size"], figure["size"])
    hair, skin = (figure["hair"], 0.7, 0.5), (0.07, 0.3, figure["skin"])
    parts = [(-1.3, 0.9, 2.6, 5.0, hair), (-1.15, -1.3, 2.3, 2.4, hair), (-0.85, -0.9, 1.7, 1.9, skin)]
    opened = 0.08 if n % 50 < 3 else 0.4
    parts += [(x, -0.1, 0.35, opened, (0.6, 0.6, 0.2)) for x in (-0.55, 0.2)]
    parts += [(-0.2, 0.55, 0.4, 0.05 + 0.25 * abs(math.sin(n * 0.9)), (0.0, 0.7, 0.4))]
    for x, y, wide, high, colour in parts:
        oval = skia.Rect.MakeXYWH(x, y, wide, high)
        canvas.drawOval(oval, _paint(colour))
        canvas.drawOval(oval, _ink(0.05))
    canvas.restore()


def _colour(hsv: tuple[float, float, float]) -> int:
    hue, saturation, value = hsv
    colour: int = skia.HSVToColor([360 * (hue % 1), min(1.0, saturation), min(1.0, value)])
    return colour


def _paint(hsv: tuple[float, float, float]) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=_colour(hsv))


def _ink(width: float) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=0xFF20182A, Style=skia.Paint.kStroke_Style, StrokeWidth=width)
