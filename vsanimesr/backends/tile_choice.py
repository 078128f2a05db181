"""Which tiles fit the memory of a device, and what to say where none do."""

import math
from collections.abc import Callable
from dataclasses import replace

from vsanimesr.backends.base import RESERVE, RING, Demand
from vsanimesr.backends.memory import LR_CHANNELS, STATE_CHANNELS
from vsanimesr.tiles import Tiling, candidates

FRAMES = RING + 2
"""Frames of a lane on the device at most: its ring, and those on their way there."""

Ask = Callable[[Tiling], Demand]
"""What a backend takes in those tiles."""


def fewest_that_fit(failed: Tiling, demand: Demand, ask: Ask) -> Tiling | None:
    """The fewest tiles, of those smaller than what failed with that demand, that fit and take less.

    What cannot fit, by what larger tiles need, is not asked about, for an answer may be a long time coming.
    """
    known = [(math.prod(failed.size), demand)]
    for tiling in _smaller(failed):
        area = math.prod(tiling.size)
        if any(took.needed * min(1, area / larger) > took.free * (1 - RESERVE) for larger, took in known):
            continue
        found = ask(tiling)
        if found.fits and found.needed < demand.needed:
            return tiling
        known.append((area, found))
    return None


def estimated(tiling: Tiling, failed: Tiling, demand: Demand, precision: str) -> Demand:
    """The demand of smaller tiles by that of what failed: in proportion to their area, and what further lanes take.

    A lane has two states, in float16 unless `precision` is 'fp32', and frames in float32.
    """
    area = math.prod(tiling.size)
    lane = 2 * STATE_CHANNELS * (4 if precision == "fp32" else 2) + FRAMES * LR_CHANNELS * 4
    share = math.ceil(demand.needed * area / math.prod(failed.size))
    return replace(demand, needed=share + max(0, len(tiling) - len(failed)) * lane * area)


def no_help(failed: Tiling, slots: int) -> str:
    """That no smaller tiles fit, and what else may help."""
    smaller, overlap = _smaller(failed), max(failed.overlap)
    width, height = min((tiling.size for tiling in smaller), key=math.prod, default=failed.size)
    tiles = f"smaller tiles, down to {width}x{height}" if smaller else "there are no smaller tiles"
    ways = [f"overlap={overlap // 2}" if overlap else "", "slots=1" if slots > 1 else ""]
    more = f", or write {' or '.join(filter(None, ways))}" if any(ways) else ""
    return f"{tiles} with overlap={overlap}{', do not help' if smaller else ''}; free memory{more}"


def _smaller(failed: Tiling) -> list[Tiling]:
    tilings = candidates(failed.frame, failed.overlap)
    return [tiling for tiling in tilings if math.prod(tiling.size) < math.prod(failed.size)]
