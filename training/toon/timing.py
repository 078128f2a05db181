"""Limited animation: exposures on ones, twos and threes, holds, blinks, mouths, turns of the head, cycles of wind."""

import math
from dataclasses import dataclass, replace

from training.toon.body import ARMS, jittered, pose
from training.toon.eyes import Look
from training.toon.face import Expression, Mouth
from training.toon.people import Drawing
from training.toon.rng import Dice, Seed

EXPOSURES = {1: 0.7, 2: 4, 3: 3.5}
MOUTHS = (0.0, 0.35, 0.8, 0.5, 0.0, 0.9, 0.2)
CYCLE = 8
"""Drawings in a cycle of wind."""


@dataclass(frozen=True)
class Acting:
    """What a character does during a shot, as a function of the frame."""

    seed: Seed
    """The stream of mouths."""
    start: Drawing
    """What it shows at first."""
    end: Drawing
    """What it shows after a move."""
    moved: tuple[int, int]
    """The frames between which it moves from one to the other."""
    exposure: int
    """Frames for each drawing."""
    blink: tuple[int, int]
    """The first blink and the frames between blinks."""
    talk: tuple[int, int]
    """The frames between which it talks."""
    wind: float
    """Amplitude of the wind in hair and clothes, 0 to 1; still air lets drawings be held."""
    breeze: int
    """Where in the cycle of wind it begins."""

    def drawing(self, n: int) -> Drawing:
        """The drawing that is shown at frame n; drawings that return are equal."""
        tick = n // self.exposure
        made = between(self.start, self.end, self.progress(tick * self.exposure))
        shown = replace(made.shown, look=self.eyes(n, made.shown.look), mouth=self.mouth(n, made.shown.mouth))
        turn = math.tau * ((tick + self.breeze) % CYCLE) / CYCLE
        held = replace(
            made.pose,
            sway=made.pose.sway + round(self.wind * math.sin(turn), 3),
            lag=round(self.wind * math.sin(turn - 1.2), 3),
            breath=round(0.5 + 0.5 * math.sin(turn), 3) if self.wind else 0.0,
        )
        return replace(made, pose=held, shown=shown)

    def progress(self, n: int) -> float:
        """How far the move is, eased, and in steps of the exposure."""
        first, last = self.moved
        t = min(max((n - first) / max(last - first, 1), 0.0), 1.0)
        return t * t * (3 - 2 * t)

    def eyes(self, n: int, look: Look) -> Look:
        """The eyes, which blink in three drawings."""
        first, period = self.blink
        since = (n - first) % period if n >= first else 99
        if look.smile or since > 6:
            return look
        return replace(look, open=look.open * (0.45, 0.45, 0.0, 0.0, 0.0, 0.5, 0.5)[since])

    def mouth(self, n: int, mouth: Mouth) -> Mouth:
        """The mouth, which changes every two or three frames while it talks."""
        first, last = self.talk
        if not first <= n < last:
            return mouth
        step = (n - first) // max(self.exposure, 2)
        dice = self.seed.dice("mouth", step)
        return replace(mouth, open=dice.choice(MOUTHS), wide=mouth.wide * (0.7 if dice.chance(0.3) else 1.0))


def between(a: Drawing, b: Drawing, t: float) -> Drawing:
    """A drawing in between two."""
    if t <= 0 or a == b:
        return a
    if t >= 1:
        return b

    def mid(p: float, q: float) -> float:
        return round(p + (q - p) * t, 4)

    def both(p: tuple[float, float], q: tuple[float, float]) -> tuple[float, float]:
        return mid(p[0], q[0]), mid(p[1], q[1])

    held = replace(
        a.pose,
        turn=mid(a.pose.turn, b.pose.turn),
        lean=mid(a.pose.lean, b.pose.lean),
        arms=(both(a.pose.arms[0], b.pose.arms[0]), both(a.pose.arms[1], b.pose.arms[1])),
        legs=(both(a.pose.legs[0], b.pose.legs[0]), both(a.pose.legs[1], b.pose.legs[1])),
    )
    shown = a.shown if t < 0.5 else b.shown
    return replace(
        a, yaw=mid(a.yaw, b.yaw), pitch=mid(a.pitch, b.pitch), roll=mid(a.roll, b.roll), pose=held, shown=shown
    )


