"""The reports of `benchmarks speed` and `memory`, made one by one, put together for `benchmarks report`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import schema
from benchmarks.gpu.result import Result
from vsanimesr.engines import files

STAGES = {"vspipe": "speed", "memory": "memory"}
"""The stages that make such reports, and what those are called."""


def write(result: Result, file: Path) -> list[Path]:
    """Write SPEED-NAME.json and MEMORY-NAME.json beside the result NAME.json; returns those that were written.

    Raises BadResult if the programs that made them have another layout than this one reads.
    """
    written = []
    for stage, name in STAGES.items():
        if merged := merge(result, stage):
            target = file.with_name(f"{name}-{file.name}")
            files.write((json.dumps(merged, indent=2) + "\n").encode(), target)
            schema.load(target)
            written.append(target)
    return written


def merge(result: Result, stage: str) -> dict[str, Any]:
    """One report with the cases of all; what belongs to no case is the first one's. Empty where there is none."""
    found = [report for report in _reports(result, stage) if report["cases"]]
    if not found:
        return {}
    merged = dict(found[0])
    merged["cases"] = [case for report in found for case in report["cases"]]
    for key in ("ceilings", "missing", "notes"):
        merged[key] = {name: value for report in reversed(found) for name, value in report[key].items()}
    if merged["ceilings"]:
        merged["missing"].pop("ceilings", None)  # the later ones were told not to measure them again
    return merged


def _reports(result: Result, stage: str) -> Iterator[dict[str, Any]]:
    yield from (job["value"] for job in result.stages.get(stage, {}).values() if job.get("value"))
