"""The moving picture that everything here is fed with."""

import numpy as np

DRAWN = 6
"""How many different frames there are; then they repeat."""


def draw(width: int, height: int, n: int) -> list[np.ndarray]:
    """Planes R, G, B of frame n, float32 [height, width] in [0, 1]: waves, and a disc with a hard edge that moves."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    centre, radius = width / 4 + 3 * (n % DRAWN), min(width, height) / 5
    disc = (x - centre) ** 2 + (y - height / 2) ** 2 < radius**2
    waves = (0.5 + 0.4 * np.sin((x * (1 + k) + 2 * y + 5 * (n % DRAWN)) / 9) for k in range(3))
    return [np.where(disc, np.float32(k / 2), wave).astype(np.float32) for k, wave in enumerate(waves)]
