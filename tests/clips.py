"""Clips and comparisons for the tests that run the real filter."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import vapoursynth as vs

core = vs.core


@contextlib.contextmanager
def core_settings(threads: int | None = None, max_cache_size: int | None = None) -> Iterator[None]:
    """Change the core's number of threads or its cache (MB) for a while."""
    before = core.num_threads, core.max_cache_size
    core.num_threads = threads or before[0]
    core.max_cache_size = max_cache_size or before[1]
    try:
        yield
    finally:
        core.num_threads, core.max_cache_size = before


def numbered(frames: int, width: int = 32, height: int = 24, format_: int = vs.RGBS) -> vs.VideoNode:
    """A clip whose frames all differ, in a property `N` and in their colours."""
    draw = random.Random(1)
    colours = [[draw.random() for _ in range(3)] for _ in range(frames)]
    blank = core.std.BlankClip(width=width, height=height, format=format_, length=1)
    stills = [core.std.BlankClip(blank, color=colour).std.SetFrameProps(N=n) for n, colour in enumerate(colours)]
    return core.std.Splice(stills)


def pixels(frame: vs.VideoFrame) -> bytes:
    """All samples of a frame."""
    return b"".join(np.asarray(frame[plane]).tobytes() for plane in range(frame.format.num_planes))


def linear(clip: vs.VideoNode) -> list[bytes]:
    """The frames of a clip, requested one by one in order."""
    with core_settings(threads=1):
        return [pixels(clip.get_frame(n)) for n in range(clip.num_frames)]


def in_flight(clip: vs.VideoNode, order: list[int], limit: int = 300) -> list[bytes]:
    """The frames of a clip in the given order, at most `limit` of them requested at once."""
    result = []
    for start in range(0, len(order), limit):
        futures = [clip.get_frame_async(n) for n in order[start : start + limit]]
        for future in futures:
            with future.result(timeout=120) as frame:
                result.append(pixels(frame))
    return result
