"""Painted leaves: masses whose edges are leaf-sized noise, in three tones lit from above, and blades of grass."""

import numpy as np

from training.toon.colour import Tone, channels
from training.toon.noise import Field, fractal, grid
from training.toon.painting import Board
from training.toon.rng import Dice

type Clump = tuple[float, float, float, float]
"""Middle x and y, half width and half height."""


def mass(dice: Dice, board: Board, clumps: list[Clump], leaf: float, tones: Tone) -> None:
    """Paints clumps of foliage; `leaf` is the size of a leaf in picture heights."""
    field, box = cover(dice, board, clumps, leaf)
    lift = max(1, round(1.6 * leaf * board.paper.density))
    above = np.roll(field, (-lift, lift // 2), (0, 1))
    higher = np.roll(field, (-4 * lift, lift), (0, 1))
    edge = 0.04
    spots = dapple(dice, field.shape, leaf * board.paper.density)
    for level, colour in (
        (field, tones.deep),
        (above - 0.12 - 0.1 * spots, tones.base),
        (higher - 0.5 - 0.25 * spots, tones.shine),
    ):
        lay(board, box, np.clip(np.minimum(level, field) / edge, 0, 1), colour)


def cover(dice: Dice, board: Board, clumps: list[Clump], leaf: float) -> tuple[Field, tuple[int, int]]:
    """How far inside the mass every pixel of its box is, and the box's corner."""
    density = board.paper.density
    left, top, right, bottom = board.box
    x0 = max(min(x - w for x, _, w, _ in clumps) - 0.05, left)
    x1 = min(max(x + w for x, _, w, _ in clumps) + 0.05, right)
    y0 = max(min(y - h for _, y, _, h in clumps) - 0.05, top)
    y1 = min(max(y + h for _, y, _, h in clumps) + 0.05, bottom)
    size = max(round((y1 - y0) * density), 1), max(round((x1 - x0) * density), 1)
    x, y = grid(size)
    x, y = x0 + x / density, y0 + y / density
    made = np.full(size, -9.0, np.float32)
    for cx, cy, wide, high in clumps:
        made = np.maximum(made, 1 - ((x - cx) / wide) ** 2 - ((y - cy) / high) ** 2)
    rng = dice.field()
    pixels = leaf * density
    made += 0.42 * fractal(rng, size, pixels * 7, 2) + 0.30 * fractal(rng, size, max(pixels * 1.6, 2), 2)
    return made, (round((x0 - left) * density), round((y0 - top) * density))


def dapple(dice: Dice, size: tuple[int, ...], leaf: float) -> Field:
    """Leaf-sized spots."""
    return fractal(dice.field(), (size[0], size[1]), max(leaf * 1.2, 2), 2)


def lay(board: Board, corner: tuple[int, int], alpha: Field, colour: int) -> None:
    """Lays a colour over the box at that corner."""
    x, y = corner
    part = board.pixels[y : y + alpha.shape[0], x : x + alpha.shape[1]]
    share = alpha[: part.shape[0], : part.shape[1], None]
    ink = np.array([*channels(colour), 255], np.float32)
    part[:] = (part * (1 - share) + ink * share + 0.5).astype(np.uint8)


def grass(dice: Dice, board: Board, span: tuple[float, float], tones: Tone, count: int) -> None:
    """Blades between two heights, larger towards the lower one; drawn from the back to the front."""
    left, _, right, _ = board.box
    colours = (tones.base, tones.shade, tones.shine, tones.shade, tones.deep)
    for i in range(count):
        depth = (i + dice.random()) / count
        y = span[0] + (span[1] - span[0]) * depth**1.4
        x, high = dice.uniform(left, right), 0.006 + 0.06 * depth**1.6
        lean, colour = dice.signed(0.6) * high, colours[dice.randint(0, 4)]
        board.polygon(
            [(x - high * 0.09, y), (x + lean * 0.4, y - high * 0.6), (x + lean, y - high), (x + high * 0.09, y)], colour
        )
