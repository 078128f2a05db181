"""Places of the test split: mountains, lakes and conifers; space with planets and hulls. Training has none of these."""

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from training.toon.colour import WHITE, Colour, channels, faint, mix, oklch
from training.toon.noise import fractal
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed


def vista(seed: Seed, paper: Paper) -> list[Layer]:
    """Ridges behind ridges under an open sky, perhaps above a lake."""
    dice = seed.dice("vista")
    hue, horizon = dice.uniform(0.5, 0.75), dice.uniform(0.0, 0.25)
    top, low = oklch(dice.uniform(0.3, 0.75), 0.09, hue), oklch(dice.uniform(0.8, 0.96), 0.05, dice.random())
    far = Board(paper, low)
    far.gradient(far.box[1], horizon, [top, mix(top, low, 0.5), low])
    streamers(seed, far, low)
    made = [far.layer(dice, 0.1)]
    rock = oklch(dice.uniform(0.35, 0.6), 0.05, dice.random())
    for depth in range(4):
        board = Board(paper)
        tone = mix(low, rock, 0.2 + 0.25 * depth)
        ridge(seed.dice("ridge", depth), board, horizon + 0.05 * depth, 0.42 - 0.09 * depth, tone, snow=depth < 2)
        if depth >= 2:
            conifers(
                seed.dice("trees", depth), board, horizon + 0.06 * depth, depth, mix(tone, oklch(0.3, 0.06, 0.42), 0.6)
            )
        made.append(board.layer(dice, 0.15 + 0.2 * depth))
    if dice.chance(0.4):
        made.append(lake(dice, paper, horizon, mix(top, low, 0.6)))
    return made


