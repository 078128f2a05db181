"""Whether learned operators help, told from what evaluations of several seeds have found (AnimeSR, table 2).

    bash training/runs/proof-cpu.sh OUT
    python -m training.proof OUT -o training/proof.md

OUT has a folder for each seed; in it are the runs `basic`, `twice` and `pool`, networks of one seed and as many steps
that learned AnimeSR's first degradations, those with two reductions by two, and these with learned operators; and a
folder for each degradation with the results.json of `training.evaluate`, which judged the three on the same clips.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from vsanimesr.cli import run
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

METHODS = BASE, BASIC, TWICE, POOL = "bicubic", "basic", "twice", "pool"
"""Enlarged; and the networks. What operators gain is POOL minus TWICE, which differ in nothing else."""
RESULTS, SETTINGS = "results.json", "settings.json"
MEASURES = {"psnr": "PSNR, dB", "psnr-lines": "PSNR of lines, dB", "ssim": "SSIM"}
"""What is told of, by the name in the results."""
FEWEST = 2
"""Seeds of which a spread can be told."""
ARMS = "operators", "twice"
"""Settings in which the networks of a seed may differ."""


@dataclass(frozen=True)
class Result:
    """What one seed's networks did on the clips of one degradation."""

    seed: str
    """Name of its folder."""
    degradation: str
    """Name of the folder within that."""
    means: Mapping[str, Mapping[str, float | None]]
    """By method and measure, the mean over the clips that have one."""
    clips: Sequence[Mapping[str, Mapping[str, float | None]]]
    """The same of each clip; None where it has none, such as no line."""

    def mean(self, method: str, measure: str) -> float:
        """Of a method; raises TrainingError where there is none."""
        found = self.means[method].get(measure)
        if not isinstance(found, int | float):
            raise TrainingError(f"seed {self.seed}, {self.degradation}: {method} has no {measure}, but {found!r}")
        return float(found)

    def gain(self, measure: str) -> float:
        """By how much the pool is better than the same without operators."""
        return self.mean(POOL, measure) - self.mean(TWICE, measure)

    def better(self, measure: str) -> tuple[int, int]:
        """On how many clips it is, and how many have the measure."""
        pairs = [(clip[POOL].get(measure), clip[TWICE].get(measure)) for clip in self.clips]
        known = [(a, b) for a, b in pairs if isinstance(a, int | float) and isinstance(b, int | float)]
        return sum(a > b for a, b in known), len(known)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    return run(_parser(), arguments)


def _write(asked: argparse.Namespace) -> None:
    found = list(results(asked.folder))
    trained = alike(asked.folder, sorted({each.seed for each in found}))
    files.write(report(found, trained).encode(), asked.output)
    print(asked.output)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.proof", description=__doc__, formatter_class=form)
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="FILE.md")
    parser.set_defaults(run=_write)
    return parser


def alike(folder: Path, seeds: Sequence[str]) -> Mapping[str, Any]:
    """The settings that all trainings share; raises TrainingError where they differ in more than seeds and ARMS."""
    shared: dict[str, Any] = {}
    for seed, arm in product(seeds, (BASIC, TWICE, POOL)):
        path = folder / seed / arm / SETTINGS
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"'{path}' cannot be read ({error}); run what is missing") from error
        own = {name: value for name, value in told.items() if name not in (*ARMS, "seed")}
        shared = shared or own
        if differing := sorted(name for name in own.keys() | shared.keys() if own.get(name) != shared.get(name)):
            raise TrainingError(f"'{path}' differs from the others in {', '.join(differing)}: that is no comparison")
    return shared


def results(folder: Path) -> Iterator[Result]:
    """All results in a folder; raises TrainingError where a file is damaged or of other methods."""
    for path in sorted(folder.glob(f"*/*/{RESULTS}")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            clips = [clip["means"] for clip in told["clips"]]
            found = Result(path.parent.parent.name, path.parent.name, told["means"], clips)
            for each in (found.means, *clips):
                {method: each[method]["psnr"] for method in METHODS}
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"'{path}' is damaged, or of other methods than {', '.join(METHODS)}: {error!r}"
            ) from error
        yield found


def report(found: Sequence[Result], trained: Mapping[str, Any]) -> str:
    """Markdown: for each degradation the means over the seeds, and what the pool gains with its spread.

    `trained`: settings of the networks. Raises TrainingError for fewer than FEWEST seeds, or where a seed lacks a
    degradation.
    """
    seeds, kinds = sorted({each.seed for each in found}), sorted({each.degradation for each in found})
    if len(seeds) < FEWEST or len(found) != len(seeds) * len(kinds):
        raise TrainingError(
            f"{len(found)} results of {len(seeds)} seeds and {len(kinds)} degradations, wanted all of each, and "
            f"{FEWEST} seeds at least; run what is missing"
        )
    by_kind = {kind: [each for each in found if each.degradation == kind] for kind in kinds}
    network = trained["network"]
    facts = f"stage {trained['stage']}, {trained['steps']} steps of {trained['batch']} samples, "
    facts += f"{network['features']} features, blocks {network['blocks']}, renderer {trained['renderer']}"
    tables = [_table(measure, label, by_kind) for measure, label in MEASURES.items() if measure in found[0].means[POOL]]
    return "\n".join([_HEAD.format(seeds=", ".join(seeds), facts=facts), *tables])


_HEAD = """# Do learned operators help?

Made by `python -m training.proof` from evaluations of the seeds {seeds} ({facts}). The networks of a seed differ in
their degradations only. `basic`: AnimeSR's first stage, one reduction by four; `twice`: two by two, as in its final
stage, without operators; `pool`: the same with learned operators in half of them. Gain: `pool` minus `twice`, the mean
over the seeds; spread: its standard deviation over the seeds; clips: on how many, of all seeds, the pool was better.

The paper's figures are MANIQA's, on real videos; these are fidelity to a truth that was drawn. The pseudo truth that
the operators learned from was made by the network `basic` of the same stage, not by one of stage gan as in the paper.
"""


def _table(measure: str, label: str, by_kind: Mapping[str, Sequence[Result]]) -> str:
    head = f"| {label} on | {' | '.join(METHODS)} | gain | spread | least to most | clips |"
    rows = (_row(measure, kind, seeds) for kind, seeds in by_kind.items())
    return "\n".join([head, "|---" * 9 + "|", *rows, ""])


def _row(measure: str, kind: str, seeds: Sequence[Result]) -> str:
    digits = 4 if measure == "ssim" else 2
    means = [statistics.fmean(each.mean(method, measure) for each in seeds) for method in METHODS]
    gains = [each.gain(measure) for each in seeds]
    better, clips = (sum(column) for column in zip(*(each.better(measure) for each in seeds), strict=True))
    cells = [*(f"{value:.{digits}f}" for value in means), f"{statistics.fmean(gains):+.{digits}f}"]
    cells += [f"{statistics.stdev(gains):.{digits}f}", f"{min(gains):+.{digits}f} to {max(gains):+.{digits}f}"]
    return f"| {kind} | {' | '.join(cells)} | {better} of {clips} |"


if __name__ == "__main__":
    sys.exit(main())
