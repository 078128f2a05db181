"""Encoded chunks and everything else of a source into one file: nothing is encoded, nothing is lost.

The file is written in one pass under a temporary name beside the output, read again, and renamed only if it has every
frame at its time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from vsanimesr.durable import explained, publish
from vsanimesr.errors import JobError
from vsanimesr.media import Media, Stream
from vsanimesr.media.carrying import kept
from vsanimesr.media.chunk_packets import Chunks, Times, examine
from vsanimesr.media.cutting import cut_of
from vsanimesr.media.muxing import Parts, Report, carries, mux
from vsanimesr.media.probing import main_video
from vsanimesr.media.timestamps import exact, read


def join(
    media: Media,
    chunks: Sequence[Path],
    output: Path,
    *,
    drop: Sequence[str] = (),
    timestamps: Sequence[int] | None = None,
    progress: Report = lambda done, total: None,
) -> None:
    """Writes the chunks' frames, in their order, as the video of a file that has everything else of the source.

    Frame n of all chunks is shown at `timestamps[n]`, in units of the source's time base; without them at the source's
    own. Timestamps of a part of the source's frames cut everything else to that part, which then begins when the source
    does. Audio, subtitles, attachments, data, other videos, chapters, metadata and dispositions are copied; `drop` has
    kinds (`carrying.KINDS`) or numbers of streams to leave out. The suffix of `output` decides its container.
    Raises ArgumentError for a suffix or a `drop` that means nothing, MediaError for a source that cannot be read or a
    stream that the container does not carry, JobError for chunks that do not fit, for a full disk and for a file that
    came out wrong, PipelineError where ffmpeg fails. After an error there is no output, or the one that was there.
    """
    streams, found = kept(media, drop), examine(chunks)
    parts = _parts(media, streams, found, timestamps)
    partial = output.with_name(f".{output.stem}.joining{output.suffix}")  # the same each time: a killed run leaves one
    try:
        with explained(output):
            mux(parts, partial, output, progress)
            _verify(partial, parts.times)
            publish(partial, output)
    finally:
        partial.unlink(missing_ok=True)


def check_output(media: Media, chunk: Path, output: Path, drop: Sequence[str]) -> None:
    """Raises what `join` would raise of the output's container, before anything is rendered.

    `chunk` is a file like those that will be joined, of as few frames as one likes.
    """
    carries(media, kept(media, drop), chunk, output)


def _parts(media: Media, streams: Sequence[Stream], chunks: Chunks, timestamps: Sequence[int] | None) -> Parts:
    video = media.video
    stamps = video.timestamps if timestamps is None else tuple(timestamps)
    if chunks.frames != len(stamps):
        raise JobError(
            f"the chunks have {chunks.frames} frames, wanted {len(stamps)}, those of '{media.path}'; "
            "one is missing or too much: delete the chunks and run the command again"
        )
    after = bisect_right(video.timestamps, stamps[-1])
    end = max((*video.timestamps, video.end)[after], stamps[-1] + 1)
    shift = stamps[0] - video.timestamps[0]
    times = Times([stamp - shift for stamp in stamps], end - shift, video.time_base)
    return Parts(media, streams, chunks, times, cut_of(video, stamps, end))


def _verify(file: Path, times: Times) -> None:
    """Raises JobError unless the file's video has all frames, each at its time but for the container's rounding."""
    try:
        got, time_base = _read_back(file)
    except av.error.FFmpegError as exc:
        raise JobError(f"the joined file cannot be read: {exc.strerror or exc}; run the command again") from exc
    if len(got) != len(times.stamps):
        raise JobError(f"the joined file has {len(got)} frames, wanted {len(times.stamps)}; run the command again")
    for number, (mine, source) in enumerate(zip(got, times.stamps, strict=True)):
        off = (mine - got[0]) * time_base - (source - times.stamps[0]) * times.time_base
        if abs(off) > time_base:
            raise JobError(f"frame {number} of the joined file is {float(off):+.4f} s off; write .mkv or .mp4 instead")


def _read_back(file: Path) -> tuple[Sequence[int], Fraction]:
    """The timestamps of a file's video and their time base."""
    with av.open(str(file)) as opened:
        video = main_video(opened)
        if video is None:
            return (), Fraction(1)
        index, time_base = video.index, exact(video.time_base)
    return read(file, index).timestamps, time_base
