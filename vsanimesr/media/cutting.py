"""A part of a source: which of its packets and chapters lie in it, and where on the clock of the new file they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf
from typing import TYPE_CHECKING

from av.packet import Packet
from av.stream import Stream

from vsanimesr.media import Video
from vsanimesr.media.timestamps import exact

if TYPE_CHECKING:
    from av.container.core import Chapter


@dataclass(frozen=True)
class Cut:
    """From where to where a source is taken; times are seconds on the source's clock."""

    start: Fraction | float
    """-inf where it is taken from its beginning, whatever begins before the video."""
    end: Fraction | float
    """Exclusive; inf where it is taken to its end."""
    shift: Fraction
    """How much earlier everything is in the new file, so that its video begins when the source's does."""

    def moved(self, packet: "Packet[Stream]") -> bool:
        """Moves a packet to its new time; False where it does not belong to the part.

        A subtitle that is shown at the start of the part begins there. Of sound, packets that begin earlier are left
        out, less than a tenth of a second, so that nothing begins before the video.
        """
        if packet.pts is None or self == WHOLE:
            return True
        unit = exact(packet.time_base)
        if packet.stream.type == "subtitle":
            self._begin_later(packet, unit)
        if not self.start <= packet.pts * unit < self.end:
            return False
        shift = round(self.shift / unit)
        packet.pts -= shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        return True

    def chapters(self, chapters: "Sequence[Chapter]") -> "list[Chapter]":
        """Those of the chapters that overlap the part, cut to it and at their new times."""
        return [self._chapter(chapter) for chapter in chapters if self._overlaps(chapter)]

    def _begin_later(self, packet: "Packet[Stream]", unit: Fraction) -> None:
        pts, duration = packet.pts or 0, packet.duration or 0
        if isinstance(self.start, Fraction) and pts * unit < self.start < (pts + duration) * unit:
            late = ceil(self.start / unit) - pts
            packet.pts = packet.dts = pts + late
            packet.duration = max(1, duration - late)

    def _overlaps(self, chapter: "Chapter") -> bool:
        unit = exact(chapter["time_base"])
        return chapter["start"] * unit < self.end and chapter["end"] * unit > self.start

    def _chapter(self, chapter: "Chapter") -> "Chapter":
        unit = exact(chapter["time_base"])
        start, end = max(chapter["start"] * unit, self.start), min(chapter["end"] * unit, self.end)
        return {**chapter, "start": round((start - self.shift) / unit), "end": round((end - self.shift) / unit)}


WHOLE = Cut(-inf, inf, Fraction(0))
"""All of it."""


def cut_of(video: Video, stamps: Sequence[int], end: int) -> Cut:
    """The part of a source whose video frames have those timestamps, until `end`, in units of the video's time base."""
    first, last = stamps[0] == video.timestamps[0], stamps[-1] == video.timestamps[-1]
    start = -inf if first else stamps[0] * video.time_base
    shift = (stamps[0] - video.timestamps[0]) * video.time_base
    return Cut(start, inf if last else end * video.time_base, shift)
