"""Runs the stages one after another and writes the result after each job."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gpu import goals, processes
from benchmarks.gpu.plans import STAGES, Asked, Plan
from benchmarks.gpu.processes import Job, Outcome
from benchmarks.gpu.result import Result

LEAST = 5.0
"""Seconds: with less left, no job is begun."""

type Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """What is common to all stages of a run."""

    asked: Asked
    """What to run."""
    result: Result
    """Where what they find goes."""
    file: Path
    """Where that is written after each job."""
    clock: "Clock"
    """How long it may take."""
    say: Say
    """Takes lines for the user."""


class Clock:
    """What is left of a budget of seconds."""

    def __init__(self, budget: float | None) -> None:
        self._end = math.inf if budget is None else time.monotonic() + budget

    def left(self) -> float:
        """Seconds, infinite without a budget; negative once it is spent."""
        return self._end - time.monotonic()


def check(run: Run, stages: Sequence[str], plans: Mapping[str, Plan] = STAGES) -> None:
    """Run the stages of these names, in the order of `plans`.

    A job that is in the result already is replaced, unless it is skipped. Raises ArgumentError if the file cannot be
    written; what goes wrong in a job is in the result.
    """
    for name in (name for name in plans if name in stages):
        run.say(f"stage {name}")
        found = run.result.stages.setdefault(name, {})
        for job in plans[name](run.asked, run.result):
            outcome = _run(job, run.clock)
            if outcome.status != processes.SKIPPED or job.name not in found:
                found[job.name] = outcome.data()
            run.say(_line(job, outcome))
            _write(run)
    _write(run)


def _write(run: Run) -> None:
    goals.settle(run.result)
    run.result.save(run.file)


def _run(job: Job, clock: Clock) -> Outcome:
    left = clock.left()
    if left < LEAST:
        return processes.skipped("the budget of time is spent; run it again with --stages, or with a greater --budget")
    return processes.run(job, min(job.limit, left))


def _line(job: Job, outcome: Outcome) -> str:
    """One line, and the last one that the process wrote if it went wrong."""
    line = f"  {job.name}: {outcome.status}, {outcome.seconds:.1f} s"
    if outcome.status == processes.OK:
        return line
    last = outcome.output.splitlines()[-1:] or [""]
    return f"{line} ({outcome.exit}): {last[0]}" if outcome.exit else f"{line}: {last[0]}"
