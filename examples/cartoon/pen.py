"""The pen: flat areas with ink lines, which is all that a cel is made of. Lengths are in the canvas's own units."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import skia

type Points = Sequence[tuple[float, float]]
type Shades = Sequence[tuple[Points, int]]

INK = 0x2B1D2E


def curve(points: Points, *, closed: bool = True) -> skia.Path:
    """A smooth line through the points (Catmull-Rom); a point given twice is a corner."""
    n, path = len(points), skia.PathBuilder()
    path.moveTo(*points[0])
    for i in range(n if closed else n - 1):
        a, b, c, d = (np.array(points[j % n if closed else min(max(j, 0), n - 1)]) for j in range(i - 1, i + 3))
        if any(b != c):
            path.cubicTo(*(b + (c - a) / 6), *(c - (d - b) / 6), *c)
    if closed:
        path.close()
    return path.detach()


def corners(points: Points) -> Points:
    """The same points, each a corner."""
    return [point for point in points for _ in range(2)]


def paint(colour: int, stroke: float = 0) -> skia.Paint:
    """A flat colour, for filling or for a line of that width."""
    made = skia.Paint(AntiAlias=True, Color=0xFF000000 | colour)
    if stroke:
        made.setStyle(skia.Paint.kStroke_Style)
        made.setStrokeWidth(stroke)
        made.setStrokeJoin(skia.Paint.kRound_Join)
        made.setStrokeCap(skia.Paint.kRound_Cap)
    return made


def cel(c: skia.Canvas, shape: Points, colour: int, ink: float = 1.3, shades: Shades = ()) -> None:
    """A flat area with its outline; each of the shades, (points, colour), lies inside it."""
    path = curve(shape)
    c.drawPath(path, paint(colour))
    with clipped(c, path):
        for points, shade in shades:
            c.drawPath(curve(points), paint(shade))
    if ink:
        c.drawPath(path, paint(INK, ink))


def brush(c: skia.Canvas, points: Points, width: float, colour: int = INK) -> None:
    """A line that swells from nothing to its width and thins again, as a nib draws it."""
    measure = skia.PathMeasure(curve(points, closed=False), False)
    left, right = [], []
    for i in range(17):
        (x, y), (dx, dy) = measure.getPosTan(measure.getLength() * i / 16)
        half = width / 2 * (0.12 + 0.88 * math.sin(math.pi * i / 16) ** 0.7)
        left.append((x - dy * half, y + dx * half))
        right.append((x + dy * half, y - dx * half))
    c.drawPath(curve(left + right[::-1]), paint(colour))


def polygon(c: skia.Canvas, points: Points, colour: int, ink: float = 0) -> None:
    """A flat area with straight sides."""
    cel(c, corners(points), colour, ink)


@contextmanager
def clipped(c: skia.Canvas, path: skia.Path) -> Iterator[None]:
    """Draws only inside the path."""
    c.save()
    c.clipPath(path, doAntiAlias=True)
    yield
    c.restore()


@contextmanager
def placed(c: skia.Canvas, x: float, y: float, scale: float = 1, tilt: float = 0) -> Iterator[None]:
    """Draws at another place, size and angle (degrees)."""
    c.save()
    c.translate(x, y)
    c.rotate(tilt)
    c.scale(scale, scale)
    yield
    c.restore()


def ramp(t: float, start: float, end: float) -> float:
    """0 before `start`, 1 after `end`, eased in and out between them."""
    u = min(max((t - start) / (end - start), 0.0), 1.0)
    return u * u * (3 - 2 * u)
