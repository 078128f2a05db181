"""`python -m benchmarks speed` and `python -m benchmarks memory`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, memory, peer, speed, tables
from benchmarks.children import ChildFailed
from benchmarks.figures import Report
from vsanimesr.errors import AnimeSRError
from vsanimesr.spec import MIN_SIDE

MULTIPLE = 4
"""The peer's graph pads nothing, so the sides of a frame are multiples of this."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    try:
        report = _measure(options, arguments)
    except (AnimeSRError, ChildFailed) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(tables.text(report))
    if options.output:
        options.output.write_text(json.dumps(report.data(), indent=2) + "\n", encoding="utf-8")
    return 0


def _measure(options: argparse.Namespace, arguments: Sequence[str]) -> Report:
    described = machine.describe(arguments)
    size = {"width": options.width, "height": options.height, "frames": options.frames}
    if options.benchmark == "memory":
        return memory.measure(memory.Settings(**size, network_frames=options.network_frames), described, _say)
    host = {"rounds": options.rounds, "precision": options.precision, "overhead_frames": options.overhead_frames}
    return speed.measure(speed.Settings(**size, **host, ways=tuple(options.ways)), described, _say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="benchmark", required=True)
    fast = commands.add_parser("speed", help="frames per second: bare, under vspipe, the peer; cost of a frame")
    fast.add_argument("--frames", type=_positive, default=20, help="frames that count in each run [%(default)s]")
    fast.add_argument("--rounds", type=_positive, default=5, help="how often everything is measured [%(default)s]")
    fast.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto")
    fast.add_argument("--overhead-frames", type=_positive, default=30_000, help="without a network [%(default)s]")
    ways = [way.name for way in peer.WAYS]
    fast.add_argument("--ways", nargs="+", choices=ways, default=ways, help="settings of the peer [all of them]")
    large = commands.add_parser("memory", help="resident memory of whole processes")
    large.add_argument("--frames", type=_positive, default=1000, help="on the fake backend [%(default)s]")
    large.add_argument("--network-frames", type=_positive, default=40, help="on OpenVINO [%(default)s]")
    for command in (fast, large):
        command.add_argument("--width", type=_side, default=640, help="of the frames [%(default)s]")
        command.add_argument("--height", type=_side, default=480, help="of the frames [%(default)s]")
        command.add_argument("--output", type=Path, metavar="FILE.json", help="also write the JSON there")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number, wanted a whole one from 1 on")
    return int(text)


def _side(text: str) -> int:
    side = _positive(text)
    if side < MIN_SIDE or side % MULTIPLE:
        raise argparse.ArgumentTypeError(f"{side} will not do, wanted a multiple of {MULTIPLE} from {MIN_SIDE} on")
    return side


if __name__ == "__main__":
    sys.exit(main())
