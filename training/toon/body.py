"""Bodies: proportions, poses and the joints that follow from them. Lengths are in heads' units (see view.py)."""

from dataclasses import dataclass, field

import numpy as np

from training.toon.curves import Points
from training.toon.hands import HANDS
from training.toon.rng import Dice


@dataclass(frozen=True)
class Build:
    """Proportions."""

    shoulders: float
    """Half the distance between the shoulder joints."""
    waist: float
    """Half the waist."""
    hips: float
    """Half the hips."""
    torso: float
    """From the base of the neck to the hips."""
    arm: float
    """Length of an upper arm; a forearm is a tenth shorter."""
    leg: float
    """Length of a thigh; a shin is as long."""
    limb: float
    """Thickness of arms; legs are half as thick again."""
    neck: float
    """Half the neck."""
    bust: float
    """How far the chest stands out."""


BUILDS: dict[str, Build] = {
    "girl": Build(1.12, 0.72, 0.98, 3.25, 1.75, 2.75, 0.27, 0.31, 0.25),
    "woman": Build(1.30, 0.78, 1.12, 3.55, 1.95, 3.3, 0.29, 0.33, 0.35),
    "boy": Build(1.28, 0.88, 0.92, 3.35, 1.85, 2.8, 0.31, 0.32, 0.0),
    "man": Build(1.75, 1.15, 1.12, 3.8, 2.15, 3.4, 0.40, 0.45, 0.0),
    "child": Build(0.92, 0.72, 0.80, 2.4, 1.25, 1.7, 0.27, 0.26, 0.0),
    "elder": Build(1.35, 1.1, 1.1, 3.3, 1.8, 2.6, 0.31, 0.34, 0.0),
}

ARMS: dict[str, tuple[float, float]] = {
    "down": (0.16, 0.06),
    "ready": (0.35, -0.35),
    "hip": (0.75, -0.75),
    "raised": (2.5, 2.85),
    "wave": (1.15, 2.75),
    "out": (1.35, 1.5),
    "chest": (0.35, -2.0),
    "chin": (0.30, -2.75),
    "behind": (-0.05, -0.4),
}
"""Angles of upper arm and forearm from straight down, outward, in radians."""

LEGS: dict[str, tuple[float, float]] = {
    "stand": (0.05, 0.02),
    "apart": (0.22, 0.16),
    "step": (0.30, -0.15),
    "back": (-0.18, -0.55),
}
"""The same for thigh and shin."""


@dataclass(frozen=True)
class Pose:
    """What a body does in one drawing; equal poses are one drawing."""

    turn: float = 0.0
    """-1 to 1: three quarters to the left or right."""
    lean: float = 0.0
    """Tilt of the torso, radians."""
    arms: tuple[tuple[float, float], tuple[float, float]] = (ARMS["down"], ARMS["down"])
    """Angles as in ARMS, of the picture's left and right arm."""
    legs: tuple[tuple[float, float], tuple[float, float]] = (LEGS["stand"], LEGS["stand"])
    """Angles as in LEGS."""
    hands: tuple[str, str] = ("relaxed", "relaxed")
    """One of HANDS each."""
    breath: float = 0.0
    """How far the shoulders are raised."""
    sway: float = 0.0
    """-1 to 1: where cloth and hair are blown to."""
    lag: float = 0.0
    """-1 to 1: how the ends lag behind."""


def pose(dice: Dice) -> Pose:
    """A pose to hold or to start from."""
    arms = dice.pick(
        {"down": 4, "ready": 1.5, "hip": 1, "raised": 0.5, "wave": 0.8, "out": 0.5, "chest": 1, "chin": 0.7}
    )
    other = dice.pick({"down": 4, "ready": 1.5, "hip": 1, "behind": 0.7, "chest": 0.5})
    pair = (jittered(dice, ARMS[arms]), jittered(dice, ARMS[other]))
    legs = dice.pick({("stand", "stand"): 4, ("apart", "apart"): 2, ("step", "stand"): 1.5, ("step", "back"): 1})
    swap = dice.chance(0.5)
    return Pose(
        turn=dice.uniform(-1, 1) if dice.chance(0.7) else 0.0,
        lean=dice.signed(0.08),
        arms=pair[::-1] if swap else pair,
        legs=(jittered(dice, LEGS[legs[0]]), jittered(dice, LEGS[legs[1]])),
        hands=(dice.pick(HANDS), dice.pick(HANDS)),
    )


def jittered(dice: Dice, angles: tuple[float, float]) -> tuple[float, float]:
    """The same angles, not quite."""
    return angles[0] + dice.signed(0.12), angles[1] + dice.signed(0.15)


@dataclass(frozen=True)
class Joints:
    """Where the joints of one drawing are; sides are -1 and 1, the picture's left and right."""

    neck: Points
    """The base of the neck."""
    hip: Points
    """The middle of the hips."""
    shoulders: dict[int, Points] = field(default_factory=dict)
    """Both shoulder joints."""
    elbows: dict[int, Points] = field(default_factory=dict)
    """Both elbows."""
    wrists: dict[int, Points] = field(default_factory=dict)
    """Both wrists."""
    tops: dict[int, Points] = field(default_factory=dict)
    """Where the thighs begin."""
    knees: dict[int, Points] = field(default_factory=dict)
    """Both knees."""
    ankles: dict[int, Points] = field(default_factory=dict)
    """Both ankles."""


def sole(build: Build) -> float:
    """How far the soles are below the middle of the head."""
    return NECK + build.torso + 2 * build.leg + 1.7 * build.limb


NECK = 1.55
"""How far the base of the neck is below the middle of the head."""


def joints(build: Build, held: Pose) -> Joints:
    """The joints of a body in a pose, with the head at the origin."""
    neck = np.array([-0.12 * held.turn, NECK - 0.05 * held.breath])
    down = np.array([np.sin(-held.lean), np.cos(held.lean)])
    across = np.array([np.cos(held.lean), np.sin(held.lean)])
    hip = neck + down * build.torso
    made = Joints(neck, hip)
    narrow = 1 - 0.22 * abs(held.turn)
    for i, side in enumerate((-1, 1)):
        shoulder = neck + down * (0.34 - 0.06 * held.breath) + across * side * build.shoulders * narrow
        upper, fore = held.arms[i]
        elbow = shoulder + limb(side * upper + held.lean, build.arm)
        top = hip + across * side * build.hips * 0.5 * narrow
        thigh, shin = held.legs[i]
        knee = top + limb(side * thigh, build.leg)
        made.shoulders[side], made.elbows[side] = shoulder, elbow
        made.wrists[side] = elbow + limb(side * fore + held.lean, build.arm * 0.9)
        made.tops[side], made.knees[side] = top, knee
        made.ankles[side] = knee + limb(side * shin, build.leg)
    return made


def limb(angle: float, length: float) -> Points:
    """The way along a limb at an angle from straight down."""
    return np.array([np.sin(angle), np.cos(angle)]) * length
