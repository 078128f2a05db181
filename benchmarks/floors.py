"""What follows from the measured figures: times per frame, and how far they are from what the machine could do."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks import ceilings, copies
from benchmarks.combinations import CUDA
from benchmarks.figures import Case, Figure

BARE, VSPIPE, AROUND = "bare steps", "vspipe", "vspipe, converted around"
"""Measured: milliseconds per step; frames per second of whole vspipe runs, the last one with
`core.resize.Bicubic` to RGBS before the filter and back after it."""
BARE_MS, VSPIPE_MS, RATIO = "bare", "vspipe, per frame", "vspipe / bare"
AROUND_MS, TIME = "converted around, per frame", "time, by that of conversion around"
FLOOR, OVER, ACHIEVED, PERCENT = "compute floor", "bare less floor", "achieved", "of the ceiling"
TRAFFIC, PER_MEGAPIXEL, GROWTH = "picture's traffic", "per megapixel", "per megapixel, over 640x480"
FASTER_BARE, FASTER_VSPIPE = "first model, times as fast, bare", "first model, times as fast, vspipe"
FEWER_MACS = "first model, times fewer multiply-accumulates"
"""Of each further model: by how much it is exceeded by the first one."""
MS, MS_MP = "ms", "ms/MP"
BASE = (640, 480)
"""The size that growth is told against."""
GOAL = 1.1
"""Growth that is aimed at, at most, up to 1920x1080."""


def derive(case: Case, cases: Sequence[Case], limits: dict[str, Figure]) -> dict[str, Figure]:
    """Everything that can be said of a case, beside the others of its report and the machine's ceilings."""
    alone = _times(case) | _against_compute(case, limits) | _traffic(case, limits)
    return alone | _growth(case, cases) | _against_first(case, cases)


def first_model(case: Case, cases: Sequence[Case]) -> Case | None:
    """The same with the model that was measured first; None for that one itself."""
    own = case.combination
    first = next((other for other in cases if replace(other.combination, model=own.model) == own), None)
    return None if first is None or first.combination == own else first


def _against_first(case: Case, cases: Sequence[Case]) -> dict[str, Figure]:
    first = first_model(case, cases)
    if first is None:
        return {}
    found = {}
    if BARE in first.figures and BARE in case.figures:
        found[FASTER_BARE] = case.figures[BARE].over(first.figures[BARE])  # of times, so the other way round
    if VSPIPE in first.figures and VSPIPE in case.figures:
        found[FASTER_VSPIPE] = first.figures[VSPIPE].over(case.figures[VSPIPE])
    if first.macs and case.macs:
        found[FEWER_MACS] = Figure((case.macs / first.macs,), "ratio")
    return found


def _times(case: Case) -> dict[str, Figure]:
    found = {}
    if bare := case.figures.get(BARE):
        found[BARE_MS] = bare
        found[PER_MEGAPIXEL] = bare.each(lambda ms: ms / case.combination.megapixels, MS_MP)
    if vspipe := case.figures.get(VSPIPE):
        found[VSPIPE_MS] = vspipe.each(lambda rate: 1e3 / rate, MS)
    if bare and vspipe:
        found[RATIO] = vspipe.over(bare.each(lambda ms: 1e3 / ms, vspipe.unit))
    return found | _against_conversion(case)


def _against_conversion(case: Case) -> dict[str, Figure]:
    vspipe, around = case.figures.get(VSPIPE), case.figures.get(AROUND)
    if not (vspipe and around):
        return {}
    return {AROUND_MS: around.each(lambda rate: 1e3 / rate, MS), TIME: around.over(vspipe)}


def _against_compute(case: Case, limits: dict[str, Figure]) -> dict[str, Figure]:
    ceiling = limits.get(ceilings.product(case.combination.kind, case.precision))
    if not ceiling or not case.macs:
        return {}
    floor = 2 * case.macs / (ceiling.median * 1e12) * 1e3
    found = {FLOOR: Figure((floor,), MS)}
    if bare := case.figures.get(BARE):
        found[OVER] = bare.each(lambda ms: ms - floor, MS)
        found[ACHIEVED] = bare.each(lambda ms: 2 * case.macs / (ms / 1e3) / 1e12, ceilings.TFLOPS)
        found[PERCENT] = bare.each(lambda ms: 100 * floor / ms, "%")
    return found


def _traffic(case: Case, limits: dict[str, Figure]) -> dict[str, Figure]:
    """The slowest copy that every picture goes through: into a frame, and from a CUDA device to the host before."""
    way = (copies.HOST, copies.DOWN) if case.combination.kind == CUDA else (copies.HOST,)
    if any(name not in limits for name in way):
        return {}
    slowest = min(limits[name].median for name in way)
    return {TRAFFIC: Figure((case.combination.nbytes[1] / (slowest * 1e9) * 1e3,), MS)}


def _growth(case: Case, cases: Sequence[Case]) -> dict[str, Figure]:
    base = next((other for other in cases if _is_base(other, case)), None)
    if base is None or BARE not in case.figures or BARE not in base.figures:
        return {}
    small, large = _times(base)[PER_MEGAPIXEL], _times(case)[PER_MEGAPIXEL]
    return {GROWTH: large.over(small)}


def _is_base(other: Case, case: Case) -> bool:
    """Whether it is the same, 640x480 in size."""
    width, height = BASE
    return other.combination == replace(case.combination, width=width, height=height)
