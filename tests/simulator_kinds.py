"""What pipelined backends are tried on: kinds of clips and lanes, and frames of noise."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, override

import numpy as np
from onnx import ModelProto

from tests.networks import setup
from vsanimesr.backends.base import Setup
from vsanimesr.graphs import NEXT_STATE, PACKED, STATE, WINDOW
from vsanimesr.graphs.geometry import Geometry
from vsanimesr.graphs.writer import Writer
from vsanimesr.spec import FORMATS, RGBS, ClipSpec, Colour, ModelSpec, PictureSpec, PixelFormat

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
MOST_PLACES = 24
"""Rows or columns of the largest state."""


class Slight(ModelSpec):
    """Has a state of few channels: an exchange copies rows of each, and the simulator every row by itself."""

    @override
    @property
    def state_channels(self) -> int:
        return 3


@dataclass(frozen=True)
class Shapes:
    """A cell that is hashed and not run, so that nothing but the shapes of its ends matters."""

    spec: ModelSpec
    proto: ModelProto


@cache
def slight() -> Shapes:
    """The smallest graph that there can be."""
    spec = Slight("slight", "none", 4, feedback=False, source="nowhere", licence="unknown", weights_sha256="")
    writer, geometry = Writer("slight"), Geometry(spec, FILM)
    writer.name(writer.add("Concat", *[WINDOW[1]] * spec.scale**2, axis=1), PACKED)
    writer.name(writer.add("Identity", STATE), NEXT_STATE)
    inputs = dict.fromkeys(WINDOW, geometry.lr) | {STATE: geometry.state}
    return Shapes(spec, writer.model("slight", inputs, {PACKED: geometry.packed, NEXT_STATE: geometry.state}))


def small(slots: int = SLOTS, kind: str = PLAIN) -> Setup:
    clip, lanes = KINDS[kind]
    return replace(setup(slots=slots), clip=clip, lanes=lanes, cell=slight)


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
