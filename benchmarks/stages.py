"""Where a frame's time goes: each part of a backend's work by itself, with nothing else in flight."""

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from vsanimesr.backends.base import RING, Backend, Event, Planes
from vsanimesr.spec import ClipSpec

INGEST, STEP, PICTURE, COPY = "alone: ingest", "alone: step", "alone: picture", "alone: copy"
"""A frame, from its planes to the network's input; a step whose picture nobody wants; what a step takes longer that has
to give one; that picture into other memory."""
STAGES = (INGEST, STEP, PICTURE, COPY)
WARM_UP = 2


def measure(backend: Backend, clip: ClipSpec, source: Sequence[Planes], frames: int) -> dict[str, float]:
    """Milliseconds of each of STAGES, medians of so many frames after WARM_UP ones; raises what a step raises."""
    picture = clip.picture
    sizes = picture.format.plane_sizes(picture.scale * clip.width, picture.scale * clip.height)
    room = [np.zeros((height, width), picture.format.dtype) for width, height in sizes]
    backend.reset()
    rounds = [_round(backend, source[n % len(source)], n, room) for n in range(WARM_UP + frames)][WARM_UP:]
    return {stage: statistics.median(found[stage] for found in rounds) for stage in STAGES}


def _round(backend: Backend, planes: Planes, n: int, room: Planes) -> dict[str, float]:
    window = (max(0, n - 1) % RING, n % RING, n % RING)

    def ingest() -> None:
        backend.ingest(n % RING, planes)
        backend.drain()

    found = {
        INGEST: _milliseconds(ingest),
        STEP: _milliseconds(lambda: wait(backend.step(window, None))),
        PICTURE: _milliseconds(lambda: wait(backend.step(window, 0))),
        COPY: _milliseconds(lambda: backend.copy(0, room)),
    }
    return {**found, PICTURE: found[PICTURE] - found[STEP]}


def wait(event: Event) -> None:
    """Block until a step has ended; raises what it failed with."""
    event.wait()
    if event.error is not None:
        raise event.error


def _milliseconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)
