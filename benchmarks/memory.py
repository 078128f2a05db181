"""How much memory whole vspipe processes take, and whether that stays so."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import children
from benchmarks.children import ChildFailed, Stamp
from benchmarks.combinations import CUDA, Combination
from benchmarks.device_memory import NoDeviceMemory, Watch
from benchmarks.figures import Case, Curve, Figure, Report

MIB, UNIT = 1 << 20, "MiB"
SETTLES = 50
"""Frames after which memory should stay as it is; half of them where there are fewer than twice as many."""
POINTS = 50
"""At most this many values in a curve."""
SETTLED, LAST, PEAK, DEVICE_PEAK = "resident, settled", "resident, at the end", "peak", "device, peak"
AROUND = "peak, converted around"
"""The peak with `core.resize.Bicubic` to RGBS before the filter and back after it."""


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    combinations: tuple[Combination, ...]
    frames: int
    """On the fake backend."""
    network_frames: int
    """On every other; more than 32, so that there is a checkpoint."""


def measure(settings: Settings, machine: dict[str, Any], say: Callable[[str], None]) -> Report:
    """Measure everything; `say` is told what comes next."""
    plain = {name: value for name, value in asdict(settings).items() if name != "combinations"}
    report = Report("memory", plain, machine)
    for combination in settings.combinations:
        frames = settings.frames if combination.backend == "fake" else settings.network_frames
        say(f"{combination.label_among(settings.combinations)}, {frames} frames")
        report.cases.append(_case(combination, frames, report.notes))
    return report


def _case(combination: Combination, frames: int, notes: dict[str, str]) -> Case:
    case = Case(combination)
    with ExitStack() as stack:
        watch = _watch(combination, case, stack)
        try:
            run = _run(combination, frames, around=False)
        except ChildFailed as error:
            return Case(combination, missing={**case.missing, PEAK: error.reason})
    if watch:
        _add_device(case, watch, notes)
    if combination.converts:
        _add_around(case, frames)
    return Case(combination, figures=host_figures(run) | case.figures, missing=case.missing, curve=_curve(run))


def _run(combination: Combination, frames: int, *, around: bool) -> list[Stamp]:
    asked = {**combination.node(), "memory": True, "frames": frames, "around": around}
    return children.stamps("ours", preload=combination.backend == "openvino", **asked)


def _add_around(case: Case, frames: int) -> None:
    try:
        run = _run(case.combination, frames, around=True)
    except ChildFailed as error:
        case.missing[AROUND] = error.reason
        return
    case.figures[AROUND] = host_figures(run)[PEAK]


def _watch(combination: Combination, case: Case, stack: ExitStack) -> Watch | None:
    """What polls the device; None where no CUDA device is used, or where it cannot be polled, which the case tells."""
    if combination.kind != CUDA:
        return None
    try:
        return stack.enter_context(Watch())
    except NoDeviceMemory as error:
        case.missing[DEVICE_PEAK] = str(error)
        return None


def _add_device(case: Case, watch: Watch, notes: dict[str, str]) -> None:
    try:
        watched = watch.result()
    except NoDeviceMemory as error:
        case.missing[DEVICE_PEAK] = str(error)
        return
    case.figures[DEVICE_PEAK] = Figure((watched.peak / MIB,), UNIT)
    if watched.disturbed:
        notes[case.combination.label] = "others took or gave memory of the device meanwhile; repeat it"


def host_figures(run: list[Stamp]) -> dict[str, Figure]:
    """Resident memory once settled and at the end, and the peak."""
    settled = run[min(SETTLES, len(run) // 2)].resident
    values = {SETTLED: settled, LAST: run[-1].resident, PEAK: max(stamp.peak for stamp in run)}
    return {name: Figure((value / MIB,), UNIT) for name, value in values.items()}


def every(frames: int) -> int:
    """How many frames lie between two values of a curve."""
    return -(-frames // POINTS)


def _curve(run: list[Stamp]) -> Curve:
    step = every(len(run))
    return Curve(step, [round(stamp.resident / MIB, 1) for stamp in run[::step]], UNIT)
