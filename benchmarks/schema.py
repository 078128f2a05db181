"""The JSON files: written in one layout, read in every layout there was, checked field by field."""

import json
import math
import re
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import floors, schema1
from benchmarks.combinations import UNNAMED, Combination
from benchmarks.figures import SCHEMA, Case, Curve, Figure, Report
from vsanimesr.errors import AnimeSRError
from vsanimesr.spec import FORMATS

BENCHMARKS = ("speed", "memory")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TOLERANCE = 1e-9
_GREATEST = 1e18
"""No figure is larger; this keeps infinity out as well."""
_WORDS = {str: "a text", int: "a whole number", float: "a number", dict: "an object", list: "a list"}


class BadResult(AnimeSRError):
    """A file that is no result of a benchmark: no JSON, a field missing or wrong, another layout."""


def dump(report: Report) -> dict[str, Any]:
    """The layout SCHEMA; `derived` of each case is for other programs, `load` computes it anew."""
    data = report.data()
    for case, plain in zip(report.cases, data["cases"], strict=True):
        values = floors.derive(case, report.cases, report.ceilings)
        plain["derived"] = {name: figure.data() for name, figure in values.items()}
    return data


def load(file: Path) -> Report:
    """Read a report; `machine["date"]` is then always there. Raises BadResult, which names file and field."""
    try:
        return _report(_read(file), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadResult(f"{file.name} cannot be read: {error}") from error
    except _WrongField as error:
        raise BadResult(f"{file.name}: {error}; measure again or take the file away") from error


class _WrongField(ValueError):
    """What is wrong, and where."""


def _read(file: Path) -> Any:
    def refuse(text: str) -> Any:
        raise _WrongField(f"it holds {text}, wanted finite numbers")

    try:
        return json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise _WrongField(f"no JSON: {error}") from error


def _report(data: Any, file_name: str) -> Report:
    if not isinstance(data, dict):
        raise _WrongField(f"it is {type(data).__name__}, wanted an object")
    number = _field(data, "schema", int) if "schema" in data else 1
    if number not in range(1, SCHEMA + 1):
        raise _WrongField(f"'schema' is {number}, this program reads 1 to {SCHEMA}")
    machine = _machine(_field(data, "machine", dict), file_name)
    benchmark = _field(data, "benchmark", str)
    if benchmark not in BENCHMARKS:
        raise _WrongField(f"'benchmark' is {benchmark!r}, wanted one of {', '.join(BENCHMARKS)}")
    plain = Report(
        benchmark,
        _field(data, "settings", dict),
        machine,
        figures=_figures(data, "figures"),
        ratios=_figures(data, "ratios"),
        missing=_texts(data, "missing"),
        notes=_texts(data, "notes"),
    )
    report = _first(plain, data) if number == 1 else _later(plain, data, number)
    _check_derived(report)
    return report


def _first(plain: Report, data: dict[str, Any]) -> Report:
    curves = {name: _numbers(values, name) for name, values in _field(data, "curves", dict).items()}
    counts = ("frames", "network_frames") if plain.benchmark == "memory" else ("frames",)
    for key in ("width", "height", *counts):
        _positive(plain.settings, key, "settings")
    try:
        return schema1.report(plain, curves)
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise _WrongField(f"it lacks {error}, wanted what every result of {plain.benchmark} has") from error


def _later(plain: Report, data: dict[str, Any], number: int) -> Report:
    cases = [_case(item, f"cases[{n}]", names_model=number > 2) for n, item in enumerate(_field(data, "cases", list))]
    return replace(plain, cases=cases, ceilings=_figures(data, "ceilings"))


def _check_derived(report: Report) -> None:
    """Whatever is computed from the figures can be: their rounds are as many, none is 0 that divides."""
    for case in report.cases:
        try:
            floors.derive(case, report.cases, report.ceilings)
        except (ValueError, ArithmeticError) as error:
            raise _WrongField(f"the figures of {case.combination.label} do not go together: {error}") from error


def _machine(machine: dict[str, Any], file_name: str) -> dict[str, Any]:
    """The description as it is, with a date: files of layout 1 have it in their names only."""
    for key, kind in {"processor": str, "cores": int, "memory_gib": float, "command": str}.items():
        _field(machine, key, kind, "machine")
    for key in {"features", "gpus"} if "gpus" in machine else {"features"}:
        if not all(isinstance(word, str) for word in _field(machine, key, list, "machine")):
            raise _WrongField(f"machine: {key!r} is {machine[key]!r:.40}, wanted a list of texts")
    _texts(machine, "versions", "machine")
    found = _DATE.search(str(machine.get("date", file_name)))
    if not found:
        raise _WrongField("there is no date in 'machine', nor one such as 2026-11-21 in the file's name")
    return {**machine, "date": found[0]}


def _case(item: Any, where: str, *, names_model: bool) -> Case:
    """Layout 2 has no models."""
    if not isinstance(item, dict):
        raise _WrongField(f"{where} is {type(item).__name__}, wanted an object")
    words = {key: _field(item, key, str, where) for key in ("format", "backend", "device", "precision")}
    if words["format"] not in FORMATS:
        raise _WrongField(f"{where}: 'format' is {words['format']!r}, wanted one of {', '.join(FORMATS)}")
    words["model"] = _field(item, "model", str, where) if names_model else UNNAMED
    width, height = (_positive(item, key, where) for key in ("width", "height"))
    curve = _curve(_field(item, "curve", dict, where), where) if "curve" in item else None
    macs, figures = _field(item, "macs", int, where), _figures(item, "figures", where)
    ran, missing = _texts(item, "ran", where), _texts(item, "missing", where)
    for key in ("precision", "device", "version") if ran else ():
        _field(ran, key, str, f"{where}.ran")
    return Case(Combination(width, height, **words), ran, macs, figures, missing, curve)


def _curve(item: dict[str, Any], where: str) -> Curve:
    where = f"{where}.curve"
    values = _numbers(_field(item, "values", list, where), where)
    return Curve(_positive(item, "every", where), values, _field(item, "unit", str, where))


def _figures(data: dict[str, Any], key: str, where: str = "") -> dict[str, Figure]:
    found = _field(data, key, dict, where)
    return {name: _figure(item, f"{where}{'.' if where else ''}{key}[{name!r}]") for name, item in found.items()}


def _figure(item: Any, where: str) -> Figure:
    if not isinstance(item, dict):
        raise _WrongField(f"{where} is {type(item).__name__}, wanted an object")
    rounds = _numbers(_field(item, "rounds", list, where), f"{where}.rounds")
    if not rounds:
        raise _WrongField(f"{where} has no rounds, wanted at least one")
    median, wanted = _field(item, "median", float, where), statistics.median(rounds)
    if not math.isclose(median, wanted, rel_tol=_TOLERANCE):
        raise _WrongField(f"{where}: 'median' is {median}, but that of its rounds is {wanted}")
    return Figure(tuple(rounds), _field(item, "unit", str, where))


def _numbers(values: Any, where: str) -> list[float]:
    if not isinstance(values, list) or not all(_is(value, float) for value in values):
        raise _WrongField(f"{where} is {values!r:.40}, wanted a list of numbers")
    return values


def _texts(data: dict[str, Any], key: str, where: str = "") -> dict[str, str]:
    found: dict[str, str] = _field(data, key, dict, where)
    for name in found:
        _field(found, name, str, f"{where}{'.' if where else ''}{key}")
    return found


def _positive(data: dict[str, Any], key: str, where: str) -> int:
    value: int = _field(data, key, int, where)
    if value < 1:
        raise _WrongField(f"{where}: {key!r} is {value}, wanted 1 or more")
    return value


def _field(data: dict[str, Any], key: str, kind: type[Any], where: str = "") -> Any:
    """The value of a key that has to be there and of that kind; a whole number serves as a number."""
    place = f"{where}: " if where else ""
    if key not in data:
        raise _WrongField(f"{place}{key!r} is missing, wanted {_WORDS[kind]}")
    if not _is(data[key], kind):
        raise _WrongField(f"{place}{key!r} is {data[key]!r:.40}, wanted {_WORDS[kind]}")
    return data[key]


def _is(value: object, kind: type[Any]) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        return False
    return not isinstance(value, (int, float)) or abs(value) <= _GREATEST
