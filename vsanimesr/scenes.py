"""Where scenes start: frame properties that say it, else a detector of hard cuts that looks at two frames alone.

The detector asks how much of a frame the other one explains. Frames are compared as coarse cells of luma, in blocks,
each with whatever lies within REACH of its place in the other frame: so pans, shakes, zooms and moving figures explain
themselves. They are compared twice, as they are (a title covers only its own blocks) and with the tones of the richer
frame mapped to those of the poorer (fades, lightning, most of a flash); the better explanation of a block counts.

What two frames cannot tell is decided once: a frame that is bright and flat is a flash, never a cut, neither where it
comes nor where it goes; a dark and flat one is a cut to black or from black, unless the step is as small as that of a
fade; a frame with the tones of the other turned over is an impact frame, no cut. A drawing that flashes up for one
frame and has nothing of its neighbours is taken for a shot of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from vsanimesr.spec import PixelFormat

SAMPLED = 256, 192
"""At most so many columns and rows of samples are looked at: about a tenth of a frame of 640x480."""
POOL = 4
"""A cell is the mean of so many by so many of them, which hides noise, thin lines and a shift by a pixel."""
FEW = 32
"""Smaller frames have smaller cells, so that there are at least so many where the frame has them."""

STILL = 0.02
"""Frames whose cells differ less on average, as a part of the whole range, are of one shot."""
FLAT = 0.004
"""Standard deviation of the cells of a frame without a picture: black, white."""
BRIGHT = 0.5
"""Mean of a flat frame that is a flash; below that it is black."""
FADING = 0.12
"""A flat dark frame is that near to its neighbour in a fade; beyond it is a cut to black or from black."""
ALIKE = 0.9
"""Correlation above which nothing more is asked: cuts have less than 0.75."""
INVERTED = -0.35
"""Correlation below which a frame may be the other one's negative, and is compared with that."""
REACH = 6
"""How far a block may have moved: cells to each side, about a ninth of the frame's width."""
BLOCK = 4
"""Sides of a block, in pairs of cells."""
UNLIKE = 0.70
"""A cut leaves more than this unexplained, see `_unexplained`; chosen on drawn clips (`benchmarks/scenes.py`)."""
_LEVELS = 256
_GREEN = 1


Cells = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Signature:
    """What the detector keeps of a frame: at most 64x48 cells, 3 KB."""

    cells: NDArray[np.uint8]
    """Mean luma of each cell, 255 times a part of the greatest sample; read-only."""


def signature(planes: Sequence[Any], format_: PixelFormat) -> Signature:
    """The signature of a frame.

    `planes` are arrays or buffers [height, width] of the format's sample type, as a backend takes them. Of RGB green is
    read, which is most of the luma; of YUV the first plane, which may be the only one. Depths of one picture differ by
    rounding only; NaN is black.
    """
    peak = 1.0 if format_.floating else float((1 << format_.bits) - 1)
    mean = _pooled(planes[_GREEN if format_.family == "rgb" else 0]) * np.float32(255 / peak)
    cells = np.rint(np.nan_to_num(mean, nan=0.0).clip(0, 255)).astype(np.uint8)
    cells.flags.writeable = False
    return Signature(cells)


def starts_scene(
    properties: tuple[Mapping[str, int], Mapping[str, int]], signatures: tuple[Signature, Signature]
) -> bool:
    """Whether the second of two successive frames starts a scene, by the properties and the signatures of both.

    It does with `_SceneChangePrev`, or after a frame with `_SceneChangeNext`, of 1. Where one of the two is there, and
    says no, it does not. Only where neither is there do the signatures decide.
    """
    before, after = properties
    said = after.get("_SceneChangePrev"), before.get("_SceneChangeNext")
    known = [value for value in said if value is not None]
    return any(value == 1 for value in known) if known else is_cut(*signatures)


def is_cut(before: Signature, after: Signature) -> bool:
    """Whether a hard cut lies between two neighbouring frames of one size."""
    old, new = _unit(before), _unit(after)
    difference = float(np.abs(old - new).mean())
    if difference < STILL:
        return False
    flat = [float(cells.mean()) for cells in (old, new) if cells.std() < FLAT]
    if flat:
        return max(flat) < BRIGHT and difference > FADING
    correlation = np.corrcoef(old.ravel(), new.ravel())[0, 1]
    if correlation > ALIKE:
        return False
    return _unexplained(before, after if correlation > INVERTED else _negative(after)) > UNLIKE


