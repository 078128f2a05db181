"""What the trainings and evaluations of a proof have left in its folder, and whether each seed's are a comparison."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data import naming
from training.proving.operators import Fidelity, fidelities
from vsanimesr.errors import TrainingError
from vsanimesr.models import artifact

METHODS = BASE, BASIC, TWICE, POOL = "bicubic", "basic", "twice", "pool"
"""Enlarged; and the networks: those of basic operators, with reductions by two twice, and with learned operators."""
NETWORKS = METHODS[1:]
RESULTS, SETTINGS = "results.json", "settings.json"
OWN = "seed", "twice", "operators"
"""Settings in which networks may differ."""

type Clips = Mapping[str, Mapping[str, Mapping[str, float | None]]]
"""Means by the name of a clip, method and measure; None where a clip has none, such as no line."""
JUDGED = "origin", "frames", "size"
"""What a clip was, beside its name."""


@dataclass(frozen=True)
class Result:
    """What a seed's networks did on the clips of one degradation."""

    degradation: str
    """Its name."""
    methods: Mapping[str, str]
    """What each was, with the beginning of its weights' hash."""
    means: Mapping[str, Mapping[str, float | None]]
    """By method and measure, the mean over the clips that have one."""
    clips: Clips
    judged: Mapping[str, Mapping[str, Any]]
    """By the name of a clip, what else JUDGED names of it."""

    def mean(self, method: str, measure: str) -> float:
        """Of a method; raises TrainingError where there is none."""
        value = self.means[method].get(measure)
        if not isinstance(value, int | float):
            raise TrainingError(f"{method} has no {measure} on {self.degradation}, but {value!r}")
        return float(value)


@dataclass(frozen=True)
class Seed:
    """What has come of one seed."""

    number: int
    trained: Mapping[str, Any]
    """Settings that its networks share."""
    operators: Sequence[Fidelity]
    """How near its operators are to their videos."""
    results: Sequence[Result]
    """On each degradation."""


def found(folder: Path) -> list[Seed]:
    """Of each seed that has been evaluated.

    Raises TrainingError where something is missing or damaged, or where the networks of a seed differ in more than they
    may.
    """
    seeds = sorted({path.parents[1] for path in folder.glob(f"*/*/{RESULTS}")})
    if not seeds:
        raise TrainingError(f"there are no seeds' results in '{folder}'; run what is missing")
    return [_seed(each) for each in seeds]


def _seed(folder: Path) -> Seed:
    results = list(_results(folder))
    for each in results:
        _of_these_weights(folder, each)
    trained = {name: _read(folder / name / SETTINGS) for name in NETWORKS}
    shared = _shared(folder, trained)
    operators = fidelities(folder, trained[POOL]["operators"])
    return Seed(trained[BASIC]["seed"], shared, operators, results)


def _results(folder: Path) -> Iterator[Result]:
    for path in sorted(folder.glob(f"*/{RESULTS}")):
        told = _read(path)
        try:
            clips = {clip["name"]: clip["means"] for clip in told["clips"]}
            judged = {clip["name"]: {name: clip[name] for name in JUDGED} for clip in told["clips"]}
            result = Result(path.parent.name, told["methods"], told["means"], clips, judged)
            for means in (result.means, *clips.values()):
                {method: means[method]["psnr"] for method in METHODS}
        except (KeyError, TypeError) as error:
            raise TrainingError(f"'{path}' is of other methods than {', '.join(METHODS)}: {error!r}") from error
        yield result


def _of_these_weights(folder: Path, result: Result) -> None:
    for name in NETWORKS:
        file = folder / f"{name}.onnx"
        if artifact.read(file).spec.weights_sha256[:12] not in result.methods[name]:
            where = folder / result.degradation / RESULTS
            raise TrainingError(f"'{where}' is of other weights than '{file}' has: remove it, and run the script again")


def _shared(folder: Path, trained: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    shared = _without_own(trained[BASIC])
    for name, told in trained.items():
        if differing := differences(_without_own(told), shared):
            raise _no_comparison(folder / name, f"differs from the others in {', '.join(differing)}")
        if told["seed"] != trained[BASIC]["seed"]:
            raise _no_comparison(folder / name, f"has another seed than '{BASIC}' beside it")
        if (bool(told["twice"]), bool(told["operators"])) != (name != BASIC, name == POOL):
            raise _no_comparison(folder / name, f"was not degraded as {name!r} is")
    return shared


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Names of the settings that are not the same."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _no_comparison(path: Path, why: str) -> TrainingError:
    return TrainingError(f"'{path}' {why}: that is no comparison")


def _without_own(told: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same: not where a machine keeps the clips that it has drawn."""
    shared = {name: value for name, value in told.items() if name not in OWN}
    return shared | {"sources": [naming.pictures(source) for source in told["sources"]]}


def _read(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"'{path}' cannot be read ({error}); run what is missing") from error
    return told
