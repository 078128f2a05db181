"""Clips: shots one after another with cuts, dissolves, fades and flashes; any frame can be asked for."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from training.toon import staging, trial
from training.toon.ink import ink
from training.toon.noise import Pixels
from training.toon.post import finish
from training.toon.production import production
from training.toon.rng import Seed, root
from training.toon.shot import Mask, Shot
from vsanimesr.errors import ArgumentError

JOINTS = {"cut": 8, "dissolve": 1, "flash": 0.6, "fade": 0.6}
"""How one shot follows another."""

LENGTHS = {"cut": (0, 0), "dissolve": (8, 24), "flash": (2, 4), "fade": (8, 24)}
"""How many frames that takes."""

LONG = (72, 150)
"""Frames of a shot; a film that cuts quickly has shots of SHORT, and one clip in eight is of such a film."""

SHORT = (5, 30)


@dataclass(frozen=True)
class Frame:
    """One frame of a clip."""

    image: Pixels
    """RGB, height x width x 3."""
    lines: Mask
    """How much of each pixel is covered by the ink of cels and effects, 0 to 255, height x width; painted lines of
    backgrounds do not count."""


@dataclass(frozen=True)
class Joint:
    """Where a shot begins."""

    start: int
    """Its first frame."""
    kind: str
    """One of JOINTS."""
    length: int
    """For how many frames from there on it is mixed with the shot before, with black or with white; 0 for a cut."""


class Clip:
    """A clip that is rendered as its frames are asked for; frame n is the same whatever else is asked for."""

    def __init__(self, seed: int, frames: int, size: tuple[int, int], split: str):
        self.seed, self.frames, self.size, self.split = seed, frames, size, split
        self.stream: Seed = root(seed, split)
        self.show = production(self.stream, ink(self.stream.dice("ink")), size)
        self.finish = finish(self.stream)
        self.joints = [Joint(0, "cut", 0)]
        self.shots: OrderedDict[int, Shot] = OrderedDict()
        self.drawn: dict[int, tuple[Hashable, Pixels, Mask]] = {}
        self.dice = self.stream.dice("cutting")
        self.lengths = SHORT if self.dice.chance(0.125) else LONG
        self.plan(frames)

    def plan(self, frames: int) -> None:
        """Finds where shots begin until that frame."""
        while self.joints[-1].start < frames:
            start = self.joints[-1].start + self.dice.randint(*self.lengths)
            kind = self.dice.pick(JOINTS)
            self.joints.append(Joint(start, kind, self.dice.randint(*LENGTHS[kind])))

    @property
    def cuts(self) -> tuple[int, ...]:
        """The frames that start a shot without any transition; frame 0 is not one."""
        return tuple(joint.start for joint in self.joints[1:] if joint.kind == "cut" and joint.start < self.frames)

    @property
    def transitions(self) -> tuple[tuple[int, int, str], ...]:
        """First frame, number of frames and kind of each dissolve, flash and fade."""
        return tuple(
            (joint.start, joint.length, joint.kind)
            for joint in self.joints[1:]
            if joint.length and joint.start < self.frames
        )

    @property
    def generators(self) -> frozenset[str]:
        """The names of the generators that its shots are made by; nothing is painted for that."""
        count = sum(joint.start < self.frames for joint in self.joints)
        return frozenset().union(*(self.shot(i).names for i in range(count)))

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Frame]:
        return (self[n] for n in range(self.frames))

    def __getitem__(self, n: int) -> Frame:
        """Frame n, counted from 0; raises IndexError outside of the clip."""
        image, lines = self.picture(self.number(n), n)
        return Frame(self.finish.apply(image, self.size, n), lines.copy())

    def shot_at(self, n: int) -> Shot:
        """The shot that frame n is of, the later one of two that are mixed; raises IndexError outside of the clip."""
        return self.shot(self.number(n))

    def number(self, n: int) -> int:
        """Number of that shot."""
        if not 0 <= n < self.frames:
            raise IndexError(f"the clip has frames 0 to {self.frames - 1}, not {n}")
        return bisect_right([joint.start for joint in self.joints], n) - 1

    def shot(self, i: int) -> Shot:
        """Shot i; two are kept, which is what a dissolve needs."""
        if i not in self.shots:
            compose = trial.stage if self.split == "test" else staging.stage
            self.shots[i] = compose(self.show, self.stream.child("shot", i))
            if len(self.shots) > 2:
                old, _ = self.shots.popitem(last=False)
                self.drawn.pop(old, None)
        self.shots.move_to_end(i)
        return self.shots[i]

    def drawing(self, i: int, n: int) -> tuple[Pixels, Mask]:
        """Shot i at frame n of the clip; a drawing that is held is not drawn again."""
        shot, at, shift = self.shot(i), n - self.joints[i].start, self.finish.shift(n)
        key = shot.key(at, shift)
        if i not in self.drawn or self.drawn[i][0] != key:
            self.drawn[i] = key, *shot.draw(at, self.size, self.finish.scale, shift)
        return self.drawn[i][1:]

    def picture(self, i: int, n: int) -> tuple[Pixels, Mask]:
        """The drawing at frame n with whatever joins shots there."""
        joint = self.joints[i]
        since = n - joint.start
        image, lines = self.drawing(i, n)
        if since >= joint.length:
            return image, lines
        share = (since + 1) / (joint.length + 1)
        if joint.kind == "dissolve":
            before, under = self.drawing(i - 1, n)
            return mixed(before, image, share), mixed(under, lines, share)
        plain = np.full_like(image, 255 if joint.kind == "flash" else 0)
        return mixed(plain, image, share), mixed(np.zeros_like(lines), lines, share)


def mixed(first: Pixels, second: Pixels, share: float) -> Pixels:
    """The first picture with that share of the second."""
    weights = round(256 * share)
    made: Pixels = ((first.astype(np.uint16) * (256 - weights) + second.astype(np.uint16) * weights + 128) >> 8).astype(
        np.uint8
    )
    return made


def clip(seed: int, *, frames: int = 48, size: tuple[int, int] = (640, 384), split: str = "train") -> Clip:
    """A clip of that seed.

    `size` is (width, height), both even and at least 32; `split` is train, val or test: the first two share generators
    but no clip, the third has generators that they do not have. Raises ArgumentError for other arguments.
    """
    if frames < 1:
        raise ArgumentError(f"a clip has one frame or more, not {frames}")
    if min(size) < 32 or size[0] % 2 or size[1] % 2:
        raise ArgumentError(f"width and height have to be even and at least 32, not {size[0]}x{size[1]}")
    return Clip(seed, frames, size, split)
