"""One page of all results: a Markdown file, and PNG plots in a folder `plots` beside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import plots, schema
from benchmarks.combinations import CUDA
from benchmarks.figures import Report
from benchmarks.gpu import plot as gpu_plot
from benchmarks.gpu import result as gpu
from benchmarks.gpu import table as gpu_table
from benchmarks.plots import Plot
from benchmarks.sections import Table, tables
from benchmarks.tables import heading
from vsanimesr.errors import ArgumentError

PLOTS = "plots"
_INTRODUCTION = """\
# Benchmark results

Made by `python -m benchmarks report` from the JSON files beside it; change those, not this page. What each figure is,
and how to repeat it, is in `benchmarks/README.md`. A figure is the median of its rounds, with the least and greatest in
brackets. Times of different runs, days or machines are no comparison; quotients are, which were taken within the rounds
of one run.
"""
NO_GPU = "No figure of a GPU has been measured: no file here has a run on CUDA in it."


def write(results: Path, output: Path) -> list[Path]:
    """Write the page and its plots, newest result first; returns what was written.

    The same JSON files give the same bytes. Raises ArgumentError if there is no such file, BadResult for a bad one.
    """
    reports, checks = load_all(results), load_checks(results)
    drawn = {name: plots.draw(report, output.parent / PLOTS, name) for name, report in reports.items()}
    drawn |= {name: _drawn(check, output.parent / PLOTS / f"{name}.png") for name, check in checks.items()}
    output.write_text(text(reports, drawn, checks), encoding="utf-8")
    return [output, *(plot.file for made in drawn.values() for plot in made)]


def load_all(results: Path) -> dict[str, Report]:
    """Every result of `speed` and `memory` in a folder by the stem of its file, newest first."""
    files = [file for file in sorted(results.glob("*.json")) if not gpu.is_result(file)]
    if not files:
        raise ArgumentError(f"there is no JSON file in {results}; measure with --output FILE.json, or name --results")
    reports = {file.stem: schema.load(file) for file in files}
    newest = sorted(reports, key=lambda name: str(reports[name].machine["date"]), reverse=True)
    return {name: reports[name] for name in newest}


def load_checks(results: Path) -> dict[str, gpu.Result]:
    """Every result of `make gpu-check`, likewise."""
    checks = {file.stem: gpu.Result.load(file) for file in sorted(results.glob("*.json")) if gpu.is_result(file)}
    newest = sorted(checks, key=lambda name: str(checks[name].machine["date"]), reverse=True)
    return {name: checks[name] for name in newest}


def text(reports: dict[str, Report], drawn: dict[str, list[Plot]], checks: dict[str, gpu.Result] | None = None) -> str:
    """The page in Markdown."""
    checks = checks or {}
    parts = [_INTRODUCTION, _about_gpus(reports, checks) + "\n"]
    parts += ["\n".join(_check(name, check, drawn[name])) for name, check in checks.items()]
    parts += ["\n".join(_report(name, report, drawn[name])) for name, report in reports.items()]
    return "\n".join(parts).rstrip() + "\n"


def _drawn(check: gpu.Result, file: Path) -> list[Plot]:
    return [Plot(file, "Milliseconds of a step by size")] if gpu_plot.draw(check, file) else []


def _check(name: str, check: gpu.Result, drawn: Sequence[Plot]) -> Iterator[str]:
    yield f"## {check.machine['date']}: gpu-check on {check.gpu}"
    yield ""
    yield f"`{check.machine['command']}` made `{name}.json`."
    yield ""
    yield f"```text\n{gpu_table.text(check)}\n```"
    yield ""
    yield from _images(drawn)


def _images(drawn: Sequence[Plot]) -> Iterator[str]:
    for plot in drawn:
        yield f"![{plot.text}]({PLOTS}/{plot.file.name})"
        yield ""


def _about_gpus(reports: dict[str, Report], checks: dict[str, gpu.Result]) -> str:
    names = list(checks)
    names += [
        name
        for name, report in reports.items()
        if any(case.combination.kind == CUDA and case.figures for case in report.cases)
    ]
    return f"Measured on a GPU: {', '.join(names)}." if names else NO_GPU


def _report(name: str, report: Report, drawn: Sequence[Plot]) -> Iterator[str]:
    machine = report.machine
    models = f" of {' + '.join(report.models)}" if report.models else ""
    yield f"## {machine['date']}: {report.benchmark}{models} on {_where(report)}"
    yield ""
    yield f"`{machine['command']}` made `{name}.json`."
    yield ""
    yield from (f"- {_escaped(line)}" for line in heading(report))
    yield ""
    for table in tables(report):
        yield from _table(table)
    yield from _images(drawn)


def _where(report: Report) -> str:
    machine = report.machine
    gpus = ", ".join(gpu.split(",")[0] for gpu in machine.get("gpus", []))
    return f"{gpus}, {machine['processor']}" if gpus else f"{machine['processor']}, {machine['cores']} cores"


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.title}"
    yield ""
    for row in (table.head, ("---",) * len(table.head), *table.rows):
        yield f"| {' | '.join(map(_escaped, row))} |"
    yield ""
    for note in table.notes:
        yield note
        yield ""


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
