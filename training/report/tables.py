"""The tables of a report as HTML."""

import html
import math
from collections.abc import Iterator, Sequence

from training.report.measures import Measure
from training.report.results import TRUTH, ClipResult, DriftResult, Evaluation

COLOURS = 8
"""Colours of the page for methods."""


def means(evaluation: Evaluation) -> str:
    """Means over the clips: a row for each method, a column for each metric; the best of a column is marked."""
    measures = _measured(evaluation)
    return _table(measures, f"<tbody>{''.join(_rows(evaluation, measures, None))}</tbody>")


def by_clip(evaluation: Evaluation) -> str:
    """The same for each clip by itself."""
    measures = _measured(evaluation)
    bodies = list[str]()
    for clip in evaluation.clips:
        told = f"{clip.frames} frames of {clip.width}x{clip.height}; {clip.origin}"
        head = f"{html.escape(clip.name)} <small>{html.escape(told)}</small>"
        first = f'<tr class="clip"><th scope="rowgroup" colspan="{len(measures) + 1}">{head}</th></tr>'
        bodies.append(f"<tbody>{first}{''.join(_rows(evaluation, measures, clip))}</tbody>")
    return _table(measures, "".join(bodies))


def drifts(results: Sequence[DriftResult]) -> str:
    """What became of every long run."""
    whens = ("at the end", "per 100 frames")
    heads = [f"{figure} <small>{when}</small>" for figure in ("brightness", "contrast", "state") for when in whens]
    head = "".join(f'<th scope="col">{each}</th>' for each in ("run", *heads))
    rows = "".join(map(_drift, results))
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def number(value: float | None, digits: int) -> str:
    """A figure as text; a dash for none, a sign for infinity."""
    if value is None or math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value:.{digits}f}"


def _measured(evaluation: Evaluation) -> list[Measure]:
    """The metrics that have a figure somewhere."""
    rows = evaluation.rows
    return [m for m in evaluation.measures if any(evaluation.mean(row, m.name) is not None for row in rows)]


def _table(measures: Sequence[Measure], bodies: str) -> str:
    heads = "".join(f'<th scope="col">{html.escape(m.label)}{_better(m)}</th>' for m in measures)
    head = f'<thead><tr><th scope="col">method</th>{heads}</tr></thead>'
    return f'<div class="scroll" tabindex="0"><table>{head}{bodies}</table></div>'


def _better(measure: Measure) -> str:
    unit = f"{html.escape(measure.unit)}, " if measure.unit else ""
    return f"<small>{unit}{'↑' if measure.higher else '↓'} is better</small>"


def _rows(evaluation: Evaluation, measures: Sequence[Measure], clip: ClipResult | None) -> Iterator[str]:
    source = clip or evaluation
    best = {measure.name: evaluation.best(measure, clip) for measure in measures}
    for place, row in enumerate(evaluation.rows):
        if clip is not None and row not in clip.figures:
            continue
        cells = "".join(_cell(source.mean(row, m.name), m.digits, row in best[m.name]) for m in measures)
        mark = "" if row == TRUTH else f'<i class="key c{place % COLOURS}"></i>'
        kind = ' class="truth"' if row == TRUTH else ""
        yield f'<tr{kind}><th scope="row">{mark}{html.escape(row)}</th>{cells}</tr>'


def _cell(value: float | None, digits: int, best: bool) -> str:
    kind = "none" if value is None else "best" if best else ""
    return f"<td{f' class="{kind}"' if kind else ''}>{number(value, digits)}</td>"


def _drift(result: DriftResult) -> str:
    drift = result.drift
    brightness = [_signed(value, 2) for value in (drift.mean.end, drift.mean.slope)]
    shares = [drift.contrast.end, drift.contrast.slope, drift.state.end, drift.state.slope]
    cells = "".join(f"<td>{value}</td>" for value in brightness + [f"{_signed(100 * each, 2)} %" for each in shares])
    return f'<tr><th scope="row">{html.escape(f"{result.method}, {result.clip}")}</th>{cells}</tr>'


def _signed(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:+.{digits}f}"
