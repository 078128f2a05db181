"""Flat patterns that networks like to over-sharpen: bricks, tiles, lattices, blinds, print dots; and plain grounds."""

import math

import numpy as np
import skia

from training.toon.colour import WHITE, channels, faint, mix, oklch, tone
from training.toon.noise import fractal, grid
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed

PATTERNS = {
    "bricks": 2,
    "tiles": 2,
    "lattice": 1.5,
    "planks": 1.5,
    "blinds": 1,
    "shoji": 1,
    "shingles": 1,
    "matrix": 0.7,
}


def wall(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """A wall close behind the characters, straight on or a little askew."""
    dice = seed.dice("wall")
    board = Board(paper, oklch(dice.uniform(0.5, 0.9), 0.03, dice.random()))
    board.canvas.rotate(dice.signed(8) if dice.chance(0.5) else 0)
    board.canvas.skew(dice.signed(0.2) if dice.chance(0.4) else 0, dice.signed(0.15) if dice.chance(0.4) else 0)
    globals()[dice.pick(PATTERNS)](dice, board)
    board.canvas.resetMatrix()
    return [board.layer(dice, 0.85)]


def reach(board: Board) -> tuple[float, float]:
    """How far a pattern goes to either side."""
    return board.box[2] * 1.4, board.box[3] * 1.6


def bricks(dice: Dice, board: Board) -> None:
    """Bricks in bond, in several colours."""
    made = tone(dice.uniform(0.45, 0.8), dice.uniform(0.02, 0.11), dice.uniform(0.02, 0.2))
    wide, high = dice.log(0.06, 0.3), dice.uniform(0.3, 0.5)
    high *= wide
    joint = wide * dice.uniform(0.03, 0.09)
    x_end, y_end = reach(board)
    board.rect(-x_end, -y_end, x_end, y_end, made.deep if dice.chance(0.5) else mix(made.shine, WHITE, 0.4))
    for row in range(int(2 * y_end / high) + 1):
        y = -y_end + row * high
        for column in range(int(2 * x_end / wide) + 2):
            x = -x_end + (column - row % 2 / 2) * wide
            board.rect(x, y, x + wide - joint, y + high - joint, mix(made.base, made.shade, dice.random()))


def tiles(dice: Dice, board: Board) -> None:
    """Square tiles with a shine on each."""
    made = tone(dice.uniform(0.6, 0.95), dice.uniform(0.01, 0.1), dice.random())
    step = dice.log(0.025, 0.16)
    x_end, y_end = reach(board)
    board.rect(-x_end, -y_end, x_end, y_end, made.shade)
    for x in np.arange(-x_end, x_end, step):
        for y in np.arange(-y_end, y_end, step):
            board.rect(x, y, x + step * 0.92, y + step * 0.92, mix(made.base, made.shine, dice.random() * 0.5))
            if step > 0.06:
                board.line(
                    [
                        (x + step * 0.1, y + step * 0.5),
                        (x + step * 0.1, y + step * 0.1),
                        (x + step * 0.5, y + step * 0.1),
                    ],
                    step * 0.03,
                    WHITE,
                )


def lattice(dice: Dice, board: Board) -> None:
    """A wire fence or a trellis."""
    step, width = dice.log(0.03, 0.14), dice.log(0.0015, 0.01)
    colour = oklch(dice.uniform(0.2, 0.9), 0.02, dice.random())
    x_end, y_end = reach(board)
    board.gradient(-y_end, y_end, [oklch(0.85, 0.05, 0.65), oklch(0.6, 0.06, 0.4)])
    slope = dice.pick({1.0: 3, 0.0: 1})
    for at in np.arange(-x_end - y_end, x_end + y_end, step):
        board.line([(at - y_end * slope, -y_end), (at + y_end * slope, y_end)], width, colour)
        if slope:
            board.line([(at + y_end, -y_end), (at - y_end, y_end)], width, colour)
        else:
            board.line([(-x_end, at), (x_end, at)], width, colour)


def planks(dice: Dice, board: Board) -> None:
    """Boards with grain and nails."""
    made = tone(dice.uniform(0.4, 0.75), dice.uniform(0.03, 0.09), dice.uniform(0.12, 0.2))
    step = dice.log(0.06, 0.25)
    x_end, y_end = reach(board)
    for x in np.arange(-x_end, x_end, step):
        base = mix(made.base, made.shade, dice.random() * 0.7)
        board.rect(x, -y_end, x + step, y_end, base)
        for _ in range(7):
            at, bend = x + dice.random() * step, dice.signed(0.1) * step
            rows = [(at, -y_end), (at + bend, -0.3), (at - bend, 0.2), (at + bend, y_end)]
            board.line(rows, dice.log(0.001, 0.004), mix(base, made.deep, dice.uniform(0.2, 0.7)))
        board.line([(x, -y_end), (x, y_end)], 0.005, made.ink)


def blinds(dice: Dice, board: Board) -> None:
    """Slats or stripes, light between them."""
    step, share = dice.log(0.012, 0.08), dice.uniform(0.3, 0.8)
    first, second = (oklch(dice.uniform(0.3, 0.98), dice.uniform(0, 0.08), dice.random()) for _ in range(2))
    x_end, y_end = reach(board)
    board.rect(-x_end, -y_end, x_end, y_end, first)
    upright = dice.chance(0.4)
    for at in np.arange(-x_end, x_end, step):
        if upright:
            board.rect(at, -y_end, at + step * share, y_end, second)
        else:
            board.rect(-x_end, at, x_end, at + step * share, second)


def shoji(dice: Dice, board: Board) -> None:
    """Paper doors in wooden frames."""
    wood = tone(dice.uniform(0.3, 0.6), 0.05, 0.15)
    x_end, y_end = reach(board)
    board.rect(-x_end, -y_end, x_end, y_end, oklch(0.95, 0.02, 0.24))
    wide = dice.uniform(0.4, 0.7)
    for x in np.arange(-x_end, x_end, wide):
        for i in range(1, 4):
            board.rect(x + wide * i / 4 - 0.003, -y_end, x + wide * i / 4 + 0.003, y_end, wood.base)
        for y in np.arange(-y_end, y_end, wide / 5):
            board.rect(x, y - 0.003, x + wide, y + 0.003, wood.base)
        board.rect(x - 0.02, -y_end, x + 0.02, y_end, wood.shade)
        board.rect(x + 0.012, -y_end, x + 0.02, y_end, wood.deep)


def shingles(dice: Dice, board: Board) -> None:
    """Roof tiles or scales."""
    made = tone(dice.uniform(0.35, 0.7), dice.uniform(0.02, 0.1), dice.random())
    step = dice.log(0.04, 0.15)
    x_end, y_end = reach(board)
    for row, y in enumerate(np.arange(-y_end, y_end, step * 0.6)):
        for x in np.arange(-x_end, x_end, step):
            at = x + row % 2 * step / 2
            board.disc(at, y, step * 0.53, made.ink)
            board.disc(at, y - 0.003, step * 0.5, mix(made.base, made.shade, dice.random()))


def matrix(dice: Dice, board: Board) -> None:
    """Modules of two colours without order, like codes and far windows."""
    step = dice.log(0.01, 0.05)
    dark, pale = oklch(dice.uniform(0.1, 0.4), 0.03, dice.random()), oklch(dice.uniform(0.7, 0.98), 0.03, dice.random())
    x_end, y_end = reach(board)
    rows, columns = int(2 * y_end / step), int(2 * x_end / step)
    modules = np.where(dice.field().random((rows, columns, 1)) < 0.45, channels(dark), channels(pale)).astype(np.uint8)
    opaque = np.dstack([modules, np.full((rows, columns), 255, np.uint8)])
    image = skia.Image.fromarray(opaque, skia.kRGBA_8888_ColorType)
    board.canvas.drawImageRect(image, skia.Rect(-x_end, -y_end, x_end, y_end))


def ground(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """No place at all: a flat, a gradient, rays, dots, soft discs or a marbled cloud of colour."""
    dice = seed.dice("ground")
    hue = dice.random()
    first = oklch(dice.uniform(0.25, 0.98), dice.uniform(0, 0.13), hue)
    second = oklch(dice.uniform(0.3, 0.98), dice.uniform(0, 0.13), hue + dice.signed(0.2))
    board = Board(paper, first)
    _, top, _, bottom = board.box
    kind = dice.pick({"flat": 2, "gradient": 3, "rays": 1, "dots": 1.5, "discs": 2, "marble": 1.5})
    if kind in ("gradient", "discs"):
        board.gradient(top, bottom, [first, second])
    if kind == "rays":
        rays(dice, board, second)
    elif kind == "dots":
        dots(dice, board, second)
    elif kind == "discs":
        discs(dice, board)
    elif kind == "marble":
        marble(dice, board, first, second)
    return [board.layer(dice, 0.4)]


def rays(dice: Dice, board: Board, colour: int) -> None:
    """Beams from one point."""
    x, y, count = dice.signed(0.3), dice.signed(0.3), dice.randint(10, 40)
    for i in range(count):
        start, end = math.tau * i / count, math.tau * (i + dice.uniform(0.2, 0.8)) / count
        board.polygon(
            [
                (x, y),
                (x + 4 * math.cos(start), y + 4 * math.sin(start)),
                (x + 4 * math.cos(end), y + 4 * math.sin(end)),
            ],
            colour,
        )


def dots(dice: Dice, board: Board, colour: int) -> None:
    """Printed dots that grow from top to bottom, in rows that are set off by half a step."""
    step = dice.log(0.008, 0.05)
    x, y = grid(board.pixels.shape[:2])
    x, y = x / (board.paper.density * step), y / (board.paper.density * step * 0.5)
    row = np.floor(y)
    dx = (x + (row % 2) / 2) % 1 - 0.5
    dy = (y - row - 0.5) * 0.5
    radius = 0.42 * row / row.max()
    cover = np.clip((radius - np.hypot(dx, dy)) * step * board.paper.density + 0.5, 0, 1)[..., None]
    ink = np.array([*channels(colour), 255], np.float32)
    board.pixels[:] = (board.pixels * (1 - cover) + ink * cover + 0.5).astype(np.uint8)


def discs(dice: Dice, board: Board) -> None:
    """Lights out of focus."""
    left, top, right, bottom = board.box
    for _ in range(dice.randint(10, 50)):
        x, y, radius = dice.uniform(left, right), dice.uniform(top, bottom), dice.log(0.01, 0.12)
        colour = oklch(dice.uniform(0.8, 0.98), dice.uniform(0.02, 0.12), dice.random())
        board.disc(x, y, radius, faint(colour, dice.uniform(0.1, 0.45)))


def marble(dice: Dice, board: Board, first: int, second: int) -> None:
    """Two colours that run into each other like wet paint."""
    height, width = board.pixels.shape[:2]
    rng = dice.field()
    size = (height // 2, width // 2)
    flow = fractal(rng, size, height * 0.25, 4)
    field = np.sin(3 * flow + fractal(rng, size, height * 0.12, 5)) * 0.5 + 0.5
    share = np.repeat(np.repeat(field, 2, 0), 2, 1)[:height, :width, None]
    share = np.pad(share, ((0, height - share.shape[0]), (0, width - share.shape[1]), (0, 0)), mode="edge")
    ends = [np.array([colour >> shift & 255 for shift in (16, 8, 0)], np.float32) for colour in (first, second)]
    board.pixels[..., :3] = (ends[0] * (1 - share) + ends[1] * share).astype(np.uint8)
