"""Which frames of a video lie between two moments, as people write them."""

import re
from bisect import bisect_left
from fractions import Fraction

from vsanimesr.errors import ArgumentError
from vsanimesr.media import Video

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_FRAME = re.compile(r"(\d+)f", re.ASCII)
_ROUNDING = Fraction(1, 1000)  # of Matroska's timestamps, seconds


def is_moment(text: str) -> bool:
    """Whether a text is a time, or a number of a frame."""
    return bool(_TIME.fullmatch(text) or _FRAME.fullmatch(text))


def part(video: Video, start: str, end: str) -> range:
    """The frames from `start` up to `end`, which is not among them; '' for the video's own first and last ones.

    A moment is a time since the video's first frame ('90', '1:30', '0:01:30.5': a frame belongs to the moment at which
    it begins to be shown, to a millisecond), or a number of a frame from 0 on ('2160f').
    Raises ArgumentError for what is neither, and where no frame lies between.
    """
    first = _frame(video, start, "start") if start else 0
    after = _frame(video, end, "end") if end else len(video.timestamps)
    if first >= after:
        between = f"from {start or 'the beginning'} to {end or 'the end'}"
        raise ArgumentError(f"there is no frame {between}; {_extent(video)}")
    return range(first, after)


def _frame(video: Video, moment: str, name: str) -> int:
    """The first frame at or after a moment; their number where there is none."""
    if match := _FRAME.fullmatch(moment):
        return min(int(match[1]), len(video.timestamps))
    if not (match := _TIME.fullmatch(moment)):
        raise ArgumentError(f"--{name} {moment!r}: wanted a time like 90, 1:30 or 0:01:30.5, or a frame like 2160f")
    hours, minutes, seconds = match.groups()
    since = 3600 * int(hours or 0) + 60 * int(minutes or 0) + Fraction(seconds)
    return bisect_left(video.timestamps, video.timestamps[0] + (since - _ROUNDING) / video.time_base)


def _extent(video: Video) -> str:
    seconds = (video.end - video.timestamps[0]) * video.time_base
    return f"the video has {len(video.timestamps)} frames in {float(seconds):.3f} seconds"
