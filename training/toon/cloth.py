"""Cloth: tubes around limbs, folds where it is pulled, patterns."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

from collections.abc import Sequence

import numpy as np
import skia

from training.toon.body import Build, Joints, Pose
from training.toon.colour import Tone
from training.toon.curves import Points, path, tube
from training.toon.outfits import Outfit
from training.toon.pen import Pen


class Cloth:
    """What all garments on one body in one pose are made with."""

    def __init__(self, pen: Pen, build: Build, held: Pose, at: Joints, *, worn: Outfit, skin: Tone):
        self.pen, self.build, self.held, self.at, self.worn, self.skin = pen, build, held, at, worn, skin
        self.middle = at.neck + [0.32 * held.turn * build.shoulders, 0]

    def limb(self, along: Sequence[Points], radii: Sequence[float], made: Tone, hidden: int = 0) -> None:
        """A tube with form shadow and a line on either side, but for the first `hidden` points of it."""
        left, right = tube(np.array(along), radii, 4)
        shape = path(np.concatenate([left, left[-1:], right[-1:], right[::-1]]))
        self.pen.fill(shape, made.base)
        if made is self.worn.cloth:
            with self.pen.inside(shape):
                self.pattern(shape)
        self.pen.form(shape, made, radii[0] * 0.45)
        weight = self.pen.ink.contour
        self.pen.line(left[hidden:], weight, made.ink, (0.8, 0.2))
        self.pen.line(right[hidden:], weight, made.ink, (0.8, 0.2))
        self.pen.line([left[-1], (left[-1] + right[-1]) / 2 + [0, radii[-1] * 0.15], right[-1]], 0.8, made.ink, (0, 0))

    def folds(self, around: Points, way: Points, size: float, made: Tone, count: int) -> None:
        """Creases side by side along `way`, where cloth is pulled; each casts a small shadow."""
        way = way / max(float(np.hypot(*way)), 1e-6) * size
        across = np.array([-way[1], way[0]])
        for i in range(count):
            place = (i - (count - 1) / 2) * 0.42 / max(count - 1, 1) * 2
            long = 1 - 0.35 * (i % 2)
            start = around + across * place - way * 0.4 * long
            end = around + across * place * 1.7 + way * 0.6 * long
            bent = (start + end) / 2 + across * (0.10 + 0.08 * i)
            line = np.array([start, bent, end])
            self.pen.tint(path(np.concatenate([line[:1], line, line[-1:], (bent + across * 0.18)[None]])), made.shade)
            self.pen.line(line, 0.7, made.ink, (0.5, 1))

    def pattern(self, shape: skia.Path) -> None:
        """Stripes, checks or dots; drawn inside the shape."""
        if self.worn.pattern == "none":
            return
        box, step = shape.getBounds(), 0.28
        other = self.worn.second.base
        count = int((box.height() + box.width()) / step) + 1
        for i in range(count):
            y, x = box.top() + i * step, box.left() + i * step
            if self.worn.pattern == "dots":
                for j in range(int(box.width() / step) + 1):
                    self.pen.tint(skia.Path.Circle(box.left() + (j + i % 2 / 2) * step, y, step * 0.22), other)
                continue
            self.pen.tint(skia.Path.Rect(skia.Rect(box.left(), y, box.right(), y + step * 0.4)), other & 0x99FFFFFF)
            if self.worn.pattern == "checks":
                self.pen.tint(skia.Path.Rect(skia.Rect(x, box.top(), x + step * 0.4, box.bottom())), other & 0x99FFFFFF)
