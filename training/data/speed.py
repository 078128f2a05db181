"""How many samples a loader gives in a second, and where the time goes."""

import time
from dataclasses import dataclass

from training.data.loader import Loader


@dataclass(frozen=True)
class Speed:
    """What a loader did while nobody else asked for anything."""

    samples: int
    """That came."""
    clips: int
    """That were made meanwhile, and before the first batch."""
    elapsed: float
    """Seconds from the first batch to the last."""
    starting: float
    """Seconds until the first batch."""
    waited: float
    """Seconds of `elapsed` that a consumer of `step` seconds for each batch waited."""
    seconds: dict[str, float]
    """That the making of the clips took in all of its processes together, by step."""

    @property
    def samples_per_second(self) -> float:
        """After the first batch."""
        return self.samples / self.elapsed if self.elapsed else 0.0

    def table(self) -> str:
        """A line for each step of making a clip, then of the loader as a whole."""
        whole = sum(self.seconds.values()) or 1.0
        steps = [(f"{name} of a clip", spent / self.clips, spent / whole) for name, spent in self.seconds.items()]
        rows = [*steps, ("a sample, all in all", self.elapsed / max(1, self.samples), None)]
        lines = [
            f"{name:24} {1e3 * each:9.2f} ms{'' if share is None else f' {share:7.1%}'}" for name, each, share in rows
        ]
        return "\n".join(lines)


def measure(loader: Loader, seconds: float, step: float = 0.0) -> Speed:
    """Takes batches for so many seconds after the first one, `step` seconds apart as a training would."""
    with loader() as batches:
        next(batches)
        end, count = time.perf_counter() + seconds, 0
        while count == 0 or time.perf_counter() < end:
            time.sleep(step)
            count += len(next(batches).low)
        lasted, made = batches.lasted, batches.made
        return Speed(count, made.clips, lasted.elapsed, batches.starting, lasted.waited, made.seconds)
