"""Which frames become clips, decided by the measurements alone (A9.6 of AVC-Train's preparation)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

import numpy as np

from training.preparing.measuring import Measures
from training.preparing.shots import SHORTEST, Shot, shots
from vsanimesr.errors import ArgumentError

BLACK = 0.98
"""A frame with a larger share of one gray level is counted as black (A9.4)."""
FLOW_UNIT = 150.0
"""What flow is divided by before it is added to a score from 0 to 100."""
AUTHORS_STD = 14.0
"""Below this standard deviation the authors' code takes a shot for frozen, in SPyNet's pixels."""
RULES = ("mean", "authors")
"""How frozen shots are told, see `Selection.frozen_by`."""


@dataclass(frozen=True)
class Selection:
    """How clips are chosen."""

    length: int = 100
    """Frames of a clip."""
    keep: int = 1
    """Clips of a video."""
    shortest: int = SHORTEST
    """Frames between two cuts."""
    flattest: float = 0.90
    """Frames with at least that share of one gray level are skipped."""
    frozen_by: str = "mean"
    """mean: a shot is frozen where the mean of `flow_mean`, its first frame left out, is below `least_motion`.
    authors: where the standard deviation is, and the flow across the cut at its beginning counts, as in their code.
    That flow is a hundred times what happens within a shot, so a short shot is never frozen by their rule, whether it
    moves or not, and a long steady pan is."""
    least_motion: float = 0.5
    """In `flow`'s pixels; AUTHORS_STD is theirs."""

    def __post_init__(self) -> None:
        if min(self.length, self.keep, self.shortest) < 1 or self.flattest <= 0:
            raise ArgumentError(f"{self}: wanted length, keep and shortest from 1 on, and flattest above 0")
        if self.frozen_by not in RULES:
            raise ArgumentError(f"frozen_by={self.frozen_by!r}, wanted one of {', '.join(RULES)}")


@dataclass(frozen=True)
class MeasuredShot:
    """A shot and what its frames have in common."""

    shot: Shot
    """Its frames."""
    motion: float
    """What is compared with `Selection.least_motion`."""
    flow_max: float
    """Mean of the frames' largest flow."""
    quality: float
    """Mean of the frames' scores."""
    black: int
    """Frames that are black."""
    frozen: bool
    """Whether none of its frames becomes part of a clip."""


type Span = tuple[int, int]
"""Number of a first frame, and how many successive ones."""


@dataclass(frozen=True)
class Candidate:
    """Frames that could be a clip."""

    spans: tuple[Span, ...]
    """One behind the other: frozen shots and flat frames may lie between them."""
    flow_max: float
    """Mean of the frames' largest flow."""
    quality: float
    """Mean of the frames' scores."""
    score: float
    """Higher is better: flow_max / 150 + quality."""

    @property
    def name(self) -> str:
        """Of its folder: the numbers of its first and its last frame."""
        return f"{self.spans[0][0]:06}-{sum(self.spans[-1]) - 1:06}"

    @property
    def frames(self) -> list[int]:
        """Numbers of its frames."""
        return [number for first, count in self.spans for number in range(first, first + count)]


def measured_shots(measures: Measures, selection: Selection) -> list[MeasuredShot]:
    """All shots of a video, in order."""
    found = shots(measures.hsv.tolist(), measures.luv.tolist(), selection.shortest)
    return [_measured(measures, shot, selection) for shot in found]


def candidates(measures: Measures, found: Sequence[MeasuredShot], selection: Selection) -> list[Candidate]:
    """Clips in the order of their frames; frames that do not fill a last one are left over.

    A clip may begin in one shot and end in another: a few with cuts make a network robust to them.
    """
    usable = [n for each in found if not each.frozen for n in range(each.shot.first, each.shot.stop)]
    lively = [n for n in usable if measures.flat[n] < selection.flattest]
    whole = len(lively) // selection.length * selection.length
    return [_candidate(measures, part) for part in batched(lively[:whole], selection.length)]


def best(found: Sequence[Candidate], keep: int) -> list[Candidate]:
    """The `keep` ones of the highest scores, in the order of their frames; of equal scores the first."""
    ranked = sorted(found, key=lambda each: (-each.score, each.spans))
    return sorted(ranked[:keep], key=lambda each: each.spans)


def _measured(measures: Measures, shot: Shot, selection: Selection) -> MeasuredShot:
    part = slice(shot.first, shot.stop)
    moving = measures.flow_mean[part]
    motion = float(moving.std() if selection.frozen_by == "authors" else moving[1:].sum() / max(1, shot.count - 1))
    return MeasuredShot(
        shot,
        motion,
        float(measures.flow_max[part].mean()),
        float(measures.quality[part].mean()),
        int(np.count_nonzero(measures.flat[part] > BLACK)),
        frozen=motion < selection.least_motion,
    )


def _candidate(measures: Measures, frames: Sequence[int]) -> Candidate:
    numbers = list(frames)
    flow_max, quality = float(measures.flow_max[numbers].mean()), float(measures.quality[numbers].mean())
    return Candidate(tuple(_spans(numbers)), flow_max, quality, flow_max / FLOW_UNIT + quality)


def _spans(numbers: Sequence[int]) -> Iterator[Span]:
    first = previous = numbers[0]
    for number in (*numbers[1:], None):
        if number != previous + 1:
            yield first, previous + 1 - first
            first = number if number is not None else first
        previous = number if number is not None else previous
