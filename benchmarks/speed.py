"""How fast it is: bare steps, the filter under vspipe, the peer under vspipe, and what a frame costs without a network.

Everything takes its turn in every round, so that whatever else the machine does hits all alike.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import ceilings, children, comparison, floors, macs, overhead, peer
from benchmarks.combinations import Combination
from benchmarks.comparison import Comparison
from benchmarks.figures import Case, Figure, Report
from benchmarks.machine import Others
from benchmarks.steps import measure_bare
from benchmarks.tally import Tally
from vsanimesr import models
from vsanimesr.graphs import compose

type Say = Callable[[str], None]

FPS, MS, PERCENT = "frames/s", "ms", "% of the processors"
OTHERS = "other processes"
QUIET = 5.0
"""Percent of the processors that other processes may take before the report warns."""
NO_CEILINGS = "--no-ceilings was given"


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    combinations: tuple[Combination, ...]
    frames: int
    """How many count in each run, after the warm-up."""
    rounds: int
    """How often each thing is measured."""
    overhead_frames: int
    """Frames of each run without a network."""
    ways: tuple[str, ...] = tuple(way.name for way in peer.WAYS)
    """Those of the peer's settings that are measured."""
    limits: ceilings.Size | None = ceilings.FULL
    """How large the products and copies are that show what the machine can do; None for none."""


@dataclass
class _Progress:
    """What was found so far."""

    cases: dict[Combination, Tally]
    ran: dict[Combination, dict[str, str]] = field(default_factory=dict)
    others: Tally = field(default_factory=Tally)
    """What belongs to no combination."""


def measure(settings: Settings, machine: dict[str, Any], say: Say) -> Report:
    """Measure everything; `say` is told what comes next."""
    counted = {combination: _macs(combination) for combination in settings.combinations}
    limits, missing = _ceilings(settings, say)
    progress = _Progress({combination: Tally() for combination in settings.combinations})
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        beside = comparison.prepare(settings.combinations, settings.ways, Path(folder))
        for n in range(settings.rounds):
            say(f"round {n + 1} of {settings.rounds}")
            _round(settings, beside, progress, say)
    cases = [
        Case(combination, progress.ran.get(combination, {}), counted[combination], tally.figures(), tally.missing)
        for combination, tally in progress.cases.items()
    ]
    figures = progress.others.figures()
    ratios = _compare(beside, progress, figures)
    notes = {**comparison.winners(figures), **beside.notes, **_noise(figures)}
    missing |= beside.missing | progress.others.missing
    return Report(
        "speed",
        _plain(settings, beside),
        machine,
        cases,
        limits,
        figures | overhead.differences(figures),
        ratios,
        missing,
        notes,
    )


def _plain(settings: Settings, beside: Comparison) -> dict[str, Any]:
    named = {name: getattr(settings, name) for name in ("frames", "rounds", "overhead_frames", "ways")}
    against = {"peer_versions": beside.versions, "peer_beside": beside.beside.label if beside.beside else ""}
    return {**named, "ways": list(settings.ways), "warm_up": children.WARM_UP, **against}


def _macs(combination: Combination) -> int:
    """Of the `step` graph before any backend rewrites it; 0 for a backend that runs none."""
    if not combination.runs_model:
        return 0
    return macs.count(compose(models.load(combination.model), combination.clip(1)).step)


def _ceilings(settings: Settings, say: Say) -> tuple[dict[str, Figure], dict[str, str]]:
    if settings.limits is None:
        return {}, {"ceilings": NO_CEILINGS}
    return ceilings.measure(settings.combinations, say, settings.limits)


def _round(settings: Settings, beside: Comparison, progress: _Progress, say: Say) -> None:
    """Measure each thing once."""
    others, tell = Others(), progress.others
    for combination, tally in progress.cases.items():
        say(f" {combination.label_among(progress.cases)}")
        tally.take(floors.BARE, MS, partial(_bare, combination, tally, settings.frames, progress), say)
        vspipe = partial(_vspipe, combination, settings.frames, progress)
        tally.take(floors.VSPIPE, FPS, partial(vspipe, around=False), say)
        if combination.converts:
            tally.take(floors.AROUND, FPS, partial(vspipe, around=True), say)
    if beside.beside:
        _peer(beside.beside, beside, settings.frames, progress, say)
    if os.name == "posix":  # elsewhere nobody knows what time children took
        tell.take(OTHERS, PERCENT, others.percent, say)
    for name, value in overhead.run(settings.overhead_frames).items():
        tell.add(name, overhead.MICROSECONDS, value, say)


def _peer(ours: Combination, beside: Comparison, frames: int, progress: _Progress, say: Say) -> None:
    """The peer's ways, in the precision that ours came to."""
    if ours not in progress.ran:
        progress.others.missing[comparison.PEER] = f"there is nothing to compare it with: {ours.label} did not run"
        return
    size = {"width": ours.width, "height": ours.height, "frames": frames}
    precision = progress.ran[ours]["precision"]
    for name, (way, graph) in beside.ways.items():
        progress.others.take(name, FPS, partial(peer.rate, way, graph, precision=precision, **size), say)


def _bare(combination: Combination, tally: Tally, frames: int, progress: _Progress) -> float:
    steps = measure_bare(combination, frames=frames)
    progress.ran[combination] = steps.ran
    for name, milliseconds in steps.stages.items():
        tally.add(name, MS, milliseconds)
    return steps.milliseconds


def _vspipe(combination: Combination, frames: int, progress: _Progress, *, around: bool) -> float:
    asked = combination.node() | {"frames": children.WARM_UP + frames, "memory": False, "around": around}
    if combination in progress.ran:
        asked["precision"] = progress.ran[combination]["precision"]
    return children.rate(children.stamps("ours", preload=combination.backend == "openvino", **asked))


def _compare(beside: Comparison, progress: _Progress, figures: dict[str, Figure]) -> dict[str, Figure]:
    ours = progress.cases[beside.beside].figures().get(floors.VSPIPE) if beside.beside else None
    return comparison.ratios(ours, figures) if ours else {}


def _noise(figures: dict[str, Figure]) -> dict[str, str]:
    if OTHERS not in figures or max(figures[OTHERS].rounds) <= QUIET:
        return {}
    return {"not a quiet machine": "repeat it; what runs frame by frame suffers more from others than what does not"}
