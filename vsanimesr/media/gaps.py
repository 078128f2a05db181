"""Whether frames are missing in the middle of a video: what a damaged file loses, nobody else says."""

from collections.abc import Iterator
from itertools import pairwise

from vsanimesr.media import Video

LEAST = 0.5
"""Seconds that are no longer a frame, in a video whose frames are all alike but for such gaps."""
TOLD = 3
"""Gaps that are told one by one."""
FEW = 0.01
"""Part of the frames that may be followed by one: of more, the rate varies, as where repeated frames are left out."""


def gaps(video: Video) -> list[tuple[float, float]]:
    """Where in a video no frame is shown anew for long, though its frames are alike: begin and length, in seconds."""
    steps = [after - before for before, after in pairwise(video.timestamps)]
    if not steps:
        return []
    usual = sorted(steps)[len(steps) // 2]
    odd = sum(step > 1.5 * usual for step in steps)
    long = [n for n, step in enumerate(steps) if step * video.time_base >= LEAST and step > 1.5 * usual]
    if odd > max(3, FEW * len(steps)):
        return []
    unit, start = video.time_base, video.timestamps[0]
    return [(float((video.timestamps[n] - start) * unit), float(steps[n] * unit)) for n in long]


def remarks(video: Video, part: range) -> Iterator[str]:
    """What a person should know of those frames of it before hours are spent, a sentence for each of the first gaps."""
    stamps, start = video.timestamps, video.timestamps[0]
    ends = [float((stamps[n] - start) * video.time_base) for n in (part.start, part.stop - 1)]
    found = [gap for gap in gaps(video) if ends[0] <= gap[0] < ends[1]]
    for begin, length in found[:TOLD]:
        where = f"no frame for {length:.1f} seconds after {begin:.1f}"
        yield f"{where}: is the source damaged? What there is stays in its time"
    if len(found) > TOLD:
        yield f"and {len(found) - TOLD} more such gaps"
