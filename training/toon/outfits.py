"""What characters wear, and of what colours."""

from dataclasses import dataclass

from training.toon.colour import Tone, tone
from training.toon.rng import Dice

TOPS = {"tee": 3, "shirt": 2, "sailor": 2, "blazer": 2, "hoodie": 1.5, "kimono": 1, "coat": 1.2, "armour": 0.8}
BOTTOMS = {"skirt": 3, "trousers": 3, "shorts": 1, "long skirt": 1}
PATTERNS = {"none": 6, "stripes": 1, "checks": 1, "dots": 0.7}


@dataclass(frozen=True)
class Outfit:
    """What one character wears."""

    top: str
    """One of TOPS."""
    bottom: str
    """One of BOTTOMS."""
    sleeves: float
    """The share of the arm that they cover: 0, 0.35 short, 1 long."""
    loose: float
    """How much wider than the limb cloth is."""
    pattern: str
    """One of PATTERNS."""
    cloth: Tone
    """Of the top."""
    second: Tone
    """Of collars, ties and patterns."""
    lower: Tone
    """Of skirt or trousers."""
    shoes: Tone
    """Of shoes."""
    socks: float
    """The share of the shin that socks cover."""


def outfit(dice: Dice, build: str) -> Outfit:
    """Clothes for one of the builds."""
    male = build in ("boy", "man", "elder")
    top = dice.pick({**TOPS, "sailor": 0.2} if male else TOPS)
    bottom = dice.pick({"trousers": 5, "shorts": 1} if male else BOTTOMS)
    warm = top in ("hoodie", "blazer", "coat", "kimono")
    return Outfit(
        top=top,
        bottom="long skirt" if top == "kimono" else bottom,
        sleeves=1.0 if warm or dice.chance(0.4) else dice.pick({0.0: 0.6, 0.35: 3, 0.55: 1}),
        loose=dice.uniform(1.15, 1.5) + (0.6 if top == "kimono" else 0),
        pattern=dice.pick(PATTERNS),
        cloth=cloth_tone(dice),
        second=cloth_tone(dice),
        lower=cloth_tone(dice),
        shoes=tone(dice.uniform(0.2, 0.6), dice.uniform(0, 0.06), dice.random()),
        socks=dice.pick({0.0: 1, 0.2: 1, 0.9: 2}),
    )


def cloth_tone(dice: Dice) -> Tone:
    """White, black, muted or bright cloth."""
    kind = dice.pick({"white": 2, "dark": 2, "muted": 3, "bright": 3})
    hue = dice.random()
    if kind == "white":
        return tone(dice.uniform(0.93, 0.98), 0.008, hue, 1.0, 0.0)
    if kind == "dark":
        return tone(dice.uniform(0.22, 0.35), dice.uniform(0.01, 0.06), hue)
    if kind == "muted":
        return tone(dice.uniform(0.45, 0.8), dice.uniform(0.02, 0.06), hue)
    return tone(dice.uniform(0.5, 0.82), dice.uniform(0.1, 0.18), hue)
