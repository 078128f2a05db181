"""What came of an evaluation: figures of every frame, clip and method, and their means."""

import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from training.metrics.drift import Drift
from training.report.measures import Measure
from vsanimesr.engines import files

TRUTH = "truth"
"""The row of the truth itself, which metrics without reference measure as well."""
LIBRARIES = ("vapoursynth-animesr", "torch", "numpy", "opencv-python-headless", "av")

type Figures = dict[str, dict[str, list[float | None]]]
"""By method and metric: one for each frame, None where there is none."""


@dataclass(frozen=True)
class ClipResult:
    """One clip."""

    name: str
    origin: str
    frames: int
    width: int
    """Of the low-resolution clip."""
    height: int
    figures: Figures

    def mean(self, method: str, measure: str) -> float | None:
        """Mean over the frames that have a figure; None where none has."""
        return _mean(self.figures.get(method, {}).get(measure, []))


@dataclass(frozen=True)
class DriftResult:
    """One long run of a network."""

    method: str
    clip: str
    drift: Drift
    mean: Sequence[float]
    """The course of each frame, as `metrics.drift.Moment` has it."""
    contrast: Sequence[float]
    state: Sequence[float]


@dataclass(frozen=True)
class Evaluation:
    """All of it."""

    title: str
    methods: Mapping[str, str]
    """What each is, by its name, in the order of the tables."""
    measures: Sequence[Measure]
    clips: Sequence[ClipResult]
    drifts: Sequence[DriftResult]
    settings: Mapping[str, str]
    """What was asked for and which files of others were read, in words."""

    @property
    def rows(self) -> list[str]:
        """The methods, and the truth where it was measured."""
        return [*self.methods, *([TRUTH] if any(TRUTH in clip.figures for clip in self.clips) else [])]

    def mean(self, method: str, measure: str) -> float | None:
        """Mean over the means of the clips that have one; the truth's may be of fewer clips than a method's."""
        return _mean([clip.mean(method, measure) for clip in self.clips])

    def best(self, measure: Measure, clip: ClipResult | None = None) -> set[str]:
        """The methods that no other one is better than, as far as the digits that are shown tell; never the truth."""
        source = clip or self
        found = {name: source.mean(name, measure.name) for name in self.methods}
        told = {name: round(value, measure.digits) for name, value in found.items() if value is not None}
        if len(told) < 2:
            return set()
        top = (max if measure.higher else min)(told.values())
        return {name for name, value in told.items() if value == top}

    def data(self) -> dict[str, Any]:
        """For JSON: null where there is no figure, the text "inf" for what is infinite."""
        return {
            "schema": 1,
            "title": self.title,
            "settings": dict(self.settings),
            "versions": versions(),
            "metrics": [{"name": m.name, "label": m.label, "higher_is_better": m.higher} for m in self.measures],
            "methods": dict(self.methods),
            "means": _plain({row: {m.name: self.mean(row, m.name) for m in self.measures} for row in self.rows}),
            "clips": [self._clip(clip) for clip in self.clips],
            "drift": [_plain(asdict(drift)) for drift in self.drifts],
        }

    def write(self, path: Path) -> None:
        """Write `data` as JSON."""
        files.write((json.dumps(self.data(), indent=1, allow_nan=False) + "\n").encode(), path)

    def _clip(self, clip: ClipResult) -> dict[str, Any]:
        means = {row: {m.name: clip.mean(row, m.name) for m in self.measures} for row in clip.figures}
        facts = {"name": clip.name, "origin": clip.origin, "frames": clip.frames, "size": [clip.width, clip.height]}
        return facts | {"means": _plain(means), "by_frame": _plain(clip.figures)}


def versions() -> dict[str, str]:
    """Python's version and those of the libraries that pictures and figures depend on."""
    return {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _plain(value: Any) -> Any:
    """The same with what JSON has not as text, and numbers of a sensible length."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else str(value)
    return value
