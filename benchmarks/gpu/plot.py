"""The times of a step by size, as a PNG."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from benchmarks.gpu import goals, table, torch_peers
from benchmarks.gpu.plans import ENGINES
from benchmarks.gpu.result import Result

# Okabe and Ito's colours, which people with any common colour blindness can tell apart; shapes differ as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX"
_GREY = "#777777"
_STYLE = {"axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left", "legend.frameon": False}

type Size = tuple[int, int]
type Series = dict[str, dict[Size, float]]


def draw(result: Result, file: Path) -> bool:
    """Write the plot, the same bytes for the same result; False, and no file, where no step was timed."""
    series, floor = _series(result), _floor(result)
    if not series:
        return False
    with style.context(["default", _STYLE]):
        drawing = Figure(figsize=(8, 4.8), dpi=120, layout="constrained")
        axes = drawing.subplots()
        for n, (name, points) in enumerate(series.items()):
            _line(axes, points, label=name, color=_COLOURS[n % len(_COLOURS)], marker=_MARKERS[n % len(_MARKERS)])
        if floor:
            _line(axes, floor, label="compute floor (largest dense product)", color=_GREY, linestyle="--")
        _finish(axes, result)
        file.parent.mkdir(parents=True, exist_ok=True)
        drawing.savefig(file, metadata={"Software": None})
    return True


def _series(result: Result) -> Series:
    """Milliseconds by size of everything that was timed."""
    found = table.sizes(result)
    rows = {f"{n} {f}": {s: goals.step_ms(result, n, s, f) for s in found} for n in ENGINES for f in goals.SHARES}
    rows |= {f"PyTorch {mode}": {s: goals.peer_ms(result, mode, s) for s in found} for mode in torch_peers.MODES}
    return _known(rows)


def _floor(result: Result) -> dict[Size, float]:
    found = table.sizes(result)
    rows = {name: {s: goals.floor_ms(result, goals.macs(result, name, s)) for s in found} for name in ENGINES}
    return next(iter(_known(rows).values()), {})


def _known(rows: dict[str, dict[Size, float | None]]) -> Series:
    kept = {name: {s: ms for s, ms in points.items() if ms is not None} for name, points in rows.items()}
    return {name: points for name, points in kept.items() if points}


def _line(axes: Axes, points: dict[Size, float], **look: str) -> None:
    axes.plot([w * h / 1e6 for w, h in points], list(points.values()), **look)  # type: ignore[arg-type]  # texts only


def _finish(axes: Axes, result: Result) -> None:
    found = table.sizes(result)
    axes.set(xscale="log", yscale="log", xlabel="frame, samples (width x height)", ylabel="ms per step")
    axes.set_xticks([w * h / 1e6 for w, h in found], [f"{w}x{h}" for w, h in found])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(_minor(axes.get_ylim()))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(fontsize="small")
    axes.set_title(f"Bare step by the GPU's clock, {result.gpu}, {result.machine.get('date')}")


def _minor(limits: Sequence[float]) -> FuncFormatter | NullFormatter:
    """Labels between powers of ten, where there are too few of those to read the scale."""
    if limits[1] / limits[0] > 50:
        return NullFormatter()
    return FuncFormatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
