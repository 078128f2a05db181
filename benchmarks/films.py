"""What `vsanimesr upscale` takes beside vspipe and ffmpeg alone, and with a node killed: `python -m benchmarks cli`.

The same script, the same encoder, the same frames: once as the command in chunks, with everything that it does before,
between and after them, and once as `vspipe script - | ffmpeg -i - file`. The part with a cluster is in `nodes_lost`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import film_files, machine, nodes_lost, short_chunks
from benchmarks.children import WARM_UP, ChildFailed
from benchmarks.combinations import parse_size
from vsanimesr.errors import ArgumentError
from vsanimesr.jobs.job import Job
from vsanimesr.jobs.order import Order
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.pipeline import find_ffmpeg, find_vspipe

SCHEMA = 2
GOAL = 1.03
CHUNKS = 10
"""At least so many."""
PARTS = ("overhead", "cluster")


def run(asked: argparse.Namespace, arguments: Sequence[str], say: Callable[[str], None]) -> None:
    """Measure what the options say, print it and a line of JSON; raises AnimeSRError, ChildFailed."""
    _check(asked)
    parts = [asked.only] if asked.only else PARTS
    if "cluster" in parts:
        nodes_lost.check(asked)  # before the other part takes its time
    shown = [Path(word).name if Path(word).is_absolute() else word for word in arguments]
    settings = {name: getattr(asked, name) for name in ("size", "frames", "chunk", "rounds", "backend", "precision")}
    report: dict[str, Any] = {"schema": SCHEMA, "benchmark": "cli", "machine": machine.describe(shown)}
    report["settings"] = settings
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        for part in parts:
            report[part] = _MEASURE[part](asked, Path(folder), say)
    for part in parts:
        print(_TEXT[part](report[part]))
    print(json.dumps(report))
    if asked.output:
        asked.output.write_text(json.dumps(report) + "\n", encoding="utf-8")


def measure(asked: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """All rounds of the command and of its bare programs, as the report has them. Raises ChildFailed."""
    source = film_files.drawn(folder / "scene.mkv", asked.size, asked.frames)
    few = film_files.drawn(folder / "few.mkv", asked.size, WARM_UP)
    say("overhead: warming up")
    made = {way: {WARM_UP: one(few, WARM_UP, asked)[1]} for way, one in WAYS.items()}
    rounds, others = list[dict[str, Any]](), machine.Others()
    for n in range(asked.rounds):
        say(f"overhead: round {n + 1} of {asked.rounds}")
        found = {}
        for way in sorted(WAYS, reverse=bool(n % 2)):
            told, hashed = WAYS[way](source, asked.frames, asked)
            say(f"  {way}: {told['seconds']:.1f} s{_chunks(told)}")
            found[way] = told
            if made[way].setdefault(asked.frames, hashed) != hashed:
                raise ChildFailed(f"{way}: its pictures are not those of the round before")
        rounds.append(found)
    ratios = [one["command"]["seconds"] / one["bare"]["seconds"] for one in rounds]
    return {"rounds": rounds, "ratios": ratios, "other_processes_percent": others.percent()}


def text(report: dict[str, Any]) -> str:
    """For people, of what `measure` returned."""
    ratios = report["ratios"]
    middle, least, most = statistics.median(ratios), min(ratios), max(ratios)
    busy = report["other_processes_percent"]
    return (
        f"command / bare: {middle:.3f} ({least:.3f} to {most:.3f}), aim at most {GOAL}\n"
        f"other processes: {busy:.1f}% of the processors"
    )


def _command(source: Path, frames: int, asked: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """What is told of a run, and a hash of its pictures."""
    with film_files.unseen(source) as path:
        done = short_chunks.run(path, path.with_name("out.mkv"), asked)
        return vars(done), film_files.pictures(path.with_name("out.mkv"), frames)


def _bare(source: Path, frames: int, asked: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """The same by hand: the script that `vsanimesr script` prints, and an encoder told what the command's is."""
    with film_files.unseen(source) as path, tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        script, output = Path(folder) / "script.vpy", path.with_name("out.mkv")
        # Neither this nor `_encoder` opens the video by BestSource, which sees it for the first time when it counts.
        script.write_text(short_chunks.script(path, asked), encoding="utf-8")
        encode = [str(find_ffmpeg()), "-v", "error", *_encoder(path, output, asked)]
        start = time.perf_counter()
        _pipe([str(find_vspipe()), "-c", "y4m", str(script), "-"], encode)
        return {"seconds": time.perf_counter() - start}, film_files.pictures(output, frames)


WAYS = {"bare": _bare, "command": _command}
_MEASURE = {"overhead": measure, "cluster": nodes_lost.measure}
_TEXT = {"overhead": text, "cluster": nodes_lost.text}


def _encoder(source: Path, output: Path, asked: argparse.Namespace) -> list[str]:
    """ffmpeg's options, those that the command gives it."""
    backend, _, device = asked.backend.partition(":")
    job = Job(Order(source, output, ScriptOptions(backend=backend, device=device, precision=asked.precision)))
    return ["-f", "yuv4mpegpipe", *job.decode, "-i", "-", *job.encode, str(output)]


def _pipe(first: list[str], second: list[str]) -> None:
    """`first | second`; raises ChildFailed where one of them fails."""
    # Called by its full path, vspipe still looks for this Python's `vapoursynth` on PATH to find its libraries.
    path = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), os.environ.get("PATH"))))
    with tempfile.TemporaryFile("w+") as words:
        reader = subprocess.Popen(first, stdout=subprocess.PIPE, stderr=words, env={**os.environ, "PATH": path})
        with reader, subprocess.Popen(second, stdin=reader.stdout, stderr=words) as writer:
            try:
                assert reader.stdout is not None  # asked for above
                reader.stdout.close()
                codes = writer.wait(), reader.wait()
            finally:
                writer.kill()
                reader.kill()
        words.seek(0)
        if any(codes):
            raise ChildFailed(f"exit codes {codes[1]} | {codes[0]} from vspipe | ffmpeg:\n  {words.read().strip()}")


def _check(asked: argparse.Namespace) -> None:
    if asked.chunk < 1 or asked.rounds < 1 or asked.frames < CHUNKS * asked.chunk:
        raise ArgumentError(
            f"--frames {asked.frames} in chunks of {asked.chunk}, {asked.rounds} rounds: wanted at least {CHUNKS} "
            "chunks and a round; give more --frames"
        )
    if asked.output and not asked.output.parent.is_dir():
        raise ArgumentError(f"there is no folder '{asked.output.parent}' for the JSON; make it first")


def _chunks(told: dict[str, Any]) -> str:
    return f", {told['chunks']} chunks" if "chunks" in told else ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `run` reads."""
    add = parser.add_argument
    add("--only", choices=PARTS, help="leave the other part out; the one with a cluster needs Ray")
    add("--size", type=parse_size, default=(640, 480), metavar="WxH", help="of the frames [640x480]")
    add("--frames", type=int, default=120, help="of the video [%(default)s]")
    add("--chunk", type=int, default=10, help="frames of a chunk; the command's own are of 240 at least [%(default)s]")
    add("--rounds", type=int, default=3, help="how often everything is measured [%(default)s]")
    words = "such as fake:delay=0.05 to try it out; auto is what the filter would choose [%(default)s]"
    add("--backend", default="auto", metavar="NAME[:DEVICE]", help=words)
    add("--precision", default="auto", help="[%(default)s]")
    add("--output", type=Path, metavar="FILE.json", help="also write the JSON there")
