"""What is measured, as data."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


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
class Report:
    """What a benchmark found."""

    benchmark: str
    """Its name."""
    settings: dict[str, Any]
    """What was asked for, and what 'auto' came to."""
    machine: dict[str, Any]
    """See `benchmarks.machine`."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """By name, in the order of the table."""
    ratios: dict[str, Figure] = field(default_factory=dict)
    """Quotients of figures, by name."""
    missing: dict[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""
    notes: dict[str, str] = field(default_factory=dict)
    """What else there is to say, by what it is about."""
    curves: dict[str, list[float]] = field(default_factory=dict)
    """Values over the frames of one run, by name."""

    def data(self) -> dict[str, Any]:
        """For JSON."""
        figures = {name: figure.data() for name, figure in self.figures.items()}
        ratios = {name: ratio.data() for name, ratio in self.ratios.items()}
        plain = {name: value for name, value in asdict(self).items() if name not in ("figures", "ratios")}
        return {**plain, "figures": figures, "ratios": ratios}


def best(figures: dict[str, Figure], names: Sequence[str]) -> str:
    """The name of the figure with the highest median."""
    return max(names, key=lambda name: figures[name].median)
