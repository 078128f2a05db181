"""How well hard cuts are found: on drawn clips whose cuts are known, on real footage whose cuts are listed by hand."""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import disturbed, footage
from vsanimesr import scenes
from vsanimesr.spec import FORMATS

SHOTS = 40
"""In each drawn clip."""
SEEDS = {
    "drawn, to tune on": ("flat", range(6)),
    "drawn": ("flat", range(300, 304)),
    "drawn, painted": ("painted", range(400, 404)),
}
"""Style and seeds of each part; the constants of `vsanimesr.scenes` were chosen on the first."""
AGAIN = {"crf 35": (35, 0, 8), "crf 35, 240 lines": (35, 240, 8), "1080 lines": (20, 1080, 8), "10 bits": (20, 0, 10)}
"""How real footage is compressed again: quality, height (0 for its own), depth."""
PIECE = 8
"""Frames of the pieces of real shots that are put together anew."""
COMMON = 640, 360
"""Their size."""

Judged = tuple[scenes.Signature, bool, str]
"""A frame: its signature, whether a shot begins with it, and what it is."""


@dataclass
class Score:
    """What was found in a part."""

    frames: int = 0
    right: int = 0
    """Cuts that were found."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Frames that are no cut and were taken for one, by what they are."""
    missed: Counter[str] = field(default_factory=Counter)
    """Cuts that were not found, by what they are."""

    @property
    def precision(self) -> float:
        """Part of what was found that is a cut."""
        return self.right / max(1, self.right + self.wrong.total())

    @property
    def recall(self) -> float:
        """Part of the cuts that was found."""
        return self.right / max(1, self.right + self.missed.total())

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong.total() + self.missed.total())

    def data(self) -> dict[str, Any]:
        """For JSON."""
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        errors = {"wrong": dict(self.wrong), "missed": dict(self.missed)}
        return {"frames": self.frames, "cuts": self.right + self.missed.total(), **rates, **errors}


def judge(clips: Iterable[Iterable[Judged]]) -> Score:
    """Ask the detector of every two neighbouring frames of every clip."""
    score = Score()
    for clip in clips:
        for (before, _, _), (after, cut, kind) in pairwise(clip):
            score.frames += 1
            found = scenes.is_cut(before, after)
            score.right += found and cut
            score.wrong[kind] += found and not cut
            score.missed[kind] += cut and not found
    score.wrong, score.missed = +score.wrong, +score.missed
    return score


def drawn(style: str, seed: int, shots: int = SHOTS) -> Iterator[Judged]:
    """A drawn clip."""
    for frame in disturbed.clip(seed, shots, style):
        yield scenes.signature([disturbed.luma(frame.picture)], FORMATS["Gray8"]), frame.cut, frame.kind


def real(clip: footage.Footage, file: Path, size: tuple[int, int], bits: int = 8) -> Iterator[Judged]:
    """Real footage, from a file that is the clip or was made of it; doubtful frames are left out."""
    format_, layout = (FORMATS["Gray10"], "gray10le") if bits == 10 else (FORMATS["Gray8"], "gray")
    for n, luma in enumerate(footage.decode(file, size, layout)):
        if n not in clip.doubtful:
            yield scenes.signature([luma], format_), n in clip.cuts, f"{clip.name}:{n}"


def again(clip: footage.Footage, how: str, folder: Path) -> Iterator[Judged]:
    """The clip compressed again."""
    crf, height, bits = AGAIN[how]
    file = folder / "again.mkv"
    size = footage.recompressed(clip, file, crf=crf, height=height or clip.size[1], bits=bits)
    yield from real(clip, file, size, bits)


def spliced(clips: Sequence[Sequence[Judged]]) -> Iterator[Judged]:
    """Pieces of all shots of real footage in three orders: where two join is a cut between real pictures."""
    shots = [shot for clip in clips for shot in _shots(clip)]
    orders = shots, shots[::2] + shots[1::2], shots[1::2] + shots[::2]
    for k, order in enumerate(orders):
        for shot in order:
            start = k * len(shot) // len(orders)
            piece = shot[start : start + PIECE]
            yield from ((one, n == 0, name) for n, (one, _, name) in enumerate(piece))


def _shots(clip: Sequence[Judged]) -> Iterator[list[Judged]]:
    starts = [0, *(n for n, (_, cut, _) in enumerate(clip) if cut), len(clip)]
    yield from (list(clip[start:end]) for start, end in pairwise(starts) if end > start)


def measure(clips: Sequence[footage.Footage], say: Callable[[str], None]) -> dict[str, Score]:
    """Scores by part."""
    found = {}
    for part, (style, seeds) in SEEDS.items():
        say(part)
        found[part] = judge(drawn(style, seed) for seed in seeds)
    if not clips:
        return found
    originals = [list(real(clip, clip.file, clip.size)) for clip in clips]
    found["real"] = judge(originals)
    found["real, spliced"] = judge([list(spliced([list(real(clip, clip.file, COMMON)) for clip in clips]))])
    with tempfile.TemporaryDirectory() as folder:
        for how in AGAIN:
            say(how)
            found[f"real, {how}"] = judge(again(clip, how, Path(folder)) for clip in clips)
    return found


def table(found: dict[str, Score]) -> str:
    """As Markdown."""
    lines = ["| part | frames | cuts | precision | recall | F1 | taken for cuts | missed |", "|---" * 8 + "|"]
    for part, score in found.items():
        data = score.data()
        rates = " | ".join(f"{data[key]:.3f}" for key in ("precision", "recall", "f1"))
        errors = " | ".join(", ".join(f"{n} {kind}" for kind, n in counts.most_common(5)) for counts in _errors(score))
        lines.append(f"| {part} | {score.frames} | {data['cuts']} | {rates} | {errors} |")
    return "\n".join(lines)


def _errors(score: Score) -> tuple[Counter[str], Counter[str]]:
    return score.wrong, score.missed


def run(asked: argparse.Namespace, described: dict[str, Any], say: Callable[[str], None]) -> str:
    """Measure what the command line says; returns the table, and writes the file that it names."""
    found = measure(footage.asked_for(asked), say)
    if asked.output:
        parts = {part: score.data() for part, score in found.items()}
        footage.write(asked.output, "scenes", described, {"parts": parts})
    return table(found)
