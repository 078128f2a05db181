"""The command `vsanimesr`; the only place of the package that prints."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata

from vsanimesr.cli import compare, doctor, engines, models, upscale
from vsanimesr.errors import AnimeSRError

INTERRUPTED = 130
"""Exit status of what Ctrl-C or another signal ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    return run(_parser(), argv)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Do what a command line says by its `run`, and return the exit code: what that returns, 0 for None.

    An error of ours or of the system is one line on standard error, and 1; usage errors exit with 2.
    """
    arguments = parser.parse_args(argv)
    name = parser.prog.removeprefix("python -m ")
    try:
        status: int | None = arguments.run(arguments)
        sys.stdout.flush()  # a pipe without a reader is an error here rather than at the interpreter's end
    except AnimeSRError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # nobody reads on, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to flush goes there
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"{name}: {place}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return status or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vsanimesr", description="AnimeSR for VapourSynth: upscale anime fourfold.")
    parser.add_argument("--version", action="version", version=f"vsanimesr {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    upscale.add(commands)
    compare.add(commands)
    doctor.add(commands)
    models.add(commands)
    engines.add(commands)
    return parser


def _version() -> str:
    try:
        return metadata.version("vapoursynth-animesr")
    except metadata.PackageNotFoundError:
        return "(run from its sources, not installed)"
