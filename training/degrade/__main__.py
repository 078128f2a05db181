"""`python -m training.degrade sheet | apply | speed`."""

import argparse
import json
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from training import command, words
from training.degrade import apply, codec, footage, sheet, speed
from training.degrade.ranges import ANISOTROPIC, BASIC_OP, LEARNED_OP, Ranges
from training.operators import LBO, load_operators
from vsanimesr.cli import run
from vsanimesr.errors import ArgumentError

STAGES = {"first": BASIC_OP, "final": LEARNED_OP}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return run(_parser(), arguments)


def _sheet(asked: argparse.Namespace) -> None:
    torch.set_num_threads(asked.threads)
    windows = [sheet.window(path, asked.frames, asked.side, asked.at) for path in asked.inputs]
    page = sheet.draw(
        windows, _ranges(asked), asked.seed, asked.recipes, codec.choose(asked.codec), operators=_operators(asked)
    )
    command.save(page, asked.output)


def _apply(asked: argparse.Namespace) -> None:
    torch.set_num_threads(asked.threads)
    source = footage.frames(asked.input)
    pool, chosen = _operators(asked), codec.choose(asked.codec)
    frames = apply.degraded(source, _ranges(asked), asked.seed, chosen, length=asked.clip, operators=pool)
    number = footage.write(asked.output, frames, footage.rate(asked.input))
    print(f"{asked.output}: {number} frames")


def _speed(asked: argparse.Namespace) -> None:
    torch.set_num_threads(asked.threads)
    clip, chosen = speed.clip(asked.frames, asked.side).to(asked.device), codec.choose(asked.codec)
    pool = [each.to(asked.device) for each in _operators(asked)]
    timing = speed.measure(clip, _ranges(asked), chosen, seed=asked.seed, seconds=asked.seconds, operators=pool)
    print(timing.table())
    print(f"{timing.clips_per_second:.1f} clips of {asked.frames} frames, {asked.side}x{asked.side}, per second")
    facts = {"frames": asked.frames, "side": asked.side, "threads": asked.threads, "device": asked.device}
    print(json.dumps(facts | {"clips": timing.clips, "seconds": timing.seconds}))


def _ranges(asked: argparse.Namespace) -> Ranges:
    return STAGES[asked.stage].with_anisotropic(asked.anisotropic).at(asked.progress)


def _operators(asked: argparse.Namespace) -> list[LBO]:
    if asked.operators and asked.stage == "first":
        raise ArgumentError("--operators with --stage first, which has none: give --stage final as well")
    return load_operators(asked.operators)


def _parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m training.degrade", description="AnimeSR's degradations.")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    page = commands.add_parser("sheet", help="a picture of the operators and of whole recipes")
    page.set_defaults(run=_sheet)
    page.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help="pictures or videos")
    page.add_argument("--output", "-o", type=Path, default=Path("degradations.png"), help="the picture [%(default)s]")
    page.add_argument("--recipes", type=words.positive, default=7, help="how many for each input [%(default)s]")
    page.add_argument("--frames", type=words.positive, default=15, help="length of the clips [%(default)s]")
    page.add_argument("--side", type=_by_four, default=240, help="HR samples that are shown, by 4 [%(default)s]")
    page.add_argument("--at", type=_place, metavar="X,Y", help="where they begin [where there is most detail]")
    video = commands.add_parser("apply", help="degrade a video into a lossless file")
    video.set_defaults(run=_apply)
    video.add_argument("input", type=Path, metavar="IN", help="a video")
    video.add_argument("output", type=Path, metavar="OUT.mkv", help="FFV1, a quarter of its width and height")
    video.add_argument(
        "--clip", type=words.whole, default=0, metavar="N", help="a new recipe every N frames [one for all]"
    )
    clips = commands.add_parser("speed", help="clips per second, and the time of each stage")
    clips.set_defaults(run=_speed)
    clips.add_argument("--frames", type=words.positive, default=15, help="of a clip [%(default)s]")
    clips.add_argument("--side", type=_by_four, default=256, help="HR samples, by 4 [%(default)s]")
    clips.add_argument("--seconds", type=float, default=10, help="how long to measure [%(default)s]")
    clips.add_argument("--device", default="cpu", help="of everything but the codec [%(default)s]")
    for each in (page, video, clips):
        _add_recipes(each)
    return root


def _add_recipes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=words.whole, default=0, help="of everything that is drawn [%(default)s]")
    text = "whose ranges: by 4, or by 2 twice, half of which are learned operators where there are some [%(default)s]"
    parser.add_argument("--stage", choices=STAGES, default="first", help=text)
    text = "learned operators of the final stage, of `python -m training.lbo export`; one is drawn for each clip [none]"
    parser.add_argument("--operators", nargs="+", type=Path, default=[], metavar="FILE.pth", help=text)
    parser.add_argument("--anisotropic", choices=ANISOTROPIC, default="code", help="whose deviations [%(default)s]")
    parser.add_argument("--progress", type=float, default=1.0, help="of the curriculum, 0 to 1 [%(default)s]")
    parser.add_argument("--codec", choices=("auto", *codec.CODECS), default="auto", help="whose x264 [%(default)s]")
    parser.add_argument("--threads", type=words.positive, default=1, help="of PyTorch [%(default)s]")


def _by_four(text: str) -> int:
    number = words.positive(text)
    if number % 4:
        raise argparse.ArgumentTypeError(f"{number}, wanted a multiple of 4")
    return number


def _place(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+),(\d+)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a column and a row, such as 320,96")
    return int(found[1]), int(found[2])


if __name__ == "__main__":
    sys.exit(main())
