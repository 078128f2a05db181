"""Screens: panels of thin lines, graphs, dials, maps and rows of small letters, glowing on the dark."""

import math

import numpy as np

from training.toon import glyphs
from training.toon.colour import Colour, faint, mix, oklch
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed

PANELS = {"graph": 2, "bars": 1.5, "rows": 2.5, "dial": 1.5, "map": 1.2, "wave": 1.2, "table": 1}

type Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def monitor(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """A wall of displays."""
    dice = seed.dice("monitor")
    hue = dice.pick({0.6: 3, 0.4: 1.5, 0.15: 1, 0.02: 0.7})
    ground = oklch(dice.uniform(0.1, 0.25), 0.04, hue)
    board = Board(paper, ground)
    left, top, right, bottom = board.box
    if dice.chance(0.6):
        step, pale = dice.log(0.03, 0.12), faint(oklch(0.6, 0.08, hue), 0.25)
        for at in np.arange(left, right, step):
            board.line([(at, top), (at, bottom)], 0.0015, pale)
            board.line([(left, at), (right, at)], 0.0015, pale)
    for box in divided(dice, (left, top, right, bottom), 0):
        panel(dice, board, box, oklch(dice.uniform(0.75, 0.92), dice.uniform(0.05, 0.15), hue + dice.signed(0.06)))
    return [board.layer(dice, 0.6, 1.0, 0.0)]


def divided(dice: Dice, box: Box, depth: int) -> list[Box]:
    """Splits a box into panels."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    if max(wide, high) < 0.35 or (depth > 2 and dice.chance(0.35)):
        return [box]
    share = dice.uniform(0.32, 0.68)
    if wide > high:
        middle = left + wide * share
        halves = (left, top, middle, bottom), (middle, top, right, bottom)
    else:
        middle = top + high * share
        halves = (left, top, right, middle), (left, middle, right, bottom)
    return [part for half in halves for part in divided(dice, half, depth + 1)]


def panel(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    """A frame with something in it."""
    left, top, right, bottom = box[0] + 0.012, box[1] + 0.012, box[2] - 0.012, box[3] - 0.012
    if min(right - left, bottom - top) < 0.05:
        return
    board.rect(left, top, right, bottom, faint(mix(colour, 0xFF000000, 0.75), 0.6))
    board.line(
        [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)],
        dice.log(0.0012, 0.004),
        faint(colour, 0.8),
    )
    head = glyphs.joined(glyphs.word(dice, glyphs.scripts(dice), dice.randint(3, 7)), False, 0.7)
    board.write(head, (left + 0.01, top + 0.008), 0.026, glyphs.hand(dice), colour)
    inner = left + 0.015, top + 0.045, right - 0.015, bottom - 0.015
    if inner[3] - inner[1] > 0.03:
        globals()["_" + dice.pick(PANELS)](dice, board, inner, colour)


def _graph(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    for share in np.linspace(0, 1, 6):
        y = top + (bottom - top) * share
        board.line([(left, y), (right, y)], 0.001, faint(colour, 0.3))
    for tone in (colour, oklch(0.75, 0.17, dice.random())):
        level, rows = dice.random(), []
        for x in np.linspace(left, right, 60):
            level = min(max(level + dice.signed(0.12), 0), 1)
            rows.append((x, bottom - (bottom - top) * level))
        board.line(rows, 0.0025, tone)


def _wave(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    middle, high = (top + bottom) / 2, (bottom - top) / 2
    x = np.linspace(left, right, 160)
    y = middle + high * 0.9 * np.sin(x * dice.uniform(20, 90)) * np.sin(x * dice.uniform(2, 9) + dice.random() * 6)
    board.line(np.stack([x, y], axis=1), 0.002, colour)


def _bars(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    step = dice.uniform(0.012, 0.04)
    for x in np.arange(left, right - step, step):
        y = bottom - (bottom - top) * dice.random()
        board.rect(x, y, x + step * 0.7, bottom, faint(colour, 0.85))


def _rows(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    size = dice.log(0.016, 0.045)
    hand, script, y = glyphs.hand(dice), glyphs.scripts(dice), top
    while y + size < bottom:
        count = max(int((right - left) / size / 1.1) - dice.randint(0, 5), 0)
        board.write(
            glyphs.joined(glyphs.word(dice, script, count), False),
            (left, y),
            size,
            hand,
            faint(colour, dice.uniform(0.6, 1)),
        )
        y += size * 1.45


def _table(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    step, high = dice.uniform(0.05, 0.12), dice.uniform(0.025, 0.05)
    hand = glyphs.hand(dice)
    for y in np.arange(top, bottom - high, high):
        for x in np.arange(left, right - step, step):
            if dice.chance(0.2):
                board.rect(x, y, x + step * 0.96, y + high * 0.92, faint(colour, dice.uniform(0.2, 0.7)))
            board.write(
                glyphs.joined(glyphs.word(dice, "latin", 3), False, 0.62),
                (x + 0.004, y + 0.004),
                high * 0.7,
                hand,
                colour,
            )


def _dial(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    x, y, radius = (left + right) / 2, (top + bottom) / 2, min(right - left, bottom - top) * 0.48
    for share in (1.0, 0.72, 0.4):
        board.line(ring(x, y, radius * share), 0.002, colour)
    for i in range(48):
        cos, sin = math.cos(i / 48 * math.tau), math.sin(i / 48 * math.tau)
        inner = radius * (0.86 if i % 4 else 0.76)
        board.line(
            [(x + cos * inner, y + sin * inner), (x + cos * radius * 0.97, y + sin * radius * 0.97)], 0.0015, colour
        )
    turn = dice.random() * math.tau
    wedge = [(x, y)] + [
        (x + radius * 0.95 * math.cos(turn + k * 0.06), y + radius * 0.95 * math.sin(turn + k * 0.06))
        for k in range(12)
    ]
    board.polygon(wedge, faint(colour, 0.35))
    for _ in range(dice.randint(1, 6)):
        board.disc(x + dice.signed(0.6) * radius, y + dice.signed(0.6) * radius, radius * 0.03, oklch(0.8, 0.18, 0.08))


def _map(dice: Dice, board: Board, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    for level in range(1, 7):
        turn = np.linspace(0, math.tau, 70)
        bumps = 1 + 0.25 * np.sin(turn * 3 + level * 0.3 + x) + 0.15 * np.sin(turn * 7 + level * 0.5 + y)
        rx, ry = (right - left) * 0.075 * level * bumps, (bottom - top) * 0.075 * level * bumps
        board.line(
            np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1), 0.0015, faint(colour, 0.9 - 0.1 * level)
        )


def ring(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Points of a circle, closed."""
    return [(x + radius * math.cos(i / 48 * math.tau), y + radius * math.sin(i / 48 * math.tau)) for i in range(49)]
