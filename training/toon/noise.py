"""Noise over whole pictures: fractal fields, warping, and the texture of paint."""

import cv2
import numpy as np
from numpy.typing import NDArray

type Field = NDArray[np.float32]
"""height x width, about -1 to 1 unless it says otherwise."""

type Pixels = NDArray[np.uint8]
"""height x width x channels."""


def fractal(
    rng: np.random.Generator, size: tuple[int, int], scale: float, octaves: int = 4, fall: float = 0.5
) -> Field:
    """Smooth noise of (height, width); `scale` is the size of its largest features in pixels, the spread is about 1."""
    height, width = size
    made = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        step = max(scale / 2**octave, 1.0)
        grid = rng.standard_normal((int(height / step) + 3, int(width / step) + 3), dtype=np.float32)
        made += fall**octave * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return made / max(float(made.std()), 1e-6)


def grid(size: tuple[int, int]) -> tuple[Field, Field]:
    """The coordinates x and y of every pixel."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    return x, y


def warped(image: Pixels, dx: Field, dy: Field) -> Pixels:
    """The picture with every pixel taken from (dx, dy) beside it: edges become a hand's."""
    x, y = grid(image.shape[:2])
    seen = cv2.remap(image, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(seen, np.uint8)


def gouache(rng: np.random.Generator, image: Pixels, unit: float, strength: float) -> Pixels:
    """Opaque paint on rough paper; `unit` is a hundredth of the picture's height in pixels.

    Edges waver, the brush leaves streaks along a common direction, and tones drift.
    """
    size = image.shape[:2]
    waver = 0.10 * unit * strength
    image = warped(image, waver * fractal(rng, size, 9 * unit, 2), waver * fractal(rng, size, 9 * unit, 2))
    rough = rng.standard_normal((size[0] // 2 + 1, size[1] // 2 + 1), dtype=np.float32)
    streaks = cv2.GaussianBlur(rough, (0, 0), sigmaX=2.2 * unit / 2, sigmaY=0.35 * unit / 2 + 0.3)
    streaks = cv2.resize(
        np.asarray(streaks / max(float(streaks.std()), 1e-6), np.float32),
        (size[1], size[0]),
        interpolation=cv2.INTER_LINEAR,
    )
    drift = fractal(rng, size, 35 * unit, 3)
    return lit(image, 1 + strength * (0.009 * streaks + 0.012 * drift))


def watercolour(rng: np.random.Generator, image: Pixels, unit: float, strength: float) -> Pixels:
    """Transparent paint: edges wander further and dry darker, paper shows."""
    size = image.shape[:2]
    waver = 0.16 * unit * strength
    image = warped(image, waver * fractal(rng, size, 7 * unit, 3), waver * fractal(rng, size, 7 * unit, 3))
    grey = cv2.cvtColor(image[..., :3], cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 0.6 * unit)) / 255
    blooms = np.abs(fractal(rng, size, 14 * unit, 4))
    paper = fractal(rng, size, 0.6 * unit, 2)
    return lit(image, 1 - strength * (0.9 * edges - 0.05 * blooms + 0.05 - 0.012 * paper))


def lit(image: Pixels, factor: NDArray[np.floating]) -> Pixels:
    """The picture with every pixel's colours times a factor; alpha stays."""
    made = image.copy()
    colours = image[..., :3].astype(np.float32) * factor[..., None]
    made[..., :3] = np.clip(colours + 0.5, 0, 255).astype(np.uint8)
    if image.shape[2] == 4:
        np.minimum(made[..., :3], made[..., 3:], out=made[..., :3])
    return made
