"""Characters: traits that stay, and the drawing of one in a pose with an expression."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np

from training.toon.accessories import Extras, Worn, extras
from training.toon.body import BUILDS, Joints, Pose, joints
from training.toon.clothes import Clothes
from training.toon.colour import Tone, tone
from training.toon.eyes import EyeStyle, eye_style
from training.toon.face import Expression, Face, FaceStyle, face_style
from training.toon.hair import Hair
from training.toon.haircuts import HairStyle, hair_style
from training.toon.hands import Hand
from training.toon.outfits import Outfit, cloth_tone, outfit
from training.toon.pen import Pen
from training.toon.rng import Dice, Seed
from training.toon.strands import bow
from training.toon.tails import tails
from training.toon.view import Shape, View, shape

AWAY = 2.0
"""From this yaw on somebody is seen from behind."""

PEOPLE = {"girl": 4, "woman": 2.5, "boy": 2.5, "man": 2, "child": 1, "elder": 0.6}
"""Builds by how often they come."""


@dataclass(frozen=True)
class Character:
    """Someone who looks the same in every drawing."""

    build: str
    """One of PEOPLE."""
    face: Shape
    """The form of the face."""
    style: FaceStyle
    """How the face is drawn."""
    eyes: EyeStyle
    """How eyes are drawn."""
    hair: HairStyle
    """The cut."""
    skin: Tone
    """Colours of skin."""
    locks: Tone
    """Colours of hair."""
    worn: Outfit
    """Clothes."""
    extras: Extras
    """What else is on the head."""


@dataclass(frozen=True)
class Drawing:
    """Everything that one drawing of a character shows; equal ones are the same drawing."""

    yaw: float = 0.0
    """The head's turn, radians."""
    pitch: float = 0.0
    """The head's nod, radians, positive up."""
    roll: float = 0.0
    """The head's tilt, radians."""
    pose: Pose = field(default_factory=Pose)
    """The body."""
    shown: Expression = field(default_factory=Expression)
    """The face."""


def character(seed: Seed, build: str | None = None) -> Character:
    """Someone new."""
    dice = seed.dice("build")
    kind = build or dice.pick(PEOPLE)
    return Character(
        build=kind,
        face=shape(seed.dice("face"), kind),
        style=face_style(seed.dice("style"), kind),
        eyes=eye_style(seed.dice("eyes"), kind),
        hair=hair_style(seed.dice("hair"), kind),
        skin=skin_tone(seed.dice("skin")),
        locks=hair_tone(seed.dice("locks"), kind),
        worn=outfit(seed.dice("worn"), kind),
        extras=extras(seed.dice("extras"), kind, cloth_tone(seed.dice("extras colour"))),
    )


def skin_tone(dice: Dice) -> Tone:
    """From pale to dark; shadows of skin turn to red."""
    light = dice.pick({0.93: 4, 0.88: 3, 0.80: 1.2, 0.68: 0.7, 0.55: 0.5}) + dice.signed(0.02)
    return tone(light, 0.035 + 0.05 * (0.93 - light) + dice.uniform(0, 0.025), dice.uniform(0.13, 0.19), 0.85, -0.03)


def hair_tone(dice: Dice, build: str) -> Tone:
    """Natural colours, and the others that hair has in animation."""
    if build == "elder" and dice.chance(0.8):
        return tone(dice.uniform(0.75, 0.93), 0.01, 0.7)
    if dice.chance(0.5):
        return tone(dice.uniform(0.22, 0.62), dice.uniform(0.01, 0.08), dice.uniform(0.08, 0.22))
    return tone(dice.uniform(0.35, 0.88), dice.uniform(0.04, 0.15), dice.random())


class Figure:
    """Draws a character in heads' units; the middle of the head is the origin."""

    def __init__(self, pen: Pen, who: Character, drawn: Drawing):
        self.pen, self.who, self.drawn = pen, who, drawn
        self.away = abs(drawn.yaw) > AWAY
        self.view = View(0.0 if self.away else drawn.yaw, drawn.pitch, who.face)
        self.body = BUILDS[who.build]
        self.at: Joints = joints(self.body, drawn.pose)
        self.clothes = Clothes(pen, self.body, drawn.pose, self.at, worn=who.worn, skin=who.skin)
        self.hair = Hair(pen, self.view, who.hair, who.locks, sway=drawn.pose.sway, lag=drawn.pose.lag)

    def draw(self, low: bool = True) -> None:
        """The whole figure; without `low` what is below the waist is left out."""
        if self.away:
            self.draw_back(low)
            return
        with self.head():
            self.hair.behind()
            tails(self.hair, before=False)
        rest = tuple(side for side in (-1, 1) if not self.behind(side))
        for side in (-1, 1):
            if side not in rest:
                self.arm(side)
        if low:
            self.clothes.legs()
        self.clothes.neck()
        self.clothes.torso()
        for side in rest:
            if not self.raised(side):
                self.arm(side)
        self.draw_head()
        for side in rest:
            if self.raised(side):
                self.arm(side)

    def draw_back(self, low: bool) -> None:
        """The figure from behind."""
        if low:
            self.clothes.legs()
        self.clothes.neck()
        self.clothes.back()
        for side in (-1, 1):
            self.arm(side)
        with self.head():
            self.hair.back()
            tails(self.hair, before=False)
            tails(self.hair, before=True)

    def behind(self, side: int) -> bool:
        """Whether an arm is drawn before the body: the far one, unless its hand is before the chest."""
        turn = self.drawn.pose.turn
        fore = self.drawn.pose.arms[0 if side < 0 else 1][1]
        return side * turn > 0.15 and fore > -0.25

    def raised(self, side: int) -> bool:
        """Whether an arm is in front of the face."""
        return bool(self.at.wrists[side][1] < 1.6)

    def head(self) -> AbstractContextManager[None]:
        """Draws with the head's tilt, about the neck."""
        angle = self.drawn.roll
        pivot = np.array([0.0, 1.0])
        shift = pivot - np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ pivot
        return self.pen.placed(float(shift[0]), float(shift[1]), 1, angle)

    def draw_head(self) -> None:
        """The head with all that is on it, but for what hangs behind."""
        with self.head():
            face = Face(self.pen, self.view, self.who.style, self.who.eyes, skin=self.who.skin, hair=self.who.locks)
            if not self.who.hair.covers:
                face.ears()
            face.draw(self.drawn.shown, self.hair.fringe())
            worn = Worn(self.pen, self.view, self.who.eyes, self.who.extras)
            worn.on_face(self.who.skin, self.who.locks)
            for side in (1, -1):
                self.hair.beside(side)
            self.hair.front()
            worn.over_eyes()
            tails(self.hair, before=True)
            worn.on_hair(self.hair)
            if self.who.hair.ribbon and self.who.hair.tail == "none" and self.who.extras.head == "none":
                x, y = self.hair.cap(140, 140, 1, 0.95)[0]
                bow(self.pen, float(x), float(y), 0.3, self.who.worn.second)

    def arm(self, side: int) -> None:
        """An arm with its hand."""
        i = 0 if side < 0 else 1
        fore = side * self.drawn.pose.arms[i][1] + self.drawn.pose.lean
        hand = Hand(self.pen, self.at.wrists[side], fore, side=side, skin=self.who.skin, size=self.body.limb * 3.0)
        under = self.who.worn.sleeves == 1
        if under:
            hand.draw(self.drawn.pose.hands[i])
        self.clothes.arm(side)
        if not under:
            hand.draw(self.drawn.pose.hands[i])
