"""Parks and woods: trees in dabs of three tones, trunks, bushes, grass and flowers."""

import math

import numpy as np

from training.toon.colour import Tone, faint, mix, oklch, tone
from training.toon.leaves import grass, mass
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed
from training.toon.skies import shades, sky


def park(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """A meadow before trees, perhaps with a path, a fence or bushes."""
    dice = seed.dice("park")
    horizon = dice.uniform(-0.1, 0.3)
    leaf = tone(dice.uniform(0.45, 0.66), dice.uniform(0.07, 0.15), dice.pick({0.36: 4, 0.32: 2, 0.2: 0.7, 0.02: 0.7}))
    far = Board(paper)
    haze = shades(seed, hour)[2]
    hills(seed, far, horizon, mix(leaf.base, haze, 0.6))
    middle = Board(paper)
    left, _, right, bottom = middle.box
    if dice.chance(0.7):
        treeline(seed.dice("treeline"), middle, horizon, paled(leaf, haze, 0.35))
    middle.rect(left, horizon, right, bottom, leaf.base)
    middle.gradient(horizon, bottom, [faint(haze, 0.5), 0, faint(leaf.deep, 0.7)])
    grass(dice, middle, (horizon, bottom), leaf, 1500)
    if dice.chance(0.5):
        way(dice, middle, horizon)
    if dice.chance(0.3):
        fence(dice, middle, horizon + dice.uniform(0.03, 0.1))
    for i in range(dice.randint(1, 5)):
        grown = seed.dice("tree", i)
        foot = grown.uniform(left, right), horizon + grown.uniform(0.0, 0.12)
        tree(grown, middle, foot, grown.log(0.3, 0.95), leaf)
    flowers(seed.dice("flowers"), middle, horizon)
    bushes(seed.dice("bushes"), middle, horizon, leaf)
    made = [*sky(seed, paper, hour, horizon), far.layer(dice, 0.3, 1.2), middle.layer(dice, 0.7)]
    if dice.chance(0.35):
        made.append(branches(seed, paper, leaf))
    return made


def paled(leaf: Tone, haze: int, share: float) -> Tone:
    """Leaves seen through that much haze."""
    return Tone(*(mix(colour, haze, share) for colour in (leaf.base, leaf.shade, leaf.deep, leaf.shine, leaf.ink)))


def treeline(dice: Dice, board: Board, horizon: float, leaf: Tone) -> None:
    """Trees along the horizon, one mass."""
    left, _, right, _ = board.box
    clumps, x = [], left
    high = dice.uniform(0.05, 0.22)
    while x < right:
        wide = dice.uniform(0.05, 0.16)
        tall = high * dice.uniform(0.5, 1.2)
        clumps.append((x, horizon - tall * 0.35, wide, tall))
        x += wide * dice.uniform(0.7, 1.5)
    mass(dice, board, clumps, 0.006, leaf)


def bushes(dice: Dice, board: Board, horizon: float, leaf: Tone) -> None:
    """Bushes in groups, the near ones larger."""
    left, _, right, bottom = board.box
    for _ in range(dice.randint(0, 4)):
        depth = dice.random()
        x, y, size = dice.uniform(left, right), horizon + 0.04 + (bottom - horizon) * 0.5 * depth, 0.05 + 0.14 * depth
        clumps = [
            (x + dice.signed(2) * size, y - size * 0.4, size * dice.uniform(0.7, 1.3), size * dice.uniform(0.5, 0.9))
            for _ in range(5)
        ]
        mass(dice, board, clumps, 0.006 + 0.012 * depth, leaf)


def fence(dice: Dice, board: Board, y: float) -> None:
    """Pickets in a row."""
    left, _, right, _ = board.box
    wood = tone(dice.uniform(0.5, 0.95), 0.03, 0.17)
    high, step = dice.uniform(0.05, 0.12), dice.uniform(0.03, 0.07)
    for rail in (0.3, 0.7):
        board.rect(left, y - high * rail, right, y - high * rail + 0.008, wood.shade)
    x = left
    while x < right:
        board.polygon(
            [
                (x, y),
                (x, y - high),
                (x + step * 0.2, y - high - 0.012),
                (x + step * 0.4, y - high),
                (x + step * 0.4, y),
            ],
            wood.base,
        )
        board.rect(x + step * 0.3, y - high, x + step * 0.4, y, wood.shade)
        x += step


def flowers(dice: Dice, board: Board, horizon: float) -> None:
    """Dots of blossom, larger towards us."""
    left, _, right, bottom = board.box
    bloom = oklch(dice.uniform(0.75, 0.95), dice.uniform(0.03, 0.18), dice.random())
    for _ in range(dice.pick({0: 1, 60: 1, 250: 1})):
        depth = dice.random() ** 1.5
        board.disc(dice.uniform(left, right), horizon + (bottom - horizon) * depth, 0.0015 + 0.007 * depth, bloom)


def hills(seed: Seed, board: Board, horizon: float, colour: int) -> None:
    """Hills in the haze."""
    dice = seed.dice("hills")
    left, _, right, bottom = board.box
    for depth in range(3):
        x = np.linspace(left, right, 80)
        low, phase = dice.uniform(0.02, 0.12), dice.random() * 6
        y = (
            horizon
            + 0.02 * depth
            - low * (0.5 + 0.5 * np.sin(x * dice.uniform(1, 4) + phase))
            - 0.01 * np.sin(x * 23 + phase)
        )
        rows = np.concatenate([np.stack([x, y], 1), [(right, bottom), (left, bottom)]])
        board.polygon(rows, mix(colour, oklch(0.45, 0.08, 0.4), 0.2 * depth))


def way(dice: Dice, board: Board, horizon: float) -> None:
    """A path that narrows towards the horizon."""
    _, _, _, bottom = board.box
    end, start = dice.signed(0.5), dice.signed(0.6)
    t = np.linspace(0, 1, 14)
    middle = end + (start - end) * t**1.5 + 0.12 * np.sin(t * 5) * t
    half = 0.012 + 0.42 * t**1.7
    y = horizon + 0.01 + (bottom - horizon) * t
    sand = oklch(dice.uniform(0.7, 0.85), 0.04, 0.2)
    rows = np.concatenate([np.stack([middle - half, y], 1), np.stack([middle + half, y], 1)[::-1]])
    board.polygon(rows, sand)


def tree(dice: Dice, board: Board, at: tuple[float, float], high: float, leaf: Tone) -> None:
    """A trunk and a crown, dabbed in dark, middle and light; `at` is its foot."""
    x, foot = at
    bark = tone(dice.uniform(0.3, 0.45), 0.04, 0.14)
    wide = high * 0.05
    board.polygon(
        [
            (x - wide, foot),
            (x - wide * 0.5, foot - high * 0.6),
            (x + wide * 0.5, foot - high * 0.6),
            (x + wide * 1.1, foot),
        ],
        bark.base,
    )
    board.polygon(
        [
            (x + wide * 0.2, foot),
            (x + wide * 0.2, foot - high * 0.6),
            (x + wide * 0.5, foot - high * 0.6),
            (x + wide * 1.1, foot),
        ],
        bark.shade,
    )
    for _ in range(4):
        turn = dice.uniform(-1.1, 1.1)
        end = (x + math.sin(turn) * high * 0.3, foot - high * 0.55 - math.cos(turn) * high * 0.25)
        board.line([(x, foot - high * 0.45), end], wide * 0.5, bark.shade)
    crown(dice, board, (x, foot - high * 0.72), high * 0.36, leaf)


def crown(dice: Dice, board: Board, middle: tuple[float, float], size: float, leaf: Tone) -> None:
    """A crown of clumps."""
    clumps = []
    for _ in range(9):
        turn, far = dice.random() * math.tau, dice.random() ** 0.5
        wide = size * dice.uniform(0.35, 0.6)
        clumps.append(
            (
                middle[0] + math.cos(turn) * far * size * 0.8,
                middle[1] + math.sin(turn) * far * size * 0.6,
                wide,
                wide * 0.75,
            )
        )
    mass(dice, board, clumps, max(size * 0.035, 0.004), leaf)


def branches(seed: Seed, paper: Paper, leaf: Tone) -> Layer:
    """Twigs in front of everything, out of focus."""
    dice = seed.dice("branches")
    board = Board(paper)
    left, top, right, _ = board.box
    side = dice.choice((left, right))
    for _ in range(dice.randint(4, 9)):
        crown(dice, board, (side + dice.signed(0.5), top + dice.uniform(0.0, 0.45)), dice.uniform(0.08, 0.2), leaf)
    return board.layer(dice, 1.6, 1.0 + dice.uniform(0, 2))


def woods(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """Between trees: trunks in three depths, light from above, leaves on the ground."""
    dice = seed.dice("woods")
    leaf = tone(dice.uniform(0.42, 0.6), dice.uniform(0.06, 0.13), dice.uniform(0.3, 0.42))
    haze = mix(leaf.shine, shades(seed, hour)[2], 0.5)
    made = []
    for depth in range(3):
        board = Board(paper, mix(leaf.base, haze, 0.7)) if depth == 0 else Board(paper)
        left, top, right, bottom = board.box
        share = 0.7 - 0.33 * depth
        bark = oklch(0.34 + 0.3 * share, 0.035, 0.14 + 0.1 * share)
        floor = 0.12 + 0.12 * depth
        tones = paled(leaf, haze, share * 0.8)
        board.rect(left, floor, right, bottom, mix(leaf.deep, haze, share))
        for _ in range(9 - 2 * depth):
            x, wide = dice.uniform(left, right), dice.uniform(0.012, 0.03) * (1 + depth * 1.3)
            board.polygon(
                [
                    (x - wide * 0.8, top),
                    (x + wide * 0.8, top),
                    (x + wide, floor + 0.05),
                    (x + wide * 1.5, floor + 0.1),
                    (x - wide * 1.5, floor + 0.1),
                    (x - wide, floor + 0.05),
                ],
                bark,
            )
            board.rect(x + wide * 0.25, top, x + wide * 0.85, floor + 0.04, mix(bark, 0xFF101820, 0.3))
        clumps = [
            (
                dice.uniform(left, right),
                top + dice.random() ** 1.5 * 0.5,
                dice.uniform(0.1, 0.25),
                dice.uniform(0.06, 0.16),
            )
            for _ in range(16)
        ]
        mass(dice, board, clumps, 0.005 + 0.004 * depth, tones)
        low = [
            (dice.uniform(left, right), floor + 0.03, dice.uniform(0.05, 0.2), dice.uniform(0.03, 0.1))
            for _ in range(5 + 3 * depth)
        ]
        mass(dice, board, low, 0.005 + 0.003 * depth, tones)
        grass(dice, board, (floor, bottom), tones, 250 + 350 * depth)
        made.append(board.layer(dice, 0.3 + 0.25 * depth, 1.3 - 0.3 * depth))
    return made


def sea(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """Water to the horizon, with glitter and a shore."""
    dice = seed.dice("sea")
    horizon = dice.uniform(-0.2, 0.2)
    colours = shades(seed, hour)
    board = Board(paper)
    left, _, right, bottom = board.box
    deep = mix(colours[0], oklch(0.45, 0.09, 0.62), 0.5)
    board.gradient(horizon, bottom, [mix(colours[2], deep, 0.4), deep])
    waves(dice, board, horizon, [mix(deep, colours[2], 0.45), mix(deep, 0xFF081830, 0.3), 0xFFFFFAEB])
    if dice.chance(0.6):
        shore = [
            (left, bottom),
            (left, bottom - 0.3),
            (left + 0.6, bottom - 0.22),
            (0.1, bottom - 0.26),
            (right, bottom - 0.12),
            (right, bottom),
        ]
        board.polygon([(x, y - 0.015) for x, y in shore], oklch(0.97, 0.01, 0.6))
        board.polygon(shore, oklch(0.86, 0.05, 0.22))
    return [*sky(seed, paper, hour, horizon), board.layer(dice, 0.5)]


def waves(dice: Dice, board: Board, horizon: float, tones: list[int]) -> None:
    """Level strokes that grow towards us: light, dark, and glitter."""
    left, _, right, bottom = board.box
    for share, colour in zip((0.5, 0.35, 0.15), tones, strict=True):
        for _ in range(round(1100 * share)):
            depth = dice.random() ** 1.8
            x, y = dice.uniform(left, right), horizon + 0.004 + (bottom - horizon) * depth
            half, high = (0.006 + 0.09 * depth) * dice.uniform(0.4, 1.4), 0.0007 + 0.007 * depth * dice.random()
            board.polygon(
                [(x - half, y), (x, y - high), (x + half, y), (x + half * 0.2, y + high * 0.7)],
                faint(colour, dice.uniform(0.4, 1)),
            )
