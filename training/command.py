"""What commands of the training ground have in common: how trainings begin and end, and how pictures are written."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from training.core import Outcome, World
from vsanimesr import cli
from vsanimesr.cli import INTERRUPTED
from vsanimesr.errors import ArgumentError


def run(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """`vsanimesr.cli.run` of a command that trains, which also shows what the training logs."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return cli.run(parser, arguments)


def add_accept(parser: argparse._ActionsContainer) -> None:
    """Adds --accept, what a Trainer is to `accept`."""
    text = "a setting that may be another than the run had so far, such as lr; several times for several"
    parser.add_argument("--accept", action="append", default=[], metavar="NAME", help=text)


def concluded(outcome: Outcome, steps: int, world: World) -> int | None:
    """Say how a training of so many steps ended: the last checkpoint, or that it was stopped; its exit code.

    Of several processes the first one says it.
    """
    if outcome.stopped:
        if world.leads:
            print(f"stopped at step {outcome.step} of {steps}; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    if world.leads:
        print(outcome.checkpoint)
    return None


def save(page: Image.Image, path: Path) -> None:
    """Write a picture, in a folder that is made, and say so; raises ArgumentError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        page.save(path, optimize=True)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"'{path}' cannot be written: {error}; give the name of another .png") from error
    print(f"{path}: {page.width}x{page.height}")
