"""The command line."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import ceilings, films, footage, memory, peer, seams, speed
from benchmarks.combinations import Combination, combine, parse_backend, parse_models, parse_size
from vsanimesr import models
from vsanimesr.spec import FORMATS

RESULTS = Path(__file__).parent / "results"
OF_FOOTAGE = {
    "scenes": "how well hard cuts are found, in drawn clips and real footage",
    "starts": "how to start the recurrence at a cut, and in the middle of a shot",
}
"""Benchmarks that look at pictures, and what they measure."""
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


def parser() -> argparse.ArgumentParser:
    """Of `python -m benchmarks`."""
    root = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the filter; see README.md.")
    commands = root.add_subparsers(dest="benchmark", required=True)
    _add_speed(commands.add_parser("speed", help="time per frame: bare, under vspipe, the peer; ceilings and floors"))
    _add_memory(commands.add_parser("memory", help="resident memory of whole processes; memory of the device"))
    for name, measured in OF_FOOTAGE.items():
        footage.add_options(commands.add_parser(name, help=measured))
    seams.add_options(commands.add_parser("seams", help="what tiles change of the pictures"))
    words = "what the command line takes beside vspipe and ffmpeg, and with a node of a cluster killed"
    films.add_options(commands.add_parser("cli", help=words))
    page = commands.add_parser("report", help="a page with tables and plots of all results")
    page.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER", help="of the JSON files")
    page.add_argument("--output", type=Path, metavar="FILE.md", help="the page [README.md in that folder]")
    return root


def speed_settings(options: argparse.Namespace) -> speed.Settings:
    """What the options of `speed` ask for; raises BackendUnavailable, UnknownModel, BadModelFile."""
    combinations = _combinations(options)
    limits = None if options.no_ceilings else ceilings.FULL
    counts = options.frames, options.rounds, options.overhead_frames
    return speed.Settings(combinations, *counts, tuple(options.ways), limits)


def memory_settings(options: argparse.Namespace) -> memory.Settings:
    """What the options of `memory` ask for; raises BackendUnavailable, UnknownModel, BadModelFile."""
    return memory.Settings(_combinations(options), options.frames, options.network_frames)


def _combinations(options: argparse.Namespace) -> tuple[Combination, ...]:
    """Once every model is known, by name or file, and 'auto' is a backend."""
    for model in options.model:
        models.find(model)
    runs_on = [parse_backend(text) for text in options.backends]
    return tuple(combine(options.sizes, options.formats, runs_on, options.precisions, options.model))


def _add_speed(parser: argparse.ArgumentParser) -> None:
    _add_combinations(parser, backends=["auto"], precisions=["auto"])
    parser.add_argument("--frames", type=_positive, default=20, help="frames that count in each run [%(default)s]")
    parser.add_argument("--rounds", type=_positive, default=5, help="how often everything is measured [%(default)s]")
    parser.add_argument("--overhead-frames", type=_positive, default=30_000, help="without a network [%(default)s]")
    ways = [way.name for way in peer.WAYS]
    parser.add_argument("--ways", nargs="+", choices=ways, default=ways, help="settings of the peer [all of them]")
    parser.add_argument("--no-ceilings", action="store_true", help="do not measure what the machine can do at most")


def _add_memory(parser: argparse.ArgumentParser) -> None:
    _add_combinations(parser, backends=["fake", "auto"], precisions=["fp32", "bf16"])
    parser.add_argument("--frames", type=_positive, default=1000, help="on the fake backend [%(default)s]")
    parser.add_argument("--network-frames", type=_positive, default=40, help="on every other [%(default)s]")


def _add_combinations(parser: argparse.ArgumentParser, backends: list[str], precisions: list[str]) -> None:
    add = partial(parser.add_argument, nargs="+")
    add("--sizes", type=_usage(parse_size), default=[(640, 480)], metavar="WxH", help="of the frames [640x480]")
    add("--formats", choices=FORMATS, default=["RGBS"], metavar="NAME", help="of the clip, such as YUV420P8 [RGBS]")
    where = f"such as torch:cuda; auto is what the filter would choose [{' '.join(backends)}]"
    add("--backends", type=_usage(_backend), default=backends, metavar="NAME[:DEVICE]", help=where)
    words = f"of the network [{' '.join(precisions)}]"
    add("--precisions", choices=PRECISIONS, default=precisions, help=words)
    of, default = _usage(parse_models), [models.DEFAULT]
    words = f"names or .onnx files; the first is compared with each other one [{models.DEFAULT}]"
    parser.add_argument("--model", type=of, default=default, metavar="NAME[,NAME...]", help=words)
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="also write the JSON there")


def _backend(text: str) -> str:
    """The same text, once it names a backend; 'auto' is left for later, as it may find none."""
    if text != "auto":
        parse_backend(text)
    return text


def _usage[T](parse: Callable[[str], T]) -> Callable[[str], T]:
    """What argparse shows as the usage's error, in the parser's own words."""

    def convert(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number, wanted a whole one from 1 on")
    return int(text)
