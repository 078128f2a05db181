"""What commands of the training ground have in common: how trainings end, and how pictures are written."""

import sys
from pathlib import Path

from PIL import Image

from training.core import Outcome
from vsanimesr.cli import INTERRUPTED
from vsanimesr.errors import ArgumentError


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
