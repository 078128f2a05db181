"""A script whose frames are all different, and what is in the files that are made of it."""

import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil

from vsanimesr import pipeline
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.splitter import Finished, Progress, Splitter

LOSSLESS = ("-c:v", "ffv1")
HEAD = """
import os, sys, time
import vapoursynth as vs
core = vs.core
colours = [[n * 7 % 256, n * 31 % 256, 255 - n] for n in range({length})]
blank = core.std.BlankClip(width={width}, height=48, format=vs.YUV420P8, length=1)
clip = core.std.Splice([blank.std.BlankClip(color=colour) for colour in colours])
def each(n, f):
    {body}
    return f
if {body!r} != "pass":
    clip = clip.std.ModifyFrame(clip, each)
clip = clip[int(first) : int(last) + 1]
{tail}
clip.set_output()
"""


def write_script(
    folder: Path, *, length: int = 40, width: int = 64, body: str = "pass", tail: str = "", name: str = "script.vpy"
) -> Path:
    """Writes it; `body` runs before frame n is given, `tail` at the end of the script."""
    path = folder / name
    path.write_text(HEAD.format(length=length, width=width, body=body, tail=tail), encoding="utf-8")
    return path


def chunks_at(*bounds: int, number: int = 0) -> list[Chunk]:
    return [Chunk(number + index, *ends) for index, ends in enumerate(pairwise(bounds))]


def file_in(folder: Path) -> Callable[[Chunk], Path]:
    folder.mkdir(exist_ok=True)
    return lambda chunk: folder / f"{chunk.number:03d}.mkv"


def split(
    script: Path, chunks: Sequence[Chunk], folder: Path, encode: Sequence[str] = LOSSLESS, **options: object
) -> Splitter:
    arguments = options.pop("arguments", {})
    return Splitter(script, chunks, file_in(folder), encode, arguments, **options)  # type: ignore[arg-type]


def finished(events: Iterable[Progress | Finished]) -> list[Finished]:
    return sorted((event for event in events if isinstance(event, Finished)), key=lambda event: event.chunk.number)


def raw(video: Path) -> bytes:
    """The samples of a file, frame after frame."""
    command = [pipeline.find_ffmpeg(), "-v", "error", "-i", video, "-f", "rawvideo", "-fps_mode", "passthrough", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def expected(first: int, end: int, width: int = 64) -> bytes:
    """What the script's frames hold."""
    frames = ((n * 7 % 256, n * 31 % 256, 255 - n) for n in range(first, end))
    luma = width * 48
    return b"".join(bytes([y]) * luma + bytes([u]) * (luma // 4) + bytes([v]) * (luma // 4) for y, u, v in frames)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def programs() -> list[psutil.Process]:
    """What this process has started and is still there, but for what multiprocessing keeps until the end."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "multiprocessing.resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
    return found
