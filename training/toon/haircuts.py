"""Haircuts: fringes, lengths, tails."""

from dataclasses import dataclass

import numpy as np

from training.toon.rng import Dice

FRINGES = {"locks": 4, "swept": 3, "straight": 1.5, "parted": 2, "spiky": 2, "back": 0.7}
TAILS = {"none": 6, "pony": 1.5, "twin": 1.5, "side": 0.7, "buns": 0.6, "braid": 0.7}


@dataclass(frozen=True)
class HairStyle:
    """One head of hair."""

    fringe: str
    """One of FRINGES."""
    tips: tuple[tuple[float, float, float], ...]
    """Locks of the fringe: where they begin and end as azimuths (radians), and the height of the tip."""
    volume: float
    """The cap's radius."""
    length: float
    """How far down the hair behind reaches, in heads' units."""
    spread: float
    """How much wider than the cap it hangs."""
    ends: tuple[float, ...]
    """How far each tip behind hangs from the mean."""
    side: float
    """Length of the locks beside the face; 0 leaves them out."""
    tail: str
    """One of TAILS."""
    spikes: tuple[float, ...]
    """Heights of the spikes on the crown; none if it is smooth."""
    cowlick: float
    """Length of the strand that no comb holds down; 0 leaves it out."""
    shine: str
    """band, spots or none."""
    strands: int
    """How many lines the cap has."""
    covers: bool
    """Whether it covers the ears."""
    ribbon: bool
    """Whether there is a bow or a band in it."""


def hair_style(dice: Dice, build: str) -> HairStyle:
    """Hair for one of the builds in people.py."""
    male = build in ("boy", "man", "elder")
    fringe = dice.pick({**FRINGES, "spiky": 6, "straight": 0.3, "back": 2} if male else FRINGES)
    tail = "none" if male and dice.chance(0.93) else dice.pick(TAILS)
    long = 0.95 if male else dice.pick({1.0: 2, 1.35: 2, 2.2: 2, 3.4: 2})
    if tail in ("pony", "twin", "buns", "side", "braid"):
        long = 0.9
    spikes = tuple(dice.uniform(0.05, 0.3) for _ in range(dice.randint(4, 8))) if fringe == "spiky" else ()
    return HairStyle(
        fringe=fringe,
        tips=tuple(locks(dice, fringe)),
        volume=dice.uniform(1.09, 1.2),
        length=long * dice.uniform(0.9, 1.15),
        spread=dice.uniform(-0.04, 0.16) + (0.1 if long > 1.2 else 0),
        ends=tuple(dice.signs(0.14, 9)),
        side=0
        if male and dice.chance(0.5)
        else dice.pick({0.0: 0.6, 0.9: 2, 1.3: 2, 1.9: 1}) * dice.uniform(0.85, 1.15),
        tail=tail,
        spikes=spikes,
        cowlick=dice.uniform(0.25, 0.5) if dice.chance(0.3) else 0,
        shine=dice.pick({"band": 3, "spots": 2, "none": 2}),
        strands=dice.randint(2, 6),
        covers=dice.chance(0.25 if male else 0.65),
        ribbon=not male and dice.chance(0.4),
    )


def locks(dice: Dice, fringe: str) -> list[tuple[float, float, float]]:
    """The tips of a fringe from one temple to the other: (azimuth of the root, of the tip, height of the tip)."""
    low = {"locks": 0.10, "swept": 0.12, "straight": -0.02, "parted": 0.25, "spiky": 0.10, "back": -0.62}[fringe]
    count = {"locks": 5, "swept": 4, "straight": 7, "parted": 4, "spiky": 5, "back": 3}[fringe] + dice.randint(-1, 2)
    lean = dice.choice((-1, 1)) * (0.30 if fringe == "swept" else 0.08)
    cuts = sorted(dice.uniform(-1.1, 1.1) * 0.35 + (i / (count - 1) * 2 - 1) * 0.8 for i in range(count))
    made = []
    for i, cut in enumerate(cuts):
        even = (i / max(count - 1, 1) * 2 - 1) * 1.15
        root = 0.35 * cut + 0.65 * even
        height = low + dice.signed(0.04 if fringe == "straight" else 0.13) + 0.16 * (abs(root) / 1.15) ** 2
        tip = root * 0.92 + lean
        if fringe == "parted":
            tip, height = root + 0.35 * np.sign(root - 0.1), -0.45 + 0.75 * min(abs(root - 0.1), 1.0) + dice.signed(0.1)
        made.append((root, float(np.clip(tip, -1.45, 1.45)), height))
    return made
