"""Pictures that are encoded as the command does it, and what a player reads of the file."""

import os
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from vsanimesr.media import Video, VideoTags
from vsanimesr.media.encoders import Encoding, arguments, input_arguments
from vsanimesr.pipeline import find_ffmpeg

FRAMES, WIDTH, HEIGHT = 10, 96, 64
FAST = {"x264": "ultrafast", "x265": "ultrafast", "svtav1": "12", "ffv1": "", "hevc_nvenc": "p1", "av1_nvenc": "p1"}


def video(pix_fmt: str = "yuv420p", width: int = WIDTH // 4, height: int = HEIGHT // 4, **changes: Any) -> Video:
    made = Video(
        index=0,
        codec="h264",
        width=width,
        height=height,
        pix_fmt=pix_fmt,
        time_base=Fraction(1, 24),
        timestamps=tuple(range(FRAMES)),
        end=FRAMES,
        frame_rate=Fraction(24),
        variable=False,
        sar=Fraction(1),
        rotation=0,
        tags=VideoTags(),
        hdr=None,
        dolby_vision=False,
        interlaced=False,
    )
    return replace(made, **changes)


def draw(folder: Path, pix_fmt: str) -> Path:
    """Drawn pictures of a format as y4m with a bare header, as vspipe writes it; drawn once for a folder."""
    file = folder / f"{pix_fmt}.y4m"
    if not file.exists():
        drawn = ["-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=24,format={pix_fmt}"]
        run = [find_ffmpeg(), "-v", "error", *drawn, "-frames:v", str(FRAMES), "-strict", "-1", file]
        subprocess.run(run, check=True)
        header, frames = file.read_bytes().split(b"\n", 1)
        kept = [word for word in header.split() if word[:1] not in b"AX"]
        file.write_bytes(b" ".join(kept).replace(b"420jpeg", b"420") + b" A0:0\n" + frames)
    return file


def encoded(source: Path, output: Path, encoding: Encoding, made: Video, cpus: Sequence[int] = ()) -> Path:
    """The pictures through ffmpeg, on some of the processors only."""
    if encoding.preset == "" and FAST[encoding.name]:
        encoding = replace(encoding, preset=FAST[encoding.name])
    options = [*input_arguments(encoding, made), "-i", "pipe:0", *arguments(encoding, made, made.tags)]
    command = [find_ffmpeg(), "-v", "error", "-f", "yuv4mpegpipe", *options, "-y", output]
    bound = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    done = subprocess.run(command, input=source.read_bytes(), capture_output=True, preexec_fn=bound)
    assert done.returncode == 0, done.stderr.decode()
    return output


def frames_of(file: Path) -> list[av.VideoFrame]:
    with av.open(str(file)) as container:
        return list(container.decode(video=0))


def shape(file: Path) -> Fraction:
    """Width of a pixel by its height."""
    with av.open(str(file)) as container:
        found = container.streams.video[0].sample_aspect_ratio
        return Fraction(found)


def colours(file: Path) -> list[int]:
    """Matrix, primaries, transfer and range as a player reads them."""
    with av.open(str(file)) as container:
        context = container.streams.video[0].codec_context
        return [
            int(value)
            for value in (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        ]


def side_data(frame: av.VideoFrame) -> dict[str, tuple[int, ...]]:
    found = {item.type.name: bytes(item) for item in frame.side_data.values()}
    return {name: struct.unpack(f"{len(data) // 4}i", data) for name, data in found.items() if len(data) < 100}


def mastering(frame: av.VideoFrame) -> list[float]:
    """Chromaticities of red, green, blue and white, least and greatest luminance (cd/m2)."""
    values = side_data(frame)["MASTERING_DISPLAY_METADATA"][:20]
    return [numerator / denominator for numerator, denominator in zip(values[::2], values[1::2], strict=True)]
