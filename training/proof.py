"""Whether learned operators help, told from what evaluations of several seeds have found (AnimeSR, table 2).

    bash training/runs/proof-cpu.sh OUT
    python -m training.proof OUT -o training/proof.md

OUT has a folder for each seed, and in it one for each degradation with the results.json of `training.evaluate`, which
judged the methods `basic` and `pool` on the same clips: networks of one seed and as many steps, without and with
operators.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vsanimesr.engines import files
from vsanimesr.errors import AnimeSRError, TrainingError

WITHOUT, WITH, BASE = "basic", "pool", "bicubic"
"""Methods: a network of basic operators, one whose degradations had a pool of learned ones, and neither."""
RESULTS = "results.json"
MEASURES = {"psnr": "PSNR, dB", "psnr-lines": "PSNR of lines, dB", "ssim": "SSIM"}
"""What is told of, by the name in the results."""
FEWEST = 2
"""Seeds of which a spread can be told."""


@dataclass(frozen=True)
class Result:
    """What one seed's networks did on the clips of one degradation."""

    seed: str
    """Name of its folder."""
    degradation: str
    """Name of the folder within that."""
    means: Mapping[str, Mapping[str, float]]
    """By method and measure, the mean over the clips."""
    clips: Sequence[Mapping[str, Mapping[str, float]]]
    """The same of each clip."""

    def gain(self, measure: str) -> float:
        """By how much the pool is better than the basic operators."""
        return self.means[WITH][measure] - self.means[WITHOUT][measure]

    def better(self, measure: str) -> int:
        """On how many clips it is."""
        return sum(clip[WITH][measure] > clip[WITHOUT][measure] for clip in self.clips)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.proof", description=__doc__, formatter_class=form)
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="FILE.md")
    asked = parser.parse_args(arguments)
    try:
        files.write(report(list(results(asked.folder))).encode(), asked.output)
    except (AnimeSRError, OSError) as error:
        print(f"training.proof: {error}", file=sys.stderr)
        return 1
    print(asked.output)
    return 0


def results(folder: Path) -> Iterator[Result]:
    """All results in a folder; raises TrainingError where a file is damaged or of other methods."""
    for path in sorted(folder.glob(f"*/*/{RESULTS}")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            clips = [clip["means"] for clip in told["clips"]]
            found = Result(path.parent.parent.name, path.parent.name, told["means"], clips)
            for each in (found.means, *clips):
                {method: each[method]["psnr"] for method in (WITHOUT, WITH, BASE)}
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"'{path}' is damaged, or of other methods than {BASE}, {WITHOUT}, {WITH}: {error!r}"
            ) from error
        yield found


def report(found: Sequence[Result]) -> str:
    """Markdown: for each degradation the means over the seeds, and what the pool gains with its spread.

    Raises TrainingError for fewer than FEWEST seeds, or where a seed lacks a degradation.
    """
    seeds, kinds = sorted({each.seed for each in found}), sorted({each.degradation for each in found})
    if len(seeds) < FEWEST or len(found) != len(seeds) * len(kinds):
        raise TrainingError(
            f"{len(found)} results of {len(seeds)} seeds and {len(kinds)} degradations, wanted all of each, and "
            f"{FEWEST} seeds at least; run what is missing"
        )
    by_kind = {kind: [each for each in found if each.degradation == kind] for kind in kinds}
    tables = [_table(measure, label, by_kind) for measure, label in MEASURES.items() if _has(found, measure)]
    return "\n".join([_HEAD.format(seeds=", ".join(seeds)), *tables])


_HEAD = """# Do learned operators help?

Made by `python -m training.proof` from evaluations of the seeds {seeds}. `basic`: a network of basic operators; `pool`:
one of the same seed and steps whose degradations had learned operators in them. Gain: `pool` minus `basic`, the mean
over the seeds; spread: its standard deviation over the seeds; clips: on how many, of all seeds, the pool was better.
"""


def _table(measure: str, label: str, by_kind: Mapping[str, Sequence[Result]]) -> str:
    head = f"| {label} on | {BASE} | {WITHOUT} | {WITH} | gain | spread | least to most | clips |"
    return "\n".join(
        [
            head,
            "|---|---|---|---|---|---|---|---|",
            *(_row(measure, kind, seeds) for kind, seeds in by_kind.items()),
            "",
        ]
    )


def _row(measure: str, kind: str, seeds: Sequence[Result]) -> str:
    digits = 4 if measure == "ssim" else 2
    means = [statistics.fmean(each.means[method][measure] for each in seeds) for method in (BASE, WITHOUT, WITH)]
    gains = [each.gain(measure) for each in seeds]
    better, clips = sum(each.better(measure) for each in seeds), sum(len(each.clips) for each in seeds)
    cells = [*(f"{value:.{digits}f}" for value in means), f"{statistics.fmean(gains):+.{digits}f}"]
    cells += [f"{statistics.stdev(gains):.{digits}f}", f"{min(gains):+.{digits}f} to {max(gains):+.{digits}f}"]
    return f"| {kind} | {' | '.join(cells)} | {better} of {clips} |"


def _has(found: Sequence[Result], measure: str) -> bool:
    rows: list[Mapping[str, Any]] = [row for each in found for row in (each.means, *each.clips)]
    return all(isinstance(row[method].get(measure), int | float) for row in rows for method in (BASE, WITHOUT, WITH))


if __name__ == "__main__":
    sys.exit(main())
