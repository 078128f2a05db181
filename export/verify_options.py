"""The command line of `export.verify`."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from export.onnxruntime_backend import OnnxRuntime
from vsanimesr import backends, models
from vsanimesr.backends.base import Backend
from vsanimesr.errors import ArgumentError
from vsanimesr.spec import MIN_SIDE

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "clip.mkv"
EXAMPLE_FIRST = 30
"""Where the example clip is taken from; a cut is among the 30 frames from there on."""
ONLY_HERE: dict[str, type[Backend]] = {OnnxRuntime.name: OnnxRuntime}
"""Backends that the filter has not."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; a usage error exits with 2."""
    options = _parser().parse_args(arguments)
    if options.first is None:
        options.first = EXAMPLE_FIRST if options.clip == EXAMPLE else 0
    return options


def backend(options: argparse.Namespace) -> type[Backend]:
    """The class that was asked for; raises ArgumentError if it has not the precision."""
    kind = ONLY_HERE[options.backend] if options.backend in ONLY_HERE else backends.get(options.backend)
    if options.precision not in ("auto", *kind.precisions):
        known = ", ".join(kind.precisions)
        raise ArgumentError(f"precision={options.precision!r} is not known to {kind.name}; use auto or {known}")
    return kind


def _parser() -> argparse.ArgumentParser:
    text = "Compare a backend with the network in PyTorch, over many steps of the recurrence."
    parser = argparse.ArgumentParser(prog="python -m export.verify", description=text)
    names = [*(name for name in backends.NAMES if name != "fake"), *ONLY_HERE]
    parser.add_argument("--model", default=models.DEFAULT, help="a name, or the path of an artifact [%(default)s]")
    parser.add_argument("--backend", choices=names, default="openvino", help="[%(default)s]")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help="[%(default)s]")
    parser.add_argument("--device", default="", metavar="D", help="the backend's name of a kind of device [its own]")
    parser.add_argument("--device-id", type=_count, default=0, metavar="N", help="which one of that kind [%(default)s]")
    parser.add_argument("--clip", type=Path, default=EXAMPLE, metavar="FILE", help="a video [examples/clip.mkv]")
    start = f"first frame [{EXAMPLE_FIRST} of the example, else 0]"
    parser.add_argument("--first", type=_count, metavar="N", help=start)
    parser.add_argument("--frames", type=_positive, default=30, metavar="N", help="how many [%(default)s]")
    parser.add_argument("--size", type=_size, default=(320, 240), metavar="WxH", help="from the middle [320x240]")
    parser.add_argument("--format", choices=("RGBS", "RGBH"), default="RGBS", help="[%(default)s]")
    floor = "PSNR that every picture has to reach [fp32 90, bf16 and fp16 50; RGBH at most 70]"
    parser.add_argument("--floor", type=_decibels, metavar="DB", help=floor)
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="also write what was found there")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} will not do, wanted a whole number from 0 on")
    return int(text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} will not do, wanted a whole number from 1 on")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdecimal() and int(side) >= MIN_SIDE for side in sides):
        raise argparse.ArgumentTypeError(f"{text!r} will not do, wanted WIDTHxHEIGHT from {MIN_SIDE}x{MIN_SIDE} on")
    width, height = map(int, sides)
    return width, height


def _decibels(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} will not do, wanted a number of dB, such as 50")
    return value
