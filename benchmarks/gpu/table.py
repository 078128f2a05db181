"""The result as text."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.gpu import goals, torch_peers
from benchmarks.gpu.plans import DEVICES, ENGINES
from benchmarks.gpu.processes import OK
from benchmarks.gpu.result import Result

NOT_MEASURED = "-"
type Row = tuple[str, ...]


def text(result: Result) -> str:
    """The outcomes, the times of a step, and the goals."""
    machine = result.machine
    parts = [f"{result.gpu}, {machine.get('processor')}, {machine.get('date')}", "", *_lines(_outcomes(result))]
    steps = list(_steps(result))
    if len(steps) > 1:
        parts += ["", *_lines(steps)]
    if result.derived:
        parts += ["", *_lines(_derived(result))]
    return "\n".join([*parts, "", *_lines(_goals(result))])


def sizes(result: Result) -> list[tuple[int, int]]:
    """The sizes of frames of which a step was timed, smallest first."""
    names = [name for stage in ("step", "torch") for name in result.stages.get(stage, {})]
    words = [word for name in names for word in name.replace(",", "").split() if _is_size(word)]
    found = {(int(width), int(height)) for width, height in (word.split("x") for word in words)}
    return sorted(found, key=math.prod)


def _is_size(word: str) -> bool:
    width, times, height = word.partition("x")
    return bool(times) and width.isdecimal() and height.isdecimal()


def _outcomes(result: Result) -> Iterator[Row]:
    yield ("stage", "jobs that went well", "what is to be said")
    for stage, jobs in result.stages.items():
        said = [f"{name}: {_why(job)}" for name, job in jobs.items() if job["status"] != OK]
        said += [_counts(job) for job in jobs.values() if _counts(job)]
        good = sum(job["status"] == OK for job in jobs.values())
        yield (stage, f"{good} of {len(jobs)}", said[0] if said else "")
        yield from (("", "", line) for line in said[1:])


def _why(job: dict[str, str]) -> str:
    last = job["output"].strip().splitlines()[-1:] or [job["exit"]]
    return f"{job['status']}: {last[0]}"


def _counts(job: dict[str, Any]) -> str:
    """How many tests passed, failed and were skipped, where a job ran any."""
    value = job["value"]
    counts = value.get("counts", {}) if isinstance(value, dict) else {}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _steps(result: Result) -> Iterator[Row]:
    """Milliseconds by the GPU's clock, by size; of those that anything is known of."""
    found = sizes(result)
    yield ("ms per step", *(f"{width}x{height}" for width, height in found))
    for name in ENGINES:
        for format_ in goals.SHARES:
            yield from _known(f"{name} {format_}", [goals.step_ms(result, name, size, format_) for size in found])
    for mode in torch_peers.MODES:
        yield from _known(f"PyTorch {mode}", [goals.peer_ms(result, mode, size) for size in found])
    counted = [next(filter(None, (goals.macs(result, n, size) for n in ENGINES)), None) for size in found]
    yield from _known("compute floor", [goals.floor_ms(result, macs) for macs in counted])
    for name in DEVICES:
        for format_ in goals.SHARES:
            rates = [goals.vspipe_rate(result, name, size, format_) for size in found]
            yield from _known(f"vspipe, {name} {format_}", [goals.quotient(1e3, rate) for rate in rates])


def _derived(result: Result) -> Iterator[Row]:
    yield ("step", "ms", "ms over the floor", "TFLOP/s", "of the largest product")
    for name, values in result.derived.items():
        numbers = (_number(values[key]) for key in ("ms", "over_ms", "tflops"))
        yield (name, *numbers, f"{values['share']:.1%}")


def _known(name: str, values: Sequence[float | None]) -> Iterator[Row]:
    if any(value is not None for value in values):
        yield (name, *map(_number, values))


def _goals(result: Result) -> Iterator[Row]:
    yield ("goal", "aim", "found", "met")
    answers = {True: "yes", False: "no", None: "not measured"}
    for goal in result.goals:
        unit = "" if goal["found"] is None else goal["unit"]
        yield (goal["name"], goal["aim"], f"{_number(goal['found'])} {unit}".strip(), answers[goal["met"]])


def _number(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.3g}"


def _lines(rows: Iterator[Row] | Sequence[Row]) -> Iterator[str]:
    """Columns as wide as what is in them; the last one is not filled up."""
    kept = list(rows)
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    for row in kept:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
