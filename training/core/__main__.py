"""`python -m training.core show | export`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from training.core import checkpoints
from training.core.export import export
from training.core.show import told
from vsanimesr.cli import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    return run(_parser(), arguments)


def _show(asked: argparse.Namespace) -> None:
    for line in told(checkpoints.find(asked.folder)):
        print(line)


def _export(asked: argparse.Namespace) -> None:
    export(checkpoints.find(asked.folder), asked.network, asked.output, averaged=not asked.raw, half=asked.half)
    print(f"{asked.output}: {asked.output.stat().st_size:,} bytes")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.core", description="Look at checkpoints of trainings.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    of_a_training = "of a training, whose newest whole checkpoint is meant, or of one checkpoint"
    show = commands.add_parser("show", help="say what a checkpoint holds")
    show.set_defaults(run=_show)
    show.add_argument("folder", type=Path, help=of_a_training)
    out = commands.add_parser("export", help="write the weights of a network for `vsanimesr models import`")
    out.set_defaults(run=_export)
    out.add_argument("folder", type=Path, help=of_a_training)
    out.add_argument("network", help="its name, which `show` tells")
    out.add_argument("output", type=Path, help="the file, such as net.pth")
    out.add_argument("--raw", action="store_true", help="the weights as they are trained, not their moving average")
    out.add_argument("--half", action="store_true", help="in FP16, half as large")
    return parser


if __name__ == "__main__":
    sys.exit(main())
