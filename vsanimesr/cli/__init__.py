"""The command `vsanimesr`; the only place of the package that prints."""

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata

from vsanimesr.cli import engines, models
from vsanimesr.errors import AnimeSRError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    return run(_parser(), argv)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Run a parser's command; returns 0, or 1 after an error of ours; usage errors exit with 2."""
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except AnimeSRError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vsanimesr", description="AnimeSR for VapourSynth: upscale anime fourfold.")
    parser.add_argument("--version", action="version", version=f"vsanimesr {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    models.add(commands)
    engines.add(commands)
    return parser


def _version() -> str:
    try:
        return metadata.version("vapoursynth-animesr")
    except metadata.PackageNotFoundError:
        return "(run from its sources, not installed)"
