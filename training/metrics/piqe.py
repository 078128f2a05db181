"""PIQE (Venkatanath, Praneeth, Maruthi Chandrasekhar, Channappayya, Medasani: Blind Image Quality Evaluation Using
Perception Based Features, NCC 2015), which needs no training.
"""

import numpy as np
from numpy.typing import NDArray

from training.metrics.pictures import Picture, gray
from training.metrics.statistics import Values, blocks, normalised

BLOCK = 16
SEGMENT = 6
ACTIVE = 0.1
"""Variance above which a block is looked at."""
IMPAIRED = 0.1
"""Deviation of a segment of a block's edge below which the block is impaired."""


def score(picture: Picture) -> float:
    """Share of active blocks' distortion, lower is better; 100 for a picture without any active block.

    Blocks of 16x16; sides that are no multiples are mirrored to be. Blocks count by how impaired or noisy they are.
    """
    plane = gray(picture)
    beyond = [(0, -side % BLOCK) for side in plane.shape]
    samples, _ = normalised(np.pad(plane, beyond, mode="symmetric"))
    parts = blocks(samples, BLOCK)
    variance = parts.var(axis=(1, 2), ddof=1)
    active = variance > ACTIVE
    impaired, noisy = _is_impaired(parts), _is_noisy(parts, variance)
    distortion = (impaired * (1 - variance) + noisy * variance)[active].sum()
    return float(100 * (distortion + 1) / (active.sum() + 1))


def _is_impaired(blocks: Values) -> NDArray[np.bool_]:
    """Whether a segment of six samples of a block's edges is nearly flat (section II.C, noticeable distortion)."""
    edges = np.stack([blocks[:, 0], blocks[:, -1], blocks[:, :, 0], blocks[:, :, -1]], axis=1)
    segments = np.lib.stride_tricks.sliding_window_view(edges, SEGMENT, axis=2)
    return np.asarray((segments.std(axis=-1, ddof=1) < IMPAIRED).any(axis=(1, 2)))


def _is_noisy(blocks: Values, variance: Values) -> NDArray[np.bool_]:
    """Whether a block's deviation differs little from the ratio of its centre's and its surround's (section II.C)."""
    middle = BLOCK // 2
    centre = blocks[:, :, middle - 1 : middle + 1]
    surround = np.delete(blocks, (middle - 1, middle), axis=2)
    sigma = np.sqrt(variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.nan_to_num(centre.std(axis=(1, 2), ddof=1) / surround.std(axis=(1, 2), ddof=1), posinf=np.inf)
        beta = np.abs(sigma - ratio) / np.maximum(sigma, ratio)
    return np.asarray(sigma > 2 * beta)
