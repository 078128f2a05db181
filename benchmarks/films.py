"""What `vsanimesr upscale` takes beside vspipe and ffmpeg alone: `python -m benchmarks cli`.

The same script, the same encoder, the same frames: once as a job in chunks, in a process of its own, with everything
that this does before, between and after them, and once as `vspipe script - | ffmpeg -i - file`.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import children, machine
from benchmarks.combinations import parse_size
from vsanimesr.jobs.job import Job
from vsanimesr.jobs.order import Order, Step
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.pipeline import Render, find_ffmpeg

SCHEMA = 1
GOAL = 1.03
_CHILD = "import sys; from benchmarks import films; films.child(sys.argv[1])"


def run(asked: argparse.Namespace, arguments: Sequence[str], say: Callable[[str], None]) -> None:
    """Measure what the options say, print it and a line of JSON; raises AnimeSRError, ChildFailed."""
    settings = {name: getattr(asked, name) for name in ("size", "frames", "chunk", "rounds", "backend", "precision")}
    report: dict[str, Any] = {"schema": SCHEMA, "benchmark": "cli", "machine": machine.describe(arguments)}
    seconds: dict[str, list[float]] = {"command": [], "bare": []}
    others = machine.Others()
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        source = _drawn(Path(folder), asked)
        for n in range(asked.rounds):
            say(f"round {n + 1} of {asked.rounds}")
            for way in sorted(WAYS, reverse=bool(n % 2)):
                taken, chunks = WAYS[way](source, asked)
                seconds[way].append(taken)
                say(f"  {way}: {taken:.1f} s, {chunks} chunks")
    busy = others.percent()
    ratios = [mine / bare for mine, bare in zip(seconds["command"], seconds["bare"], strict=True)]
    report |= {"settings": settings, "seconds": seconds, "ratios": ratios, "other_processes_percent": busy}
    print(
        f"command / bare: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), aim at most {GOAL}"
    )
    print(f"other processes: {busy:.1f}% of the processors")
    print(json.dumps(report))
    if asked.output:
        asked.output.write_text(json.dumps(report) + "\n", encoding="utf-8")


def child(text: str) -> None:
    """The command, in a process of its own; prints its number of chunks."""
    asked = json.loads(text)
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        job = _job(Path(asked.pop("source")), Path(folder), argparse.Namespace(**asked))
        steps = [event for event in job.run() if isinstance(event, Step) and event.what == "frames"]
    print(json.dumps(steps[-1].chunk[1]))


def _job(source: Path, folder: Path, asked: argparse.Namespace) -> Job:
    options = ScriptOptions(backend=asked.backend, precision=asked.precision)
    return Job(Order(source, folder / "out.mkv", options, least=asked.chunk, most=asked.chunk))


def _command(source: Path, asked: argparse.Namespace) -> tuple[float, int]:
    """Seconds, and chunks."""
    names = ("chunk", "backend", "precision")
    given = {"source": str(source), **{name: getattr(asked, name) for name in names}}
    start = time.perf_counter()
    chunks = children.python(["-c", _CHILD, json.dumps(given)])
    return time.perf_counter() - start, chunks


def _bare(source: Path, asked: argparse.Namespace) -> tuple[float, int]:
    """The same of vspipe and ffmpeg, without what decided their arguments."""
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        job, script = _job(source, Path(folder), asked), Path(folder) / "script.vpy"
        script.write_text(job.text(), encoding="utf-8")
        render = Render(script, Path(folder) / "out.mkv", encoder=job.encode)
        start = time.perf_counter()
        for _ in render.run():
            pass
        return time.perf_counter() - start, 1


WAYS = {"bare": _bare, "command": _command}


def _drawn(folder: Path, asked: argparse.Namespace) -> Path:
    """A moving picture with sound, by ffmpeg."""
    width, height = asked.size
    source = folder / "source.mkv"
    video = f"testsrc2=size={width}x{height}:rate=24:duration={asked.frames / 24}"
    inputs = ["-f", "lavfi", "-i", video, "-f", "lavfi", "-i", f"sine=duration={asked.frames / 24}"]
    codecs = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac"]
    subprocess.run([str(find_ffmpeg()), "-v", "error", *inputs, *codecs, str(source)], check=True)
    return source


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `run` reads."""
    add = parser.add_argument
    add("--size", type=parse_size, default=(640, 480), metavar="WxH", help="of the frames [640x480]")
    add("--frames", type=int, default=120, help="of the video [%(default)s]")
    add("--chunk", type=int, default=12, help="frames of a chunk; the command's own are of 240 at least [%(default)s]")
    add("--rounds", type=int, default=3, help="how often both are measured [%(default)s]")
    add("--backend", default="auto", help="[%(default)s]")
    add("--precision", default="auto", help="[%(default)s]")
    add("--output", type=Path, metavar="FILE.json", help="also write the JSON there")
