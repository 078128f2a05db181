"""What is measured, as data."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.combinations import UNNAMED, Combination

SCHEMA = 3
"""Number of the layout of the JSON files; 1 is what had no number, 2 names no models."""


@dataclass(frozen=True)
class Figure:
    """One quantity, measured once a round."""

    rounds: tuple[float, ...]
    """The value of each round."""
    unit: str

    def __post_init__(self) -> None:
        if not self.rounds:
            raise ValueError("a figure needs at least one round")

    @property
    def median(self) -> float:
        """Of all rounds."""
        return statistics.median(self.rounds)

    def each(self, change: Callable[[float], float], unit: str) -> "Figure":
        """What `change` makes of every round, in another unit."""
        return Figure(tuple(map(change, self.rounds)), unit)

    def over(self, other: "Figure") -> "Figure":
        """This by that, round by round, so that what disturbed both in a round does not count."""
        return Figure(tuple(a / b for a, b in zip(self.rounds, other.rounds, strict=True)), "ratio")

    def less(self, other: "Figure") -> "Figure":
        """This minus that, round by round."""
        return Figure(tuple(a - b for a, b in zip(self.rounds, other.rounds, strict=True)), self.unit)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        low, high = min(self.rounds), max(self.rounds)
        return {"median": self.median, "min": low, "max": high, "unit": self.unit, "rounds": list(self.rounds)}


@dataclass(frozen=True)
class Curve:
    """Values over the frames of one run."""

    every: int
    """Frames from one value to the next; the first is of frame 0."""
    values: list[float]
    unit: str


@dataclass(frozen=True)
class Case:
    """What was found for one combination."""

    combination: Combination
    """What was asked for."""
    ran: dict[str, str] = field(default_factory=dict)
    """What 'auto' came to: precision, device, version of the library; empty where nothing ran."""
    macs: int = 0
    """Multiply-accumulates of one step, counted in its graph; 0 where there is none or nobody counted."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """By name."""
    missing: dict[str, str] = field(default_factory=dict)
    """What could not be measured, and why, in one line."""
    curve: Curve | None = None
    """Resident memory over the frames of the run."""

    @property
    def precision(self) -> str:
        """What it ran in; what was asked for where nothing ran."""
        return self.ran.get("precision", self.combination.precision)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        curve = asdict(self.curve) if self.curve else None
        asked = asdict(self.combination)
        return {**asked, "ran": self.ran, "macs": self.macs, **_plain(self.figures), "missing": self.missing} | (
            {"curve": curve} if curve else {}
        )


@dataclass(frozen=True)
class Report:
    """What a benchmark found."""

    benchmark: str
    """Its name: 'speed' or 'memory'."""
    settings: dict[str, Any]
    """What was asked for."""
    machine: dict[str, Any]
    """See `benchmarks.machine`."""
    cases: list[Case] = field(default_factory=list)
    """One for each combination."""
    ceilings: dict[str, Figure] = field(default_factory=dict)
    """What the machine can do at most, see `benchmarks.ceilings`."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """What belongs to no combination, by name, in the order of the table."""
    ratios: dict[str, Figure] = field(default_factory=dict)
    """Quotients of figures, by name."""
    missing: dict[str, str] = field(default_factory=dict)
    """What besides cases could not be measured, and why, in one line."""
    notes: dict[str, str] = field(default_factory=dict)
    """What else there is to say, by what it is about."""

    @property
    def models(self) -> list[str]:
        """The models' names, each once; empty where there is none but UNNAMED, which goes without saying."""
        every = [case.combination for case in self.cases if case.combination.runs_model]
        if all(combination.model == UNNAMED for combination in every):
            return []
        return list(dict.fromkeys(combination.model_name for combination in every))

    def data(self) -> dict[str, Any]:
        """For JSON; `benchmarks.schema` reads it again."""
        about = {"schema": SCHEMA, "benchmark": self.benchmark, "settings": self.settings, "machine": self.machine}
        found = {"cases": [case.data() for case in self.cases], **_plain(self.ceilings, "ceilings")}
        rest = {"missing": self.missing, "notes": self.notes}
        return about | found | _plain(self.figures) | _plain(self.ratios, "ratios") | rest


def best(figures: dict[str, Figure], names: Sequence[str]) -> str:
    """The name of the figure with the highest median."""
    return max(names, key=lambda name: figures[name].median)


def _plain(figures: dict[str, Figure], name: str = "figures") -> dict[str, Any]:
    return {name: {key: figure.data() for key, figure in figures.items()}}
