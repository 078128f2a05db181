"""Effects in front of the picture: speed lines, impacts, rain, snow, petals, sparks, fire, shafts of light."""

import math
from dataclasses import dataclass

import numpy as np
import skia

from training.toon.colour import WHITE, faint, oklch
from training.toon.curves import path, polygon
from training.toon.marks import fill, leaf, puff, star, streak, wedge
from training.toon.rng import Seed

EFFECTS = {
    "rain": 1,
    "snow": 1,
    "petals": 1.2,
    "sparks": 1,
    "speed": 1,
    "focus": 1,
    "impact": 0.7,
    "fire": 1,
    "shafts": 1.3,
    "flare": 0.8,
    "smoke": 1,
    "birds": 0.6,
}


@dataclass(frozen=True)
class Effect:
    """One effect over a whole shot; units are picture heights with the middle as origin."""

    seed: Seed
    """Its stream."""
    kind: str
    """One of EFFECTS."""
    aspect: float
    """Width of the picture by its height."""

    @property
    def still(self) -> bool:
        """Whether it is the same in every frame."""
        return self.kind in ("shafts", "flare")

    def key(self, n: int) -> int:
        """Frames with the same key look the same."""
        if self.still:
            return 0
        return n // 2 if self.kind in ("speed", "focus", "impact", "fire", "smoke") else n

    def draw(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Draws frame n on both canvases, which are in units."""
        getattr(self, self.kind)(canvas, lines, self.key(n))

    def rain(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Slanted streaks, new in every frame."""
        dice, fixed = self.seed.dice("rain", n), self.seed.dice("rain")
        lean, colour, count = (
            fixed.signed(0.4),
            faint(oklch(0.93, 0.02, 0.66), fixed.uniform(0.25, 0.7)),
            fixed.randint(40, 220),
        )
        for _ in range(count):
            near = dice.random()
            x, y, length = dice.signed(self.aspect / 2), dice.signed(0.5), 0.04 + 0.16 * near
            streak(canvas, (x, y), (x + lean * length, y + length), 0.0008 + 0.0022 * near, colour)

    def snow(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Flakes of several sizes that fall and drift."""
        dice = self.seed.dice("snow")
        paint = skia.Paint(AntiAlias=True)
        for _ in range(dice.randint(40, 160)):
            near, x, y, phase = dice.random() ** 2, dice.random(), dice.random(), dice.random() * 6
            size, fall = 0.002 + 0.012 * near, 0.002 + 0.008 * near
            px = ((x + 0.01 * math.sin(n * 0.12 + phase)) % 1 - 0.5) * self.aspect
            paint.setColor(faint(WHITE, 0.9 - 0.4 * near))
            canvas.drawCircle(px, (y + fall * n) % 1.1 - 0.55, size, paint)

    def petals(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Petals or leaves, with outlines, which tumble."""
        dice = self.seed.dice("petals")
        hue = dice.pick({0.0: 3, 0.14: 1, 0.36: 1})
        fill, ink = oklch(0.87, 0.08, hue), oklch(0.55, 0.12, hue)
        for _ in range(dice.randint(8, 40)):
            near, x, y, phase = dice.random(), dice.random(), dice.random(), dice.random() * 6
            size = 0.006 + 0.03 * near**2
            px = ((x + 0.004 * n * (0.4 + near)) % 1.1 - 0.55) * self.aspect
            py = (y + 0.004 * n * (0.4 + near)) % 1.2 - 0.6
            leaf(canvas, lines, (px, py, size, phase + n * 0.15), fill, ink)

    def sparks(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Points and crosses of light that come and go."""
        dice = self.seed.dice("sparks")
        colour = oklch(0.95, 0.06, dice.random())
        for _ in range(dice.randint(15, 70)):
            x, y, size, phase = dice.signed(self.aspect / 2), dice.signed(0.5), dice.log(0.003, 0.03), dice.random() * 6
            level = max(math.sin(n * 0.2 + phase), 0)
            if level:
                star(canvas, x, y - n * 0.0006, size * level, faint(colour, 0.9))

    def speed(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Level or slanted lines that rush past."""
        dice, fixed = self.seed.dice("speed", n), self.seed.dice("speed")
        angle = fixed.pick({0.0: 3, math.pi / 2: 1, 0.4: 1, -0.5: 1})
        colour = fixed.choice((WHITE, 0xFF101020, faint(WHITE, 0.6)))
        cos, sin = math.cos(angle), math.sin(angle)
        for _ in range(fixed.randint(25, 90)):
            along, across, length = dice.signed(1.2), dice.signed(0.9), dice.uniform(0.2, 1.2)
            x, y = along * cos - across * sin, along * sin + across * cos
            wide = dice.log(0.0008, 0.008)
            wedge(canvas, lines, (x, y), (x + cos * length, y + sin * length), wide=wide, colour=colour)

    def focus(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Lines from the edge that point at the middle."""
        dice, fixed = self.seed.dice("focus", n), self.seed.dice("focus")
        x, y, colour = fixed.signed(0.3), fixed.signed(0.15), fixed.choice((WHITE, 0xFF0C0C14))
        for _ in range(fixed.randint(50, 150)):
            turn, start = dice.random() * math.tau, dice.uniform(0.36, 0.65)
            tip = x + math.cos(turn) * start * 1.4, y + math.sin(turn) * start
            end = x + math.cos(turn) * 1.8, y + math.sin(turn) * 1.8
            wedge(canvas, lines, end, tip, wide=dice.log(0.004, 0.03), colour=colour)

    def impact(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """A star of flashes for a few drawings, then rings of dust."""
        dice, fixed = self.seed.dice("impact", n), self.seed.dice("impact")
        x, y, begin = fixed.signed(0.5), fixed.signed(0.25), fixed.randint(0, 8)
        age = n - begin
        if not 0 <= age < 8:
            return
        size = 0.12 + 0.09 * age
        for colour, grow in ((oklch(0.8, 0.16, 0.22), 1.0), (oklch(0.95, 0.1, 0.28), 0.75), (WHITE, 0.5)):
            turn = np.arange(36) / 36 * math.tau
            radius = np.where(np.arange(36) % 2, 0.45, 1.0) * [dice.uniform(0.6, 1.2) for _ in range(36)] * size * grow
            fill(
                canvas,
                polygon(np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], 1)),
                faint(colour, 1 - age / 9),
            )

    def fire(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Tongues of flame along the lower edge, in four tones."""
        fixed = self.seed.dice("fire")
        hue, high = fixed.pick({0.14: 4, 0.7: 1, 0.85: 0.6}), fixed.uniform(0.2, 0.6)
        for tone, (light, share) in enumerate(((0.55, 1.0), (0.7, 0.75), (0.85, 0.5), (0.97, 0.28))):
            x = np.linspace(-self.aspect * 0.56, self.aspect * 0.56, 34)
            phase = self.seed.dice("flame", n, tone)
            tips = np.array([phase.uniform(0.25, 1.0) if i % 2 else phase.uniform(0.0, 0.25) for i in range(34)])
            wave = 0.6 + 0.4 * np.sin(x * 3 + fixed.random() * 6)
            y = 0.52 - high * share * (0.12 + tips * wave)
            rows = np.stack([x + np.where(np.arange(34) % 2, 0.02 * math.sin(n * 0.8), 0), y], 1)
            rows = np.concatenate([rows, [(x[-1], 0.7), (x[0], 0.7)]])
            fill(canvas, path(rows), faint(oklch(light, 0.17 - 0.1 * tone / 3, hue + 0.03 * tone), 0.85))

    def birds(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """A flock far away, whose wings beat."""
        dice = self.seed.dice("birds")
        x0, y0, speed = dice.signed(0.6), dice.uniform(-0.4, 0.0), dice.choice((-1, 1)) * dice.uniform(0.001, 0.006)
        colour = oklch(dice.choice((0.2, 0.97)), 0.02, 0.7)
        for _ in range(dice.randint(3, 16)):
            x, y, size = x0 + dice.signed(0.5) + speed * n, y0 + dice.signed(0.14), dice.log(0.006, 0.03)
            beat = 0.5 * math.sin(n * 0.5 + dice.random() * 6)
            rows = [
                (-1, -0.2 - beat),
                (-0.45, -0.35 - beat * 0.4),
                (0, 0),
                (0.45, -0.35 - beat * 0.4),
                (1, -0.2 - beat),
            ]
            rows += [(0.4, -0.12 - beat * 0.4), (0, 0.16), (-0.4, -0.12 - beat * 0.4)]
            fill(canvas, path(np.array(rows) * size + [x, y]), colour)

    def smoke(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Puffs with contours and a shaded side that rise, grow and thin."""
        dice = self.seed.dice("smoke")
        x0, y0, hue = dice.signed(0.7), dice.uniform(0.2, 0.5), dice.random()
        light, grey = dice.uniform(0.6, 0.97), dice.uniform(0, 0.04)
        ink = oklch(light - 0.4, grey, hue)
        for i in range(26):
            own = self.seed.dice("puff", i)
            age = (n + own.randint(0, 40)) % 40 / 40
            x = x0 + own.signed(0.25) + 0.25 * age * own.signed(1.0)
            y, size = y0 - 0.75 * age, (0.03 + 0.12 * age) * own.uniform(0.6, 1.3) * min(1, (1 - age) * 4)
            if size > 0.004:
                puff(
                    canvas,
                    lines,
                    (x, y, size, own.random() * 6 + age),
                    (oklch(light, grey, hue), oklch(light - 0.14, grey, hue), ink),
                )

    def shafts(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """Light through a window or leaves."""
        dice = self.seed.dice("shafts")
        x, lean = dice.signed(0.9), dice.uniform(0.3, 0.9) * dice.choice((-1, 1))
        colour = oklch(0.95, 0.05, 0.24)
        for _ in range(dice.randint(3, 7)):
            left, wide = x + dice.signed(0.5), dice.uniform(0.03, 0.22)
            made = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kPlus)
            ends = [skia.Point(0, -0.5), skia.Point(0, 0.6)]
            made.setShader(skia.GradientShader.MakeLinear(ends, [faint(colour, dice.uniform(0.12, 0.4)), 0]))
            canvas.drawPath(
                polygon([(left, -0.6), (left + wide, -0.6), (left + wide * 1.6 + lean, 0.6), (left + lean, 0.6)]), made
            )

    def flare(self, canvas: skia.Canvas, lines: skia.Canvas, n: int) -> None:
        """A bright corner, and ghosts of the lens."""
        dice = self.seed.dice("flare")
        x, y, colour = (
            dice.signed(self.aspect / 2),
            dice.uniform(-0.5, -0.2),
            oklch(0.9, 0.08, dice.pick({0.2: 2, 0.6: 1, 0.95: 1})),
        )
        made = skia.Paint(BlendMode=skia.BlendMode.kPlus)
        made.setShader(
            skia.GradientShader.MakeRadial(skia.Point(x, y), dice.uniform(0.4, 1.1), [faint(colour, 0.8), 0])
        )
        canvas.drawPaint(made)
        ghost = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kPlus)
        for _ in range(dice.randint(0, 6)):
            at = dice.uniform(-1.2, 0.6)
            ghost.setColor(faint(oklch(0.8, 0.12, dice.random()), 0.12))
            canvas.drawCircle(x * at, y * at, dice.log(0.015, 0.12), ghost)
