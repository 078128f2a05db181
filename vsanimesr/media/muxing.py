"""One pass that writes a file: a video's packets, and the packets and headers of everything else of its source."""

import errno
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard
from av.stream import Stream as AvStream
from av.video.stream import VideoStream

from vsanimesr.durable import disk_full
from vsanimesr.errors import ArgumentError, JobError, MediaError
from vsanimesr.media import Media, Stream
from vsanimesr.media.carrying import EXPERIMENTAL, Carrier, check, check_video
from vsanimesr.media.chunk_packets import Chunks, Times, packets
from vsanimesr.media.cutting import Cut
from vsanimesr.media.joined_video import add_video, needs_display_size
from vsanimesr.media.matroska import set_display_size

type Report = Callable[[int, int], None]
"""Told how many frames are written, and how many there are."""
type _Packet = "Packet[AvStream]"

_INTERLEAVE = {"max_interleave_delta": "1000000"}  # microseconds that packets wait for a stream with long gaps
_OF_THE_FILE = {"encoder", "major_brand", "minor_version", "compatible_brands"}  # tags that are not about the content
_IN_MP4 = {
    "album", "album_artist", "artist", "comment", "compilation", "composer", "copyright", "creation_time", "date",
    "description", "disc", "episode_id", "episode_sort", "gapless_playback", "genre", "grouping", "hd_video",
    "keywords", "lyrics", "media_type", "network", "rating", "season_number", "show", "sort_name", "synopsis",
    "timecode", "title", "tmpo", "track",
}  # fmt: skip
"""The tags that MP4 has a place for; any other makes all of them be written in QuickTime's way, which has room."""


@dataclass(frozen=True)
class Parts:
    """What a file is made of."""

    media: Media
    """The source."""
    streams: Sequence[Stream]
    """Those of its streams that are carried over."""
    chunks: Chunks
    """The new video."""
    times: Times
    """When its frames are shown."""
    cut: Cut
    """Which part of the source it is."""


def mux(parts: Parts, path: Path, output: Path, report: Report) -> None:
    """Writes the file `path`, which is to become `output`.

    Raises ArgumentError, MediaError, JobError or PipelineError as `join` does; what was written until then stays.
    """
    with _opened(parts.media) as source:
        try:
            with _created(path, _tags(source)) as target:
                container = target.format.name
                check_video(parts.chunks.paths[0], container, output)
                check(source, parts.streams, container, output)
                _write(parts, source, target, report)
            if needs_display_size(parts.media, container):
                _set_display_size(path, parts)
        except (av.error.FFmpegError, OSError) as exc:
            raise _unwritten(output, exc) from exc


def carries(media: Media, streams: Sequence[Stream], chunk: Path, output: Path) -> None:
    """Raises ArgumentError or MediaError unless the container of `output` carries the streams, and a chunk's video."""
    with tempfile.TemporaryDirectory(prefix="animesr-") as folder:
        with _created(Path(folder) / f"a{output.suffix}", ()) as target:
            container = target.format.name
        check_video(chunk, container, output)
        with _opened(media) as source:
            check(source, streams, container, output)


def _write(parts: Parts, source: InputContainer, output: OutputContainer, report: Report) -> None:
    carrier = Carrier(source, parts.streams)
    video = _add_streams(parts, carrier, source, output)
    output.metadata.update(_tags(source))
    output.set_chapters(parts.cut.chapters(source.chapters()))
    output.start_encoding()
    for packet in merge(_video(parts, video, report), _others(parts, carrier, source), key=_time):
        output.mux_one(packet)


def _add_streams(parts: Parts, carrier: Carrier, source: InputContainer, output: OutputContainer) -> VideoStream:
    """Adds all streams in the source's order; returns the output's video."""
    own = source.streams[parts.media.video.index]
    assert isinstance(own, VideoStream), own
    added: VideoStream | None = None
    for stream in source.streams:
        if stream is own:
            added = add_video(parts.media, own, parts.chunks.paths[0], output)
        else:
            carrier.add_to(output, stream.index)
    assert added is not None
    return added


def _video(parts: Parts, stream: VideoStream, report: Report) -> Iterator[_Packet]:
    total = parts.chunks.frames
    for done, packet in enumerate(packets(parts.chunks, parts.times)):
        report(done, total)
        packet.stream = stream
        yield packet
    report(total, total)


def _others(parts: Parts, carrier: Carrier, source: InputContainer) -> Iterator[_Packet]:
    streams = carrier.sources
    for stream in source.streams:
        if stream not in streams:
            stream.discard = Discard.all  # so that the reader skips them, the video above all
    try:
        for packet in source.demux(streams) if streams else ():
            if packet.size and parts.cut.moved(packet):
                yield carrier.carried(packet)
    except av.error.FFmpegError as exc:
        raise _unread(parts.media, exc) from exc


def _time(packet: _Packet) -> float:
    stamp = packet.pts if packet.dts is None else packet.dts
    return 0.0 if stamp is None else stamp * float(packet.time_base)


def _set_display_size(path: Path, parts: Parts) -> None:
    with av.open(str(parts.chunks.paths[0])) as file:
        context = file.streams.video[0].codec_context
        set_display_size(path, round(context.width * parts.media.video.sar), context.height)


def _tags(source: InputContainer) -> dict[str, str]:
    return {key: text for key, text in source.metadata.items() if key.lower() not in _OF_THE_FILE}


def _created(path: Path, tags: Iterable[str]) -> OutputContainer:
    flags = {} if {tag.lower() for tag in tags} <= _IN_MP4 else {"movflags": "use_metadata_tags"}
    try:
        return av.open(str(path), "w", container_options={**EXPERIMENTAL, **_INTERLEAVE, **flags})
    except ValueError as exc:
        what = f"no container is called '{path.suffix}'" if path.suffix else "its name has no suffix"
        raise ArgumentError(f"output: {what}; name the file .mkv or .mp4") from exc


def _opened(media: Media) -> InputContainer:
    try:
        return av.open(str(media.path))
    except av.error.FFmpegError as exc:
        raise _unread(media, exc) from exc


def _unread(media: Media, exc: av.error.FFmpegError) -> MediaError:
    return MediaError(f"'{media.path}' cannot be read any more: {exc.strerror or exc}; is it still there?")


def _unwritten(output: Path, exc: av.error.FFmpegError | OSError) -> JobError:
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(output)
    limited = "; files may not be that large here" if exc.errno == errno.EFBIG else ""
    return JobError(
        f"'{output}' was not written: {exc.strerror or exc}{limited}; see to the folder '{output.parent}' and run the "
        "same command again, it goes on after what is finished"
    )