def _unit(signature_: Signature) -> Cells:
    return signature_.cells.astype(np.float32) / np.float32(_LEVELS - 1)


def _negative(signature_: Signature) -> Signature:
    return Signature(np.uint8(_LEVELS - 1) - signature_.cells)


def _unexplained(before: Signature, after: Signature) -> float:
    """What blocks of each frame differ from the best of the other: over their contrast, and half of it outright."""
    old, new = _unit(before), _unit(after)
    toned = _toned(before, after)
    contrast = np.float32(max(FLAT, float(old.std()), float(new.std())))
    scale = np.float32(max(FLAT, min(float(cells.std()) for cells in toned)))
    found = []
    for way in (1, -1):
        plain, mapped = (old, new)[::way], toned[::way]
        moved = _differences(mapped[0] / scale, mapped[1] / scale)
        left = np.minimum(moved, _differences(plain[0] / contrast, plain[1] / contrast))
        found.append(left.sum() / max(_contrasts(mapped[1] / scale).sum(), FLAT) + left.mean() / 2)
    return float(np.mean(found))


def _toned(before: Signature, after: Signature) -> tuple[Cells, Cells]:
    """Both frames, the one of more tones with its histogram made the other's."""
    counts = [np.bincount(one.cells.ravel(), minlength=_LEVELS) for one in (before, after)]
    if np.count_nonzero(counts[0]) >= np.count_nonzero(counts[1]):
        return _mapping(counts[0], counts[1])[before.cells], _unit(after)
    return _unit(before), _mapping(counts[1], counts[0])[after.cells]


def _mapping(counts: NDArray[Any], wanted: NDArray[Any]) -> Cells:
    """For each level the one of the same rank in another histogram, in [0, 1]."""
    ranks = np.cumsum(counts) - counts / 2
    levels = np.searchsorted(np.cumsum(wanted), ranks).clip(0, _LEVELS - 1)
    return levels.astype(np.float32) / np.float32(_LEVELS - 1)


def _differences(old: Cells, new: Cells) -> Cells:
    """For each block of `new` the least mean difference from `old`, over all movements within REACH."""
    wide = _paired(np.pad(old, REACH, mode="edge"))
    blocks = _whole(_paired(new)[::2, ::2])
    high, broad = blocks.shape
    moved = sliding_window_view(wide, (2 * high - 1, 2 * broad - 1))[: 2 * REACH + 1, : 2 * REACH + 1, ::2, ::2]
    least: Cells = _means(np.abs(moved - blocks)).min((0, 1))
    return least


def _contrasts(cells: Cells) -> Cells:
    """For each block its mean deviation from its own mean."""
    blocks = _whole(_paired(cells)[::2, ::2])
    sides = [min(BLOCK, side) for side in blocks.shape]
    means: Cells = np.kron(_means(blocks), np.ones(sides, np.float32))
    return _means(np.abs(blocks - means))


def _paired(cells: Cells) -> Cells:
    """Means of each two by two neighbours."""
    return (cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]) / np.float32(4)


def _whole(cells: Cells) -> Cells:
    """The part that blocks fill."""
    high, wide = (size // min(BLOCK, size) * min(BLOCK, size) for size in cells.shape)
    return cells[:high, :wide]


def _means(cells: Cells) -> Cells:
    """Mean of each block, over the last two axes; by slices, which is several times as fast as over axes."""
    down, across = (min(BLOCK, side) for side in cells.shape[-2:])
    rows: Cells = sum((cells[..., k::down, :] for k in range(1, down)), start=cells[..., ::down, :])
    blocks: Cells = sum((rows[..., k::across] for k in range(1, across)), start=rows[..., ::across])
    return blocks / np.float32(down * across)


def _pooled(plane: Any) -> NDArray[np.float32]:
    samples = np.asarray(plane)
    height, width = samples.shape
    down, across = -(-height // SAMPLED[1]), -(-width // SAMPLED[0])
    samples = samples[::down, ::across]
    rows, columns = (min(POOL, max(1, side // FEW)) for side in samples.shape)
    return _sums(_sums(samples, rows).T, columns).T.astype(np.float32) / np.float32(rows * columns)


def _sums(samples: NDArray[Any], count: int) -> NDArray[Any]:
    """Sums of `count` rows at a time; what is left over falls away."""
    whole = len(samples) // count * count
    wide = np.float32 if samples.dtype.kind == "f" else np.uint32
    total = samples[0:whole:count].astype(wide)
    for k in range(1, count):
        total += samples[k:whole:count]
    return total