def yaw(dice: Dice) -> float:
    """A turn of the head: mostly three quarters, sometimes the front or a profile."""
    kind = dice.pick({"front": 2, "quarter": 5, "profile": 1})
    side = dice.choice((-1, 1))
    if kind == "front":
        return dice.signed(0.12) if dice.chance(0.7) else 0.0
    return side * (dice.uniform(0.25, 0.85) if kind == "quarter" else 1.5)


def expression(dice: Dice) -> Expression:
    """A feeling."""
    mood = dice.pick({"calm": 5, "happy": 3, "angry": 1.5, "sad": 1.2, "shock": 1, "shy": 1})
    gaze = (dice.signed(0.6), dice.signed(0.3))
    if mood == "happy":
        shut = dice.chance(0.3)
        return Expression(
            Look(1.0, shut, gaze, 0.1, 0.3), Mouth(dice.choice((0.0, 0.5, 0.9)), dice.uniform(0.5, 0.9), 0.9), 0.5
        )
    if mood == "angry":
        return Expression(
            Look(dice.uniform(0.7, 0.95), False, gaze, -1.0, -0.3), Mouth(dice.choice((0.0, 0.8)), 0.6, -0.8)
        )
    if mood == "sad":
        tears = dice.chance(0.3)
        return Expression(
            Look(dice.uniform(0.5, 0.85), False, (gaze[0], 0.3), 1.0, 0.1), Mouth(0.0, 0.3, -0.5), 0.3, tears=tears
        )
    if mood == "shock":
        return Expression(
            Look(1.15, False, (0.0, 0.0), 0.4, 1.0),
            Mouth(dice.uniform(0.3, 1.0), 0.3, 0.0),
            0.0,
            sweat=dice.chance(0.5),
        )
    if mood == "shy":
        return Expression(Look(0.8, False, (dice.choice((-0.9, 0.9)), 0.2), 0.7, 0.2), Mouth(0.0, 0.25, -0.2), 1.0)
    return Expression(
        Look(dice.uniform(0.8, 1.0), False, gaze, dice.signed(0.25), 0.0),
        Mouth(0.0, dice.uniform(0.3, 0.6), dice.uniform(-0.1, 0.5)),
        0.25 if dice.chance(0.4) else 0.0,
    )


def drawing(dice: Dice) -> Drawing:
    """Someone in a pose with a feeling; the body turns with the head, less far."""
    look = yaw(dice)
    held = pose(dice)
    turn = max(min(look * 0.8 + dice.signed(0.3), 1.0), -1.0)
    return Drawing(look, dice.signed(0.16), dice.signed(0.12), replace(held, turn=turn), expression(dice))


def acting(seed: Seed) -> Acting:
    """What someone does in a shot."""
    dice = seed.dice("acting")
    start = drawing(dice)
    other = drawing(dice)
    moves = dice.chance(0.45)
    end = (
        replace(start, yaw=turned(start.yaw, other.yaw), pitch=other.pitch, roll=other.roll, shown=other.shown)
        if moves
        else start
    )
    if moves and dice.chance(0.5):
        arms = (jittered(dice, ARMS[dice.choice(("down", "chest", "wave", "hip"))]), start.pose.arms[1])
        end = replace(end, pose=replace(start.pose, arms=arms, lean=other.pose.lean))
    first = dice.randint(2, 30)
    talks = dice.chance(0.45)
    begin = dice.randint(0, 20)
    return Acting(
        seed=seed,
        start=start,
        end=end,
        moved=(first, first + dice.randint(4, 14)),
        exposure=dice.pick(EXPOSURES),
        blink=(dice.randint(4, 60), dice.randint(40, 110)),
        talk=(begin, begin + dice.randint(12, 70)) if talks else (0, 0),
        wind=dice.uniform(0.3, 1.0) if dice.chance(0.38) else 0.0,
        breeze=dice.randint(0, CYCLE),
    )


def turned(first: float, second: float) -> float:
    """A turn that a head can make without passing through views that are not drawn."""
    limit = 0.85
    if abs(first) > 1 or abs(second) > 1:
        return first
    return max(min(second, limit), -limit)
