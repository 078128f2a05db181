"""Joins made for tests, and what is in the files that come out."""

import functools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests import media_files as files
from vsanimesr.media.join import join
from vsanimesr.media.probing import probe

FFV1 = ("-c:v", "ffv1", "-slices", "4")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=3:b-adapt=0")
AV1 = ("-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "lp=1")
CODECS = {"x264": files.X264, "ffv1": FFV1, "hevc": HEVC, "av1": AV1}
ENDS = (7, 8, files.FRAMES)


def frames(path: Path, index: int = 0) -> list[np.ndarray]:
    """The decoded frames of a video stream."""
    with av.open(str(path)) as file:
        return [frame.to_ndarray() for frame in file.decode(file.streams[index])]


def same(got: list[np.ndarray], wanted: list[np.ndarray]) -> bool:
    return len(got) == len(wanted) and all(np.array_equal(*pair) for pair in zip(got, wanted, strict=True))


def content(path: Path, index: int) -> list[tuple[float, bytes]]:
    """The time, in seconds, and the bytes of each packet of a stream."""
    with av.open(str(path)) as file:
        stream = file.streams[index]
        return [
            ((packet.pts or 0) * float(packet.time_base), bytes(packet)) for packet in file.demux(stream) if packet.size
        ]


def times(path: Path) -> list[Fraction]:
    video = probe(path).video
    return [stamp * video.time_base for stamp in video.timestamps]


@functools.cache
def encoded(source: Path, codec: tuple[str, ...], ends: tuple[int, ...] | None) -> list[Path]:
    """Chunks of a source, in a folder beside it."""
    folder = source.parent / f"chunks {source.name} {abs(hash((codec, ends)))}"
    folder.mkdir()
    video = probe(source).video
    return files.chunks(source, folder, ends or (*ENDS[:-1], len(video.timestamps)), codec, str(video.index))


def joined(source: Path, output: Path, codec=FFV1, ends=None, **options) -> list[Path]:
    """Joins chunks of a source; returns them."""
    chunks = encoded(source, tuple(codec), ends and tuple(ends))
    join(probe(source), chunks, output, **options)
    assert [path for path in output.parent.iterdir() if path.name.startswith(".")] == []
    return chunks


def flash(path: Path) -> tuple[float, float]:
    """When the picture turns white and when the sound sets in, in seconds."""
    with av.open(str(path)) as file:
        seen = next(frame.time for frame in file.decode(video=0) if frame.to_ndarray()[:40].mean() > 100)
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            loud = np.abs(frame.to_ndarray()[0].astype(float)) > 0.1
            if loud.any():
                return seen, frame.time + loud.argmax() / frame.sample_rate
    raise AssertionError("silence")


def described(path: Path) -> list[tuple[str, str, dict[str, str], int]]:
    """Kind, codec, tags and disposition of each stream but for what a muxer writes by itself."""
    with av.open(str(path)) as file:
        return [
            (
                stream.type,
                stream.codec_context.name if stream.codec_context else "",
                {key: text for key, text in stream.metadata.items() if key not in {"DURATION", "ENCODER"}},
                int(stream.disposition),
            )
            for stream in file.streams
        ]


def tags(path: Path) -> tuple[dict[str, str], list[tuple[Fraction, Fraction, dict[str, str]]]]:
    """The file's tags and its chapters."""
    own = {"encoder", "major_brand", "minor_version", "compatible_brands"}
    with av.open(str(path)) as file:
        chapters = [
            (
                chapter["start"] * Fraction(str(chapter["time_base"])),
                chapter["end"] * Fraction(str(chapter["time_base"])),
                chapter["metadata"],
            )
            for chapter in file.chapters()
        ]
        return {key.lower(): text for key, text in file.metadata.items() if key.lower() not in own}, chapters
