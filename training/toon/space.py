"""One-point perspective for rooms and streets: boxes, floors and walls with patterns that recede."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.toon.colour import Colour, Tone
from training.toon.curves import Points
from training.toon.painting import Board


@dataclass(frozen=True)
class Space:
    """Where points are seen: x to the right and y down from the eye, z the distance; at z = 1 one unit is one unit."""

    board: Board
    """What is painted on."""
    vanish: tuple[float, float]
    """The vanishing point."""
    ink: Colour | None
    """The colour of contours, if the background has any."""
    width: float
    """Width of contours at z = 1."""

    def at(self, x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Points:
        """Where points are seen."""
        z = np.maximum(np.asarray(z, float), 0.05)
        seen = np.broadcast_arrays(self.vanish[0] + np.asarray(x) / z, self.vanish[1] + np.asarray(y) / z)
        made: Points = np.stack(seen, axis=-1).reshape(-1, 2)
        return made

    def face(self, corners: Points, colour: Colour, far: float = 1.0, outlined: bool = True) -> None:
        """A flat area; contours thin with distance."""
        self.board.polygon(corners, colour)
        if self.ink is not None and outlined:
            self.board.line(np.concatenate([corners, corners[:1]]), max(self.width / far, 0.0006), self.ink)

    def ground(
        self, x: tuple[float, float], y: float, z: tuple[float, float], colour: Colour, outlined: bool = False
    ) -> None:
        """A level area."""
        self.face(self.at([x[0], x[1], x[1], x[0]], y, [z[0], z[0], z[1], z[1]]), colour, z[0], outlined)

    def side(
        self, x: float, y: tuple[float, float], z: tuple[float, float], colour: Colour, outlined: bool = True
    ) -> None:
        """An upright area that runs away from us."""
        self.face(self.at(x, [y[0], y[0], y[1], y[1]], [z[0], z[1], z[1], z[0]]), colour, z[0], outlined)

    def front(
        self, x: tuple[float, float], y: tuple[float, float], z: float, colour: Colour, outlined: bool = True
    ) -> None:
        """An upright area that faces us."""
        self.face(self.at([x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]], z), colour, z, outlined)

    def box(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], made: Tone) -> None:
        """A box: the sides that are seen, in three tones."""
        if x[0] > 0:
            self.side(x[0], y, z, made.shade)
        elif x[1] < 0:
            self.side(x[1], y, z, made.shade)
        if y[0] > 0:
            self.ground(x, y[0], z, made.shine, outlined=True)
        elif y[1] < 0:
            self.ground(x, y[1], z, made.deep, outlined=True)
        self.front(x, y, z[0], made.base)

    def line(self, a: tuple[float, float, float], b: tuple[float, float, float], width: float, colour: Colour) -> None:
        """A straight line, as wide as its nearer end says."""
        both = self.at([a[0], b[0]], [a[1], b[1]], [a[2], b[2]])
        self.board.line(both, max(width / min(a[2], b[2]), 0.0006), colour)

    def tiles(
        self, x: tuple[float, float], y: float, z: tuple[float, float], step: tuple[float, float], colours: list[Colour]
    ) -> None:
        """A floor of tiles or planks in several colours."""
        for row, (near, far) in enumerate(spans(z, step[1])):
            for column, (left, right) in enumerate(spans(x, step[0])):
                self.ground(
                    (left, right), y, (near, far), colours[(row * 7 + column * 3 + row * column) % len(colours)]
                )

    def rules(
        self,
        x: tuple[float, float],
        y: float,
        z: tuple[float, float],
        step: tuple[float, float],
        *,
        width: float,
        colour: Colour,
    ) -> None:
        """The joints of such a floor."""
        for near, _ in spans(z, step[1]):
            self.line((x[0], y, near), (x[1], y, near), width, colour)
        for left, _ in spans(x, step[0]):
            self.line((left, y, z[0]), (left, y, z[1]), width, colour)


def spans(ends: tuple[float, float], step: float) -> Iterator[tuple[float, float]]:
    """Consecutive pieces of an interval."""
    start = ends[0]
    while start < ends[1]:
        yield start, min(start + step, ends[1])
        start += step
