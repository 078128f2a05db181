"""Single strands, and what ties them."""

from collections.abc import Sequence

import numpy as np

from training.toon.colour import Tone
from training.toon.curves import Points, corners, sampled
from training.toon.pen import Pen


def lock(centre: Points, radii: Sequence[float]) -> tuple[Points, Points]:
    """The two sides of a strand around a centre line."""
    along = sampled(centre, 3)
    way = np.gradient(along, axis=0)
    across = np.stack([way[:, 1], -way[:, 0]], axis=1)
    across /= np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-9)[:, None]
    wide = np.interp(np.linspace(0, len(radii) - 1, len(along)), np.arange(len(radii)), radii)[:, None]
    return along + across * wide, along - across * wide


def bow(pen: Pen, x: float, y: float, size: float, tone: Tone) -> None:
    """A ribbon tied in a bow."""
    for side in (-1, 1):
        wing = np.array([(0, 0), (0, 0), (side * 0.7, -0.5), (side * 0.95, 0.0), (side * 0.7, 0.45)]) * size + [x, y]
        pen.cel(wing, tone, size * 0.2)
        end = np.array([(0, 0), (side * 0.25, 0.6), (side * 0.5, 1.1), (side * 0.2, 1.0)]) * size + [x, y]
        pen.cel(corners(end), tone, 0, 0.9)
    knot = np.array([(-0.18, -0.18), (0.18, -0.18), (0.2, 0.2), (-0.2, 0.2)]) * size + [x, y]
    pen.cel(knot, tone, 0)
