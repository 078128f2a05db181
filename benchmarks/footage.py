"""Real footage with its cuts listed by hand: `cuts/*.json` name the file, where it is had, and where shots begin."""

import argparse
import hashlib
import importlib
import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import ArgumentError, BackendUnavailable, PipelineError
from vsanimesr.pipeline import find_ffmpeg

CUTS = Path(__file__).parent / "cuts"


@dataclass(frozen=True)
class Footage:
    """A clip and its cuts."""

    file: Path
    """The clip."""
    name: str
    """Its name in tables."""
    cuts: tuple[int, ...]
    """The frames with which a new shot begins at once, by number, ascending."""
    doubtful: tuple[int, ...]
    """Frames of which two people may say different things; they are left out as if they were not there."""
    size: tuple[int, int]
    """Width and height."""
    frames: int
    """How many there are."""


def load(clip: Path, listed: Path) -> Footage:
    """A clip with its list; raises ArgumentError if the list is of another file."""
    data = json.loads(listed.read_text(encoding="utf-8"))
    found = hashlib.sha256(clip.read_bytes()).hexdigest()
    if found != data["sha256"]:
        raise ArgumentError(f"{listed.name} is of a file with SHA-256 {data['sha256']}, {clip.name} has {found}")
    return Footage(clip, listed.stem, tuple(data["cuts"]), tuple(data["doubtful"]), tuple(data["size"]), data["frames"])


def listed_for(clip: Path) -> Path:
    """The list in CUTS that has the name of a clip; raises ArgumentError if there is none."""
    listed = CUTS / f"{clip.stem}.json"
    if not listed.is_file():
        known = ", ".join(sorted(file.stem for file in CUTS.glob("*.json")))
        raise ArgumentError(f"no cuts are listed for {clip.name}; lists: {known}; say --cuts FILE for another")
    return listed


def decode(file: Path, size: tuple[int, int], layout: str, frames: int = 0) -> Iterator[NDArray[Any]]:
    """The frames of a clip, resized by ffmpeg's bicubic kernel; the first `frames`, or all.

    `layout` is 'gray', 'gray10le' or 'rgb24'. They come as [height, width], uint8 or uint16 (10 bits), or
    [height, width, 3]. Raises PipelineError where ffmpeg fails.
    """
    width, height = size
    dtype = np.dtype(np.uint16 if layout == "gray10le" else np.uint8)
    shape = (height, width, 3) if layout == "rgb24" else (height, width)
    wanted = ["-map", "0:v:0", "-vf", f"scale={width}:{height}:flags=bicubic", "-fps_mode", "passthrough"]
    wanted += ["-frames:v", str(frames)] if frames else []
    command = [str(find_ffmpeg()), "-v", "error", "-i", str(file), *wanted, "-pix_fmt", layout, "-f", "rawvideo", "-"]
    nbytes = int(np.prod(shape)) * dtype.itemsize
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while data := child.stdout.read(nbytes):
            yield np.frombuffer(data, dtype).reshape(shape)
    if child.returncode:
        raise PipelineError(f"ffmpeg could not decode {file.name}: it ended with {child.returncode}")


def recompressed(footage: Footage, target: Path, *, crf: int, height: int, bits: int) -> tuple[int, int]:
    """Write a clip's pictures again by x264, in that quality and height, 8 or 10 bits; returns width and height.

    Raises PipelineError if ffmpeg fails.
    """
    wide = round(footage.size[0] * height / footage.size[1] / 2) * 2
    coded = ["-c:v", "libx264", "-crf", str(crf), "-preset", "veryfast", "-threads", "1"]
    coded += ["-pix_fmt", "yuv420p10le" if bits == 10 else "yuv420p"]
    scaled = ["-map", "0:v:0", "-fps_mode", "passthrough", "-vf", f"scale={wide}:{height}:flags=bicubic"]
    command = [str(find_ffmpeg()), "-v", "error", "-y", "-i", str(footage.file), *scaled, *coded, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(f"ffmpeg could not encode {footage.file.name}: {done.stderr.strip()[-200:]}")
    return wide, height


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a benchmark of footage is asked."""
    parser.add_argument("--clip", type=Path, nargs="+", default=[], metavar="FILE", help="real footage")
    parser.add_argument("--cuts", type=Path, nargs="+", metavar="FILE.json", help="its lists [by name, in cuts/]")
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="where the figures go")


def benchmark(name: str) -> Any:
    """The module of a benchmark of footage, loaded now: it needs packages that others do without.

    Raises BackendUnavailable if they are not there.
    """
    try:
        return importlib.import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        raise BackendUnavailable(f"{error}, which draws clips: pip install -e '.[dev]'") from error


def asked_for(asked: argparse.Namespace) -> list[Footage]:
    """The clips that these options name; raises ArgumentError for one without its list."""
    lists = asked.cuts or [listed_for(clip) for clip in asked.clip]
    if len(lists) != len(asked.clip):
        raise ArgumentError(f"--cuts names {len(lists)} lists for {len(asked.clip)} clips; name one for each, in order")
    return [load(clip, listed) for clip, listed in zip(asked.clip, lists, strict=True)]


def write(output: Path, benchmark: str, described: dict[str, Any], found: dict[str, Any]) -> None:
    """Write a result as JSON; the command in it names files without their folders."""
    words = [Path(word).name if "/" in word else word for word in shlex.split(described["command"])]
    machine = {**described, "command": shlex.join(words)}
    data = {"schema": 1, "benchmark": benchmark, "machine": machine, **found}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
