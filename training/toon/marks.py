"""What effects are made of: streaks, wedges, petals, stars, puffs."""

import math

import numpy as np
import skia

from training.toon.colour import WHITE, Colour
from training.toon.curves import path, polygon


def fill(canvas: skia.Canvas, shape: skia.Path, colour: Colour) -> None:
    """A flat area."""
    canvas.drawPath(shape, skia.Paint(AntiAlias=True, Color=colour))


def puff(
    canvas: skia.Canvas,
    lines: skia.Canvas,
    place: tuple[float, float, float, float],
    colours: tuple[Colour, Colour, Colour],
) -> None:
    """One puff: light, shade and contour; `place` is x, y, radius and turn."""
    x, y, size, turn = place
    shape = lobes(x, y, size, turn)
    fill(canvas, shape, colours[1])
    canvas.save()
    canvas.clipPath(shape, doAntiAlias=True)
    fill(canvas, lobes(x - size * 0.26, y - size * 0.3, size * 0.98, turn), colours[0])
    canvas.restore()
    stroke = skia.Paint(
        AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=min(size * 0.06, 0.004), Color=colours[2]
    )
    canvas.drawPath(shape, stroke)
    lines.drawPath(shape, skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kClear))
    stroke.setColor(WHITE)
    lines.drawPath(shape, stroke)


def streak(
    canvas: skia.Canvas, start: tuple[float, float], end: tuple[float, float], width: float, colour: Colour
) -> None:
    """A line of even width."""
    stroke = skia.Paint(AntiAlias=True, Color=colour, StrokeWidth=width, StrokeCap=skia.Paint.kRound_Cap)
    canvas.drawLine(*start, *end, stroke)


def wedge(
    canvas: skia.Canvas,
    lines: skia.Canvas,
    start: tuple[float, float],
    tip: tuple[float, float],
    *,
    wide: float,
    colour: Colour,
) -> None:
    """A line that ends in nothing; dark ones are ink."""
    dx, dy = tip[0] - start[0], tip[1] - start[1]
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length * wide / 2, dx / length * wide / 2
    shape = polygon([(start[0] + nx, start[1] + ny), tip, (start[0] - nx, start[1] - ny)])
    fill(canvas, shape, colour)
    if colour >> 24 == 255 and colour != WHITE:
        fill(lines, shape, WHITE)


def leaf(
    canvas: skia.Canvas, lines: skia.Canvas, place: tuple[float, float, float, float], colour: Colour, ink: Colour
) -> None:
    """One petal with its line."""
    x, y, size, turn = place
    for each in (canvas, lines):
        each.save()
        each.translate(x, y)
        each.rotate(math.degrees(turn))
        each.scale(size, size * (0.35 + 0.6 * abs(math.sin(turn * 1.7))))
    shape = path([(-1, 0), (-0.2, -0.65), (0.9, -0.25), (0.7, 0), (0.9, 0.25), (-0.2, 0.65)])
    fill(canvas, shape, colour)
    stroke = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=0.14, Color=ink)
    canvas.drawPath(shape, stroke)
    stroke.setColor(WHITE)
    lines.drawPath(shape, stroke)
    canvas.restore()
    lines.restore()


def star(canvas: skia.Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """A cross of light."""
    turn = np.arange(8) / 8 * math.tau
    radius = np.where(np.arange(8) % 2, 0.16, 1.0) * size
    fill(canvas, polygon(np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], 1)), colour)


def lobes(x: float, y: float, size: float, turn: float) -> skia.Path:
    """The contour of a cloud: arcs that bulge outward and meet in cusps."""
    built, count = skia.PathBuilder(), 8
    angle = np.arange(count + 1) / count * math.tau + turn + 0.25 * np.sin(np.arange(count + 1) % count * 2.4)
    angle[-1] = angle[0] + math.tau
    middle = (angle[:-1] + angle[1:]) / 2
    built.moveTo(float(x + size * 0.9 * math.cos(angle[0])), float(y + size * 0.9 * math.sin(angle[0])))
    for control, end in zip(middle, angle[1:], strict=True):
        built.quadTo(
            *(float(x + size * 1.45 * math.cos(control)), float(y + size * 1.45 * math.sin(control))),
            *(float(x + size * 0.9 * math.cos(end)), float(y + size * 0.9 * math.sin(end))),
        )
    return built.detach()
