"""Which frames of a clip start a scene, as far as its frames were seen."""

from collections.abc import Mapping
from typing import Protocol

from vsanimesr.backends.base import Planes

Properties = Mapping[str, int]
"""The numbers among a frame's properties."""

UNKNOWN, INSIDE, START = range(3)


class Detector[Signature](Protocol):
    """What decides where a scene starts, from a frame and the one before it alone."""

    def signature(self, planes: Planes) -> Signature:
        """What is kept of a frame to compare it by."""

    def starts(self, properties: tuple[Properties, Properties], signatures: tuple[Signature, Signature]) -> bool:
        """Whether the second of two successive frames starts a scene."""


class Timeline:
    """One byte per frame: whether it starts a scene, or that nobody knows yet. Unless searched, all is one scene."""

    def __init__(self, frames: int, *, searched: bool) -> None:
        self._known = bytearray([UNKNOWN if searched else INSIDE]) * frames
        self._known[0] = START

    def starts(self, n: int) -> bool:
        """Whether frame n starts a scene; it must be known."""
        assert self._known[n] != UNKNOWN, n
        return self._known[n] == START

    def scene(self, n: int) -> int:
        """The latest frame up to n that is known to start a scene."""
        return self._known.rfind(START, 0, n + 1)

    def first_unknown(self, after: int, n: int) -> int:
        """The first frame in (after, n] of which nothing is known; -1 if there is none."""
        return self._known.find(UNKNOWN, after + 1, n + 1)

    def last_unknown(self, after: int, n: int) -> int:
        """The last such frame; -1 if there is none."""
        return self._known.rfind(UNKNOWN, after + 1, n + 1)

    def lacks(self, n: int) -> bool:
        """Whether nothing is known of frame n, or of the one after it."""
        return UNKNOWN in self._known[n : n + 2]

    def learn(self, n: int, starts: bool) -> None:
        """Keep what was found of frame n."""
        if self._known[n] == UNKNOWN:
            self._known[n] = START if starts else INSIDE


class Viewer[Signature]:
    """Sees frames go by, of which one may follow on another, and writes into the timeline what they show."""

    def __init__(self, timeline: Timeline, detector: Detector[Signature] | None) -> None:
        self._timeline, self._detector = timeline, detector
        self._seen: tuple[int, Properties, Signature] | None = None

    def see(self, n: int, planes: Planes, properties: Properties) -> None:
        """Learn from frame n, and from frame n-1 if that was the last one that it saw."""
        if self._detector is None or not self._timeline.lacks(n):
            return
        before, self._seen = self._seen, (n, properties, self._detector.signature(planes))
        if before is not None and before[0] == n - 1:
            properties_of_both, signatures = (before[1], properties), (before[2], self._seen[2])
            self._timeline.learn(n, self._detector.starts(properties_of_both, signatures))
