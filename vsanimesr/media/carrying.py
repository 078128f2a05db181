"""The streams of a source beside its video, put into another file: which ones, whether it can carry them, and how."""

import io
from collections.abc import Sequence
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream as AvStream

from vsanimesr.errors import ArgumentError, MediaError
from vsanimesr.media import Media, Stream
from vsanimesr.media.probing import is_still

KINDS = ("audio", "subtitle", "attachment", "data", "video")
"""What `drop` may name; 'video' is cover art and further videos, never the one that is upscaled."""
EXPERIMENTAL = {"strict": "experimental"}
"""Options of a container: what a format has only lately learnt is written all the same."""

_IMAGES = {"mjpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png"), "webp": ("image/webp", "webp")}


def kept(media: Media, drop: Sequence[str]) -> list[Stream]:
    """The streams to carry over: all but those of which `drop` has the kind or the number.

    Raises ArgumentError for a word that is neither.
    """
    numbers = {str(stream.index) for stream in media.streams}
    for word in drop:
        if word not in KINDS and word not in numbers:
            has = ", ".join(describe(stream) for stream in media.streams) or "no stream beside its video"
            raise ArgumentError(
                f"drop: got '{word}', wanted one of {', '.join(KINDS)} or a stream's number; '{media.path}' has {has}"
            )
    return [stream for stream in media.streams if not {stream.kind, str(stream.index)} & set(drop)]


def describe(stream: Stream) -> str:
    """Such as "stream 3 (attachment, ttf, 'Sans.ttf')"."""
    title = f"'{stream.title}'" if stream.title else ""
    return f"stream {stream.index} ({', '.join(filter(None, (stream.kind, stream.codec, stream.language, title)))})"


def check(source: InputContainer, streams: Sequence[Stream], container: str, output: Path) -> None:
    """Raises MediaError, naming the streams and the ways out, unless a container carries those streams of a source.

    `container` is ffmpeg's short name of the format, which is asked by writing a header into memory.
    """
    refused = [(stream, why) for stream in streams if (why := _refusal(source.streams[stream.index], container))]
    if refused:
        named = "; ".join(f"{describe(stream)}: {why}" for stream, why in refused)
        drop = ",".join(sorted({stream.kind for stream, _ in refused}))
        other = "write a file of the source's own kind" if "matroska" in container else "write .mkv"
        raise MediaError(
            f"'{output}' cannot carry what '{source.name}' has: {named}; {other}, or leave it out: --drop {drop}"
        )


def check_video(chunk: Path, container: str, output: Path) -> None:
    """Raises MediaError unless a container carries the video of a chunk file."""
    with av.open(str(chunk)) as file:
        why = _refusal(file.streams[0], container)
    if why:
        raise MediaError(f"'{output}' cannot carry the new video: {why}; write .mkv, or use another encoder")


class Carrier:
    """Streams of a source on their way into an output."""

    def __init__(self, source: InputContainer, streams: Sequence[Stream]) -> None:
        """Nothing is written yet, and no packet of the source is taken.

        Raises av.error.FFmpegError for a source that cannot be read.
        """
        self._streams = {stream.index: source.streams[stream.index] for stream in streams}
        self._covers = _covers(source.name, [index for index, stream in self._streams.items() if is_still(stream)])
        self._target: dict[int, AvStream] = {}

    @property
    def sources(self) -> list[AvStream]:
        """The source's streams whose packets have to be given to `carried`."""
        return [self._streams[index] for index in self._target]

    def add_to(self, output: OutputContainer, index: int) -> None:
        """Adds the output's stream for the source's stream of that number."""
        stream = self._streams.get(index)
        if stream is None or _is_timecode(stream):
            return
        if index in self._covers and "matroska" in output.format.name:
            mime, suffix = _IMAGES.get(stream.codec_context.name, ("application/octet-stream", "bin"))
            name = stream.metadata.get("filename") or f"cover.{suffix}"
            attachment = output.add_attachment(name, stream.metadata.get("mimetype") or mime, self._covers[index])
            attachment.metadata.update({**stream.metadata, **attachment.metadata})
            return
        added = output.add_stream_from_template(stream, opaque=True)
        added.metadata.update(stream.metadata)
        added.disposition = stream.disposition
        if stream.type != "attachment":
            self._target[index] = added

    def carried(self, packet: "Packet[AvStream]") -> "Packet[AvStream]":
        """Makes a packet of the source one of the output."""
        packet.stream = self._target[packet.stream_index]
        return packet


def _covers(path: str, numbers: Sequence[int]) -> dict[int, bytes]:
    """The pictures of cover art by stream number: one packet each, which readers give first of all."""
    found: dict[int, bytes] = {}
    if not numbers:
        return found
    with av.open(path) as file:
        for packet in file.demux([file.streams[number] for number in numbers]):
            if packet.size:
                found.setdefault(packet.stream_index, bytes(packet))
            if len(found) == len(numbers):
                break
    return found


def _is_timecode(stream: AvStream) -> bool:
    """Whether it is a QuickTime timecode track: readers give it as a tag of the video, writers make it of that."""
    return stream.type == "data" and "timecode" in stream.metadata


def _refusal(stream: AvStream, container: str) -> str:
    """Why a container does not carry a stream; '' where it does."""
    if (is_still(stream) and "matroska" in container) or _is_timecode(stream):
        return ""
    if stream.type == "attachment" and "matroska" not in container:
        return "there are no attachments in it"
    try:
        with av.open(io.BytesIO(), "w", format=container, options=EXPERIMENTAL) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError) as exc:
        return exc.strerror if isinstance(exc, av.error.FFmpegError) and exc.strerror else str(exc)
    return ""
