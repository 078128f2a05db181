"""A report as tables; how they are written is the affair of `tables` and `page`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from benchmarks import comparison, floors, memory, overhead, paper, stages
from benchmarks.combinations import CUDA
from benchmarks.figures import Case, Figure, Report

Row = tuple[str, ...]
MODEL = "model"
CASE_HEAD = (MODEL, "size", "format", "backend", "precision")
"""The model's column is left out where it goes without saying."""
NOTHING = "–"
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Table:
    """One table."""

    title: str
    head: Row
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    """Sentences below it."""


def tables(report: Report) -> list[Table]:
    """Those of a report, the most important one first; none of them is empty."""
    every = _speed(report) if report.benchmark == "speed" else _memory(report)
    shown = every if report.models else map(_without_models, every)
    return [table for table in (*shown, *_rest(report)) if table.rows]


def derived(report: Report) -> list[tuple[Case, dict[str, Figure]]]:
    """Each case, and what follows from its figures."""
    return [(case, floors.derive(case, report.cases, report.ceilings)) for case in report.cases]


def number(value: float) -> str:
    """Three or four digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(figure: Figure) -> str:
    """Median, and the least and the greatest of several rounds."""
    if len(figure.rounds) == 1:
        return number(figure.median)
    return f"{number(figure.median)} ({number(min(figure.rounds))} to {number(max(figure.rounds))})"


def _speed(report: Report) -> Iterator[Table]:
    found = derived(report)
    yield _times(found)
    yield _against_first(report, found)
    yield _against_conversion(found)
    yield _stages(found)
    yield _against_floors(found)
    yield _single("Ceilings of this machine", report.ceilings)
    yield _beside(report)
    without = {name: figure for name, figure in report.figures.items() if figure.unit == overhead.MICROSECONDS}
    yield _single("A frame without a network", without)


def _times(found: Sequence[tuple[Case, dict[str, Figure]]]) -> Table:
    head = (*CASE_HEAD, "bare steps, ms", "vspipe, ms", "vspipe, frames/s", "vspipe / bare")
    rows = []
    for case, values in found:
        cells = [_cell(values, name) for name in (floors.BARE_MS, floors.VSPIPE_MS)]
        rows.append(
            (*_asked(case), *cells, _cell(case.figures, floors.VSPIPE), _cell(values, floors.RATIO), _why(case))
        )
    is_paper = [(*_paper(), number(paper.MILLISECONDS), *[NOTHING] * 3, "")] if _has_papers_size(found) else []
    return _with_why("Time per frame", head, rows + is_paper, [paper.NOTE] if is_paper else [])


def _against_first(report: Report, found: Sequence[tuple[Case, dict[str, Figure]]]) -> Table:
    columns = {
        "bare steps": floors.FASTER_BARE,
        "vspipe": floors.FASTER_VSPIPE,
        "by multiplications": floors.FEWER_MACS,
    }
    rows: list[Row] = []
    for case, values in found:
        first = floors.first_model(case, report.cases)
        if first and values.keys() & set(columns.values()):
            _, *where, precision = _asked(case)
            both = " and ".join(dict.fromkeys((first.precision, precision)))
            models = (first.combination.model_name, case.combination.model_name)
            rows.append((*where, both, *models, *(_cell(values, name) for name in columns.values())))
    notes = ["By multiplications: what fewer of them would make of it if nothing else took time."]
    head = (*CASE_HEAD[1:], MODEL, "times as fast as", *columns)
    return Table("Models against each other", head, rows, notes)


def _against_conversion(found: Sequence[tuple[Case, dict[str, Figure]]]) -> Table:
    columns = {
        "native, ms": floors.VSPIPE_MS,
        "converted around, ms": floors.AROUND_MS,
        "native / converted around": floors.TIME,
    }
    rows = [
        (*_asked(case), *(_cell(values, name) for name in columns.values()))
        for case, values in found
        if floors.TIME in values
    ]
    return Table("Native samples, or core.resize.Bicubic to RGBS and back", (*CASE_HEAD, *columns), rows)


def _stages(found: Sequence[tuple[Case, dict[str, Figure]]]) -> Table:
    head = (*CASE_HEAD, *(f"{name.partition(': ')[2]}, ms" for name in stages.STAGES), "MB in", "MB out")
    rows: list[Row] = []
    for case, _ in found:
        if stages.STEP in case.figures:
            cells = [_cell(case.figures, name) for name in stages.STAGES]
            rows.append((*_asked(case), *cells, *(number(nbytes / 1e6) for nbytes in case.combination.nbytes)))
    return Table("Where a frame's time goes, each part alone", head, rows)


def _against_floors(found: Sequence[tuple[Case, dict[str, Figure]]]) -> Table:
    columns = {
        "compute floor, ms": floors.FLOOR,
        "bare less floor, ms": floors.OVER,
        "TFLOP/s": floors.ACHIEVED,
        "% of ceiling": floors.PERCENT,
        "picture's traffic, ms": floors.TRAFFIC,
        "bare, ms/megapixel": floors.PER_MEGAPIXEL,
        "of 640x480's": floors.GROWTH,
    }
    if not any({floors.FLOOR, floors.TRAFFIC} & values.keys() for _, values in found):
        return Table("", (), [])
    rows: list[Row] = []
    for case, values in found:
        if values:
            cells = [number(values[name].median) if name in values else NOTHING for name in columns.values()]
            rows.append((*_asked(case), *cells))
    notes = [f"Aim: at most {floors.GOAL} times the milliseconds per megapixel of 640x480, up to 1920x1080."]
    if _has_papers_size(found):
        per_megapixel = paper.MILLISECONDS / (paper.SIZE[0] * paper.SIZE[1] / 1e6)
        rows.append((*_paper(), *[NOTHING] * 5, number(per_megapixel), NOTHING))
        notes.append(paper.NOTE)
    return Table("Against the floors", (*CASE_HEAD, *columns), rows, notes)


def _beside(report: Report) -> Table:
    ways = {name: figure for name, figure in report.figures.items() if name.startswith(comparison.PEER)}
    table = _single("The stateless peer", ways | report.ratios)
    if ways:
        beside = str(report.settings.get("peer_beside", ""))
        table.notes.append(f"Beside {beside}." if beside else "Beside the run above.")
        if not beside or beside.startswith("x".join(map(str, paper.SIZE))):
            table.rows.append((paper.LABEL, number(1e3 / paper.MILLISECONDS), "frames/s"))
            table.notes.append(paper.NOTE)
    return table


def _memory(report: Report) -> Iterator[Table]:
    columns = [memory.SETTLED, memory.LAST, memory.PEAK]
    if any(case.combination.kind == CUDA for case in report.cases):
        columns.append(memory.DEVICE_PEAK)
    if any(memory.AROUND in case.figures for case in report.cases):
        columns.append(memory.AROUND)
    rows = [(*_asked(case), *[_memory_cell(case, name) for name in columns], _why(case)) for case in report.cases]
    yield _with_why("Memory", (*CASE_HEAD, *(f"{name}, {memory.UNIT}" for name in columns)), rows, [])


def _rest(report: Report) -> Iterator[Table]:
    shown = {*report.ceilings, *report.ratios}
    other = {
        name: figure
        for name, figure in report.figures.items()
        if name not in shown and not name.startswith(comparison.PEER) and figure.unit != overhead.MICROSECONDS
    }
    yield _single("Besides", other)
    yield Table("Notes", ("about", "note"), list(report.notes.items()))
    yield Table("Not measured", ("what", "why"), list(report.missing.items()))


def _single(title: str, figures: dict[str, Figure]) -> Table:
    """One figure a row."""
    return Table(
        title, ("", "median", "unit"), [(name, spread(figure), figure.unit) for name, figure in figures.items()]
    )


def _asked(case: Case) -> Row:
    asked = case.combination
    return asked.model_name if asked.runs_model else NOTHING, asked.size, asked.format, asked.runs_on, case.precision


def _paper() -> Row:
    return paper.MODEL, "x".join(map(str, paper.SIZE)), NOTHING, paper.LABEL, NOTHING


def _has_papers_size(found: Sequence[tuple[Case, dict[str, Figure]]]) -> bool:
    """Whether the paper's figure is of the size and the network of one of these."""
    asked = [case.combination for case, _ in found]
    return any((one.width, one.height) == paper.SIZE and one.model in paper.SAME_NETWORK for one in asked)


def _cell(figures: dict[str, Figure], name: str) -> str:
    return spread(figures[name]) if name in figures else NOT_MEASURED


def _memory_cell(case: Case, name: str) -> str:
    if name == memory.DEVICE_PEAK and case.combination.kind != CUDA:
        return NOTHING
    if name == memory.AROUND and not case.combination.converts:
        return NOTHING
    return _cell(case.figures, name)


def _why(case: Case) -> str:
    """The reasons, each once; which figure one belongs to is said where there are figures."""
    reasons = dict.fromkeys(f"{name}: {why}" if case.figures else why for name, why in case.missing.items())
    return "; ".join(reasons)


def _without_models(table: Table) -> Table:
    if table.head[:1] != (MODEL,):
        return table
    return replace(table, head=table.head[1:], rows=[row[1:] for row in table.rows])


def _with_why(title: str, head: Row, rows: list[Row], notes: list[str]) -> Table:
    """A table whose last column, the reasons, is left out where nothing is missing."""
    if any(row[-1] for row in rows):
        return Table(title, (*head, "why not"), rows, notes)
    return Table(title, head, [row[:-1] for row in rows], notes)
