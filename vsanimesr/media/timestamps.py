"""When each frame of a video is shown: read from its packets where they can be trusted, else by decoding it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.rational import AVRational
from av.stream import Stream
from av.video.stream import VideoStream

_MILLISECOND = Fraction(1, 1000)
_HIDDEN = {"vp8"}  # codecs some of whose packets show nothing


@dataclass(frozen=True)
class Reading:
    """What one pass over a file's packets has found."""

    timestamps: tuple[int, ...]
    """Of the video's frames, in the order in which they are shown, strictly increasing; in units of its time base."""
    end: int
    """When the last frame ends."""
    packets: int
    """Of the video, whatever they hold."""
    last: float
    """When the last packet of any stream ends, in seconds."""


def read(path: Path, index: int) -> Reading:
    """Reads the timestamps of the video stream of that number.

    Raises av.error.FFmpegError for a file that cannot be read.
    """
    with av.open(str(path)) as file:
        video = file.streams[index]
        assert isinstance(video, VideoStream), video
        found: list[_Entry] = []
        last = _collect(file, video, found)
        trusted = video.codec_context.name not in _HIDDEN and _are_frames(found)
    shown = sorted(entry.pts for entry in found if entry.pts is not None) if trusted else _decoded(path, index)
    timestamps = tuple(_increasing(shown))
    return Reading(timestamps, _end(timestamps, found), len(found), last)


def exact(value: AVRational) -> Fraction:
    """PyAV's fraction as Python's."""
    return Fraction(value.numerator, value.denominator)


def is_variable(timestamps: tuple[int, ...], time_base: Fraction, rate: Fraction) -> bool:
    """Says whether the timestamps are off a constant rate, in frames per second, by more than rounding explains.

    That is one unit, or the millisecond of Matroska, where many files have been before.
    """
    slack, step = max(Fraction(1), _MILLISECOND / time_base), 1 / (rate * time_base)
    return any(abs(stamp - timestamps[0] - number * step) > slack for number, stamp in enumerate(timestamps))


@dataclass(frozen=True)
class _Entry:
    """What matters of a packet."""

    pts: int | None
    duration: int
    key: bool
    whole: bool


def _collect(file: InputContainer, video: VideoStream, found: list[_Entry]) -> float:
    last = 0.0
    for packet in file.demux():
        if not packet.size:
            continue
        last = max(last, _end_of(packet))
        if packet.stream is video:
            whole = not (packet.is_corrupt or packet.is_discard)
            found.append(_Entry(packet.pts, packet.duration or 0, packet.is_keyframe, whole))
    return last


def _end_of(packet: "Packet[Stream]") -> float:
    start = packet.dts if packet.pts is None else packet.pts
    return 0.0 if start is None else float((start + (packet.duration or 0)) * exact(packet.time_base))


def _are_frames(found: list[_Entry]) -> bool:
    """Whether each packet is a frame that is shown: none without a time, damaged, or before the first key frame."""
    stamps = [entry.pts for entry in found if entry.pts is not None]
    if len(set(stamps)) < len(found) or not all(entry.whole for entry in found):
        return False
    return not found or (found[0].key and found[0].pts == min(stamps))


def _decoded(path: Path, index: int) -> list[int]:
    with av.open(str(path)) as file:
        video = file.streams[index]
        assert isinstance(video, VideoStream), video
        video.codec_context.thread_type = av.codec.context.ThreadType.AUTO
        return sorted(_known(frame.dts if frame.pts is None else frame.pts for frame in file.decode(video)))


def _known(stamps: Iterable[int | None]) -> Iterator[int]:
    """Puts a frame without a time right behind the one before it."""
    last = -1
    for stamp in stamps:
        last = last + 1 if stamp is None else stamp
        yield last


def _increasing(stamps: list[int]) -> Iterator[int]:
    last: int | None = None
    for stamp in stamps:
        last = stamp if last is None else max(stamp, last + 1)
        yield last


def _end(timestamps: tuple[int, ...], found: list[_Entry]) -> int:
    if not timestamps:
        return 0
    lasting = {entry.pts: entry.duration for entry in found}.get(timestamps[-1], 0)
    steps = [after - before for before, after in pairwise(timestamps)]
    return timestamps[-1] + (lasting or (steps[-1] if steps else 1))
