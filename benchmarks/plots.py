"""Plots of a report: the same bytes for the same report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks import comparison, floors, memory
from benchmarks.figures import Case, Figure, Report
from benchmarks.sections import derived, number

# Okabe and Ito's colours, which people with any common colour blindness can tell apart; shapes differ as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX"
_GREY = "#777777"
_STYLE = {
    "figure.dpi": 120,
    "savefig.dpi": 120,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}
_PEAKS = {memory.PEAK: "host", memory.DEVICE_PEAK: "device"}
_WIDTH = 8.0
_BAR = 0.42  # inches of height for each bar


@dataclass(frozen=True)
class Plot:
    """A plot on disk."""

    file: Path
    text: str
    """What it shows, for those who do not see it."""


def draw(report: Report, folder: Path, stem: str) -> list[Plot]:
    """Write the plots that the report's figures allow into `folder` as STEM-*.png."""
    makers = {
        "speed": (("time", _time), ("growth", _growth), ("ratio", _ratio)),
        "memory": (("frames", _over_frames), ("peak", _peaks)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with style.context(["default", _STYLE]):
        for name, make in makers[report.benchmark]:
            drawing = Drawing(layout="constrained")
            if text := make(report, drawing):
                drawing.axes[0].set_title(text, wrap=True, pad=12)
                made.append(Plot(folder / f"{stem}-{name}.png", text))
                drawing.savefig(made[-1].file, metadata={"Software": None})
    return made


def _time(report: Report, drawing: Drawing) -> str:
    """Lines over the sizes; bars where there is one size only."""
    if _several_sizes(report):
        return _time_by_size(report, drawing)
    bars: dict[str, Figure] = dict(_single_size(report))
    if not bars:
        return ""
    _bars(drawing, bars, "ms per frame (median, whiskers: least and greatest round)")
    (size,) = {case.combination.size for case in report.cases if case.figures}
    return f"Milliseconds per frame at {size}"


def _single_size(report: Report) -> Iterator[tuple[str, Figure]]:
    for case, values in _networks(report):
        for name, key in (("bare", floors.BARE_MS), ("vspipe", floors.VSPIPE_MS), ("floor", floors.FLOOR)):
            if key in values:
                yield f"{_name(report, case)}, {name}", values[key]
    for name, figure in report.figures.items():
        if name.startswith(comparison.PEER):
            yield name.removeprefix("vspipe, "), figure.each(lambda rate: 1e3 / rate, floors.MS)


def _time_by_size(report: Report, drawing: Drawing) -> str:
    axes = _axes(drawing, 4.6)
    for n, (name, points) in enumerate(_series(report, floors.BARE_MS)):
        _line(axes, points, name, n)
    drawn = set()
    for _, points in _series(report, floors.FLOOR):
        if tuple(points) not in drawn:
            drawn.add(tuple(points))
            label = "compute floor" if len(drawn) == 1 else None
            axes.plot(*zip(*points, strict=True), color=_GREY, linestyle="--", linewidth=1, label=label)
    _sizes(axes, report)
    axes.set(yscale="log", ylabel="bare steps, ms per frame")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.yaxis.set_minor_formatter(FuncFormatter(_one_two_five))
    _legend(axes)
    return "Milliseconds per frame by size; dashed: the least that dense products at full rate take"


def _growth(report: Report, drawing: Drawing) -> str:
    series = [(name, points) for name, points in _series(report, floors.GROWTH) if len(points) > 1]
    if not series:
        return ""
    axes = _axes(drawing, 4.0)
    for n, (name, points) in enumerate(series):
        _line(axes, points, name, n)
    axes.axhline(floors.GOAL, color=_GREY, linestyle="--", linewidth=1, label="aim: at most this")
    _sizes(axes, report)
    axes.set(ylabel="ms per megapixel, ratio to 640x480")
    every = [ratio for _, points in series for _, ratio in points]
    axes.set_ylim(min(0.8, *every) - 0.05, max(1.2, *every) + 0.05)
    _legend(axes)
    return "Milliseconds per megapixel by size, over those of 640x480"


def _ratio(report: Report, drawing: Drawing) -> str:
    found = {
        _full_name(report, case): values[floors.RATIO] for case, values in _networks(report) if floors.RATIO in values
    }
    if not found:
        return ""
    axes = _axes(drawing, 1.1 + _BAR * len(found))
    for row, ratio in enumerate(reversed(found.values())):
        axes.plot(ratio.rounds, [row] * len(ratio.rounds), ".", color=_GREY)
        axes.plot(ratio.median, row, "D", color=_COLOURS[0])
    axes.set_yticks(range(len(found)), [f"{name}   {number(ratio.median)}" for name, ratio in reversed(found.items())])
    every = [value for ratio in found.values() for value in ratio.rounds]
    axes.set_xlim(min(0.9, *every) - 0.02, max(1.1, *every) + 0.02)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.axvline(1, color=_GREY, linewidth=1)
    axes.set_xlabel("vspipe / bare, ratio of frame rates (dots: rounds; diamond: median)")
    axes.grid(axis="x")
    return "Frame rate under vspipe by that of bare steps"


def _over_frames(report: Report, drawing: Drawing) -> str:
    curves = [(_full_name(report, case), case.curve) for case in report.cases if case.curve]
    if not curves:
        return ""
    axes = _axes(drawing, 4.0)
    for n, (name, curve) in enumerate(curves):
        _line(axes, [(i * curve.every, value) for i, value in enumerate(curve.values)], name, n, mark=False)
    axes.set(xlabel="frame", ylabel=f"resident memory, {memory.UNIT}")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    _legend(axes)
    return "Resident memory when each frame came out"


def _peaks(report: Report, drawing: Drawing) -> str:
    if _several_sizes(report):
        return _peaks_by_size(report, drawing)
    bars = {
        f"{_name(report, case)}, {where}": case.figures[key]
        for key, where in _PEAKS.items()
        for case in report.cases
        if key in case.figures
    }
    if not bars:
        return ""
    _bars(drawing, bars, f"peak memory, {memory.UNIT}")
    return "Peak memory"


def _peaks_by_size(report: Report, drawing: Drawing) -> str:
    axes = _axes(drawing, 4.0)
    lines: dict[str, list[tuple[float, float]]] = {}
    for key, where in _PEAKS.items():
        for case in (case for case in report.cases if key in case.figures):
            point = case.combination.megapixels, case.figures[key].median
            lines.setdefault(f"{_name(report, case)}, {where}", []).append(point)
    for n, (name, points) in enumerate(lines.items()):
        _line(axes, sorted(points), name, n)
    _sizes(axes, report)
    axes.set(ylabel=f"peak memory, {memory.UNIT}")
    axes.set_ylim(bottom=0)
    _legend(axes)
    return "Peak memory by size"


def _bars(drawing: Drawing, bars: dict[str, Figure], label: str) -> None:
    axes = _axes(drawing, 1.1 + _BAR * len(bars))
    medians = [figure.median for figure in bars.values()]
    low = [figure.median - min(figure.rounds) for figure in bars.values()]
    high = [max(figure.rounds) - figure.median for figure in bars.values()]
    several = any(low) or any(high)
    whiskers: dict[str, Any] = {"xerr": [low, high], "ecolor": _GREY, "capsize": 3} if several else {}
    axes.barh(range(len(bars)), medians, height=0.62, color=_COLOURS[0], **whiskers)
    axes.set_yticks(range(len(bars)), [f"{name}   {number(figure.median)}" for name, figure in bars.items()])
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.grid(axis="x")


def _networks(report: Report) -> Iterator[tuple[Case, dict[str, Figure]]]:
    """What `derived` tells of the cases that run a network."""
    yield from ((case, values) for case, values in derived(report) if case.combination.backend != "fake")


def _several_sizes(report: Report) -> bool:
    return len({case.combination.size for case in report.cases if case.figures}) > 1


def _series(report: Report, key: str) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """(megapixels, median) of each way to run the network, in the order of size."""
    found: dict[str, list[tuple[float, float]]] = {}
    for case, values in _networks(report):
        if key in values:
            found.setdefault(_name(report, case), []).append((case.combination.megapixels, values[key].median))
    yield from ((name, sorted(points)) for name, points in found.items())


def _line(axes: Axes, points: Sequence[tuple[float, float]], name: str, n: int, *, mark: bool = True) -> None:
    """The n-th line of a plot."""
    marker = _MARKERS[n % len(_MARKERS)] if mark else None
    dashes = ("-", "--", "-.", ":")[(0 if mark else n) % 4]
    colour = _COLOURS[n % len(_COLOURS)]
    axes.plot(*zip(*points, strict=True), marker=marker, mfc="none", linestyle=dashes, color=colour, label=name)


def _sizes(axes: Axes, report: Report) -> None:
    """The sizes themselves along the axis of megapixels."""
    sizes = sorted({(case.combination.megapixels, case.combination.size) for case in report.cases})
    axes.set(xlabel="size of the input, samples (scaled by its megapixels)", xscale="log")
    axes.set_xticks([megapixels for megapixels, _ in sizes], [size for _, size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="both")


def _one_two_five(value: float, _: int) -> str:
    """Labels of a logarithmic axis between the powers of ten."""
    leading = f"{value:e}"[0]
    return number(value) if leading in "25" else ""


def _axes(drawing: Drawing, height: float) -> Axes:
    drawing.set_size_inches(_WIDTH, height)
    return drawing.add_subplot()


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _name(report: Report, case: Case) -> str:
    asked = case.combination
    model = f"{asked.model_name}\n" if report.models and asked.runs_model else ""  # of their own line: there is room
    return f"{model}{asked.runs_on}, {case.precision}, {asked.format}"


def _full_name(report: Report, case: Case) -> str:
    return f"{case.combination.size} {_name(report, case)}"
