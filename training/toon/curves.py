"""Smooth curves through points (Catmull-Rom), as arrays and as skia paths; a point given twice is a corner."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import skia
from numpy.typing import NDArray

type Points = NDArray[np.float64]
"""n x 2, x to the right, y down."""

type PointsLike = Points | Sequence[tuple[float, float]] | Sequence[Points]


def points(like: PointsLike) -> Points:
    """As an array."""
    return np.asarray(like, dtype=np.float64).reshape(-1, 2)


def corners(like: PointsLike) -> Points:
    """The same points, each a corner."""
    return np.repeat(points(like), 2, axis=0)


def neighbours(through: Points, closed: bool) -> tuple[Points, Points, Points, Points]:
    """For every segment of the curve: the point before, its ends, the point after."""
    if closed:
        around = np.concatenate([through[-1:], through, through[:2]])
    else:
        around = np.concatenate([through[:1], through, through[-1:]])
    return around[:-3], around[1:-2], around[2:-1], around[3:]


@lru_cache
def basis(steps: int) -> NDArray[np.float64]:
    """Weights of the four points of a Catmull-Rom segment, at `steps` places from 0 up to but not at 1."""
    t = np.arange(steps)[:, None] / steps
    t2, t3 = t * t, t * t * t
    made: NDArray[np.float64] = 0.5 * np.hstack([-t + 2 * t2 - t3, 2 - 5 * t2 + 3 * t3, t + 4 * t2 - 3 * t3, -t2 + t3])
    return made


def sampled(through: PointsLike, steps: int = 5, closed: bool = False) -> Points:
    """Points along the curve, `steps` for each segment; an open one ends with its last point."""
    through = points(through)
    four = np.stack(neighbours(through, closed), axis=1)
    along = np.einsum("tk,skd->std", basis(steps), four).reshape(-1, 2)
    return along if closed else np.concatenate([along, through[-1:]])


def path(through: PointsLike, closed: bool = True) -> skia.Path:
    """The curve as a path of cubic segments."""
    built = skia.PathBuilder()
    trace(built, points(through), closed)
    return built.detach()


def trace(built: skia.PathBuilder, through: Points, closed: bool = True) -> None:
    """Appends the curve to a path that is being built."""
    a, b, c, d = neighbours(through, closed)
    moved = (b != c).any(axis=1)
    rows = np.concatenate([b + (c - a) / 6, c - (d - b) / 6, c], axis=1)[moved].tolist()
    built.moveTo(float(through[0, 0]), float(through[0, 1]))
    for row in rows:
        built.cubicTo(*row)
    if closed:
        built.close()


def polygon(at: PointsLike, closed: bool = True) -> skia.Path:
    """Straight lines between the points."""
    built = skia.PathBuilder()
    rows = points(at).tolist()
    built.moveTo(*rows[0])
    for row in rows[1:]:
        built.lineTo(*row)
    if closed:
        built.close()
    return built.detach()


def ellipse(x: float, y: float, rx: float, ry: float, count: int = 16) -> Points:
    """Points of an ellipse."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1)


def normals(along: Points) -> Points:
    """Unit normals, to the left of the direction of travel with y down."""
    way = np.empty_like(along)
    way[1:-1] = along[2:] - along[:-2]
    way[0], way[-1] = along[1] - along[0], along[-1] - along[-2]
    across = np.stack([way[:, 1], -way[:, 0]], axis=1)
    length = np.hypot(across[:, 0], across[:, 1])
    made: Points = across / np.maximum(length, 1e-9)[:, None]
    return made


def tube(along: PointsLike, widths: Sequence[float], steps: int = 4) -> tuple[Points, Points]:
    """The two sides of a limb around a centre line; `widths` are radii at its points."""
    centre = sampled(along, steps)
    places = np.linspace(0, len(widths) - 1, len(centre))
    radii = np.interp(places, np.arange(len(widths)), widths)[:, None]
    across = normals(centre) * radii
    return centre + across, centre - across


def turned(like: PointsLike, angle: float) -> Points:
    """Rotated about the origin by radians, clockwise as seen since y is down."""
    cos, sin = np.cos(angle), np.sin(angle)
    made: Points = points(like) @ np.array([[cos, sin], [-sin, cos]])
    return made


def pieces(through: Points, closed: bool) -> list[Points] | None:
    """A curve cut at its corners; None if it has none."""
    after = np.roll(through, -1, axis=0) if closed else through[1:]
    cuts = np.flatnonzero((through[: len(after)] == after).all(axis=1))
    if not len(cuts):
        return None
    if closed:
        through = np.roll(through, -(cuts[0] + 1), axis=0)
        cuts = (cuts - cuts[0] - 1)[1:]
    parts = np.split(through, cuts + 1)
    return [part for part in parts if len(part) > 1]
