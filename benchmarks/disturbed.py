"""Clips of drawn shots whose cuts are known, with what misleads detectors: flashes, fades, dissolves, noise, titles."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.drawn import CAMERAS, Image, Shot

EFFECTS = ("none", "flash", "lightning", "impact", "subtitle", "title", "noise")
"""What happens within a shot."""
JOINS = ("cut", "cut", "cut", "cut", "similar cut", "similar cut", "through black", "dissolve", "fade")
"""How one shot becomes the next, as often as they stand here; the first four words are hard cuts."""
BLEND = 13
"""Frames of a dissolve, and of a fade through black."""
WIDTH, HEIGHT = 320, 192
_DIGITS = np.array([[0x69, 0x99, 0x96], [0xF8, 0xE8, 0xF0], [0x8B, 0xDD, 0xB0]], np.uint8)


@dataclass(frozen=True)
class Frame:
    """A frame of such a clip."""

    picture: Image
    """RGB."""
    cut: bool
    """Whether a new shot begins with it at once."""
    kind: str
    """What happens in it, or from the frame before to it; for telling where a detector errs."""


def clip(seed: int, shots: int, style: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Iterator[Frame]:
    """The frames of a clip of that many shots, in one of the styles of `drawn`; width and height of `size`."""
    draw = random.Random(seed)  # noqa: S311
    shot, cut, kind, start = _shot(draw, style), False, "start", 0
    for _ in range(shots):
        join, following = draw.choice(JOINS), _shot(draw, style)
        if join == "similar cut":
            following = _shot(draw, style, shot)
        length = draw.randint(14, 30)
        pictures = [(_held(shot, start + n, size), shot.camera) for n in range(length)]
        pictures = _disturbed(draw, pictures)
        for n, (picture, what) in enumerate(pictures):
            yield Frame(picture, cut and n == 0, kind if n == 0 else what)
        yield from _joined(join, shot, start + length, following, size)
        start = BLEND if join in ("dissolve", "fade") else 0
        cut, kind, shot = start == 0, join, following


def luma(picture: Image) -> NDArray[np.uint8]:
    """Luma of an RGB picture (BT.601, full range)."""
    weighted = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(weighted).astype(np.uint8)


def _shot(draw: random.Random, style: str, like: Shot | None = None) -> Shot:
    moving = draw.choice((0, 0, 0, 0.03, 0.12))
    seed = draw.randrange(10**6)
    return Shot(seed, style, draw.choice(CAMERAS), draw.choice((1, 2, 3)), moving, like)


def _held(shot: Shot, n: int, size: tuple[int, int]) -> Image:
    return shot.picture(n, *size)


def _disturbed(draw: random.Random, pictures: list[tuple[Image, str]]) -> list[tuple[Image, str]]:
    effect, at, length = draw.choice(EFFECTS), draw.randint(4, 8), draw.randint(1, 3)
    strength, noise = draw.uniform(0.7, 1.0), np.random.default_rng(draw.randrange(10**6))
    whole = effect in ("noise", "subtitle", "title")
    found = []
    for n, (picture, camera) in enumerate(pictures):
        active = effect == "noise" or (n >= at if whole else at <= n < at + length)
        after = effect != "noise" and not whole and n == at + length
        changed = _changed(effect, picture, strength, noise) if active else picture
        found.append((changed, effect if effect != "none" and (active or after) else camera))
    return found


def _changed(effect: str, picture: Image, strength: float, noise: np.random.Generator) -> Image:
    if effect == "flash":
        return _mixed(picture, np.full_like(picture, 255), strength)
    if effect == "lightning":
        lit: Image = np.clip(picture * (1 + strength) + 30.0, 0, 255).astype(np.uint8)
        return lit
    if effect == "impact":
        inverse: Image = 255 - picture
        return inverse
    if effect in ("subtitle", "title"):
        return _written(picture, large=effect == "title")
    grain = noise.normal(0, 12 * strength, picture.shape[:2])
    noisy: Image = np.clip(picture + grain[..., None], 0, 255).astype(np.uint8)
    return noisy


def _written(picture: Image, *, large: bool) -> Image:
    """White signs with a black border: two lines below, or a title over the middle half."""
    height, width, _ = picture.shape
    signs = np.tile(np.unpackbits(_DIGITS.reshape(-1, 1), axis=1).reshape(6, 12), (1, 1 if large else 4))
    size = max(1, width // (24 if large else 96))
    mask = np.kron(signs, np.ones((size, size), np.uint8)).astype(bool)
    high, wide = mask.shape
    top, left = (height - high) // (2 if large else 1), (width - wide) // 2
    written = picture.copy()
    area = written[max(0, top) : top + high, left : left + wide]
    area[mask[: len(area), : area.shape[1]]] = 255
    return written


def _joined(join: str, shot: Shot, n: int, following: Shot, size: tuple[int, int]) -> Iterator[Frame]:
    """The frames between two shots."""
    if join == "through black":
        black = np.zeros_like(_held(shot, 0, size))
        yield from (Frame(black, k == 0, join) for k in range(5))
    if join not in ("dissolve", "fade"):
        return
    for k in range(BLEND):
        old, new = _held(shot, n + k, size), _held(following, k, size)
        share = (k + 1) / (BLEND + 1)
        if join == "dissolve":
            yield Frame(_mixed(old, new, share), False, join)
        else:
            lit, level = (old, 1 - 2 * share) if share < 0.5 else (new, 2 * share - 1)
            yield Frame(_mixed(np.zeros_like(lit), lit, level), False, join)


def _mixed(one: Image, other: Image, share: float) -> Image:
    return np.rint(one + share * (other.astype(np.float32) - one)).astype(np.uint8)
