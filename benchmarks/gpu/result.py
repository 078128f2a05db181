"""The result: one JSON file for a GPU and a day, made stage by stage, put together from several runs if need be."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from vsanimesr.engines import files
from vsanimesr.errors import ArgumentError

BENCHMARK, SCHEMA = "gpu", 1


@dataclass
class Result:
    """What was found on a GPU."""

    machine: dict[str, Any]
    """As `benchmarks.machine.describe` tells it."""
    stages: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """The outcomes of jobs, by stage and name."""
    goals: list[dict[str, Any]] = field(default_factory=list)
    """What was aimed at, and what came of it."""
    derived: dict[str, dict[str, float]] = field(default_factory=dict)
    """What follows from the times of each step, by the job's name."""

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a result; raises ArgumentError if it is none."""
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            if (data["benchmark"], data["schema"]) != (BENCHMARK, SCHEMA):
                raise KeyError("benchmark")
            return cls(dict(data["machine"]), dict(data["stages"]), list(data["goals"]), dict(data["derived"]))
        except OSError as error:
            raise ArgumentError(f"{file.name} cannot be read: {error.strerror or error}; name another file") from error
        except (ValueError, KeyError, TypeError) as error:
            wanted = f"benchmark {BENCHMARK}, schema {SCHEMA}"
            raise ArgumentError(f"{file.name} is no result of a GPU: {error!r}; wanted {wanted}") from error

    def save(self, file: Path) -> None:
        """Write it whole or not at all; raises ArgumentError."""
        data = {"benchmark": BENCHMARK, "schema": SCHEMA, **self.__dict__}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            files.write((json.dumps(data, indent=1, default=str) + "\n").encode(), file)
        except OSError as error:
            words = error.strerror or error
            raise ArgumentError(f"{file} cannot be written: {words}; give another --output") from error

    def value(self, stage: str, job: str) -> Any:
        """What a job wrote; None if it wrote nothing or was not run."""
        return self.stages.get(stage, {}).get(job, {}).get("value")

    @property
    def gpu(self) -> str:
        """The GPU's name."""
        gpus = self.machine.get("gpus") or ["no GPU"]
        return str(gpus[0]).partition(",")[0]


def is_result(file: Path) -> bool:
    """Whether a JSON file says that it is such a result."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("benchmark") == BENCHMARK


def merge(results: Sequence[Result]) -> Result:
    """One result of several runs on the same kind of GPU; of a job that ran twice the later outcome counts.

    A job that was skipped counts as not run. Raises ArgumentError for different GPUs.
    """
    if len(names := {result.gpu for result in results}) > 1:
        raise ArgumentError(f"these are results of different GPUs: {', '.join(sorted(names))}; merge those of one")
    merged = Result(dict(results[-1].machine))
    for result in results:
        for stage, jobs in result.stages.items():
            into = merged.stages.setdefault(stage, {})
            for name, outcome in jobs.items():
                if outcome["status"] != "skipped" or name not in into:
                    into[name] = outcome
    return merged


def file_name(gpu: str, date: str) -> str:
    """Of the result of a GPU on a day, such as 'nvidia-h200-2026-11-21.json'."""
    return f"{re.sub(r'[^a-z0-9]+', '-', gpu.lower()).strip('-')}-{date}.json"
