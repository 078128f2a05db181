"""Text over the picture: subtitles with outlines, titles, credits that scroll, captions in boxes, big sounds."""

from dataclasses import dataclass

import numpy as np
import skia

from training.toon import glyphs
from training.toon.colour import BLACK, WHITE, faint, oklch
from training.toon.rng import Dice, Seed

TEXTS = {"subtitle": 4, "title": 1.5, "credits": 1.5, "caption": 1.2, "sound": 1.0, "columns": 0.8}


@dataclass(frozen=True)
class Text:
    """One text over a shot; units are picture heights with the middle as origin."""

    seed: Seed
    """Its stream."""
    kind: str
    """One of TEXTS."""
    aspect: float
    """Width of the picture by its height."""

    def key(self, n: int) -> int:
        """Frames with the same key look the same."""
        if self.kind == "credits":
            return n
        return n // 2 % 3 if self.kind == "sound" else int(n >= self.seed.dice("late").randint(0, 8))

    def draw(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Draws frame n; letters are no lines of a cel and hide those below them."""
        dice = self.seed.dice("text")
        getattr(self, self.kind)(canvas, dice, self.key(n))

    def subtitle(self, canvas: skia.Canvas, dice: Dice, shown: int) -> None:
        """One or two rows at the foot, white or coloured, with an outline."""
        if not shown:
            return
        size, script, hand = dice.uniform(0.042, 0.075), dice.pick({"latin": 2, "mixed": 2}), glyphs.hand(dice)
        colour = dice.choice((WHITE, WHITE, oklch(0.93, 0.15, 0.29), oklch(0.85, 0.12, 0.6)))
        edge, grow = dice.choice((BLACK, BLACK, 0xFF202060)), dice.uniform(0.03, 0.09)
        rows = dice.randint(1, 2)
        for row in range(rows):
            y = 0.46 - size * 1.25 * (rows - row)
            self.row(canvas, dice, (script, hand), (y, size), (colour, edge, grow))

    def row(
        self,
        canvas: skia.Canvas,
        dice: Dice,
        style: tuple[str, glyphs.Hand],
        place: tuple[float, float],
        colours: tuple[int, int, float],
    ) -> None:
        """A row of letters, in the middle."""
        script, hand = style
        y, size = place
        narrow = 0.62 if script == "latin" else 1.0
        most = int(self.aspect * 0.8 / (size * narrow * 1.06))
        line = glyphs.joined(
            glyphs.word(dice, script, dice.randint(min(6, most), max(min(26, most), 7))), False, narrow
        )
        right = max((float(stroke[:, 0].max()) for stroke in line), default=0.0)
        canvas.save()
        canvas.translate(-right * size / 2, y)
        canvas.scale(size, size)
        colour, edge, grow = colours
        if grow:
            hand.write(canvas, line, edge, grow)
        hand.write(canvas, line, colour)
        canvas.restore()

    def title(self, canvas: skia.Canvas, dice: Dice, shown: int) -> None:
        """Large letters, with outline and shadow."""
        size, script, hand = dice.uniform(0.11, 0.24), glyphs.scripts(dice), glyphs.hand(dice)
        colour, edge = (
            oklch(dice.uniform(0.7, 0.98), dice.uniform(0, 0.2), dice.random()),
            oklch(dice.uniform(0.1, 0.4), 0.1, dice.random()),
        )
        y = dice.uniform(-0.35, 0.15)
        if dice.chance(0.6):
            state = dice.getstate()
            self.row(canvas, dice, (script, hand), (y + size * 0.06, size), (faint(BLACK, 0.5), 0, 0))
            dice.setstate(state)
        self.row(canvas, dice, (script, hand), (y, size), (colour, edge, dice.uniform(0.02, 0.08)))

    def credits(self, canvas: skia.Canvas, dice: Dice, n: int) -> None:
        """Rows in two columns that move up evenly."""
        size, hand, script = dice.uniform(0.028, 0.05), glyphs.hand(dice), dice.pick({"latin": 1, "mixed": 1.5})
        step, speed = size * 1.7, dice.uniform(0.0012, 0.005)
        for row in range(40):
            y = 0.5 + row * step - speed * n
            words = self.seed.dice("credit", row)
            if not -0.6 < y - 0.7 < 0.55:
                continue
            for x, count in ((-0.42, words.randint(3, 7)), (0.06, words.randint(3, 9))):
                line = glyphs.joined(glyphs.word(words, script, count), False, 0.62 if script == "latin" else 1)
                canvas.save()
                canvas.translate(x * self.aspect / 1.78, y - 0.7)
                canvas.scale(size, size)
                hand.write(canvas, line, BLACK, 0.04)
                hand.write(canvas, line, WHITE)
                canvas.restore()

    def caption(self, canvas: skia.Canvas, dice: Dice, shown: int) -> None:
        """A box with rows of small text: news, games, places and times."""
        left, top = dice.uniform(-0.8, 0.1), dice.uniform(-0.45, 0.2)
        rows, size = dice.randint(1, 4), dice.uniform(0.025, 0.05)
        wide = dice.uniform(0.4, 0.8)
        box = skia.Rect(left, top, left + wide, top + rows * size * 1.5 + size)
        canvas.drawRect(
            box, skia.Paint(Color=faint(oklch(dice.uniform(0.1, 0.4), 0.08, dice.random()), dice.uniform(0.6, 1)))
        )
        edge = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=0.004, Color=WHITE)
        canvas.drawRect(box, edge)
        hand, script = glyphs.hand(dice), glyphs.scripts(dice)
        for row in range(rows):
            count = int(wide / size * 0.8) - dice.randint(0, 4)
            line = glyphs.joined(glyphs.word(dice, script, max(count, 2)), False)
            canvas.save()
            canvas.translate(left + size * 0.6, top + size * (0.6 + 1.5 * row))
            canvas.scale(size, size)
            hand.write(canvas, line, WHITE)
            canvas.restore()

    def sound(self, canvas: skia.Canvas, dice: Dice, shake: int) -> None:
        """Hand-drawn letters of a noise, askew and trembling."""
        count, size = dice.randint(2, 4), dice.uniform(0.15, 0.3)
        colour, edge = oklch(dice.uniform(0.6, 0.95), 0.18, dice.random()), dice.choice((WHITE, BLACK))
        x, y, lean = dice.signed(0.5), dice.signed(0.3), dice.signed(20)
        hand = glyphs.Hand(0.14, 0.8, False)
        line = glyphs.joined([glyphs.syllable(dice) for _ in range(count)], dice.chance(0.4), 0.9)
        canvas.save()
        canvas.translate(x + 0.004 * np.sin(shake * 2.1), y + 0.004 * np.cos(shake * 3.3))
        canvas.rotate(lean)
        canvas.scale(size, size)
        hand.write(canvas, line, edge, 0.06)
        hand.write(canvas, line, colour)
        canvas.restore()

    def columns(self, canvas: skia.Canvas, dice: Dice, shown: int) -> None:
        """Upright columns of a letter or a poem."""
        size, hand, colour = (
            dice.uniform(0.035, 0.07),
            glyphs.hand(dice),
            dice.choice((WHITE, BLACK, oklch(0.4, 0.1, 0.05))),
        )
        edge = BLACK if colour == WHITE else WHITE
        x = dice.uniform(0.0, 0.7)
        for column in range(dice.randint(2, 7)):
            line = glyphs.joined(glyphs.word(dice, "mixed", dice.randint(5, 11)), upright=True)
            canvas.save()
            canvas.translate(x - column * size * 1.6, -0.42)
            canvas.scale(size, size)
            hand.write(canvas, line, edge, 0.03)
            hand.write(canvas, line, colour)
            canvas.restore()
