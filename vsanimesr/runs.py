"""Where the recurrence starts anew: at every scene, and within long ones at every segment.

The start of AnimeSR's paper is a state of zeros at the first frame of a clip. A start with a burn-in, steps on the
first frame as if it were a still, gives better first pictures (benchmarks/README.md, Starts). Since a run reads
nothing from before its start, a picture depends on the frames of its own run only, wherever rendering began.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One recurrence, from its start on."""

    scene: int
    """First frame of its scene."""
    start: int
    """First frame that is stepped, as if it were the first of all."""
    first: int
    """First frame whose picture is this run's; those before it only warm the state up."""


@dataclass(frozen=True)
class Starts:
    """How runs begin."""

    burn_in: int = 0
    """Steps on a run's first frame as a still, before the run; their pictures are nobody's."""
    segment: int = 0
    """Frames of a segment, counted from the start of a scene; 0 does not divide scenes."""
    warmup: int = 0
    """Frames that a segment, but for a scene's first, starts early."""

    def run(self, scene: int, n: int) -> Run:
        """The run that picture n is of, in the scene that began at frame `scene`."""
        first = scene + (n - scene) // self.segment * self.segment if self.segment else scene
        return Run(scene, max(scene, first - self.warmup), first)

    def end(self, run: Run, frames: int) -> int:
        """The frame at which the next segment takes over, if the scene lasts until then; at most `frames`."""
        return min(frames, run.first + self.segment) if self.segment else frames
