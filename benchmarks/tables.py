"""Reports as text for people; the last line is for programs."""

import json
from collections.abc import Iterable, Iterator

from benchmarks.figures import Figure, Report

_CURVE = 12
"""About as many values of a curve are shown."""


def text(report: Report) -> str:
    """The whole report: a table, and a line of JSON at the end."""
    return "\n".join((*_heading(report), "", *_body(report), "", json.dumps(report.data())))


def _heading(report: Report) -> Iterator[str]:
    machine = report.machine
    features = ", ".join(machine["features"]) or "no features of note"
    yield f"{machine['processor']} ({features}), {machine['cores']} cores, {machine['memory_gib']} GiB"
    yield ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    yield ", ".join(f"{name} {value}" for name, value in report.settings.items() if not isinstance(value, dict))


def _body(report: Report) -> Iterator[str]:
    rows = [(name, *_cells(figure)) for name, figure in {**report.figures, **report.ratios}.items()]
    rows += [(name, "not measured", why.splitlines()[-1].strip(), "") for name, why in report.missing.items()]
    yield from _table(("", "median", "min to max", "unit"), rows)
    yield from (f"{about}: {note}" for about, note in report.notes.items())
    for name, curve in report.curves.items():
        yield f"{name}: {' '.join(f'{value:.0f}' for value in curve[:: max(1, len(curve) // _CURVE)])}"


def _cells(figure: Figure) -> tuple[str, str, str]:
    low, high = min(figure.rounds), max(figure.rounds)
    return _number(figure.median), f"{_number(low)} to {_number(high)}", figure.unit


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        first, *others = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join((first, *others)).rstrip()
