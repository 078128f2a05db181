"""How long the bare step takes by the GPU's own clock: `python -m benchmarks.gpu.step JSON FILE`."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import macs
from benchmarks.gpu import child
from benchmarks.gpu.bound import Asked, BoundStep, opened
from benchmarks.gpu.events import figure, rounds
from vsanimesr import models
from vsanimesr.errors import AnimeSRError, DeviceError
from vsanimesr.graphs import compose

WARM_UP = 10
CHECKED = 3
"""Steps after which the pictures of captured and plain steps are compared."""


def measure(*, count: int, repeats: int, **asked: Any) -> Iterator[dict[str, Any]]:
    """Milliseconds per step, plain and captured, and what led there; raises AnimeSRError."""
    wanted = Asked(**asked)
    found: dict[str, Any] = {"macs": macs.count(compose(models.load(models.DEFAULT), wanted.clip).step)}
    with opened(wanted, found) as step:
        yield found
        found["first_run_seconds"] = _first_run(step)
        found["picture"] = describe(_picture_after(step, step.enqueue))
        yield found
        found["plain"] = figure(_timed(step, step.enqueue, count, repeats))
        yield found
        found |= _captured(step, count, repeats)
        yield found


def _first_run(step: BoundStep) -> float:
    """Seconds of the first step: TensorRT-RTX compiles its kernels then."""
    start = time.monotonic()
    step.enqueue(0)
    step.stream.synchronize()
    return time.monotonic() - start


def _timed(step: BoundStep, enqueue: Any, count: int, repeats: int) -> list[float]:
    rounds(step.stream, enqueue, count=WARM_UP, repeats=1)
    return rounds(step.stream, enqueue, count=count + count % 2, repeats=repeats)  # even: each state as often


def _captured(step: BoundStep, count: int, repeats: int) -> dict[str, Any]:
    """The same with launches of a captured step; an error is a finding here, the plain figure stands without it."""
    if not step.execution.capturable:
        return {"capture_error": "the library says that this step may not be captured"}
    try:
        replays = step.capture()
        plain = _picture_after(step, step.enqueue)
        same = plain.tobytes() == _picture_after(step, lambda n: step.stream.launch(replays[n % 2])).tobytes()
        timed = _timed(step, lambda n: step.stream.launch(replays[n % 2]), count, repeats)
    except AnimeSRError as error:
        return {"capture_error": child.words(error)}
    return {"captured": figure(timed), "captured_same_bits": same}


def _picture_after(step: BoundStep, enqueue: Any) -> NDArray[Any]:
    """The picture after a few steps from a state of zeros."""
    step.clear()
    for n in range(CHECKED):
        enqueue(n)
    return step.picture()


def describe(picture: NDArray[Any]) -> dict[str, float]:
    """Least, mean and greatest sample; raises DeviceError for a picture that cannot be right."""
    samples = picture.astype(np.float32)
    least, mean, most = float(samples.min()), float(samples.mean()), float(samples.max())
    if not np.isfinite([least, mean, most]).all() or least == most:
        raise DeviceError(f"the picture has samples from {least} to {most}, wanted a picture; its times mean nothing")
    return {"least": least, "mean": mean, "most": most, "deviation": float(samples.std())}


if __name__ == "__main__":
    sys.exit(child.serve(measure))
