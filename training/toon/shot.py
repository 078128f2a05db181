"""A shot: a place, who is in it, effects, text and a camera; and the drawing of its frames."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from training.toon.camera import Camera, Sight, smear
from training.toon.colour import Light
from training.toon.ink import Ink
from training.toon.noise import Pixels
from training.toon.painting import Layer
from training.toon.pen import Cel, Pen, Recorder

type Mask = NDArray[np.uint8]

GRAIN = 1.1 / 544
"""Size of a pencil's grain, in picture heights."""

KEPT = 24
"""Drawings of an actor that are kept: a cycle and the blinks in it."""


class Performer(Protocol):
    """Someone or something that is drawn on cels."""

    def drawing(self, n: int) -> Hashable:
        """What is to be drawn at frame n; equal values are the same drawing."""

    def draw(self, pen: Pen, drawing: Any) -> None:
        """Draws it in units of its own."""

    def place(self, n: int) -> tuple[float, float]:
        """By how much it has moved at frame n, in picture heights."""


class Overlay(Protocol):
    """Something that is drawn anew for each frame, in front of all."""

    def key(self, n: int) -> Hashable:
        """Frames with the same key look the same."""

    def draw(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Draws frame n in picture heights, the middle of the picture as origin."""


@dataclass(eq=False)
class Actor:
    """A performer in a picture."""

    who: Performer
    """Who is drawn."""
    at: tuple[float, float]
    """Where its origin is, in picture heights."""
    size: float
    """One of its units in picture heights."""
    near: float = 1.0
    """How far it moves with the camera."""
    flip: bool = False
    """Whether it is seen in a mirror."""
    blur: float = 0.0
    """How far it is out of focus, as a standard deviation in picture heights; its lines are then none."""

    def __post_init__(self) -> None:
        self.cels: OrderedDict[Hashable, Cel] = OrderedDict()

    def cel(self, drawing: Hashable, ink: Ink, width: float, light: Light) -> Cel:
        """The drawing, kept for its next use; lines are `width` picture heights wide."""
        if drawing not in self.cels:
            recorder = Recorder(ink, width / self.size, light, GRAIN / self.size)
            with recorder as pen:
                self.who.draw(pen, drawing)
            self.cels[drawing] = recorder.cel
            if len(self.cels) > KEPT:
                self.cels.popitem(last=False)
        self.cels.move_to_end(drawing)
        return self.cels[drawing]


@dataclass(eq=False)
class Shot:
    """Everything that is seen between two cuts."""

    kind: str
    """How it is framed: see staging.py."""
    names: frozenset[str]
    """The generators that it is made by."""
    painters: list[Callable[[], list[Layer]]]
    """They paint the background, the farthest layers first, once the shot is drawn."""
    actors: list[Actor]
    """Who is in it, the farthest first."""
    overlays: list[Overlay]
    """Effects and text."""
    camera: Camera
    """What looks at it."""
    ink: Ink
    """The line of the production."""
    light: Light
    """The light on cels."""
    width: float
    """Width of a line of weight 1, in picture heights."""

    @cached_property
    def layers(self) -> list[Layer]:
        """The background, the farthest first."""
        return [layer for paint in self.painters for layer in paint()]

    def key(self, n: int, shift: tuple[float, float]) -> Hashable:
        """Frames with the same key have the same drawing."""
        drawings = tuple((actor.who.drawing(n), actor.who.place(n)) for actor in self.actors)
        return self.camera.at(n), shift, drawings, tuple(overlay.key(n) for overlay in self.overlays)

    def draw(self, n: int, size: tuple[int, int], scale: float, shift: tuple[float, float]) -> tuple[Pixels, Mask]:
        """Frame n: the picture, RGB, at `scale` times (width, height), and the mask of lines at (width, height)."""
        sight = self.camera.at(n)
        sight = Sight(sight.x + shift[0], sight.y + shift[1], sight.zoom, sight.roll)
        big = round(size[0] * scale), round(size[1] * scale)
        pixels: Pixels = np.zeros((big[1], big[0], 4), np.uint8)
        surface = skia.Surface(pixels, skia.kRGBA_8888_ColorType)
        canvas = surface.getCanvas()
        mask = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(*size))
        lines = mask.getCanvas()
        for layer in (layer for layer in self.layers if layer.near <= 1):
            paste(pixels, canvas, layer, sight.matrix(big, layer.near))
        for actor in self.actors:
            self.act(actor, n, (canvas, sight.matrix(big, actor.near)), (lines, sight.matrix(size, actor.near)))
        for layer in (layer for layer in self.layers if layer.near > 1):
            paste(pixels, canvas, layer, sight.matrix(big, layer.near))
        still = Sight(shift[0], shift[1])
        for overlay in self.overlays:
            placed(canvas, still.matrix(big))
            placed(lines, still.matrix(size))
            overlay.draw(canvas, lines, n)
            canvas.restore()
            lines.restore()
        return self.exposed(pixels, mask, n, big)

    def act(self, actor: Actor, n: int, *canvases: tuple[skia.Canvas, skia.Matrix]) -> None:
        """Draws one actor in colour and into the mask."""
        cel = actor.cel(actor.who.drawing(n), self.ink, self.width, self.light)
        dx, dy = actor.who.place(n)
        for canvas, matrix in canvases:
            placed(canvas, matrix)
            canvas.translate(actor.at[0] + dx, actor.at[1] + dy)
            canvas.scale(-actor.size if actor.flip else actor.size, actor.size)
        if actor.blur:
            unsharp(cel, canvases[0][0], canvases[1][0], actor.blur / actor.size)
        else:
            cel.draw(canvases[0][0], canvases[1][0])
        for canvas, _ in canvases:
            canvas.restore()

    def exposed(self, pixels: Pixels, mask: skia.Surface, n: int, big: tuple[int, int]) -> tuple[Pixels, Mask]:
        """The finished picture; a fast camera smears it."""
        image = np.ascontiguousarray(pixels[..., :3])
        lines = mask.makeImageSnapshot().toarray(colorType=skia.kAlpha_8_ColorType).reshape(mask.height(), mask.width())
        if self.camera.move == "whip":
            dx, dy = self.camera.speed(n)
            image = smear(image, dx * big[1] * 0.5, dy * big[1] * 0.5)
            lines = smear(np.ascontiguousarray(lines), dx * mask.height() * 0.5, dy * mask.height() * 0.5)
        return image, np.ascontiguousarray(lines)


def unsharp(cel: Cel, canvas: skia.Canvas, lines: skia.Canvas, sigma: float) -> None:
    """Draws it blurred; it hides the lines behind it."""
    canvas.saveLayer(None, skia.Paint(ImageFilter=skia.ImageFilters.Blur(sigma, sigma)))
    canvas.drawPicture(cel.colour)
    canvas.restore()
    lines.saveLayer(None, skia.Paint(BlendMode=skia.BlendMode.kDstOut))
    lines.drawPicture(cel.colour)
    lines.restore()


def placed(canvas: skia.Canvas, matrix: skia.Matrix) -> None:
    """Saves the canvas's state and sets its matrix."""
    canvas.save()
    canvas.setMatrix(matrix)


def paste(pixels: Pixels, canvas: skia.Canvas, layer: Layer, matrix: skia.Matrix) -> None:
    """Puts a layer on the picture."""
    made = matrix
    made.preTranslate(*layer.corner)
    made.preScale(1 / layer.density, 1 / layer.density)
    rows = np.array(
        [
            [made.getScaleX(), made.getSkewX(), made.getTranslateX()],
            [made.getSkewY(), made.getScaleY(), made.getTranslateY()],
        ]
    )
    size = pixels.shape[1], pixels.shape[0]
    seen = cv2.warpAffine(layer.pixels, rows, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if layer.opaque:
        pixels[:] = seen
        return
    image = skia.Image.fromarray(seen, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType, copy=False)
    canvas.save()
    canvas.resetMatrix()
    canvas.drawImage(image, 0, 0)
    canvas.restore()
