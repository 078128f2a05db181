"""What has come of a proof's seeds as one small file, which needs none of their networks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from training.proving.found import Result, Seed, differences
from training.proving.operators import Fidelity
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError


def keep(seeds: Sequence[Seed], path: Path) -> None:
    """Write them in the order of their numbers, a line of JSON for each.

    Raises TrainingError where they are no comparison: one is there twice, or they were trained or judged otherwise.
    """
    ordered = sorted(seeds, key=lambda each: each.number)
    for one, other in pairwise(ordered):
        _comparable(one, other)
    files.write("".join(json.dumps(asdict(each)) + "\n" for each in ordered).encode(), path)


def kept(path: Path) -> list[Seed]:
    """What `keep` wrote; raises TrainingError where that cannot be read."""
    try:
        return [_seed(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"'{path}' are no figures of a proof ({error!r})") from error


def _seed(told: Mapping[str, Any]) -> Seed:
    operators = [Fidelity(**each) for each in told["operators"]]
    return Seed(told["number"], told["trained"], operators, [Result(**each) for each in told["results"]])


def _comparable(one: Seed, other: Seed) -> None:
    if one.number == other.number:
        raise TrainingError(f"seed {one.number} is there twice")
    seeds = f"seeds {one.number} and {other.number}"
    if differing := differences(one.trained, other.trained):
        raise TrainingError(f"{seeds} differ in {', '.join(differing)}: that is no comparison")
    if _judged(one) != _judged(other):
        raise TrainingError(
            f"{seeds} were not judged on the same degradations and clips: run what is missing, or remove what differs "
            "and run the script again"
        )


def _judged(seed: Seed) -> dict[str, Mapping[str, Mapping[str, Any]]]:
    return {each.degradation: each.judged for each in seed.results}
