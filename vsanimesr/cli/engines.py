"""The commands `vsanimesr engines ...`."""

import argparse
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from vsanimesr import engines
from vsanimesr.cli.build import add_arguments
from vsanimesr.cli.table import print_table
from vsanimesr.engines import Engine, Entry
from vsanimesr.errors import ArgumentError

DISTRIBUTIONS = {
    "tensorrt": ("tensorrt", "tensorrt-cu12", "tensorrt-cu13"),
    "tensorrt_rtx": ("tensorrt-rtx", "tensorrt-rtx-cu12", "tensorrt-rtx-cu13"),
}
"""Distributions that bring each library; their versions are those of the library."""
HEADER = ("model", "graph", "size", "format", "precision", "library", "for", "MB", "seconds", "built", "whole")
RIGHT = (HEADER.index("MB"), HEADER.index("seconds"))


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the command line."""
    text = "Build, list, show and remove engines, the graphs that are compiled for a GPU"
    actions = commands.add_parser("engines", help=text[0].lower() + text[1:], description=text).add_subparsers(
        metavar="ACTION", required=True
    )
    text = "build the engines of a model for a size, as the filter does on first use"
    add_arguments(actions.add_parser("build", help=text, description=text[0].upper() + text[1:]))
    _add_list(actions)
    _add_show(actions)
    _add_clear(actions)


def add_folder(action: argparse.ArgumentParser) -> None:
    """Add the option that names the folder; `engines.folder(arguments.engine_dir)` is the folder then."""
    text = "folder of the engines, instead of the user's cache or $VSANIMESR_HOME/engines"
    action.add_argument("--engine-dir", type=Path, metavar="DIR", help=text)


def _add_list(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    action = actions.add_parser("list", help="show every engine, and what is wrong with those that are damaged")
    add_folder(action)
    action.set_defaults(run=_list_engines)


def _add_show(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    action = actions.add_parser("show", help="show everything that is known of one engine")
    action.add_argument("engine", metavar="FILE-OR-DIGEST", help="name or path of its file, or how its digest begins")
    add_folder(action)
    action.set_defaults(run=_show_engine)


def _add_clear(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "remove engines: all, or those that every given option picks"
    action = actions.add_parser("clear", help=text, description=f"{text.capitalize()}. Running builds are left alone.")
    action.add_argument("--model", metavar="NAME", help="those of this model")
    action.add_argument("--library", metavar="NAME", choices=DISTRIBUTIONS, help="those of tensorrt or tensorrt_rtx")
    text = "those that are damaged, or of another version than their library has here; if it is not here, they stay"
    action.add_argument("--stale", action="store_true", help=text)
    action.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
    add_folder(action)
    action.set_defaults(run=_clear_engines)


def _list_engines(arguments: argparse.Namespace) -> None:
    folder = engines.folder(arguments.engine_dir)
    entries = engines.entries(folder)
    known = [(entry.engine, "no" if entry.problem else "yes") for entry in entries if entry.engine]
    if known:
        print_table([HEADER, *((*_row(engine), whole) for engine, whole in known)], right=RIGHT)
        print(f"{_count(len(known), 'engine')}, {_megabytes(sum(e.nbytes for e, _ in known))} MB in {folder}")
    else:
        print(f"there are no engines in {folder}")
    for entry in entries:
        if entry.problem:
            _say(entry.problem)
    if any(entry.problem for entry in entries):
        _say("`vsanimesr engines clear --stale` removes what cannot be used")


def _row(engine: Engine) -> tuple[str, ...]:
    key = engine.key
    what = (key.model, key.graph, str(key.shapes), key.format, key.precision, f"{key.library} {key.library_version}")
    return *what, key.serves, _megabytes(engine.nbytes), f"{engine.seconds:.1f}", engine.built[:10]


def _show_engine(arguments: argparse.Namespace) -> None:
    entry = _pick(arguments.engine, engines.folder(arguments.engine_dir))
    rows = [("file", str(entry.path)), ("whole", f"no: {entry.problem}" if entry.problem else "yes")]
    if entry.engine:
        rows += _facts(entry.engine)
    print_table(rows)


def _facts(engine: Engine) -> list[tuple[str, str]]:
    key = engine.key.to_json() | {"shapes": str(engine.key.shapes), "digest": engine.key.digest}
    file = {"MB": _megabytes(engine.nbytes), "bytes": engine.nbytes, "sha256": engine.sha256}
    built = {"built": engine.built, "seconds": engine.seconds}
    return [(name, _plain(value)) for name, value in (key | file | built).items()]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value in (None, "") else str(value)


def _pick(wanted: str, folder: Path) -> Entry:
    """The entry that a name, a path or the beginning of a digest means; raises ArgumentError unless it is one."""
    path = Path(wanted)
    place = path.parent if path.name != wanted else folder
    entries = engines.entries(place)
    named = [entry for entry in entries if entry.path.name == path.name]
    found = named or [entry for entry in entries if wanted and _digest(entry).startswith(wanted.lower())]
    if not found:
        raise ArgumentError(f"no engine in {place} has the name or digest {wanted!r}; see: vsanimesr engines list")
    if len(found) > 1:
        names = ", ".join(entry.path.name for entry in found)
        raise ArgumentError(f"{wanted!r} is the beginning of more than one digest: {names}; write more of it")
    return found[0]


def _digest(entry: Entry) -> str:
    """The digest of an engine, or, where only its file is there, as much as the file's name tells."""
    return entry.engine.key.digest if entry.engine else entry.path.name.removesuffix(".engine").rpartition(".")[2]


def _clear_engines(arguments: argparse.Namespace) -> None:
    folder = engines.folder(arguments.engine_dir)
    versions = {library: _installed(library) for library in DISTRIBUTIONS}

    def selected(entry: Entry) -> bool:
        key = entry.engine.key if entry.engine else None
        if arguments.model and (key is None or key.model != arguments.model):
            return False
        if arguments.library and (key is None or key.library != arguments.library):
            return False
        return not arguments.stale or bool(entry.problem) or (key is not None and _is_old(key, versions))

    removed = engines.clear(folder, selected, say=_say, dry_run=arguments.dry_run)
    for path, nbytes in removed:
        print(f"{path.name}  {_megabytes(nbytes)} MB")
    total = f"{_count(len(removed), 'file')}, {_megabytes(sum(nbytes for _, nbytes in removed))} MB"
    print(f"{total} {'would be' if arguments.dry_run else 'were'} removed from {folder}")


def _is_old(key: engines.EngineKey, versions: dict[str, set[str]]) -> bool:
    """Whether the library is here in another version; where it is not here at all its engines may serve elsewhere."""
    installed = versions.get(key.library, set())
    return bool(installed) and key.library_version not in installed


def _installed(library: str) -> set[str]:
    versions = set()
    for name in DISTRIBUTIONS[library]:
        try:
            versions.add(metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return versions


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _megabytes(nbytes: int) -> str:
    return f"{nbytes / 1e6:.1f}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)
