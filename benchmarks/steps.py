"""A backend driven through its contract, in a process of its own: `python -m benchmarks.steps JSON`.

No VapourSynth, no session, no copies of pictures: ring ingest and step, two steps in flight so that it never idles.
"""

import json
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass

from benchmarks.pattern import DRAWN, draw
from vsanimesr import backends, models
from vsanimesr.backends.base import RING, Backend, Event, Setup
from vsanimesr.spec import RGBS, ClipSpec

SLOTS = 3
IN_FLIGHT = 2


@dataclass(frozen=True)
class Steps:
    """A run."""

    seconds: float
    """From the end of the last warm-up step to the end of the last one."""
    precision: str
    """What 'auto' came to."""
    device: str
    """The device in words."""
    version: str
    """The library and its version."""


def main(arguments: str) -> None:
    """Run what the JSON object `arguments` says (see `measure`) and print the result as JSON."""
    print(json.dumps(asdict(measure(**json.loads(arguments)))))


def measure(*, name: str, width: int, height: int, warm_up: int, frames: int, precision: str) -> Steps:
    """Run `warm_up` steps and `frames` more that count, on the backend called `name`."""
    clip, spec = ClipSpec(width, height, warm_up + frames, RGBS), models.find(models.DEFAULT)
    backend = backends.get(name)(Setup(clip, spec.scale, SLOTS, precision, "", 0, lambda: models.load(models.DEFAULT)))
    try:
        ends = _drive(backend, clip)
    finally:
        backend.close()
    seconds = ends[-1] - ends[warm_up - 1]
    return Steps(seconds, backend.precision, backend.device, backend.version())


def _drive(backend: Backend, clip: ClipSpec) -> list[float]:
    """When each step of the clip had ended."""
    source = [draw(clip.width, clip.height, n) for n in range(DRAWN)]
    pending: deque[Event] = deque()
    ends: list[float] = []
    backend.reset()
    backend.ingest(0, source[0])
    for n in range(clip.frames):
        following = min(n + 1, clip.frames - 1)
        if following > n:
            backend.ingest(following % RING, source[following % DRAWN])
        window = (max(0, n - 1) % RING, n % RING, following % RING)
        pending.append(backend.step(window, n % SLOTS))
        while len(pending) >= IN_FLIGHT or (pending and following == n):
            ends.append(_end(pending.popleft()))
    return ends


def _end(event: Event) -> float:
    event.wait()
    if event.error is not None:
        raise event.error
    return time.perf_counter()


if __name__ == "__main__":
    main(sys.argv[1])
