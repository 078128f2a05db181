"""How fast it is: bare steps, the filter under vspipe, the peer under vspipe, and what a frame costs without a network.

Everything takes its turn in every round, so that whatever else the machine does hits all alike.
"""

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import children, peer
from benchmarks.figures import Figure, Report, best
from benchmarks.machine import Others
from vsanimesr import models

type Say = Callable[[str], None]

FPS, MICROSECONDS, PERCENT = "frames/s", "us/frame", "% of the processors"
STEPS, OURS, PEER = "bare steps", "vspipe, ours", "vspipe, peer"
OTHERS = "other processes"
SMALL = {"width": 16, "height": 16}
"""Size of the frames where only what is not pixels counts."""
THREADS = (1, 2)
QUIET = 5.0
"""Percent of the processors that other processes may take before the report warns."""
NO_PEER = "vapoursynth-mlrt-ov is not installed; pip install vapoursynth-mlrt-ov"


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    width: int
    """Of the frames, samples; a multiple of 4, as the peer's graph pads nothing."""
    height: int
    """Likewise."""
    frames: int
    """How many count in each run, after the warm-up."""
    rounds: int
    """How often each thing is measured."""
    precision: str
    """'auto' or one of OpenVINO's."""
    overhead_frames: int
    """Frames of each run without a network."""
    ways: tuple[str, ...] = tuple(way.name for way in peer.WAYS)
    """Those of the peer's settings that are measured."""


def measure(settings: Settings, machine: dict[str, Any], say: Say) -> Report:
    """Measure everything; `say` is told what comes next."""
    samples: defaultdict[str, list[float]] = defaultdict(list)
    ran: dict[str, Any] = {}
    versions = peer.probe()
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        ways = _ways(settings, Path(folder)) if versions else {}
        for n in range(settings.rounds):
            say(f"round {n + 1} of {settings.rounds}")
            ran = _round(settings, ways, samples, say)
    figures = {name: Figure(tuple(values), _unit(name)) for name, values in samples.items()}
    missing = {} if versions else {PEER: NO_PEER}
    resolved = {**asdict(settings), **ran, "warm_up": children.WARM_UP, "peer_versions": versions}
    winners = _best(figures)
    ratios = _ratios(figures, winners)
    return Report("speed", resolved, machine, _with_overhead(figures), ratios, missing, {**winners, **_noise(figures)})


def _ways(settings: Settings, folder: Path) -> dict[str, tuple[peer.Way, Path]]:
    """The peer's settings with their graphs, by the name of the figure."""
    graphs = peer.write_graphs(models.load(models.DEFAULT), settings.width, settings.height, folder)
    return {_peer(way): (way, graphs[way.pruned]) for way in peer.WAYS if way.name in settings.ways}


def _peer(way: peer.Way) -> str:
    return f"{PEER}, {way.name}"


def _unit(name: str) -> str:
    if name == OTHERS:
        return PERCENT
    return FPS if name.startswith((STEPS, OURS, PEER)) else MICROSECONDS


def _round(
    settings: Settings, ways: dict[str, tuple[peer.Way, Path]], samples: dict[str, list[float]], say: Say
) -> dict[str, Any]:
    """Measure each thing once; returns what precision, device and library the steps ran with."""
    size = {"width": settings.width, "height": settings.height}

    def add(name: str, value: float) -> None:
        samples[name].append(value)
        say(f"  {name}: {value:.3f} {_unit(name)}")

    others = Others()
    ran = _steps("openvino", settings.precision, settings.frames, size)
    add(STEPS, settings.frames / ran.pop("seconds"))
    frames = children.WARM_UP + settings.frames
    add(OURS, children.rate(children.stamps("ours", preload=True, **size, frames=frames, precision=ran["precision"])))
    for name, (way, graph) in ways.items():
        add(name, peer.rate(way, graph, precision=ran["precision"], **size, frames=settings.frames))
    if os.name == "posix":  # elsewhere nobody knows what time children took
        add(OTHERS, others.percent())
    for name, value in _host(settings.overhead_frames).items():
        add(name, value)
    return ran


def _noise(figures: dict[str, Figure]) -> dict[str, str]:
    if OTHERS not in figures or max(figures[OTHERS].rounds) <= QUIET:
        return {}
    return {"not a quiet machine": "repeat it; what runs frame by frame suffers more from others than what does not"}


def _steps(backend: str, precision: str, frames: int, size: dict[str, int]) -> dict[str, Any]:
    asked = {"name": backend, "precision": precision, "warm_up": children.WARM_UP, "frames": frames, **size}
    ran: dict[str, Any] = children.python(["-m", "benchmarks.steps", json.dumps(asked)])
    return ran


def _host(frames: int) -> dict[str, float]:
    """Microseconds per frame without a network and nearly without pixels."""
    scale = 1e6 / frames
    found = {"fake, bare steps": _steps("fake", "auto", frames, SMALL)["seconds"] * scale}
    for threads in THREADS:
        for name, node in (("fake", "fake_unstamped"), ("resize.Point", "point")):
            seconds = children.seconds(node, **SMALL, frames=frames, threads=threads)
            found[f"{name}, {_threads(threads)}"] = seconds * scale
    return found


def _threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"


def _with_overhead(figures: dict[str, Figure]) -> dict[str, Figure]:
    overhead = {
        f"overhead, {_threads(number)}": figures[f"fake, {_threads(number)}"].less(
            figures[f"resize.Point, {_threads(number)}"]
        )
        for number in THREADS
    }
    return {**figures, **overhead}


def _best(figures: dict[str, Figure]) -> dict[str, str]:
    """The name of the peer's figure that counts, for each of its networks; empty without a peer."""
    found = {}
    for network, pruned in (("same network", False), ("pruned network", True)):
        if names := [_peer(way) for way in peer.WAYS if way.pruned == pruned and _peer(way) in figures]:
            found[f"best peer, {network}"] = best(figures, names)
    return found


def _ratios(figures: dict[str, Figure], winners: dict[str, str]) -> dict[str, Figure]:
    ours = figures[OURS]
    against = {f"ours / {name}": ours.over(figures[winner]) for name, winner in winners.items()}
    return {"ours / bare steps": ours.over(figures[STEPS]), **against}
