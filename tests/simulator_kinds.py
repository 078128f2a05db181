"""What pipelined backends are tried on: kinds of clips and lanes, and frames of noise."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tests.networks import setup
from vsanimesr.backends.base import Setup
from vsanimesr.spec import FORMATS, RGBS, ClipSpec, Colour, PictureSpec, PixelFormat

Frame = list[np.ndarray[Any, Any]]
WIDTH, HEIGHT, SLOTS = 18, 17, 3
"""Not what the network takes, so that there is padding."""
FRAMES = 12
VIDEO = Colour("709", full=False)
FILM = ClipSpec(18, 22, FRAMES, FORMATS["YUV420P8"], VIDEO)
DEEP = ClipSpec(22, 17, FRAMES, FORMATS["YUV422P10"], VIDEO, PictureSpec(FORMATS["RGB24"], scale=2))
KINDS: dict[str, tuple[ClipSpec, int]] = {
    "RGBS": (ClipSpec(WIDTH, HEIGHT, FRAMES, RGBS), 1),
    "YUV420P8 in two lanes": (FILM, 2),
    "YUV422P10 to RGB24 in three lanes": (DEEP, 3),
}
"""What backends are tried on: the clip, and how many lanes."""
PLAIN, LANES, MIXED = KINDS
MOST_LANES = max(lanes for _, lanes in KINDS.values())


def small(slots: int = SLOTS, kind: str = PLAIN) -> Setup:
    clip, lanes = KINDS[kind]
    return replace(setup(slots=slots, feedback=False), clip=clip, lanes=lanes)


@cache
def source(kind: str = PLAIN) -> list[Frame]:
    """Frames of noise."""
    draw, (clip, _) = np.random.default_rng(1), KINDS[kind]
    sizes = clip.format.plane_sizes(clip.width, clip.height)
    return [[noise(draw, clip.format, size) for size in sizes] for _ in range(FRAMES)]


def noise(draw: np.random.Generator, format_: PixelFormat, size: tuple[int, int]) -> np.ndarray[Any, Any]:
    """A plane of that width and height."""
    width, height = size
    if format_.floating:
        return draw.random((height, width), np.float32).astype(format_.dtype)
    return draw.integers(0, 1 << format_.bits, (height, width), format_.dtype)


CLIP = source()
