"""Line kinds: how a line swells, breaks, is coloured, and what it is drawn with."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from training.toon.colour import Colour, mix, oklch
from training.toon.curves import Points, normals
from training.toon.rng import Dice

type Floats = NDArray[np.float64]

KINDS = {"clean": 5, "traced": 3, "brush": 1.5, "pencil": 1.5, "digital": 1.2, "bold": 1.0}
"""Line kinds by how often they come: tapered ink, coloured lines, strong pressure, graphite, aliased paint, thick
contours."""

HEAVY = np.array([0.5, 0.86])
"""Lines are heavier where they face away from a light at the upper left."""


@dataclass(frozen=True)
class Ink:
    """One way of drawing lines, kept through a whole clip."""

    kind: str
    """One of KINDS."""
    colour: Colour
    """The line colour of the model sheet."""
    traced: float
    """0: every line has the ink's colour; 1: each has its material's."""
    taper: float
    """The share of a line over which its ends thin."""
    thin: float
    """How thin the ends are, as a share of the width."""
    wobble: float
    """The share of the width by which hand pressure varies."""
    heavy: float
    """The share by which lower right sides are heavier."""
    contour: float
    """How much heavier outer contours are than inner lines."""
    antialias: bool = True
    """Whether pixels on the edge are partly covered."""
    grain: float = 0.0
    """How much paper tooth takes from the line, 0 to 1."""
    gaps: float = 0.0
    """How often a line is broken."""
    double: float = 0.0
    """How often a line is drawn twice."""

    def on(self, material: Colour | None) -> Colour:
        """The colour of a line in or around a material whose own line colour is given."""
        return self.colour if material is None else mix(self.colour, material, self.traced)

    def halves(self, along: Points, half: float, ends: tuple[float, float], phase: float) -> Floats:
        """Half the width at each point of a line; `ends` are how much its start and end taper, 0 to 1."""
        t = np.linspace(0, 1, len(along))
        made = np.full(len(along), half)
        for share, near in zip(ends, (t, 1 - t), strict=True):
            if share > 0:
                made *= 1 - share * (1 - self.thin) * np.clip(1 - near / self.taper, 0, 1) ** 1.6
        if self.wobble:
            made *= 1 + self.wobble * np.sin(6.28 * phase + t * (4 + 5 * phase))
        if self.heavy:
            made *= 1 + self.heavy * (normals(along) @ HEAVY)
        if self.gaps and phase % 0.1 < 0.1 * self.gaps:
            made *= np.clip(np.abs(t - phase) * 30 - 1, 0, 1)
        return made


def ink(dice: Dice) -> Ink:
    """A line kind with its own habits."""
    kind = dice.pick(KINDS)
    dark = oklch(dice.uniform(0.08, 0.24), dice.uniform(0, 0.06), dice.random())
    made = Ink(
        kind=kind,
        colour=dark,
        traced=dice.uniform(0, 0.3),
        taper=dice.uniform(0.2, 0.5),
        thin=dice.uniform(0.1, 0.5),
        wobble=dice.uniform(0, 0.15),
        heavy=dice.uniform(0, 0.25),
        contour=dice.uniform(1.05, 1.5),
    )
    return habits(dice, made)


def habits(dice: Dice, made: Ink) -> Ink:
    """The ink with what makes its kind what it is."""
    kind = made.kind
    if kind == "traced":
        return replace(made, traced=dice.uniform(0.6, 1.0))
    if kind == "brush":
        return replace(made, wobble=dice.uniform(0.2, 0.4), heavy=dice.uniform(0.25, 0.5), thin=0.05, contour=1.7)
    if kind == "pencil":
        grain, gaps, double = dice.uniform(0.35, 0.8), dice.uniform(0.1, 0.6), dice.uniform(0.1, 0.6)
        return replace(made, grain=grain, gaps=gaps, double=double, wobble=0.25)
    if kind == "digital":
        return replace(made, antialias=False, taper=0.15, wobble=0.05, heavy=0.0)
    if kind == "bold":
        return replace(made, contour=dice.uniform(1.8, 2.6), thin=0.6, wobble=0.05)
    return made


@lru_cache(maxsize=64)
def graphite(level: int, size: int) -> skia.Paint:
    """A paint with paper tooth, a tile of 128 x 128; `level` 0 to 8 is how much of a line it takes.

    `size` is that of one grain, as the power of 1.25. A paint is copied in microseconds, but a shader is set in
    milliseconds: hence the cache, and colours come by a filter.
    """
    rough = np.random.default_rng(level).random((128, 128), dtype=np.float32)
    wide = np.tile(rough, (3, 3))
    rough = (cv2.GaussianBlur(wide, (0, 0), 0.6) + 2 * cv2.GaussianBlur(wide, (0, 0), 1.8))[128:256, 128:256]
    rough = rough - rough.mean()
    alpha = np.clip(1.25 - 0.7 * level / 8 + rough / rough.std() * 0.03 * level, 0.15, 1)
    image = skia.Image.fromarray(np.repeat((255 * alpha).astype(np.uint8)[..., None], 4, axis=2))
    tile, unit = skia.TileMode.kRepeat, 1.25**size
    made = skia.Paint(AntiAlias=True)
    made.setShader(
        image.makeShader(tile, tile, skia.SamplingOptions(skia.FilterMode.kLinear), skia.Matrix.Scale(unit, unit))
    )
    return made


def pencil(level: float, grain: float, colour: Colour) -> skia.Paint:
    """A paint that draws like graphite; a grain has that size in the canvas's units."""
    made = skia.Paint(graphite(round(level * 8), round(math.log(max(grain, 1e-6), 1.25))))
    made.setColorFilter(skia.ColorFilters.Blend(colour, skia.BlendMode.kSrcIn))
    return made
