"""Letters of our own as strokes: Latin, and made-up characters built as Chinese and Japanese ones are.

No font is asked for, since fonts differ from machine to machine and pixels must not.
A glyph is a list of strokes in a box of 1 x 1, y down.
"""

from dataclasses import dataclass

import numpy as np
import skia

from training.toon.colour import Colour
from training.toon.curves import Points, corners, points, trace
from training.toon.rng import Dice

type Glyph = list[Points]

PLACES = {name: np.array([i % 3 / 2, i // 3 / 4]) for i, name in enumerate("0123456789abcde")}
"""Fifteen places in a box, three to a row: a stroke is a word of them."""

LATIN = {
    "A": "c315e 68", "B": "c0157 67bdc", "C": "5139db", "D": "c015bdc", "E": "20ce 67", "F": "20c 67", "G": "5139db87",
    "H": "0c 2e 68", "I": "1d", "J": "2bd9", "K": "0c 26e", "L": "0ce", "M": "c072e", "N": "c0e2", "O": "139db51",
    "P": "c01576", "Q": "139db51 ae", "R": "c01576 7e", "S": "51368bd9", "T": "02 1d", "U": "09db2", "V": "0d2",
    "W": "0c7e2", "X": "0e 2c", "Y": "07 27d", "Z": "02ce", "0": "139db51", "1": "31d", "2": "315ce", "3": "027bd9",
    "4": "d19b", "5": "2067bd9", "6": "5139db76", "7": "02d", "8": "13751 79db7", "9": "9db51375",
}  # fmt: skip
"""The strokes of capitals and digits."""

ROUND = "CDGJOPQRSU0235689"
"""Letters whose strokes are curves."""


def latin(letter: str) -> Glyph:
    """A capital or a digit; anything else is a space."""
    strokes = [np.array([PLACES[place] for place in word]) for word in LATIN.get(letter.upper(), "").split()]
    return [(stroke if letter in ROUND else corners(stroke)) * [0.62, 0.8] + [0.19, 0.1] for stroke in strokes]


def ideograph(dice: Dice, room: tuple[float, float, float, float] = (0.06, 0.06, 0.94, 0.94), depth: int = 0) -> Glyph:
    """A character that means nothing: boxes split in two, filled with strokes, crosses, frames and sweeps."""
    x0, y0, x1, y1 = room
    if depth < 2 and dice.chance(0.72 - 0.25 * depth):
        cut = dice.uniform(0.36, 0.64)
        if dice.chance(0.5):
            middle = x0 + (x1 - x0) * cut
            halves = (x0, y0, middle - 0.03, y1), (middle + 0.03, y0, x1, y1)
        else:
            middle = y0 + (y1 - y0) * cut
            halves = (x0, y0, x1, middle - 0.03), (x0, middle + 0.03, x1, y1)
        return ideograph(dice, halves[0], depth + 1) + ideograph(dice, halves[1], depth + 1)
    strokes = radical(dice)
    return [stroke * [x1 - x0, y1 - y0] + [x0, y0] for stroke in strokes]


def radical(dice: Dice) -> Glyph:
    """A part of a character in a box of 1 x 1."""
    kind = dice.pick({"rows": 3, "cross": 2, "frame": 2, "sweep": 2, "tree": 1.5, "dots": 1})
    if kind == "rows":
        count = dice.randint(2, 4)
        rows = [points([(0.05, (i + 0.5) / count), (0.95, (i + 0.5) / count)]) for i in range(count)]
        return [*rows, points([(0.5, 0.0), (0.5, 1.0)])] if dice.chance(0.6) else rows
    if kind == "cross":
        return [points([(0, 0.35), (1, 0.35)]), points([(0.5, 0), (0.5, 1)])]
    if kind == "frame":
        inner = [points([(0.1, 0.5), (0.9, 0.5)])] if dice.chance(0.7) else []
        return [
            corners([(0.08, 1), (0.08, 0.05), (0.92, 0.05), (0.92, 1)])[1:-1],
            points([(0.08, 0.95), (0.92, 0.95)]),
            *inner,
        ]
    if kind == "sweep":
        return [
            points([(0.55, 0), (0.5, 0.4), (0.02, 1)]),
            points([(0.5, 0.35), (0.98, 1)]),
            points([(0.05, 0.3), (0.95, 0.3)]),
        ]
    if kind == "tree":
        return [
            points([(0.5, 0), (0.5, 1)]),
            points([(0, 0.3), (1, 0.3)]),
            points([(0.48, 0.35), (0.05, 0.85)]),
            points([(0.52, 0.35), (0.95, 0.85)]),
        ]
    return [
        points([(x, y), (x + 0.12, y + 0.16)])
        for x, y in ((0.1, 0.1), (0.45, 0.3), (0.75, 0.1), (0.3, 0.65), (0.7, 0.7))
    ]


def syllable(dice: Dice) -> Glyph:
    """A rounder character of two or three strokes, as kana are."""
    made = [
        points([(dice.uniform(0.1, 0.3), dice.uniform(0.15, 0.35)), (dice.uniform(0.7, 0.9), dice.uniform(0.15, 0.35))])
    ]
    for _ in range(dice.randint(1, 2)):
        x, y = dice.uniform(0.3, 0.6), dice.uniform(0.05, 0.25)
        rows = [
            (x, y),
            (x + dice.signed(0.1), 0.5),
            (dice.uniform(0.1, 0.4), 0.85),
            (dice.uniform(0.5, 0.8), dice.uniform(0.5, 0.95)),
        ]
        made.append(points(rows[: dice.randint(3, 4)]))
    return made


def strokes(glyph: Glyph) -> tuple[skia.Path, skia.Path]:
    """The upright and the level strokes of a glyph, as lines to be drawn with a width."""
    built = skia.PathBuilder(), skia.PathBuilder()
    for stroke in glyph:
        way = np.abs(stroke[-1] - stroke[0])
        trace(built[int(way[0] > 2.5 * way[1])], stroke if len(stroke) > 2 else corners(stroke), closed=False)
    return built[0].detach(), built[1].detach()


@dataclass(frozen=True)
class Hand:
    """How letters are written."""

    weight: float
    """Width of upright strokes, as a share of the box."""
    thin: float
    """Width of level strokes as a share of that: 1 is grotesque, 0.4 is a book's."""
    rounded: bool
    """Whether strokes end in half circles."""

    def write(self, canvas: skia.Canvas, glyph: Glyph, colour: Colour, grow: float = 0.0) -> None:
        """Draws it; `grow` is by how much strokes are wider on every side, for outlines."""
        for part, share in zip(strokes(glyph), (1.0, self.thin), strict=True):
            width = self.weight * share + 2 * grow
            paint = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=width, Color=colour)
            paint.setStrokeCap(skia.Paint.kRound_Cap if self.rounded else skia.Paint.kButt_Cap)
            paint.setStrokeJoin(skia.Paint.kRound_Join if self.rounded or grow else skia.Paint.kMiter_Join)
            canvas.drawPath(part, paint)


def hand(dice: Dice) -> Hand:
    """A way of writing."""
    return Hand(dice.log(0.06, 0.2), dice.pick({1.0: 3, 0.75: 1, 0.4: 1}), dice.chance(0.4))


def scripts(dice: Dice) -> str:
    """Which script a text is in."""
    return dice.pick({"latin": 2, "kanji": 2.5, "kana": 1.5, "mixed": 2})


def word(dice: Dice, script: str, count: int) -> list[Glyph]:
    """That many glyphs."""
    made = []
    for _ in range(count):
        kind = dice.choice(("kanji", "kana")) if script == "mixed" else script
        if kind == "latin":
            made.append(latin(dice.choice("AAABCDEEEFGHIIKLMNNOOPRSSTTUVWXYZ0123456789")))
        else:
            made.append(ideograph(dice) if kind == "kanji" else syllable(dice))
    return made


def joined(glyphs: list[Glyph], upright: bool, narrow: float = 1.0) -> Glyph:
    """Glyphs in a line of boxes, to the right or downward."""
    step = np.array([0.0, 1.08]) if upright else np.array([1.06 * narrow, 0.0])
    return [stroke * [narrow, 1] + step * i for i, glyph in enumerate(glyphs) for stroke in glyph]
