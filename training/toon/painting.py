"""Painted layers of a background. Units are picture heights; the middle of the picture at rest is the origin."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skia

from training.toon.colour import Colour, Tint
from training.toon.curves import PointsLike, polygon
from training.toon.glyphs import Glyph, Hand
from training.toon.noise import Pixels, gouache, watercolour
from training.toon.rng import Dice


@dataclass(frozen=True, eq=False)
class Layer:
    """One sheet of paint or film in front of the camera."""

    pixels: Pixels
    """RGBA, premultiplied."""
    density: float
    """Pixels per unit."""
    corner: tuple[float, float]
    """Where its upper left corner lies."""
    near: float = 1.0
    """How far it moves when the camera does: 0 infinitely far, 1 where the characters are, more in front of them."""
    opaque: bool = False
    """Whether it covers everything behind it; its edge is continued outward."""


@dataclass(frozen=True)
class Paper:
    """What all layers of one background are painted on."""

    size: tuple[float, float]
    """Width and height that layers cover, in units, with what a camera may move beyond the picture."""
    density: float
    """Pixels per unit."""
    medium: str
    """gouache, watercolour or flat."""
    strength: float
    """How much the medium shows."""
    tint: Tint
    """The light of the hour."""
    blur: float
    """How far it is out of focus, as a standard deviation in units."""


class Board:
    """A layer while it is painted."""

    def __init__(self, paper: Paper, ground: Colour = 0):
        self.paper = paper
        width, height = paper.size
        self.pixels: Pixels = np.zeros((round(height * paper.density), round(width * paper.density), 4), np.uint8)
        self.surface = skia.Surface(self.pixels, skia.kRGBA_8888_ColorType)
        self.canvas = self.surface.getCanvas()
        self.canvas.clear(ground)
        self.canvas.scale(paper.density, paper.density)
        self.canvas.translate(width / 2, height / 2)
        self.ground = ground
        self.paint = skia.Paint(AntiAlias=True)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        width, height = self.paper.size
        return -width / 2, -height / 2, width / 2, height / 2

    def fill(self, shape: skia.Path, colour: Colour) -> None:
        """A flat area."""
        self.paint.setColor(colour)
        self.canvas.drawPath(shape, self.paint)

    def polygon(self, at: PointsLike, colour: Colour) -> None:
        """A flat area with straight sides."""
        self.fill(polygon(at), colour)

    def rect(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """An upright box."""
        self.paint.setColor(colour)
        self.canvas.drawRect(skia.Rect(left, top, right, bottom), self.paint)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A disc."""
        self.paint.setColor(colour)
        self.canvas.drawCircle(x, y, radius, self.paint)

    def line(self, at: PointsLike, width: float, colour: Colour) -> None:
        """Straight lines from point to point."""
        stroke = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=width, Color=colour)
        self.canvas.drawPath(polygon(at, closed=False), stroke)

    def gradient(self, top: float, bottom: float, colours: Sequence[Colour], places: Sequence[float] = ()) -> None:
        """A band over the whole width that runs evenly from colour to colour."""
        made = skia.Paint(Dither=True)
        ends = [skia.Point(0, top), skia.Point(0, bottom)]
        made.setShader(skia.GradientShader.MakeLinear(ends, list(colours), list(places) or None))
        left, _, right, _ = self.box
        self.canvas.drawRect(skia.Rect(left, top, right, bottom), made)

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Light that fades outward and adds to what is there."""
        made = skia.Paint(BlendMode=skia.BlendMode.kPlus)
        made.setShader(skia.GradientShader.MakeRadial(skia.Point(x, y), radius, [colour, 0]))
        self.canvas.drawCircle(x, y, radius, made)

    def write(self, glyph: Glyph, at: tuple[float, float], size: float, hand: Hand, colour: Colour) -> None:
        """Letters in boxes of that size from there on."""
        self.canvas.save()
        self.canvas.translate(*at)
        self.canvas.scale(size, size)
        hand.write(self.canvas, glyph, colour)
        self.canvas.restore()

    def layer(self, dice: Dice, near: float, focus: float = 1.0, rough: float = 1.0) -> Layer:
        """The finished layer; `focus` scales the paper's blur, `rough` how much the medium shows."""
        paper = self.paper
        pixels = self.pixels
        if paper.medium == "gouache":
            pixels = gouache(dice.field(), pixels, paper.density / 100, paper.strength * rough)
        elif paper.medium == "watercolour":
            pixels = watercolour(dice.field(), pixels, paper.density / 100, paper.strength * rough)
        if min(paper.tint) < 1 or max(paper.tint) > 1:
            tint = np.array([[[*paper.tint, 1.0]]], np.float32)
            pixels = np.minimum(pixels * tint + 0.5, 255).astype(np.uint8)
        sigma = paper.blur * focus * paper.density
        if sigma > 0.3:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)
        width, height = paper.size
        return Layer(pixels, paper.density, (-width / 2, -height / 2), near, opaque=self.ground >> 24 == 255)
