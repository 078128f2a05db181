"""A backend driven through its contract, in a process of its own: `python -m benchmarks.steps JSON`.

No VapourSynth, no session, no copies of pictures: ring ingest and step, two steps in flight so that it never idles.
After that each part of the work by itself (`stages`).
"""

import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks import children, stages
from benchmarks.combinations import Combination
from benchmarks.pattern import DRAWN, draw
from vsanimesr import backends, models
from vsanimesr.backends.base import RING, Backend, Event, Planes, Setup
from vsanimesr.errors import AnimeSRError, ArgumentError
from vsanimesr.spec import ClipSpec

SLOTS = 3
IN_FLIGHT = 2


@dataclass(frozen=True)
class Steps:
    """A run."""

    milliseconds: float
    """Per step, from the end of the last warm-up step to the end of the last one."""
    precision: str
    """What 'auto' came to."""
    device: str
    """The device in words."""
    version: str
    """The library and its version."""
    stages: dict[str, float]
    """Milliseconds of each of `stages.STAGES`."""

    @property
    def ran(self) -> dict[str, str]:
        """What it was that ran, for `Case.ran`."""
        return {"precision": self.precision, "device": self.device, "version": self.version}


def measure_bare(combination: Combination, *, frames: int, warm_up: int = children.WARM_UP) -> Steps:
    """Run `warm_up` steps and `frames` more that count, in a process of their own; at least one of each.

    The parts by themselves are measured on a quarter of the frames.

    Raises ChildFailed, whose `reason` is what the backend said.
    """
    asked = {**asdict(combination), "frames": frames, "warm_up": warm_up}
    return Steps(**children.python(["-m", "benchmarks.steps", json.dumps(asked)]))


def main(arguments: str) -> int:
    """Measure what the JSON object `arguments` says and print the result as JSON; returns the exit code."""
    asked = json.loads(arguments)
    count = {"frames": asked.pop("frames"), "warm_up": asked.pop("warm_up")}
    try:
        print(json.dumps(asdict(measure(Combination(**asked), **count))))
    except AnimeSRError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure(combination: Combination, *, frames: int, warm_up: int) -> Steps:
    """The same as `measure_bare`, in this process; raises AnimeSRError."""
    clip = combination.clip(warm_up + frames)
    source = [planes(clip, n) for n in range(DRAWN)]
    backend = _start(combination, clip)
    try:
        ends = drive(backend, clip, source)
        parts = stages.measure(backend, clip, source, -(-frames // 4))
    finally:
        backend.close()
    milliseconds = 1e3 * (ends[-1] - ends[warm_up - 1]) / frames
    return Steps(milliseconds, backend.precision, backend.device, backend.version(), parts)


def _start(combination: Combination, clip: ClipSpec) -> Backend:
    cls, precision = backends.get(combination.backend), combination.precision
    if precision not in ("auto", *cls.precisions):
        known = ", ".join(cls.precisions)
        raise ArgumentError(f"{combination.backend}: no precision {precision!r}; use auto or {known}")
    return cls(Setup(clip, SLOTS, precision, combination.device, 0, lambda: models.load(combination.model)))


def drive(backend: Backend, clip: ClipSpec, source: Sequence[Planes]) -> list[float]:
    """Runs a clip, two steps in flight; when each step had ended, seconds of `time.perf_counter`."""
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


def planes(clip: ClipSpec, n: int) -> Planes:
    """What is drawn, as samples of any format: what they mean does not matter to what they take."""
    greatest = 1 if clip.format.floating else 2**clip.format.bits - 1
    sizes = clip.format.plane_sizes(clip.width, clip.height)
    drawn = (draw(width, height, n)[plane] for plane, (width, height) in enumerate(sizes))
    return [(greatest * plane).astype(clip.format.dtype) for plane in drawn]


def _end(event: Event) -> float:
    stages.wait(event)
    return time.perf_counter()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
