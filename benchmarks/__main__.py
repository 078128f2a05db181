"""`python -m benchmarks speed | memory | report | scenes | starts | seams | cli`."""

import argparse
import json
import sys
from collections.abc import Sequence

from benchmarks import films, footage, machine, memory, options, schema, seams, speed, tables
from benchmarks.children import ChildFailed
from benchmarks.figures import Report
from vsanimesr.errors import AnimeSRError, BackendUnavailable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    asked = options.parser().parse_args(arguments)
    try:
        if asked.benchmark == "report":
            _write_page(asked)
        elif asked.benchmark == "cli":
            films.run(asked, arguments, _say)
        elif asked.benchmark == "seams":
            seams.run(asked, arguments)
        elif asked.benchmark in options.OF_FOOTAGE:
            print(footage.benchmark(asked.benchmark).run(asked, machine.describe(arguments), _say))
        else:
            _show(_measure(asked, arguments), asked)
    except (AnimeSRError, ChildFailed) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(asked: argparse.Namespace, arguments: Sequence[str]) -> Report:
    described = machine.describe(arguments)
    if asked.benchmark == "memory":
        return memory.measure(options.memory_settings(asked), described, _say)
    return speed.measure(options.speed_settings(asked), described, _say)


def _show(report: Report, asked: argparse.Namespace) -> None:
    """Print a report and write its file; raises BackendUnavailable if there is nothing in it."""
    print(tables.text(report))
    if asked.output:
        asked.output.write_text(json.dumps(schema.dump(report), indent=2) + "\n", encoding="utf-8")
    if not any(case.figures for case in report.cases):
        raise BackendUnavailable("none of the combinations ran; the table says why, ask for others by --backends")


def _write_page(asked: argparse.Namespace) -> None:
    try:
        from benchmarks import page  # noqa: PLC0415  # measuring draws no plots
    except ModuleNotFoundError as error:
        raise BackendUnavailable(f"{error}, which draws the plots: pip install -e '.[bench]'") from error
    for file in page.write(asked.results, asked.output or asked.results / "README.md"):
        _say(f"wrote {file}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
