"""How the frames of a video are divided into chunks: whole scenes where these are short enough.

Pixels do not depend on it: the filter restarts where its own runs start, wherever a chunk does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vsanimesr.errors import ArgumentError


@dataclass(frozen=True)
class Chunk:
    """Frames that are rendered and encoded into a file of their own."""

    number: int
    """From 0 on, in the order of their frames."""
    first: int
    """Its first frame."""
    end: int
    """The frame after its last one."""

    @property
    def frames(self) -> int:
        """How many frames it has, at least 1."""
        return self.end - self.first


def plan(starts: Sequence[int], frames: range, *, least: int, most: int, segment: int = 0) -> list[Chunk]:
    """Divides `frames`, whose scenes begin at `starts`, into chunks that cover each of them once, in order.

    Scenes are gathered until a chunk has `least` frames, which all but the last one have. Scenes of more than `most`
    frames are divided first, into as few parts as can be, as equal as can be: anywhere, or, for a `segment` above 0, at
    multiples of it from the scene's start, where the filter's own runs start (not where `frames` begin within a scene:
    then it has to seek, and the pixels are the same); a part is then of one segment at least.
    So no chunk has more than `least - 1` frames and the longest part together. The first scene begins with the first
    frame, whether `starts` says it or not; these are strictly increasing.
    Raises ArgumentError.
    """
    _check(starts, frames, least, most, segment)
    bounds = [frames.start]
    for scene in pairwise((*_from_first(starts, frames), frames.stop)):
        for end in _ends(scene, most, segment):
            if end == frames.stop or end - bounds[-1] >= least:
                bounds.append(end)
    return [Chunk(number, *ends) for number, ends in enumerate(pairwise(bounds))]


def _from_first(starts: Sequence[int], frames: range) -> Sequence[int]:
    return starts if starts and starts[0] == frames.start else [frames.start, *starts]


def _ends(scene: tuple[int, int], most: int, segment: int) -> Iterator[int]:
    """Where the parts of a scene end, from its first frame to the one after its last."""
    first, end = scene
    unit = segment if segment and end - first > most else 1
    units = -(-(end - first) // unit)
    parts = -(-units // max(1, most // unit))
    yield from (first + units * part // parts * unit for part in range(1, parts))
    yield end


def _check(starts: Sequence[int], frames: range, least: int, most: int, segment: int) -> None:
    if not frames:
        raise ArgumentError("there are no frames, wanted at least 1 to divide into chunks")
    if not 1 <= least <= most:
        raise ArgumentError(f"chunks of at least {least} and at most {most} frames; wanted 1 <= least <= most")
    if segment < 0:
        raise ArgumentError(f"segment={segment}, wanted 0 for none, or the frames of one")
    bounds = [*_from_first(starts, frames), frames.stop]
    if any(after <= before for before, after in pairwise(bounds)):
        within = f"{frames.start} to {frames.stop - 1}"
        raise ArgumentError(f"scenes have to begin one after another within {within}, got {list(starts)}")
