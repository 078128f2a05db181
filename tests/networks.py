"""Models of random weights, the real network without anything to fetch, and what drives a backend through a clip."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from vsanimesr import models
from vsanimesr.backends.base import Backend, Event, Planes, Setup
from vsanimesr.models import artifact
from vsanimesr.nets.animesr import Cell
from vsanimesr.spec import ARCHITECTURES, RGBS, ClipSpec, Colour, PictureSpec, PixelFormat

WIDTH, HEIGHT = 24, 20
"""Size of the frames where it does not matter."""


@cache
def network(feedback: bool = True, seed: int = 0, architecture: str = "animesr") -> models.Artifact:
    """An artifact whose layers all matter: pictures of about 0.5 with detail, and a state that forgets."""
    draw = np.random.default_rng(seed)
    weights = {}
    for name, parameter in Cell(feedback, ARCHITECTURES[architecture]).named_parameters():
        shape = tuple(parameter.shape)
        fan_in = int(np.prod(shape[1:]))
        spread = (1 / fan_in) ** 0.5 if name.endswith("weight") else 0.05
        weights[name] = draw.normal(0, spread, shape).astype(np.float32)
    return artifact.build("random", weights, "drawn", "unknown", "random weights")


def setup(
    width: int = WIDTH,
    height: int = HEIGHT,
    format_: PixelFormat = RGBS,
    *,
    precision: str = "fp32",
    device: str = "",
    device_id: int = 0,
    slots: int = 3,
    feedback: bool = True,
    lanes: int = 1,
    colour: Colour | None = None,
    wanted: PictureSpec | None = None,
) -> Setup:
    """What a backend gets for a clip of 100 frames and the random network."""
    clip = ClipSpec(width, height, 100, format_, colour or usual(format_), wanted)
    return Setup(clip, slots, precision, device, device_id, lambda: network(feedback), lanes=lanes)


def usual(format_: PixelFormat) -> Colour:
    """The colours that clips of a format mostly have."""
    return Colour() if format_.family == "rgb" else Colour("709", full=False)


def noise(count: int, clip: ClipSpec, seed: int = 1) -> list[list[np.ndarray]]:
    """Frames of a clip, lists of planes: all values that its samples may have, equally often."""
    draw, format_ = np.random.default_rng(seed), clip.format
    sizes = format_.plane_sizes(clip.width, clip.height)
    if format_.floating:
        return [[draw.random((h, w), np.float32).astype(format_.dtype) for w, h in sizes] for _ in range(count)]
    return [[draw.integers(0, 1 << format_.bits, (h, w), format_.dtype) for w, h in sizes] for _ in range(count)]


def frames(count: int, width: int, height: int, format_: PixelFormat = RGBS, seed: int = 1) -> list[np.ndarray]:
    """Frames of noise, [3, height, width] each."""
    draw = np.random.default_rng(seed)
    return [draw.random((3, height, width), np.float32).astype(format_.dtype) for _ in range(count)]


def ok(event: Event) -> None:
    event.wait()
    assert event.done
    assert event.error is None, event.error


def picture(backend: Backend, slot: int) -> np.ndarray:
    """A copy of the picture in a slot."""
    return np.stack(backend.read(slot))


def feed(backend: Backend, source: Sequence[Planes], first: int = 0, *, slot: int | None = 0) -> list[np.ndarray]:
    """Step through a clip from frame `first`, whose predecessors are in the ring, and copy every picture."""
    return [np.stack(planes) for planes in feed_planes(backend, source, first, slot=slot)]


def feed_planes(
    backend: Backend, source: Sequence[Planes], first: int = 0, *, slot: int | None = 0, lane: int = 0
) -> list[list[np.ndarray]]:
    """The same in a lane, for formats whose planes are of several sizes."""
    pictures = []
    for n in range(first, len(source)):
        step_to(backend, source, n, slot=slot, lane=lane, alone=n == first)
        if slot is not None:
            pictures.append([plane.copy() for plane in backend.read(slot)])
    return pictures


def step_to(backend: Backend, source: Sequence[Planes], n: int, *, slot: int | None, lane: int, alone: bool) -> None:
    """Ingest what step n lacks, which is all of its window if it stands `alone`, and run it."""
    last = len(source) - 1
    for k in range(max(0, n - 1) if alone else n + 1, min(last, n + 1) + 1):
        backend.ingest(k % 3, source[k], lane)
    ok(backend.step((max(0, n - 1) % 3, n % 3, min(last, n + 1) % 3), slot, lane))


def same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    """Bit for bit, and not by being all the same picture."""
    assert len(a) == len(b)
    for n, (x, y) in enumerate(zip(a, b, strict=True)):
        assert x.tobytes() == y.tobytes(), f"picture {n}"
    assert len({x.tobytes() for x in a}) == len(a), "the pictures should differ from each other"
