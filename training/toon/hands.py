"""Hands, simplified as cels simplify them: a palm, fingers as tubes, or a mitten with lines."""

import numpy as np

from training.toon.colour import Tone
from training.toon.curves import Points, path, tube, turned
from training.toon.pen import Pen

HANDS = {"relaxed": 5, "fist": 2, "open": 2, "point": 1}
"""Shapes of a hand by how often they come."""

MITTEN = np.array(
    [
        (-0.13, -0.04),
        (-0.20, 0.22),
        (-0.19, 0.48),
        (-0.10, 0.72),
        (0.02, 0.74),
        (0.12, 0.60),
        (0.19, 0.36),
        (0.13, -0.04),
    ]
)
FIST = np.array(
    [
        (-0.13, -0.04),
        (-0.22, 0.16),
        (-0.22, 0.38),
        (-0.10, 0.48),
        (0.10, 0.47),
        (0.21, 0.36),
        (0.20, 0.12),
        (0.13, -0.04),
    ]
)
PALM = np.array([(-0.13, -0.04), (-0.20, 0.14), (-0.20, 0.38), (0.0, 0.44), (0.19, 0.38), (0.19, 0.14), (0.13, -0.04)])


class Hand:
    """One hand at the end of an arm; its own coordinates: the wrist is the origin, fingers point to +y, thumb to +x."""

    def __init__(self, pen: Pen, wrist: Points, angle: float, *, side: int, skin: Tone, size: float):
        self.pen, self.wrist, self.angle, self.side, self.skin, self.size = pen, wrist, angle, side, skin, size

    def at(self, local: Points) -> Points:
        """From the hand's coordinates to the figure's."""
        return self.wrist + turned(np.asarray(local, float) * [-self.side, 1], -self.angle) * self.size

    def draw(self, kind: str) -> None:
        """The hand in one of HANDS."""
        {"relaxed": self.relaxed, "fist": self.fist, "open": self.opened, "point": self.pointing}[kind]()

    def outline(self, shape: Points) -> None:
        """A closed part whose line leaves the wrist open."""
        at = self.at(shape)
        made = path(at)
        self.pen.fill(made, self.skin.base)
        self.pen.form(made, self.skin, 0.06)
        self.pen.line(at, 0.9, self.skin.ink, (0.8, 0.8))

    def finger(
        self, root: tuple[float, float], angle: float, length: float, bend: float = 0.0, radius: float = 0.055
    ) -> None:
        """One finger as a tube with a round end."""
        way = np.array([np.sin(angle), np.cos(angle)])
        tip = np.array([np.sin(angle + bend), np.cos(angle + bend)])
        middle = np.asarray(root) + way * length * 0.5
        end = middle + tip * length * 0.5
        left, right = tube(np.array([root, middle, end]), [radius * 1.05, radius, radius * 0.7], 2)
        shape = np.concatenate([left, [end + tip * radius * 0.8], right[::-1]])
        self.outline(shape)

    def relaxed(self) -> None:
        """Fingers together, a little bent."""
        self.finger((0.12, 0.12), 0.65, 0.36, -0.5)
        self.outline(MITTEN)
        for x in (-0.09, 0.0, 0.09):
            self.pen.line(
                self.at(np.array([(x * 1.1, 0.42), (x * 0.9 - 0.01, 0.56), (x * 0.8 - 0.02, 0.66)])), 0.6, self.skin.ink
            )

    def fist(self) -> None:
        """A closed hand."""
        self.outline(FIST)
        for x in (-0.11, 0.0, 0.10):
            self.pen.line(self.at(np.array([(x, 0.28), (x * 1.05, 0.38), (x, 0.46)])), 0.7, self.skin.ink)
        self.finger((0.20, 0.16), -0.5, 0.30, -0.7, 0.06)

    def opened(self) -> None:
        """Five fingers apart."""
        for x, angle, length in ((-0.15, -0.28, 0.30), (-0.06, -0.10, 0.38), (0.05, 0.06, 0.40), (0.15, 0.22, 0.36)):
            self.finger((x, 0.34), angle, length)
        self.finger((0.14, 0.10), 0.95, 0.36, -0.3, 0.06)
        made = path(self.at(PALM))
        self.pen.fill(made, self.skin.base)
        self.pen.line(self.at(PALM[[2, 1, 0]]), 0.9, self.skin.ink)
        self.pen.line(self.at(PALM[[4, 5, 6]]), 0.9, self.skin.ink)
        self.pen.line(self.at(np.array([(0.10, 0.36), (0.04, 0.24), (0.06, 0.10)])), 0.6, self.skin.ink)

    def pointing(self) -> None:
        """A fist with the first finger out."""
        self.finger((0.13, 0.32), 0.05, 0.46)
        self.fist()
