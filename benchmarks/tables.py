"""Reports as text for people; the last line is for programs."""

import json
from collections.abc import Iterable, Iterator

from benchmarks import schema
from benchmarks.figures import Report
from benchmarks.sections import Row, tables


def text(report: Report) -> str:
    """The whole report: its tables, and a line of JSON at the end."""
    return "\n".join((*heading(report), "", *_body(report), json.dumps(schema.dump(report))))


def heading(report: Report) -> Iterator[str]:
    """The machine, the versions and the settings: a line each."""
    machine = report.machine
    gpus = "".join(f"{gpu}; " for gpu in machine.get("gpus", []))
    features = ", ".join(machine["features"]) or "no features of note"
    yield f"{gpus}{machine['processor']} ({features}), {machine['cores']} cores, {machine['memory_gib']} GiB"
    libraries = dict.fromkeys(f"{case.ran['version']} on {case.ran['device']}" for case in report.cases if case.ran)
    yield ", ".join([*(f"{name} {version}" for name, version in machine["versions"].items()), *libraries])
    plain = {
        name: value for name, value in report.settings.items() if value not in ("", []) and not isinstance(value, dict)
    }
    yield ", ".join(f"{name} {_setting(value)}" for name, value in plain.items())


def _setting(value: object) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def _body(report: Report) -> Iterator[str]:
    for table in tables(report):
        yield f"{table.title}:"
        yield from _aligned((table.head, *table.rows))
        yield from table.notes
        yield ""


def _aligned(rows: Iterable[Row]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
