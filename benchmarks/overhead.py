"""What a frame costs without a network: the fake backend against VapourSynth's own resize.Point, tiny frames."""

from benchmarks import children
from benchmarks.combinations import Combination
from benchmarks.figures import Figure
from benchmarks.steps import measure_bare

MICROSECONDS = "us/frame"
FAKE = Combination(16, 16, "RGBS", "fake", "", "fp32")
"""Frames so small that only what is not pixels counts."""
THREADS = (1, 2)


def run(frames: int) -> dict[str, float]:
    """Microseconds per frame of each thing, by name; raises ChildFailed."""
    found = {"fake, bare steps": measure_bare(FAKE, frames=frames).milliseconds * 1e3}
    size = {"width": FAKE.width, "height": FAKE.height}
    for threads in THREADS:
        for name, node in (("fake", "fake_unstamped"), ("resize.Point", "point")):
            seconds = children.seconds(node, **size, frames=frames, threads=threads)
            found[f"{name}, {_threads(threads)}"] = seconds / frames * 1e6
    return found


def differences(figures: dict[str, Figure]) -> dict[str, Figure]:
    """The overhead: the fake less resize.Point, by number of threads."""
    return {
        f"overhead, {_threads(number)}": figures[f"fake, {_threads(number)}"].less(
            figures[f"resize.Point, {_threads(number)}"]
        )
        for number in THREADS
    }


def _threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"
