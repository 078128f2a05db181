"""The packets of encoded chunks as those of one video stream: in their order, with the source's timestamps.

A chunk file holds one video stream whose frames were encoded by themselves: its first packet is a key frame, and no
packet refers to another chunk. Its own timestamps only say the order of its frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container.streams import StreamContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from vsanimesr.errors import JobError
from vsanimesr.media.probing import codec_name


@dataclass(frozen=True)
class Times:
    """When the frames of the joined video are shown."""

    stamps: Sequence[int]
    """One for each frame, strictly increasing."""
    end: int
    """When the last frame ends."""
    time_base: Fraction
    """Seconds that one unit of a timestamp lasts."""


@dataclass(frozen=True)
class Chunks:
    """Chunk files that fit together."""

    paths: tuple[Path, ...]
    """In the order of their frames."""
    orders: tuple[tuple[int, ...], ...]
    """For each file, for each packet: which of the file's frames it holds, by the order in which they are shown."""

    @property
    def frames(self) -> int:
        """How many there are."""
        return sum(map(len, self.orders))

    @property
    def delay(self) -> int:
        """How many frames later than its packet is decoded a frame may be shown: B-frames."""
        return max(packet - shown for order in self.orders for packet, shown in enumerate(order))


def examine(paths: Sequence[Path]) -> Chunks:
    """Reads the order of the frames of all chunk files.

    Raises JobError for a file that is missing, damaged or empty, and for files that were encoded differently.
    """
    if not paths:
        raise JobError("there are no chunks to join; encode one at least")
    first = _header(paths[0])
    for path in paths[1:]:
        _check_alike(paths[0], first, path, _header(path))
    return Chunks(tuple(paths), tuple(_order(path) for path in paths))


def packets(chunks: Chunks, times: Times) -> Iterator["Packet[Stream]"]:
    """Yields the packets of all chunks in the order of decoding, each with its frame's time and duration.

    Decoding times are increasing and never after the time of showing. Raises JobError for a file that cannot be read.
    """
    first, delay = 0, chunks.delay
    for path, order in zip(chunks.paths, chunks.orders, strict=True):
        for number, (packet, shown) in enumerate(zip(_packets(path), order, strict=True)):
            dts = _decoding_time(times.stamps, first + number - delay)
            yield _timed(packet, times, first + shown, dts)
        first += len(order)


def _timed(packet: "Packet[Stream]", times: Times, frame: int, dts: int) -> "Packet[Stream]":
    after = times.stamps[frame + 1] if frame + 1 < len(times.stamps) else times.end
    packet.time_base = times.time_base
    packet.pts, packet.dts, packet.duration = times.stamps[frame], dts, after - times.stamps[frame]
    return packet


def _decoding_time(stamps: Sequence[int], frame: int) -> int:
    """The time of that frame; before the first one it goes on backwards, at the distance of the first two."""
    if frame >= 0:
        return stamps[frame]
    return stamps[0] + frame * (stamps[1] - stamps[0] if len(stamps) > 1 else 1)


def _packets(path: Path) -> Iterator["Packet[Stream]"]:
    try:
        with av.open(str(path)) as file:
            for packet in file.demux([_only_stream(path, file.streams)]):
                if packet.size:
                    yield packet
    except av.error.FFmpegError as exc:
        raise _damaged(path, exc.strerror or str(exc)) from exc


def _only_stream(path: Path, streams: StreamContainer) -> VideoStream:
    if len(streams) != 1 or not isinstance(streams[0], VideoStream):
        raise _damaged(path, f"got {len(streams)} streams, wanted one of video")
    return streams[0]


def _order(path: Path) -> tuple[int, ...]:
    stamps = [packet.pts for packet in _packets(path)]
    rank = {stamp: number for number, stamp in enumerate(sorted(stamp for stamp in stamps if stamp is not None))}
    if not stamps or len(rank) < len(stamps):
        raise _damaged(path, f"got {len(stamps)} packets at {len(rank)} different times, wanted one for each frame")
    return tuple(rank[stamp] for stamp in stamps if stamp is not None)


def _header(path: Path) -> dict[str, object]:
    """What has to be equal in all chunks of a stream."""
    try:
        with av.open(str(path)) as file:
            stream = _only_stream(path, file.streams)
            context = stream.codec_context
            return {
                "codec": codec_name(stream),
                "size": f"{context.width}x{context.height}",
                "pixel format": context.pix_fmt,
                "codec header": context.extradata,
            }
    except av.error.FFmpegError as exc:
        raise _damaged(path, exc.strerror or str(exc)) from exc


def _check_alike(first: Path, wanted: dict[str, object], path: Path, got: dict[str, object]) -> None:
    for name, value in wanted.items():
        if got[name] != value:
            values = "" if name == "codec header" else f": {got[name]} and {value}"
            raise JobError(
                f"chunks '{path.name}' and '{first.name}' differ in their {name}{values}; encode all by one program "
                "with the same arguments: delete the one that is wrong and run the command again"
            )


def _damaged(path: Path, why: str) -> JobError:
    return JobError(f"chunk '{path}' cannot be joined: {why}; delete it and run the command again: it is made anew")
