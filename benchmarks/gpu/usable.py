"""Does a backend work on this GPU, as the filter uses it: `python -m benchmarks.gpu.usable JSON FILE`."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.gpu import child
from benchmarks.gpu.step import describe
from benchmarks.pattern import draw
from vsanimesr import backends, models
from vsanimesr.backends.base import Backend, EngineSetup, Setup
from vsanimesr.spec import FORMATS, ClipSpec

SIZE = 320, 240


def try_backend(backend: str, device: str) -> Iterator[dict[str, Any]]:
    """Versions, devices, seconds to start, the first step and the second; raises AnimeSRError where it fails."""
    found: dict[str, Any] = {}
    kind = backends.get(backend)
    found["version"] = kind.version()
    yield found
    found["devices"] = kind.devices()
    yield found
    said: list[str] = []
    clip = ClipSpec(*SIZE, 2, FORMATS["RGBH"])
    setup = Setup(clip, 2, "fp16", device, 0, lambda: models.load(models.DEFAULT), EngineSetup(say=said.append))
    start = time.monotonic()
    opened = kind(setup)
    try:
        found |= {"said": said, "device": opened.device, "start_seconds": time.monotonic() - start}
        yield found
        found |= _steps(opened, clip)
        yield found
    finally:
        opened.close()


def _steps(backend: Backend, clip: ClipSpec) -> dict[str, Any]:
    """Seconds of the first two steps, and what the picture looks like."""
    for ring in range(2):
        backend.ingest(ring, [plane.astype(clip.format.dtype) for plane in draw(clip.width, clip.height, ring)])
    seconds = [_step(backend) for _ in range(2)]
    return {"first_steps_seconds": seconds, "picture": describe(np.stack(backend.read(0)))}


def _step(backend: Backend) -> float:
    start = time.monotonic()
    event = backend.step((0, 0, 1), 0)
    event.wait()
    if event.error is not None:
        raise event.error
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(child.serve(try_backend))