def streamers(seed: Seed, board: Board, light: Colour) -> None:
    """Long clouds that converge."""
    dice = seed.dice("streamers")
    height, width = board.pixels.shape[:2]
    noise = fractal(dice.field(), (height, width // 6 + 1), height * 0.09, 4)
    cover = np.clip(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) - dice.uniform(0, 1.2), 0, 1)[
        ..., None
    ]
    ink = np.array([*channels(mix(WHITE, light, 0.3)), 255], np.float32)
    board.pixels[:] = (board.pixels * (1 - 0.8 * cover) + ink * 0.8 * cover).astype(np.uint8)


def profile(dice: Dice, count: int, rough: float) -> NDArray[np.float64]:
    """Heights between 0 and 1 of a ridge, by splitting the middle again and again."""
    rng = dice.field()
    heights = rng.random(3)
    spread = 0.5
    while len(heights) < count:
        middle = (heights[1:] + heights[:-1]) / 2 + rng.uniform(-spread, spread, len(heights) - 1)
        merged = np.empty(len(heights) + len(middle))
        merged[::2], merged[1::2] = heights, middle
        heights, spread = merged, spread * rough
    made: NDArray[np.float64] = (heights - heights.min()) / max(np.ptp(heights), 1e-6)
    return made


def ridge(dice: Dice, board: Board, foot: float, high: float, colour: Colour, *, snow: bool) -> None:
    """Mountains with a lit and a shaded side of each summit."""
    left, _, right, bottom = board.box
    heights = profile(dice, 120, 0.52)
    x = np.linspace(left, right, len(heights))
    y = foot - high * heights
    board.polygon(np.concatenate([np.stack([x, y], 1), [(right, bottom), (left, bottom)]]), colour)
    shade = mix(colour, oklch(0.25, 0.05, 0.75), 0.35)
    for i in range(2, len(x) - 3):
        if y[i] < y[i - 1] and y[i] <= y[i + 1]:
            run = dice.uniform(0.25, 0.8) * high
            facet = [
                (x[i], y[i]),
                (x[i + 2], y[i + 2]),
                (x[i] + 0.3 * run, y[i] + run),
                (x[i] + dice.signed(0.03), y[i] + run * 0.6),
            ]
            board.polygon(facet, shade)
            if snow:
                cap = [
                    (x[i], y[i]),
                    (x[i + 1], y[i + 1]),
                    (x[i] + 0.008, y[i] + 0.05),
                    (x[i] - 0.004, y[i] + 0.03),
                    (x[i - 1], y[i - 1] + 0.02),
                ]
                board.polygon(cap, mix(WHITE, colour, 0.12))


def conifers(dice: Dice, board: Board, foot: float, depth: int, colour: Colour) -> None:
    """Fir trees in rows."""
    left, _, right, _ = board.box
    for _ in range(60 * depth):
        x, high = dice.uniform(left, right), dice.log(0.03, 0.09) * (depth - 0.6)
        y = foot + dice.uniform(0, 0.1) * depth
        tone = mix(colour, 0xFF0A1420, dice.random() * 0.4)
        for tier in range(4):
            half, up = high * (0.10 + 0.07 * tier), high * (1 - 0.24 * tier)
            board.polygon([(x, y - up), (x + half, y - up + high * 0.34), (x - half, y - up + high * 0.34)], tone)


def lake(dice: Dice, paper: Paper, horizon: float, colour: Colour) -> Layer:
    """Still water with level streaks of light."""
    board = Board(paper)
    left, _, right, bottom = board.box
    top = horizon + 0.22
    board.rect(left, top, right, bottom, colour)
    for _ in range(90):
        y = top + (bottom - top) * dice.random() ** 2
        x, half = dice.uniform(left, right), dice.uniform(0.02, 0.2)
        board.rect(
            x - half,
            y,
            x + half,
            y + 0.002 + 0.004 * (y - top),
            faint(dice.choice((WHITE, mix(colour, 0xFF102040, 0.4))), 0.5),
        )
    return board.layer(dice, 0.8)


def orbit(seed: Seed, paper: Paper) -> list[Layer]:
    """Space: a nebula, stars, a planet's limb, and a hull of panels close by."""
    dice = seed.dice("orbit")
    far = Board(paper, oklch(0.1, 0.03, 0.75))
    nebula(seed, far)
    for _ in range(dice.randint(120, 500)):
        left, top, right, bottom = far.box
        far.disc(
            dice.uniform(left, right),
            dice.uniform(top, bottom),
            dice.log(0.0005, 0.0025),
            faint(WHITE, dice.uniform(0.3, 1)),
        )
    made = [far.layer(dice, 0.05)]
    if dice.chance(0.7):
        made.append(planet(seed, paper))
    if dice.chance(0.7):
        made.append(hull(seed, paper))
    return made


def nebula(seed: Seed, board: Board) -> None:
    """Glowing gas."""
    dice = seed.dice("nebula")
    height, width = board.pixels.shape[:2]
    for _ in range(2):
        gas = fractal(dice.field(), (height // 2, width // 2), height * 0.2, 6, 0.6)
        level = np.clip(cv2.resize(gas, (width, height)) - 0.2, 0, 2)[..., None] / 2
        colour = np.array([*channels(oklch(0.6, 0.15, dice.random())), 0], np.float32)
        board.pixels[:] = np.clip(board.pixels + level * colour, 0, 255).astype(np.uint8)


def planet(seed: Seed, paper: Paper) -> Layer:
    """A lit sphere with bands and a thin glow of air."""
    dice = seed.dice("planet")
    board = Board(paper)
    x, y, radius = dice.signed(0.8), dice.uniform(0.0, 1.0), dice.uniform(0.25, 1.1)
    hue = dice.random()
    board.glow(x, y, radius * 1.08, faint(oklch(0.8, 0.1, hue), 0.8))
    board.disc(x, y, radius, oklch(0.55, 0.1, hue))
    board.canvas.save()
    board.canvas.clipPath(skia.Path.Circle(x, y, radius), doAntiAlias=True)
    for _ in range(dice.randint(6, 24)):
        at, half = y + dice.signed(radius), dice.log(0.005, 0.08)
        board.rect(
            x - radius,
            at - half,
            x + radius,
            at + half,
            faint(oklch(dice.uniform(0.4, 0.85), 0.08, hue + dice.signed(0.08)), 0.6),
        )
    board.disc(x + radius * 0.45, y + radius * 0.4, radius * 1.15, 0x99000818)
    board.canvas.restore()
    return board.layer(dice, 0.15)


def hull(seed: Seed, paper: Paper) -> Layer:
    """A wall of plates, pipes, hatches and marks, lit from one side."""
    dice = seed.dice("hull")
    board = Board(paper)
    left, _, right, bottom = board.box
    top, grey = dice.uniform(0.05, 0.35), dice.uniform(0.4, 0.75)
    base = oklch(grey, 0.02, dice.random())
    board.canvas.rotate(dice.signed(12))
    board.rect(2 * left, top, 2 * right, bottom + 1, base)
    plates(dice, board, (1.3 * left, top, 1.3 * right, bottom + 0.4), base, 0)
    board.canvas.resetMatrix()
    return board.layer(dice, 0.6)


def plates(dice: Dice, board: Board, box: tuple[float, float, float, float], base: Colour, depth: int) -> None:
    """Splits a plate until it is small enough, then gives it detail."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    if depth < 9 and max(wide, high) > 0.05 and dice.chance(1.0 - 0.035 * depth):
        cut = dice.uniform(0.3, 0.7)
        if wide > high:
            middle = left + wide * cut
            halves = (left, top, middle, bottom), (middle, top, right, bottom)
        else:
            middle = top + high * cut
            halves = (left, top, right, middle), (left, middle, right, bottom)
        for half in halves:
            plates(dice, board, half, base, depth + 1)
        return
    tone = mix(base, dice.choice((WHITE, 0xFF101828)), dice.random() * 0.22)
    board.rect(left + 0.002, top + 0.002, right - 0.002, bottom - 0.002, tone)
    board.rect(left + 0.002, bottom - 0.006, right - 0.002, bottom - 0.002, mix(tone, 0xFF101828, 0.35))
    kind = dice.pick({"none": 4, "vent": 1, "bolts": 1, "hatch": 1, "lamp": 0.4})
    if kind == "vent":
        for i in range(4):
            y = top + high * (0.25 + 0.15 * i)
            board.rect(left + wide * 0.2, y, right - wide * 0.2, y + high * 0.06, 0xFF182028)
    elif kind == "bolts":
        for i in range(4):
            board.disc(left + wide * (0.15 + 0.7 * (i % 2)), top + high * (0.15 + 0.7 * (i // 2)), 0.003, 0xFF202830)
    elif kind == "hatch":
        board.disc((left + right) / 2, (top + bottom) / 2, min(wide, high) * 0.32, mix(tone, 0xFF101828, 0.4))
        board.disc((left + right) / 2, (top + bottom) / 2, min(wide, high) * 0.24, tone)
    elif kind == "lamp":
        board.glow((left + right) / 2, (top + bottom) / 2, 0.03, oklch(0.8, 0.18, dice.random()))
