"""The report of a proof, in Markdown."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.hidden import CHAINS
from training.proving.found import BASE, BASIC, METHODS, POOL, TWICE, Result, Seed
from training.proving.operators import Fidelity
from vsanimesr.errors import TrainingError

MEASURES = {"psnr": "PSNR, dB", "psnr-lines": "PSNR of lines, dB", "ssim": "SSIM"}
"""What is told of, by the name in the results; the first decides."""
DECIDING = next(iter(MEASURES))
AGAINST = BASIC, TWICE
"""What the pool is compared with: as in the paper's table 2, and with what differs by the operators alone."""
QUANTILES = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Of Student's t, 97.5%, for 2 seeds, 3 and so on; more seeds have that of ten, which is on the safe side."""


@dataclass(frozen=True)
class Gain:
    """By how much the pool is better than another network, on one degradation by one measure."""

    seeds: Sequence[float]
    """What each seed's is."""
    clips: Sequence[float]
    """What each clip's is, the mean over the seeds."""

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return statistics.fmean(self.seeds)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds."""
        return statistics.stdev(self.seeds)

    @property
    def verdict(self) -> str:
        """Whether the interval of 95% over the seeds, by Student's t, keeps clear of nothing."""
        count = len(self.seeds)
        quantile = QUANTILES[min(count - 2, len(QUANTILES) - 1)]
        if abs(self.mean) <= quantile * self.spread / math.sqrt(count):
            return "unclear"
        return "helps" if self.mean > 0 else "hurts"


def gain(results: Sequence[Result], measure: str, against: str) -> Gain:
    """Of one degradation's results, one for each seed; raises TrainingError where one has no figure."""
    seeds = [each.mean(POOL, measure) - each.mean(against, measure) for each in results]
    clips = [[_difference(each.clips[name], measure, against) for each in results] for name in results[0].clips]
    known = [[value for value in each if value is not None] for each in clips]
    return Gain(seeds, [statistics.fmean(values) for values in known if values])


def _difference(means: Mapping[str, Mapping[str, float | None]], measure: str, against: str) -> float | None:
    pool, other = means[POOL].get(measure), means[against].get(measure)
    return pool - other if isinstance(pool, int | float) and isinstance(other, int | float) else None


def page(seeds: Sequence[Seed], learned: str) -> str:
    """For each degradation the means over the seeds, and what the pool gains, with its spread.

    `learned`: the degradation of the videos that the operators were learned from. Raises TrainingError where there are
    no results of it, or only one seed's.
    """
    if len(seeds) < 2:
        raise TrainingError(f"a spread wants 2 seeds at least, got the figures of {len(seeds)}")
    kinds = {each.degradation: [_of(seed, each.degradation) for seed in seeds] for each in seeds[0].results}
    if learned not in kinds:
        raise TrainingError(f"there are no results on {learned!r}, of whose videos operators learned; see --learned")
    first = kinds[learned][0]
    measures = [measure for measure in MEASURES if measure in first.means[POOL]]
    operators = [each for seed in seeds for each in seed.operators]
    texts = [_head(seeds, len(first.clips)), *_answers(kinds, learned), "", _METHOD, _nearer(operators), ""]
    return "\n".join(texts + [_table(measure, kinds) for measure in measures])


def _of(seed: Seed, degradation: str) -> Result:
    return next(each for each in seed.results if each.degradation == degradation)


def _head(seeds: Sequence[Seed], clips: int) -> str:
    trained = seeds[0].trained
    network = trained["network"]
    facts = f"stage {trained['stage']}, {trained['steps']} steps of {trained['batch']} samples, "
    facts += f"{network['features']} features, blocks {network['blocks']}, renderer {trained['renderer']}"
    return _HEAD.format(seeds=", ".join(str(seed.number) for seed in seeds), facts=facts, clips=clips)


_HEAD = """# Do learned operators help?

Made by `python -m training.proof report` from evaluations of {clips} clips by networks of the seeds {seeds} ({facts}),
which `training/runs/proof-cpu.sh` trained. What decides, named beforehand, is PSNR on the degradations that no
training knows:
"""


def _nearer(operators: Sequence[Fidelity]) -> str:
    gains = [each.operator - each.area for each in operators]
    return (
        f"What the {len(gains)} operators make of pseudo truth that they learned from is nearer to their videos'\n"
        f"frames than means of 2x2 samples are by {statistics.fmean(gains):+.2f} dB ({min(gains):+.2f} to "
        f"{max(gains):+.2f}), at {statistics.fmean(each.operator for each in operators):.2f} dB; one below nothing has "
        "learned nothing."
    )


def _answers(kinds: Mapping[str, Sequence[Result]], learned: str) -> list[str]:
    others = [kind for kind in kinds if kind in CHAINS and kind != learned]
    told = [_answer(learned, kinds[learned], "the operators were learned from videos of it")]
    return told + [_answer(kind, kinds[kind], "no operator has seen it either") for kind in others]


def _answer(kind: str, results: Sequence[Result], what: str) -> str:
    one, other = (gain(results, DECIDING, against) for against in AGAINST)
    enlarged = gain(results, DECIDING, BASE).mean
    return (
        f"- `{kind}` ({what}): the pool **{one.verdict}** against the basic operators alone, {one.mean:+.2f} dB, and "
        f"**{other.verdict}** against two reductions without operators, {other.mean:+.2f} dB; against bicubic it has "
        f"{enlarged:+.2f} dB."
    )


_METHOD = """`basic`: AnimeSR's first degradations, one reduction by four; `twice`: two by two, as in its final stage,
whose filters are also drawn with other probabilities, without operators; `pool`: the same with learned
operators in half of them. The networks of a seed differ in nothing else. The rows `bicubic` and `basic`
are a cubic filter and the basic operators themselves. Of each gain there are the mean over the seeds,
its standard deviation, least and most, on how many clips it is above nothing, and whether an interval of
95%, by Student's t over the seeds, keeps clear of nothing.

What this does not tell. All operators come from videos of one chain of degradations, so the pool is
nearly one operator, learned three times; the paper's came from three real videos. The videos, the clips
to learn from and the clips to judge by are the same for all seeds, so the spread has nothing of theirs.
The pseudo truth was made by the network `basic` of stage net, the paper's by one of stage gan. The
paper's figures (table 2) are MANIQA's on real videos, 0.3554 with basic operators alone, 0.3763 with one
learned operator and 0.3832 with three; these are fidelity to a truth that was drawn.
"""


def _table(measure: str, kinds: Mapping[str, Sequence[Result]]) -> str:
    names = [f"{MEASURES[measure]} on", *METHODS, *(f"pool - {name}" for name in AGAINST)]
    rows = [_row(measure, kind, results) for kind, results in kinds.items()]
    return "\n".join([f"| {' | '.join(names)} |", "|---" * len(names) + "|", *rows, ""])


def _row(measure: str, kind: str, results: Sequence[Result]) -> str:
    digits = 4 if measure == "ssim" else 2
    means = [statistics.fmean(each.mean(method, measure) for each in results) for method in METHODS]
    cells = [f"{value:.{digits}f}" for value in means]
    cells += [_cell(gain(results, measure, against), digits) for against in AGAINST]
    return f"| {kind} | {' | '.join(cells)} |"


def _cell(told: Gain, digits: int) -> str:
    span = f"{min(told.seeds):+.{digits}f} to {max(told.seeds):+.{digits}f}"
    clips = f"{sum(each > 0 for each in told.clips)} of {len(told.clips)} clips"
    return f"{told.mean:+.{digits}f} ± {told.spread:.{digits}f} ({span}; {clips}): {told.verdict}"
