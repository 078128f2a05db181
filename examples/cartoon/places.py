"""The places: a school's roof at noon and a station by the sea at dusk. Units are pixels of the clip."""

import math
from collections.abc import Sequence
from itertools import pairwise

import skia

from cartoon.pen import INK, cel, clipped, paint, placed, polygon

WIDTH, HEIGHT = 320, 240


def gradient(c: skia.Canvas, top: float, bottom: float, colours: Sequence[int]) -> None:
    """Paints a band of the picture from its top to its bottom."""
    made = paint(0)
    shades = [0xFF000000 | colour for colour in colours]
    made.setShader(skia.GradientShader.MakeLinear([skia.Point(0, top), skia.Point(0, bottom)], shades))
    c.drawRect(skia.Rect(-WIDTH, top, 2 * WIDTH, bottom), made)


def cloud(c: skia.Canvas, x: float, y: float, size: float, colours: tuple[int, int]) -> None:
    """A heap of circles on a flat base, lit from the upper left."""
    heap = ((-2.3, -0.2, 0.6), (-1.3, -0.6, 0.9), (0, -1.1, 1.25), (1.2, -0.7, 0.9), (2.2, -0.2, 0.65), (3, 0, 0.4))
    with placed(c, x, y, size):
        for colour, dx, dy, grow in ((colours[0], 0, 0, 1.0), (colours[1], 0.25, 0.45, 0.8)):
            with clipped(c, skia.Path.Rect(skia.Rect(-9, -9, 9, 0.25))):
                for bx, by, radius in heap:
                    c.drawCircle(bx + dx, by + dy, radius * grow, paint(colour))


class Depth:
    """A sideways position that recedes to a vanishing point; depth 0 is at the camera, 1 at the horizon."""

    def __init__(self, c: skia.Canvas, end: tuple[float, float]) -> None:
        self.c, self.end = c, end

    def at(self, x: float, y: float, depth: float) -> tuple[float, float]:
        """Where the point that is at (x, y) at depth 0 is seen at that depth."""
        return x + (self.end[0] - x) * depth, y + (self.end[1] - y) * depth

    def wall(
        self, x: float, heights: tuple[float, float], depths: tuple[float, float], colour: int, ink: float
    ) -> None:
        """An upright plane that runs to the vanishing point."""
        (top, foot), (near, far) = heights, depths
        shape = self.at(x, top, near), self.at(x, top, far), self.at(x, foot, far), self.at(x, foot, near)
        polygon(self.c, shape, colour, ink)

    def strip(self, y: float, sides: tuple[float, float], colour: int, ink: float = 0) -> None:
        """A level strip on the ground, from here to the horizon."""
        left, right = sides
        polygon(self.c, [self.at(left, y, 0), self.end, self.at(right, y, 0)], colour, ink)

    def line(
        self, start: tuple[float, float, float], end: tuple[float, float, float], colour: int, width: float
    ) -> None:
        """A straight line between two points, each (x, y, depth)."""
        self.c.drawLine(*self.at(*start), *self.at(*end), paint(colour, width))


def spaced(first: float, step: float, count: int) -> list[float]:
    """Depths of things that stand at equal distances; lengths in units of the camera's distance to the picture."""
    return [1 - 1 / (first + step * i) for i in range(count)]


def rooftop(c: skia.Canvas, n: int) -> None:
    """A school's roof at noon; the camera pans to the right, near things pass faster than far ones."""
    gradient(c, 0, 165, (0x2F7FD6, 0x6DB8F0, 0xC4E8FB))
    for x, y, size in ((40, 82, 17), (150, 52, 12), (265, 96, 20), (360, 60, 11)):
        cloud(c, x - 0.3 * n, y, size, (0xFFFFFF, 0xD3E6F7))
    for i in range(26):  # the town
        left, high = 22 * i - 60 - 0.5 * n, 8 + 17 * i % 23
        c.drawRect(skia.Rect(left, 163 - high, left + 18, 165), paint((0x9DC3DF, 0x8AB3D4, 0xAFCFE6)[i % 3]))
    deep = Depth(c, (102 - 0.6 * n, 163))
    c.drawRect(skia.Rect(0, 165, WIDTH, HEIGHT), paint(0xBFC4C2))
    for i in range(-14, 26):
        deep.line((46 * i, HEIGHT, 0), (46 * i, HEIGHT, 0.97), 0x969C9F, 0.9)
    for depth in spaced(0.95, 0.28, 12):
        row = deep.at(0, HEIGHT, depth)[1]
        c.drawLine(0, row, WIDTH, row, paint(0x969C9F, 0.9))
    staircase(deep, 356 - 1.2 * n)
    fence(deep, -110 - 1.2 * n)


def staircase(deep: Depth, x: float) -> None:
    """The house over the staircase: a wall that recedes, with windows."""
    deep.wall(x, (20, 256), (-0.3, 0.5), 0xE9DCC4, 1.3)
    deep.wall(x, (8, 26), (-0.3, 0.51), 0xC98F6B, 1.3)
    for i in range(4):
        near, far = 0.15 * i - 0.08, 0.15 * i + 0.02
        deep.wall(x, (62, 120), (near, far), 0x6FA3C7, 1.2)
        glint = [deep.at(x, 62, near), deep.at(x, 62, (near + far) / 2), deep.at(x, 120, near)]
        polygon(deep.c, glint, 0xA9D3EA, 0.9)
        deep.line((x, 92, near), (x, 92, far), INK, 0.9)


