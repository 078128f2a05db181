"""What the commands of the training ground have in common: how they fail and end, and how they write pictures."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from training.core import Outcome
from vsanimesr.errors import AnimeSRError, ArgumentError

INTERRUPTED = 130
"""Exit status of what a signal ended; where it can be interrupted, the same command goes on."""


def run(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Do what a command line says by its `run`, and return the exit code: what that returns, 0 for None.

    An error of ours is one line on standard error behind the name of the command, and 1.
    """
    asked = parser.parse_args(arguments)
    try:
        status: int | None = asked.run(asked)
    except AnimeSRError as error:
        print(f"{parser.prog.removeprefix('python -m ')}: {error}", file=sys.stderr)
        return 1
    return status or 0


def concluded(outcome: Outcome, steps: int) -> int | None:
    """Say how a training of so many steps ended: the last checkpoint, or that it was stopped; its exit code."""
    if outcome.stopped:
        print(f"stopped at step {outcome.step} of {steps}; the same command goes on", file=sys.stderr)
        return INTERRUPTED
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
