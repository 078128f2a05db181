"""How much memory whole vspipe processes take, and whether that stays so."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import children
from benchmarks.children import ChildFailed, Stamp
from benchmarks.figures import Figure, Report

MIB = 1 << 20
SETTLED = 50
"""Frames after which memory should stay as it is; half of them where there are fewer than twice as many."""
POINTS = 50
"""At most this many values in a curve."""


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    width: int
    """Of the frames, samples."""
    height: int
    """Likewise."""
    frames: int
    """On the fake backend."""
    network_frames: int
    """On OpenVINO, in each precision; more than 32, so that there is a checkpoint."""


def measure(settings: Settings, machine: dict[str, Any], say: Callable[[str], None]) -> Report:
    """Measure everything; `say` is told what comes next."""
    report = Report("memory", asdict(settings), machine)
    size = {"width": settings.width, "height": settings.height}
    say(f"fake, {settings.frames} frames")
    _add(report, "fake", children.stamps("fake", preload=False, **size, frames=settings.frames))
    for precision in ("fp32", "bf16"):
        name = f"openvino, {precision}"
        say(f"{name}, {settings.network_frames} frames")
        try:
            run = children.stamps("ours", preload=True, **size, frames=settings.network_frames, precision=precision)
        except ChildFailed as error:
            if precision == "fp32":  # that one every processor has
                raise
            report.missing[name] = str(error)
        else:
            _add(report, name, run)
    return report


def _add(report: Report, name: str, run: list[Stamp]) -> None:
    settled = min(SETTLED, len(run) // 2)
    values = {
        f"resident after frame {settled}": run[settled].resident,
        f"resident after frame {len(run) - 1}": run[-1].resident,
        "peak": max(stamp.peak for stamp in run),
    }
    report.figures.update({f"{name}: {what}": Figure((value / MIB,), "MiB") for what, value in values.items()})
    report.curves[f"{name}: resident, MiB"] = [round(stamp.resident / MIB, 1) for stamp in _thinned(run)]


def _thinned(run: list[Stamp]) -> list[Stamp]:
    return run[:: -(-len(run) // POINTS)]
