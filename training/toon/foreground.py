"""Things between the camera and the characters, out of focus: posts, frames, leaves, cloth, lights."""

import math

import numpy as np

from training.toon.colour import Tone, faint, mix, oklch, tone
from training.toon.leaves import mass
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed

KINDS = {"posts": 1.2, "frame": 1, "leaves": 1.5, "cloth": 0.8, "lights": 1.2, "grass": 1}


def foreground(seed: Seed, paper: Paper) -> Layer:
    """One layer in front of everything on cels."""
    dice = seed.dice("foreground")
    board = Board(paper)
    made = tone(dice.uniform(0.2, 0.6), dice.uniform(0.01, 0.08), dice.random())
    globals()[dice.pick(KINDS)](dice, board, made)
    return board.layer(dice, dice.uniform(1.3, 1.9), dice.uniform(0.5, 3.0))


def posts(dice: Dice, board: Board, made: Tone) -> None:
    """Uprights with bars, as of a railing or scaffold."""
    left, top, right, bottom = board.box
    x = left + dice.random() * 0.5
    while x < right:
        wide = dice.uniform(0.03, 0.12)
        board.rect(x, top, x + wide, bottom, made.base)
        board.rect(x + wide * 0.65, top, x + wide, bottom, made.deep)
        x += dice.uniform(0.7, 1.6)
    if dice.chance(0.5):
        board.rect(left, 0.3, right, 0.3 + dice.uniform(0.02, 0.06), made.shade)


def frame(dice: Dice, board: Board, made: Tone) -> None:
    """The dark edges of a door or a window that we look through."""
    left, top, right, bottom = board.box
    x, y = dice.uniform(0.42, 0.55) * (right - left) / 1.4, dice.uniform(0.42, 0.52)
    board.rect(left, top, -x, bottom, made.deep)
    board.rect(x, top, right, bottom, made.deep)
    board.rect(left, top, right, -y, made.deep)
    board.rect(-x, -y, -x + 0.02, bottom, made.base)
    board.rect(x - 0.02, -y, x, bottom, made.shade)
    board.rect(-x, -y, x, -y + 0.02, made.shade)


def leaves(dice: Dice, board: Board, made: Tone) -> None:
    """Leaves in a corner."""
    left, top, right, bottom = board.box
    x, y = dice.choice((left + 0.3, right - 0.3)), dice.choice((top + 0.3, bottom - 0.3))
    clumps = [
        (x + dice.signed(0.45), y + dice.signed(0.3), dice.uniform(0.1, 0.3), dice.uniform(0.08, 0.2)) for _ in range(7)
    ]
    leaf = tone(dice.uniform(0.35, 0.6), dice.uniform(0.06, 0.13), dice.uniform(0.3, 0.4))
    mass(dice, board, clumps, 0.022, leaf)


def cloth(dice: Dice, board: Board, made: Tone) -> None:
    """A curtain at one side."""
    left, top, right, bottom = board.box
    side = dice.choice((-1, 1))
    edge = side * dice.uniform(0.45, 0.75)
    y = np.linspace(top, bottom, 12)
    for i in range(7):
        x = edge + side * 0.08 * i + 0.03 * np.sin(y * 4 + i)
        out = np.full_like(x, right if side > 0 else left)
        rows = np.concatenate([np.stack([x, y], 1), np.stack([out, y], 1)[::-1]])
        board.polygon(rows, (made.base, made.shade, made.shine)[i % 3])


def lights(dice: Dice, board: Board, made: Tone) -> None:
    """Discs of light, brighter at their rims."""
    left, top, right, bottom = board.box
    hue = dice.random()
    for _ in range(dice.randint(6, 24)):
        x, y, radius = dice.uniform(left, right), dice.uniform(top, bottom), dice.log(0.015, 0.1)
        colour = oklch(dice.uniform(0.75, 0.97), dice.uniform(0.03, 0.14), hue + dice.signed(0.12))
        board.disc(x, y, radius, faint(colour, 0.45))
        board.disc(x, y, radius * 0.88, faint(mix(colour, 0xFFFFFFFF, 0.2), 0.35))


def grass(dice: Dice, board: Board, made: Tone) -> None:
    """Long blades from below."""
    left, _, right, bottom = board.box
    leaf = tone(dice.uniform(0.35, 0.6), dice.uniform(0.06, 0.13), dice.uniform(0.28, 0.4))
    for _ in range(70):
        x, high, lean = dice.uniform(left, right), dice.uniform(0.2, 0.55), dice.signed(0.35)
        wide = dice.uniform(0.006, 0.02)
        tip = x + math.sin(lean) * high, bottom - high
        middle = x + math.sin(lean) * high * 0.3, bottom - high * 0.5
        colour = dice.choice((leaf.base, leaf.shade, leaf.deep))
        board.polygon(
            [
                (x - wide, bottom),
                (middle[0] - wide * 0.8, middle[1]),
                tip,
                (middle[0] + wide * 0.8, middle[1]),
                (x + wide, bottom),
            ],
            colour,
        )
