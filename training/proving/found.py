"""What trainings and evaluations have left in the folder of a proof, and whether that is a comparison."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.proving.operators import Fidelity, fidelities
from vsanimesr.errors import TrainingError
from vsanimesr.models import artifact

METHODS = BASE, BASIC, TWICE, POOL = "bicubic", "basic", "twice", "pool"
"""Enlarged; and the networks, each of which differs from the one before in one thing."""
NETWORKS = METHODS[1:]
RESULTS, SETTINGS = "results.json", "settings.json"
OWN = "seed", "twice", "operators"
"""Settings in which networks may differ."""

type Clips = Mapping[str, Mapping[str, Mapping[str, float | None]]]
"""Means by the name of a clip, method and measure; None where a clip has none, such as no line."""


@dataclass(frozen=True)
class Result:
    """What one seed's networks did on the clips of one degradation."""

    seed: str
    """Name of its folder."""
    degradation: str
    """Name of the folder within that."""
    methods: Mapping[str, str]
    """What each was, with the beginning of its weights' hash."""
    means: Mapping[str, Mapping[str, float | None]]
    """By method and measure, the mean over the clips that have one."""
    clips: Clips

    def mean(self, method: str, measure: str) -> float:
        """Of a method; raises TrainingError where there is none."""
        value = self.means[method].get(measure)
        if not isinstance(value, int | float):
            raise TrainingError(f"seed {self.seed}, {self.degradation}: {method} has no {measure}, but {value!r}")
        return float(value)


@dataclass(frozen=True)
class Found:
    """What a proof has come to."""

    results: Sequence[Result]
    trained: Mapping[str, Any]
    """Settings that all networks share."""
    operators: Sequence[Fidelity]
    """Of all seeds' operators."""


def found(folder: Path) -> Found:
    """All that is in a folder.

    Raises TrainingError where something is missing or damaged, or where networks or clips differ in more than they may.
    """
    results = list(_results(folder))
    seeds = sorted({each.seed for each in results})
    kinds = {each.degradation for each in results}
    if len(seeds) < 2 or len(results) != len(seeds) * len(kinds):
        raise TrainingError(
            f"{len(results)} results of {len(seeds)} seeds and {len(kinds)} degradations in '{folder}', wanted all of "
            "each, and 2 seeds at least; run what is missing"
        )
    for kind in kinds:
        _same_clips([each for each in results if each.degradation == kind])
    for each in results:
        _of_these_weights(folder, each)
    return Found(results, _shared(folder, seeds), [each for seed in seeds for each in _operators(folder, seed)])


def _operators(folder: Path, seed: str) -> Sequence[Fidelity]:
    return fidelities(folder, seed, _read(folder / seed / POOL / SETTINGS)["operators"])


def _results(folder: Path) -> Iterator[Result]:
    for path in sorted(folder.glob(f"*/*/{RESULTS}")):
        told = _read(path)
        try:
            clips = {clip["name"]: clip["means"] for clip in told["clips"]}
            result = Result(path.parent.parent.name, path.parent.name, told["methods"], told["means"], clips)
            for means in (result.means, *clips.values()):
                {method: means[method]["psnr"] for method in METHODS}
        except (KeyError, TypeError) as error:
            raise TrainingError(f"'{path}' is of other methods than {', '.join(METHODS)}: {error!r}") from error
        yield result


def _same_clips(results: Sequence[Result]) -> None:
    for each in results:
        if each.clips.keys() != results[0].clips.keys():
            raise TrainingError(
                f"seed {each.seed} was judged on {each.degradation} by other clips than seed {results[0].seed}: remove "
                f"its '{each.degradation}', and run the script again"
            )


def _of_these_weights(folder: Path, result: Result) -> None:
    for name in NETWORKS:
        file = folder / result.seed / f"{name}.onnx"
        if artifact.read(file).spec.weights_sha256[:12] not in result.methods[name]:
            where = folder / result.seed / result.degradation / RESULTS
            raise TrainingError(f"'{where}' is of other weights than '{file}' has: remove it, and run the script again")


def _shared(folder: Path, seeds: Sequence[str]) -> Mapping[str, Any]:
    trained = {(seed, name): _read(folder / seed / name / SETTINGS) for seed in seeds for name in NETWORKS}
    shared = _without_own(trained[seeds[0], BASIC])
    for (seed, name), told in trained.items():
        own = _without_own(told)
        if differing := sorted(key for key in own.keys() | shared.keys() if own.get(key) != shared.get(key)):
            raise _no_comparison(folder / seed / name, f"differs from the others in {', '.join(differing)}")
        if told["seed"] != trained[seed, BASIC]["seed"]:
            raise _no_comparison(folder / seed / name, f"has another seed than '{BASIC}' beside it")
        if (bool(told["twice"]), bool(told["operators"])) != (name != BASIC, name == POOL):
            raise _no_comparison(folder / seed / name, f"was not degraded as {name!r} is")
    if len({trained[seed, BASIC]["seed"] for seed in seeds}) < len(seeds):
        raise _no_comparison(folder, "has two folders of one seed")
    return shared


def _no_comparison(path: Path, why: str) -> TrainingError:
    return TrainingError(f"'{path}' {why}: that is no comparison")


def _without_own(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in OWN}


def _read(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"'{path}' cannot be read ({error}); run what is missing") from error
    return told
