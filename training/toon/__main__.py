"""`python -m training.toon sheet | render | stats | speed`."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from training import words
from training.toon import files, measure
from training.toon import sheet as sheets
from training.toon.film import clip
from training.toon.noise import Pixels
from training.toon.rng import SPLITS
from vsanimesr.cli import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the command line says; returns the exit code."""
    return run(parser(), arguments)


def sheet(asked: argparse.Namespace) -> None:
    """One frame of each of several clips, on one picture."""
    seeds = range(asked.seed, asked.seed + asked.count)
    made = sheets.sheet(
        seeds,
        columns=asked.columns,
        size=asked.size,
        split=asked.split,
        frame=asked.frame,
        shrink=asked.shrink,
        said=lambda seed, kind: print(f"{seed} {kind}"),
    )
    sheets.save(made, asked.output, asked.bytes)


def render(asked: argparse.Namespace) -> None:
    """A clip as lossless files."""
    film = clip(asked.seed, frames=asked.frames, size=asked.size, split=asked.split)
    for file in files.write(film, asked.output):
        print(file)


def stats(asked: argparse.Namespace) -> None:
    """Statistics of our clips, or of a video."""
    clips = [measure.video(asked.video, asked.frames)] if asked.video else each(asked)
    print(measure.statistics(clips).table())


def each(asked: argparse.Namespace) -> Iterator[Iterator[Pixels]]:
    """The frames of several clips."""
    for seed in range(asked.seed, asked.seed + asked.clips):
        yield (frame.image for frame in clip(seed, frames=asked.frames, size=asked.size, split=asked.split))


def speed(asked: argparse.Namespace) -> None:
    """Frames for each second of one core's work, clip by clip; backgrounds are painted within that time."""
    total = 0.0
    for seed in range(asked.seed, asked.seed + asked.clips):
        began = time.process_time()
        for _ in clip(seed, frames=asked.frames, size=asked.size, split=asked.split):
            pass
        spent = time.process_time() - began
        total += spent
        print(f"{seed}: {asked.frames / spent:.1f} frames/s")
    print(f"all: {asked.clips * asked.frames / total:.1f} frames/s")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m training.toon", description=__doc__)
    commands = made.add_subparsers(required=True)
    one = command(commands, "sheet", sheet, frames=False)
    one.add_argument("output", type=Path, help="PNG or JPEG")
    one.add_argument("--count", type=words.positive, default=24, help="how many seeds, from --seed on")
    one.add_argument("--columns", type=words.positive, default=4)
    one.add_argument("--frame", type=words.whole, default=7, help="which frame of each clip")
    one.add_argument("--shrink", type=words.positive, default=2, help="whole factor by which frames are made smaller")
    one.add_argument("--bytes", type=words.positive, help="largest size of the file; a JPEG's quality follows")
    one = command(commands, "render", render)
    one.add_argument("output", type=Path, help="FILE.mkv for FFV1, anything else is a folder for PNGs")
    one = command(commands, "stats", stats)
    one.add_argument("video", type=Path, nargs="?", help="a video to measure instead of our clips")
    one.add_argument("--clips", type=words.positive, default=8, help="how many seeds, from --seed on")
    one = command(commands, "speed", speed)
    one.add_argument("--clips", type=words.positive, default=8, help="how many seeds, from --seed on")
    return made


def command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    action: Callable[[argparse.Namespace], None],
    frames: bool = True,
) -> argparse.ArgumentParser:
    """One command with what all of them understand."""
    made = commands.add_parser(name, help=action.__doc__)
    made.set_defaults(run=action)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--size", type=words.size, default=(960, 544), metavar="WIDTHxHEIGHT")
    made.add_argument("--split", choices=SPLITS, default="train")
    if frames:
        made.add_argument("--frames", type=words.positive, default=24)
    return made


if __name__ == "__main__":
    sys.exit(main())
