"""Pictures and pairs of frames, as shots are made of them, for the tests of the detector of cuts."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
WIDTH, HEIGHT = 320, 192


@lru_cache(maxsize=400)
def picture(seed: int, *, x: float = 0, y: float = 0, zoom: float = 1, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Luma:
    """Luma of a drawn place, full range, seen by a camera that moved by (x, y) pixels and came nearer by `zoom`."""
    draw = np.random.default_rng(seed)
    width, height = size
    rows, columns = np.ogrid[:height, :width]
    across = ((columns - width / 2) / zoom + width / 2 + x) * WIDTH / width
    down = ((rows - height / 2) / zoom + height / 2 + y) * HEIGHT / height
    low, high = draw.uniform(40, 215, 2)
    luma = low + (high - low) * np.clip(down / HEIGHT, 0, 1) + 0 * across
    for _ in range(16):
        centre = draw.uniform((-60, 0), (WIDTH + 60, HEIGHT))
        sides = draw.uniform(12, 70, 2)
        far = np.abs(across - centre[0]) / sides[0], np.abs(down - centre[1]) / sides[1]
        inside = far[0] ** 2 + far[1] ** 2 < 1 if draw.random() < 0.5 else (far[0] < 1) & (far[1] < 1)
        luma[inside] = draw.uniform(10, 245)
    found = rounded(luma)
    found.flags.writeable = False  # it is kept for the next who asks
    return found


def rounded(luma: NDArray[np.floating]) -> Luma:
    return np.rint(np.clip(luma, 0, 255)).astype(np.uint8)


def mixed(one: Luma, other: Luma | int, share: float) -> Luma:
    return rounded(one * (1 - share) + np.float64(share) * other)


def noisy(luma: Luma, deviation: float, seed: int = 0) -> Luma:
    return rounded(luma + np.random.default_rng(seed).normal(0, deviation, luma.shape))


def covered(luma: Luma, left: int, top: int, right: int, bottom: int, *, value: int = 30) -> Luma:
    """The picture with a box before it."""
    found = luma.copy()
    found[max(0, top) : bottom, max(0, left) : right] = value
    return found


def lettered(luma: Luma, top: int, size: int) -> Luma:
    """The picture with a line of white letters."""
    found = luma.copy()
    signs = np.random.default_rng(5).random((5, (WIDTH - 60) // size)) < 0.6
    written = np.kron(signs, np.ones((size, size), bool))
    high, wide = written.shape
    found[top : top + high, 30 : 30 + wide][written] = 255
    return found


Pair = tuple[Luma, Luma]

DISTURBED: dict[str, Callable[[int], Pair]] = {
    "still": lambda n: (picture(n), picture(n)),
    "slow pan": lambda n: (picture(n), picture(n, x=3, y=1)),
    "fast pan": lambda n: (picture(n), picture(n, x=24, y=5)),
    "shake": lambda n: (picture(n, x=5, y=-6), picture(n, x=-4, y=6)),
    "zoom": lambda n: (picture(n), picture(n, zoom=1.06)),
    "noise": lambda n: (noisy(picture(n), 12, 1), noisy(picture(n), 12, 2)),
    "mouth": lambda n: (covered(picture(n), 150, 100, 170, 104), covered(picture(n), 150, 100, 170, 116)),
    "foreground": lambda n: (covered(picture(n), 0, 60, 90, 192), covered(picture(n), 0, 60, 150, 192)),
    "subtitle": lambda n: (picture(n), lettered(picture(n), 165, 3)),
    "title": lambda n: (picture(n), lettered(picture(n), 70, 9)),
    "white flash": lambda n: (picture(n), np.full((HEIGHT, WIDTH), 255, np.uint8)),
    "end of a white flash": lambda n: (np.full((HEIGHT, WIDTH), 255, np.uint8), picture(n)),
    "bright flash": lambda n: (picture(n), mixed(picture(n), 255, 0.85)),
    "lightning": lambda n: (picture(n), rounded(picture(n) * 1.8 + 20.0)),
    "impact": lambda n: (picture(n), 255 - picture(n)),
    "fade": lambda n: (mixed(picture(n), 0, 0.5), mixed(picture(n), 0, 0.6)),
    "fade from black": lambda n: (mixed(picture(n), 0, 1), mixed(picture(n), 0, 0.85)),
    "fade to black": lambda n: (mixed(picture(n), 0, 0.85), mixed(picture(n), 0, 1)),
    "dissolve": lambda n: (mixed(picture(n), picture(n + 500), 0.45), mixed(picture(n), picture(n + 500), 0.53)),
}
"""For a number two neighbouring frames of one shot, by what happens from the one to the other."""

CUTS: dict[str, Callable[[int], Pair]] = {
    "cut": lambda n: (picture(n), picture(n + 500)),
    "cut to black": lambda n: (picture(n), mixed(picture(n), 0, 1)),
    "cut from black": lambda n: (mixed(picture(n), 0, 1), picture(n)),
    "noisy cut": lambda n: (noisy(picture(n), 12, 1), noisy(picture(n + 500), 12, 2)),
    "cut in a pan": lambda n: (picture(n, x=8), picture(n + 500, x=16)),
    "dark cut": lambda n: (mixed(picture(n), 0, 0.65), mixed(picture(n + 500), 0, 0.65)),
}
"""The same for two shots."""
