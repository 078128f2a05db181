"""Skies: gradients of the hour, cumulus heaps, high veils, sun, moon and stars."""

import cv2
import numpy as np

from training.toon.colour import WHITE, Colour, channels, faint, mix, oklch
from training.toon.noise import Field, fractal, grid
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed

SKIES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "noon": ((0.58, 0.15, 0.70), (0.74, 0.10, 0.68), (0.90, 0.04, 0.60)),
    "morning": ((0.70, 0.09, 0.68), (0.84, 0.05, 0.55), (0.95, 0.05, 0.20)),
    "dusk": ((0.45, 0.12, 0.80), (0.66, 0.15, 0.05), (0.86, 0.12, 0.19)),
    "night": ((0.18, 0.06, 0.74), (0.27, 0.08, 0.73), (0.42, 0.07, 0.72)),
    "lamp": ((0.16, 0.05, 0.75), (0.22, 0.06, 0.77), (0.35, 0.06, 0.80)),
    "backlit": ((0.72, 0.08, 0.70), (0.90, 0.05, 0.30), (0.98, 0.03, 0.28)),
    "memory": ((0.82, 0.03, 0.25), (0.90, 0.03, 0.24), (0.96, 0.02, 0.24)),
}
"""Lightness, chroma and hue at the top, in the middle and at the horizon."""


def shades(seed: Seed, hour: str) -> list[Colour]:
    """The sky's colours from the top down."""
    dice = seed.dice("sky colours")
    return [
        oklch(light + dice.signed(0.04), strong * dice.uniform(0.7, 1.1), hue + dice.signed(0.02))
        for light, strong, hue in SKIES[hour]
    ]


def sky(seed: Seed, paper: Paper, hour: str, horizon: float) -> list[Layer]:
    """Everything behind the horizon, down to that height."""
    dice = seed.dice("sky")
    colours = shades(seed, hour)
    board = Board(paper, colours[2])
    top = board.box[1]
    board.gradient(top, max(horizon, top + 0.2), colours, (0.0, 0.55, 1.0))
    if hour in ("night", "lamp"):
        stars(seed, board)
    elif dice.chance(0.4):
        x, y = dice.uniform(-0.8, 0.8), dice.uniform(top * 0.8, horizon - 0.1)
        board.glow(x, y, dice.uniform(0.3, 0.9), faint(mix(WHITE, colours[2], 0.3), 0.8))
        board.disc(x, y, dice.uniform(0.02, 0.08), WHITE)
    if dice.chance(0.5):
        veil(seed, board, colours)
    far = [board.layer(dice, 0.15, 1.0, 0.4)]
    if dice.chance(0.75):
        far.append(clouds(seed, paper, colours, horizon))
    return far


def heights(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """Nothing but sky, down to below the picture."""
    return sky(seed, paper, hour, paper.size[1] * seed.dice("heights").uniform(0.3, 0.55))


def stars(seed: Seed, board: Board) -> None:
    """Stars of all sizes, and perhaps a moon."""
    dice = seed.dice("stars")
    left, top, right, _ = board.box
    for _ in range(dice.randint(40, 260)):
        size = dice.log(0.0006, 0.003)
        board.disc(dice.uniform(left, right), dice.uniform(top, 0.3), size, faint(WHITE, dice.uniform(0.3, 1)))
    if dice.chance(0.4):
        x, y, radius = dice.uniform(-0.6, 0.6), dice.uniform(-0.45, -0.15), dice.uniform(0.04, 0.12)
        board.glow(x, y, radius * 3, faint(oklch(0.9, 0.04, 0.28), 0.4))
        board.disc(x, y, radius, oklch(0.95, 0.04, 0.28))


def veil(seed: Seed, board: Board, colours: list[Colour]) -> None:
    """Thin high cloud, drawn out by wind."""
    dice = seed.dice("veil")
    height, width = board.pixels.shape[:2]
    noise = fractal(dice.field(), (height, width // 3 + 1), height * 0.16, 5, 0.6)
    cover = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    alpha = np.clip((cover - dice.uniform(0.3, 1.0)) * 0.45, 0, 0.75)[..., None].astype(np.float32)
    light = np.array([mix(WHITE, colours[2], 0.5) >> shift & 255 for shift in (16, 8, 0)], np.float32)
    board.pixels[..., :3] = (board.pixels[..., :3] * (1 - alpha) + light * alpha).astype(np.uint8)


def clouds(seed: Seed, paper: Paper, colours: list[Colour], horizon: float) -> Layer:
    """Cumulus in three tones with flat undersides and frayed tops, lit from one side."""
    dice = seed.dice("clouds")
    board = Board(paper)
    left, top, right, bottom = board.box
    size = board.pixels.shape[0] // 2, board.pixels.shape[1] // 2
    x, y = grid(size)
    x, y = left + x * (right - left) / size[1], top + y * (bottom - top) / size[0]
    rough = fractal(dice.field(), size, size[0] * 0.16, 6, 0.55)
    side = dice.signed(0.03)
    light = mix(WHITE, colours[2], 0.12)
    tones = [mix(colours[1], colours[2], 0.75), mix(light, colours[1], 0.3), light]
    field = np.full(size, -9.0, np.float32)
    for _ in range(dice.randint(1, 6)):
        base, wide = horizon - dice.random() ** 1.5 * 0.8, dice.log(0.1, 0.5)
        field = np.maximum(field, heap(dice, (x, y), (dice.uniform(left, right), base), wide))
    field += 0.22 * rough
    low, lower = (shifted(field, side * far, -0.03 * far, board.paper.density / 2) for far in (1, 2))
    lit = [field, np.minimum(field, low - 0.02 + 0.08 * rough), np.minimum(field - 0.1, lower - 0.25 + 0.22 * rough)]
    paint_over(board, lit, tones, dice.uniform(0.03, 0.12))
    return board.layer(dice, 0.25, 1.0, 0.4)


def heap(dice: Dice, at: tuple[Field, Field], foot: tuple[float, float], wide: float) -> Field:
    """How far inside one cloud points are: towers on a flat base."""
    made = np.full(at[0].shape, -9.0, np.float32)
    for _ in range(9):
        along = dice.signed(1.0)
        high = wide * dice.uniform(0.18, 0.6) * (1 - along * along) ** 0.6 + 0.02
        dx = (at[0] - foot[0] - along * wide) / (wide * dice.uniform(0.25, 0.5))
        dy = (at[1] - foot[1] + high * 0.45) / high
        made = np.maximum(made, 1 - np.sqrt(dx * dx + dy * dy))
    base: Field = np.minimum(made, (foot[1] - at[1]) / (0.05 * wide + 0.01))
    return base


def shifted(field: Field, dx: float, dy: float, density: float) -> Field:
    """The field moved by picture heights."""
    return np.roll(field, (round(dy * density), round(dx * density)), (0, 1))


def paint_over(board: Board, fields: list[Field], tones: list[Colour], soft: float) -> None:
    """Paints each tone where its field is above 0, with an edge that fades over `soft`."""
    height, width = board.pixels.shape[:2]
    for field, colour in zip(fields, tones, strict=True):
        whole = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
        alpha = np.clip(whole / soft, 0, 1)[..., None]
        ink = np.array([*channels(colour), 255], np.float32)
        board.pixels[:] = (board.pixels * (1 - alpha) + ink * alpha + 0.5).astype(np.uint8)