def fence(deep: Depth, x: float) -> None:
    """A wire fence with posts."""
    top, foot = 40, 262
    depths = spaced(1.0, 0.3, 16)
    rows = [foot + (top - foot) * k / 6 for k in range(7)]
    for near, far in pairwise(depths):
        for low, high in pairwise(rows):
            deep.line((x, low, near), (x, high, far), 0x6B8A7E, 0.7)
            deep.line((x, high, near), (x, low, far), 0x6B8A7E, 0.7)
        deep.line((x, top - 6, near), (x, foot, near), 0x3F5F58, 2.6 * (1 - near) + 0.5)
    for height in (top, (top + foot) / 2, foot - 4):
        deep.line((x, height, 0), (x, height, depths[-1]), 0x3F5F58, 1.6)


def station(c: skia.Canvas, n: int) -> None:
    """A station by the sea at dusk; a train comes in."""
    gradient(c, 0, 150, (0x4A3A7C, 0xA6508F, 0xF0836A, 0xFFC77A))
    for x, y, size in ((30, 60, 13), (120, 34, 9), (300, 66, 15)):
        cloud(c, x + 0.2 * n, y, size, (0xF7A78C, 0xB9608C))
    c.drawCircle(166, 126, 24, paint(0xFFF0B8))
    hills = [(0, 150), (0, 141), (40, 132), (75, 145), (140, 150), (190, 140), (250, 120), (320, 110), (320, 150)]
    polygon(c, hills, 0x6B4583)
    sea(c, n)
    deep = Depth(c, (212, 150))
    deep.strip(282, (236, 700), 0x4F4257)
    for depth in spaced(0.9, 0.16, 26):
        deep.line((262, 282, depth), (420, 282, depth), 0x35293F, 5 * (1 - depth) + 0.4)
    for x in (285, 397):
        deep.line((x, 280, 0), (x, 280, 0.99), 0xE8C7A0, 1.5)
    train(deep, 1 - 1 / (5.2 - 3.3 * (n / 23)))
    deep.strip(242, (-700, 236), 0xA98A94)
    deep.wall(236, (242, 282), (0, 0.99), 0x5C4A5E, 1)
    for sides, colour in (((150, 186), 0xF4C95D), ((222, 236), 0xEFE6E0)):
        deep.strip(242, sides, colour)
    lamps(deep)


def petals(c: skia.Canvas, n: int) -> None:
    """Cherry petals that the wind carries past, tumbling."""
    for i in range(9):
        x = (i * 143 + n * (5 + i % 3)) % 380 - 30
        y = (i * 37 + n * (1.6 + i % 2)) % 250 + 6 * math.sin(n * 0.3 + i)
        with placed(c, x, y, 0.8 + 0.15 * (i % 4), 40 * i + 11 * n):
            c.scale(1, 0.45 + 0.4 * abs(math.sin(0.2 * n + i)))
            cel(c, [(-5, 0), (-5, 0), (0, -3.5), (5, -1), (3.4, 0), (3.4, 0), (5, 1), (0, 3.5)], 0xFFC4D2, 0.9)


def sea(c: skia.Canvas, n: int) -> None:
    """Flat water with the sun's path on it, which glitters on twos."""
    gradient(c, 150, HEIGHT, (0xE58A74, 0x7D4F8C, 0x4A3A7C))
    for i in range(12):
        y, half = 152 + 0.35 * i * i, 8 + 1.5 * i + 6 * ((i * 7 + n // 2 * 5) % 4)
        c.drawLine(166 - half, y, 166 + half, y, paint(0xFFE2A0, 0.7 + 0.12 * i))


def train(deep: Depth, depth: float) -> None:
    """Three cars; the front of the first is at that depth."""
    left, right, top, foot = 262, 420, 0, 268
    far = 1 - (1 - depth) * 0.3
    deep.wall(left, (top, foot), (depth, far), 0xD9C9B8, 1.4)
    deep.wall(left, (172, 204), (depth, far), 0xB8433F, 0.8)
    windows = [1 - (1 - depth) / (1 + 0.16 * i) for i in range(1, 15)]
    for a, b in zip(windows[::2], windows[1::2], strict=True):
        deep.wall(left, (60, 130), (a, b), 0xFFE9A8, 1)

    def box(x: tuple[float, float], y: tuple[float, float], colour: int) -> None:
        points = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
        polygon(deep.c, [deep.at(*point, depth) for point in points], colour, 1.4)

    box((left, right), (top, foot), 0xEADCC8)
    box((left, right), (172, 204), 0xC94B45)
    box((left, right), (top, 18), 0x8C7F86)
    for x in (left + 12, left + 62, left + 112):
        box((x, x + 38), (44, 130), 0x51668F if x != left + 62 else 0x6E86AD)
    for x in (left + 22, right - 22):
        deep.c.drawCircle(*deep.at(x, 152, depth), 13 * (1 - depth), paint(0xFFFBE0))


def lamps(deep: Depth) -> None:
    """Poles along the platform and the wires that they carry."""
    for depth in reversed(spaced(1.9, 0.9, 6)):
        deep.line((60, 242, depth), (60, -150, depth), 0x3A2A48, 6 * (1 - depth) + 0.6)
        deep.line((60, -140, depth), (330, -140, depth), 0x3A2A48, 3 * (1 - depth) + 0.5)
    for x in (120, 200, 300):
        deep.line((x, -140, 0), (x, -140, 0.99), 0x3A2A48, 1)
