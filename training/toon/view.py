"""The head in space: where points of a face are seen when it turns and nods.

Lengths are in heads' own units: the skull has a radius of about 1, its centre is the origin, y down; the chin is near
y = 1.16. Points of the face are (u, v): u is the azimuth in radians from its middle, v the height.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.toon.curves import Points
from training.toon.rng import Dice

HEIGHTS = np.array([-1.1, -0.7, 0.0, 0.3, 0.7, 1.0, 1.16])
RADII = np.array([0.35, 0.66, 0.79, 0.79, 0.68, 0.46, 0.3])
"""Radius of the face's surface at each height."""

FRONT = np.array([
    (0, -1.08), (0.60, -0.90), (0.90, -0.34), (0.92, 0.12), (0.86, 0.46), (0.60, 0.84), (0.20, 1.12), (0, 1.16),
    (-0.20, 1.12), (-0.60, 0.84), (-0.86, 0.46), (-0.92, 0.12), (-0.90, -0.34), (-0.60, -0.90),
])  # fmt: skip
TURNED = np.array([
    (-0.05, -1.08), (0.50, -0.92), (0.80, -0.36), (0.73, 0.12), (0.78, 0.42), (0.655, 0.80), (0.42, 1.09), (0.29, 1.15),
    (0.10, 1.10), (-0.32, 0.86), (-0.58, 0.50), (-0.62, 0.12), (-0.66, -0.34), (-0.50, -0.90),
])  # fmt: skip
"""Contours from the crown down the far side, around the chin and up the near side: at rest, and turned by TURN."""

PROFILE = np.array([
    (0.0, -1.08), (0.58, -0.90), (0.84, -0.38), (0.82, -0.02), (0.78, 0.16), (0.86, 0.33), (0.965, 0.47), (0.955, 0.52),
    (0.83, 0.60), (0.825, 0.64), (0.855, 0.69), (0.80, 0.755), (0.815, 0.80), (0.77, 0.87), (0.79, 0.99), (0.70, 1.10),
    (0.50, 1.10), (0.10, 0.93), (-0.12, 0.68), (-0.16, 0.2), (-0.4, -0.4), (-0.4, -0.9),
])  # fmt: skip

TURN = math.radians(45)
"""The yaw of TURNED."""

SIDE = math.radians(62)
"""From this yaw on a head is seen in profile."""


@dataclass(frozen=True)
class Shape:
    """What sets one face apart from another."""

    wide: float = 1.0
    """Width of cheeks and jaw."""
    jaw: float = 0.0
    """-0.1 a pointed chin to 0.2 a square one."""
    long: float = 1.0
    """Length from eyes to chin."""
    nose: float = 0.06
    """How far the nose stands out."""
    lean: float = 0.0
    """How far the face is from symmetric: the middle leans to one side."""


def shape(dice: Dice, build: str) -> Shape:
    """A face for one of the builds in people.py."""
    wide, jaw, long = {
        "girl": (1.0, -0.02, 0.98),
        "woman": (0.95, -0.03, 1.06),
        "boy": (0.99, 0.02, 1.02),
        "man": (0.97, 0.10, 1.16),
        "child": (1.07, 0.03, 0.90),
        "elder": (1.0, 0.09, 1.12),
    }[build]
    return Shape(
        wide=wide * dice.uniform(0.95, 1.04),
        jaw=jaw + dice.signed(0.03),
        long=long * dice.uniform(0.97, 1.03),
        nose=dice.uniform(0.03, 0.08) + (0.05 if build in ("man", "elder") else 0),
        lean=dice.signed(0.015),
    )


@dataclass(frozen=True)
class View:
    """A head as it is seen; yaw and pitch in radians, positive to the right and up."""

    yaw: float
    pitch: float
    shape: Shape

    @cached_property
    def profile(self) -> bool:
        """Whether it is seen from the side."""
        return abs(self.yaw) >= SIDE

    @cached_property
    def sign(self) -> float:
        """1 when it looks to the right, -1 to the left."""
        return -1.0 if self.yaw < 0 else 1.0

    @cached_property
    def turn(self) -> float:
        """The turn of the face's surface, which is less than that of the head, as it is drawn."""
        return 1.20 if self.profile else 0.78 * abs(self.yaw)

    def at(self, u: ArrayLike, v: ArrayLike, lift: ArrayLike = 0.0) -> Points:
        """Where points of the face are seen; `u` grows towards the side that it turns to, `lift` stands out of it."""
        u, v = np.asarray(u, float), np.asarray(v, float)
        angle = u + self.turn
        radius = np.interp(v, HEIGHTS, RADII) * self.shape.wide + lift
        x = radius * np.sin(angle) + self.shape.lean * v
        y = self.stretched(v) * np.cos(self.pitch) - np.sin(self.pitch) * 0.5 * radius * np.cos(angle)
        made: Points = np.stack(np.broadcast_arrays(self.sign * x, y), axis=-1).reshape(-1, 2)
        return made

    def stretched(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights of this face: what is below the eyes is longer or shorter."""
        made: NDArray[np.float64] = np.where(v > 0.1, 0.1 + (v - 0.1) * self.shape.long, v)
        return made

    def visible(self, u: float) -> bool:
        """Whether a point of the face is on the side that is seen."""
        cosine: float = math.cos(u + self.turn)
        return cosine > 0.08

    @cached_property
    def contour(self) -> Points:
        """The face's outline with the forehead, closed, from the crown down the far side."""
        if self.profile:
            made = PROFILE.copy()
        else:
            share = abs(self.yaw) / TURN
            made = FRONT + (TURNED - FRONT) * share
        return self.placed(self.jawed(made))

    def jawed(self, made: Points) -> Points:
        """The contour with this face's width and jaw."""
        low = np.clip((made[:, 1] - 0.3) / 0.6, 0, 1) * np.clip((1.3 - made[:, 1]) / 0.4, 0, 1)
        middle = 0.29 * np.sin(self.turn) if not self.profile else 0.6
        made[:, 0] = middle + (made[:, 0] - middle) * (1 + (self.shape.wide - 1) + self.shape.jaw * low * 2)
        return made

    def placed(self, made: Points) -> Points:
        """A contour with length, nod and side."""
        x, y = made[:, 0] + self.shape.lean * made[:, 1], self.stretched(made[:, 1])
        depth = np.where(y > 0, 0.34 * y, 0.12 * y)
        y = y * np.cos(self.pitch) - np.sin(self.pitch) * depth
        return np.stack([self.sign * x, y], axis=1)

    def skull(self, x: ArrayLike, y: ArrayLike) -> Points:
        """Points of the skull, x towards where it looks; it moves less than the face."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        back = 0.16 if self.profile else 0.20 * np.sin(self.turn)
        made: Points = np.stack([self.sign * (x - back), y + 0.10 * np.sin(self.pitch)], axis=-1).reshape(-1, 2)
        return made
