"""NIQE (Mittal, Soundararajan, Bovik: Making a Completely Blind Image Quality Analyzer, IEEE Signal Processing Letters
2013).

The official prior was fitted to photographs, and is not part of this package: `external.locate("niqe-prior", ...)`
finds it. Figures of other pictures than those of a published table are not comparable with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.metrics.pictures import Picture, Plane, luma
from training.metrics.resizing import imresize
from training.metrics.statistics import SHIFTS, Values, asymmetric, asymmetric_mean, blocks, normalised, width
from vsanimesr.errors import BadModelFile, FormatError

BLOCK = 96
"""Samples of a block's side at the first scale; at the second one it is half of that."""
SHARPNESS = 0.75
"""Share of the sharpest block's sharpness that blocks have of which a prior is made."""
FEATURES = 36
_KEYS = {"mu_pris_param": (1, FEATURES), "cov_pris_param": (FEATURES, FEATURES)}


@dataclass(frozen=True, eq=False)
class Prior:
    """The Gaussian of what blocks of good pictures are like."""

    mean: NDArray[np.float64]
    """[36]."""
    covariance: NDArray[np.float64]
    """[36, 36]."""


def read(path: Path) -> Prior:
    """The prior in an .npz file with `mu_pris_param` and `cov_pris_param`; raises BadModelFile for another one."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: np.asarray(stored[key], np.float64) for key in _KEYS}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise BadModelFile(f"{path} is no prior of NIQE: {error}; wanted an .npz with {', '.join(_KEYS)}") from error
    for key, shape in _KEYS.items():
        if arrays[key].shape != shape or not np.isfinite(arrays[key]).all():
            raise BadModelFile(f"{path}: {key} is {arrays[key].shape}, wanted finite numbers {shape}")
    return Prior(arrays["mu_pris_param"][0], arrays["cov_pris_param"])


def fit(pictures: Iterable[Picture], *, sharpness: float = SHARPNESS) -> Prior:
    """A prior of these good pictures, made of their sharp blocks (section 2.3); raises FormatError for too few."""
    found = np.concatenate([features(luma(picture), sharpness) for picture in pictures])
    return Prior(*_gaussian(found, "the pictures have"))


def score(picture: Picture, prior: Prior) -> float:
    """Distance of a picture from the prior, lower is better; Y channel, rounded, no block left out.

    Sides that are no multiples of 96 are cropped at the right and at the bottom. Raises FormatError for a picture of
    fewer than two blocks with something in them.
    """
    height, wide = picture.shape[:2]
    mean, covariance = _gaussian(features(np.rint(luma(picture))), f"a picture of {wide}x{height} has")
    difference = prior.mean - mean
    inverse = np.linalg.pinv((prior.covariance + covariance) / 2)
    return float(np.sqrt(difference @ inverse @ difference))


def features(plane: Plane, sharpness: float = 0.0) -> Values:
    """The 36 features of each block [blocks, 36], NaN in blocks that are flat; of blocks that are sharp enough alone.

    `sharpness` is the share of the sharpest block's mean local deviation that a block has to exceed (the MATLAB code's
    threshold); 0 leaves all of them. Raises FormatError for a plane that has no whole block.
    """
    rows, columns = (side // BLOCK for side in plane.shape)
    if not rows * columns:
        raise FormatError(f"{plane.shape[1]}x{plane.shape[0]} samples, wanted {BLOCK}x{BLOCK} at least for NIQE")
    whole = np.asarray(plane[: rows * BLOCK, : columns * BLOCK], np.float64)
    samples, deviation = normalised(whole)
    half, _ = normalised(imresize(whole, 0.5))
    found = np.concatenate([_of_blocks(samples, BLOCK), _of_blocks(half, BLOCK // 2)], axis=1)
    sharp = blocks(deviation, BLOCK).mean(axis=(1, 2))
    return found[sharp >= sharpness * sharp.max()] if sharpness else found


def _of_blocks(samples: Values, side: int) -> Values:
    return np.stack(list(_columns(blocks(samples, side))), axis=1)


def _columns(blocks: Values) -> Iterator[Values]:
    """The 18 features of one scale, each for all blocks (section 2.1)."""
    shape, left, right = asymmetric(_flat(blocks))
    yield from (shape, (width(shape, left) + width(shape, right)) / 2)
    for shift in SHIFTS:
        shape, left, right = asymmetric(_flat(blocks * np.roll(blocks, shift, axis=(1, 2))))
        yield from (shape, asymmetric_mean(shape, left, right), width(shape, left), width(shape, right))


def _gaussian(found: Values, who: str) -> tuple[Values, Values]:
    whole = found[~np.isnan(found).any(axis=1)]
    if len(whole) < 2:
        raise FormatError(f"{who} {len(whole)} blocks with something in them, wanted 2 of {BLOCK}x{BLOCK} at least")
    return np.nanmean(found, axis=0), np.cov(whole, rowvar=False)


def _flat(blocks: Values) -> Values:
    return blocks.reshape(len(blocks), -1)
