"""Values as they come in, round by round."""

from collections.abc import Callable

from benchmarks.children import ChildFailed
from benchmarks.figures import Figure


def _silent(_: str) -> None:
    pass


class Tally:
    """Collects a value a round for each name; what fails once is missing for good, as its rounds would not match."""

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}
        """What could not be measured, and why."""
        self._values: dict[str, tuple[str, list[float]]] = {}

    def take(self, name: str, unit: str, measure: Callable[[], float], say: Callable[[str], None] = _silent) -> None:
        """Add what `measure` returns, unless that failed before or fails now."""
        if name in self.missing:
            return
        try:
            self.add(name, unit, measure(), say)
        except ChildFailed as error:
            self.missing[name] = error.reason
            self._values.pop(name, None)
            say(f"  {name}: not measured: {error.reason}")

    def add(self, name: str, unit: str, value: float, say: Callable[[str], None] = _silent) -> None:
        """Add a value of this round."""
        self._values.setdefault(name, (unit, []))[1].append(value)
        say(f"  {name}: {value:.3f} {unit}")

    def figures(self) -> dict[str, Figure]:
        """What was measured in every round, by name."""
        return {name: Figure(tuple(values), unit) for name, (unit, values) in self._values.items()}
