"""The pen: flat areas, form shadows and ink lines, drawn at once in colour and into the mask of lines."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import skia

from training.toon.colour import WHITE, Colour, Light, Tone, faint
from training.toon.curves import Points, PointsLike, ellipse, normals, path, pieces, points, sampled, trace
from training.toon.ink import Ink, pencil

BOUNDS = skia.Rect(-1e5, -1e5, 1e5, 1e5)


@dataclass(frozen=True)
class Cel:
    """One drawing, kept as commands: it is as sharp under any camera."""

    colour: skia.Picture
    """What is seen."""
    lines: skia.Picture
    """The same with lines in white, and everything that covers them clears; for an A8 canvas."""

    def draw(self, canvas: skia.Canvas, lines: skia.Canvas) -> None:
        """Draws it on both canvases, with the matrices that they have."""
        canvas.drawPicture(self.colour)
        lines.drawPicture(self.lines)


class Pen:
    """Draws on two canvases; lengths are in their units, which `placed` changes."""

    def __init__(self, canvas: skia.Canvas, lines: skia.Canvas, ink: Ink, width: float, light: Light):
        self.canvas, self.lines, self.ink, self.width, self.light = canvas, lines, ink, width, light
        self.count = 0.0
        self.grain = width / 2
        self.paint = skia.Paint(AntiAlias=ink.antialias)
        self.eraser = skia.Paint(AntiAlias=ink.antialias, BlendMode=skia.BlendMode.kClear)
        self.marker = skia.Paint(AntiAlias=ink.antialias, Color=WHITE)

    def fill(self, shape: skia.Path, colour: Colour) -> None:
        """An opaque flat area, which hides lines below it."""
        self.paint.setColor(self.light.on(colour))
        self.canvas.drawPath(shape, self.paint)
        self.lines.drawPath(shape, self.eraser)

    def tint(self, shape: skia.Path, colour: Colour) -> None:
        """An area that lets lines below show: shadows, highlights, translucent things."""
        self.paint.setColor(self.light.on(colour))
        self.canvas.drawPath(shape, self.paint)

    def tint_ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """An ellipse that lets lines below show."""
        self.tint(path(ellipse(x, y, rx, ry)), colour)

    def gradient(
        self, shape: skia.Path, ends: tuple[tuple[float, float], tuple[float, float]], colours: Sequence[Colour]
    ) -> None:
        """An area that runs evenly from colour to colour between two points."""
        made = skia.Paint(AntiAlias=self.ink.antialias)
        lit = [self.light.on(colour) for colour in colours]
        made.setShader(skia.GradientShader.MakeLinear([skia.Point(*ends[0]), skia.Point(*ends[1])], lit))
        self.canvas.drawPath(shape, made)

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A disc that fades from its colour to nothing."""
        made = skia.Paint(AntiAlias=True)
        lit = self.light.on(colour)
        made.setShader(skia.GradientShader.MakeRadial(skia.Point(x, y), radius, [lit, lit & 0xFFFFFF]))
        self.canvas.drawCircle(x, y, radius, made)

    def line(
        self,
        through: PointsLike,
        weight: float = 1.0,
        colour: Colour | None = None,
        ends: tuple[float, float] = (1, 1),
        closed: bool = False,
    ) -> None:
        """An ink line along a smooth curve; `colour` is the line colour of the material it belongs to."""
        through = points(through)
        parts = pieces(through, closed)
        for part in parts or [through]:
            self.stroke(part, weight, colour, ends if parts is None else (0.6, 0.6), closed and parts is None)

    def stroke(
        self, through: Points, weight: float, colour: Colour | None, ends: tuple[float, float], closed: bool
    ) -> None:
        """A line without corners."""
        self.count = (self.count + 0.6180339887) % 1
        along = sampled(through, 4, closed)
        halves = self.ink.halves(along, weight * self.width / 2, (0, 0) if closed else ends, self.count)
        if halves[0] > 0 and closed:
            halves[-1] = halves[0]
        self.ribbon(along, halves, colour, closed)
        if self.ink.double and (self.count * 7) % 1 < self.ink.double:
            shift = normals(along) * self.width * 1.2 * (self.count - 0.5)
            self.ribbon(along + shift, halves * 0.5, colour, closed)

    def ribbon(
        self, along: Points, halves: "np.typing.NDArray[np.float64]", colour: Colour | None, closed: bool = False
    ) -> None:
        """Inks the area around a line, given half its width at each point."""
        across = normals(along) * halves[:, None]
        built = skia.PathBuilder()
        if closed:
            trace(built, along + across)
            trace(built, (along - across)[::-1])
        else:
            trace(built, np.concatenate([along + across, (along - across)[::-1]]))
        self.mark(built.detach(), colour)

    def mark(self, shape: skia.Path, colour: Colour | None = None) -> None:
        """Inks an area: lashes, lines of uneven width."""
        seen = self.light.on(self.ink.on(colour))
        if self.ink.grain:
            self.canvas.drawPath(shape, pencil(self.ink.grain, self.grain, seen))
        else:
            self.paint.setColor(seen)
            self.canvas.drawPath(shape, self.paint)
        self.lines.drawPath(shape, self.marker)

    def cel(
        self, shape: PointsLike, tone: Tone, depth: float = 0, contour: float | None = None, closed: bool = True
    ) -> skia.Path:
        """A painted area with its contour; where it turns away from the light by `depth` there is shadow.

        Returns the path, for what is drawn inside it.
        """
        outline = points(shape)
        made = path(outline)
        self.fill(made, tone.base)
        if depth:
            self.form(made, tone, depth)
        weight = self.ink.contour if contour is None else contour
        if weight:
            self.line(outline, weight, tone.ink, closed=closed)
        return made

    def form(self, shape: skia.Path, tone: Tone, depth: float, down: float = 1.0) -> None:
        """A shadow that follows the form: all of the shape that its copy, moved against the light, leaves free.

        `down` is the share of the light's way downward that counts: less on what goes on below.
        """
        x, y = self.light.toward[0], self.light.toward[1] * down
        with self.inside(shape):
            if self.light.soft:
                self.airbrush(shape, tone)
            self.beyond(shape, (-x * depth, -y * depth), tone.shade)
            if self.light.steps > 1:
                self.beyond(shape, (-x * depth * 0.4, -y * depth * 0.4), tone.deep)
            if self.light.rim:
                self.beyond(shape, (x * depth * 0.35, 0.3 * y * depth), self.light.rim)

    def airbrush(self, shape: skia.Path, tone: Tone) -> None:
        """A gradient over the shape, darker where it is far from the light; drawn inside it."""
        box, (x, y) = shape.getBounds(), self.light.toward
        half = (abs(x) * box.width() + abs(y) * box.height()) / 2
        middle = box.centerX(), box.centerY()
        ends = tuple((middle[0] + s * x * half, middle[1] + s * y * half) for s in (-0.4, 1))
        dark = faint(tone.deep, self.light.soft)
        self.gradient(shape, (ends[0], ends[1]), [dark & 0xFFFFFF, dark])

    def beyond(self, shape: skia.Path, shift: tuple[float, float], colour: Colour) -> None:
        """Everything outside of a moved copy of the shape."""
        moved = skia.Path(shape)
        moved.offset(*shift)
        moved.toggleInverseFillType()
        self.tint(moved, colour)

    @contextmanager
    def inside(self, shape: skia.Path) -> Iterator[None]:
        """Draws only inside the shape."""
        for canvas in (self.canvas, self.lines):
            canvas.save()
            canvas.clipPath(shape, doAntiAlias=self.ink.antialias)
        yield
        self.canvas.restore()
        self.lines.restore()

    @contextmanager
    def placed(self, x: float, y: float, scale: float = 1, angle: float = 0, flip: bool = False) -> Iterator[None]:
        """Draws at another place, size and angle (radians); lines keep their width."""
        width, grain = self.width, self.grain
        self.width, self.grain = width / scale, grain / scale
        for canvas in (self.canvas, self.lines):
            canvas.save()
            canvas.translate(x, y)
            canvas.rotate(float(np.degrees(angle)))
            canvas.scale(-scale if flip else scale, scale)
        yield
        self.canvas.restore()
        self.lines.restore()
        self.width, self.grain = width, grain


class Recorder:
    """Makes a Cel: `with Recorder(...) as pen:` draws it, then `cel` is there."""

    def __init__(self, ink: Ink, width: float, light: Light, grain: float | None = None):
        self.pictures = skia.PictureRecorder(), skia.PictureRecorder()
        canvases = [recorder.beginRecording(BOUNDS) for recorder in self.pictures]
        self.pen = Pen(canvases[0], canvases[1], ink, width, light)
        self.pen.grain = grain or width / 2

    def __enter__(self) -> Pen:
        return self.pen

    def __exit__(self, *_: object) -> None:
        colour, lines = (recorder.finishRecordingAsPicture() for recorder in self.pictures)
        self.cel = Cel(colour, lines)
