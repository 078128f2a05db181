"""All methods through a clip, side by side: a frame at a time, so that of a long clip only few pictures are held."""

from collections.abc import Iterator, Mapping, Sequence

from training.metrics.pictures import Picture
from training.report.clips import Clip
from training.report.measures import Measure, View
from training.report.methods import Method
from training.report.results import TRUTH, ClipResult, Figures
from training.report.spots import Finder, Spot


def measured(
    clip: Clip, methods: Sequence[Method], measures: Sequence[Measure], *, every: int = 10, spots: int = 2
) -> tuple[ClipResult, list[Spot]]:
    """The figures of every method for a clip, and places where the pictures disagree most, at most so many.

    Metrics without reference are measured in every tenth frame, or whatever `every` says (VQD-SR, ICCV 2023,
    supplement, Evaluations with MANIQA).
    """
    frames, height, width = clip.low.shape[:3]
    rows = [method.name for method in methods] + ([TRUTH] if clip.truth is not None else [])
    wanted = {row: _applicable(row, clip, measures) for row in rows}
    figures: Figures = {row: {m.name: [None] * frames for m in kept} for row, kept in wanted.items() if kept}
    finder, blind = Finder(clip.name, frames, spots), set(sampled(frames, every))
    before: Mapping[str, Picture] = {}
    for n, versions in enumerate(_versions(clip, methods)):
        for row, found in figures.items():
            view = _view(clip, n, versions[row], before.get(row))
            for measure in wanted[row]:
                if measure.reference or n in blind:
                    found[measure.name][n] = measure.of(view)
        finder.offer(n, versions)
        before = versions
    return ClipResult(clip.name, clip.origin, frames, width, height, figures), finder.spots


def sampled(frames: int, every: int) -> list[int]:
    """Numbers of the frames that metrics without reference measure: 9, 19, ... for 10; the last of a shorter clip."""
    return list(range(every - 1, frames, every)) or [frames - 1]


def _applicable(row: str, clip: Clip, measures: Sequence[Measure]) -> list[Measure]:
    if row == TRUTH:
        return [measure for measure in measures if not measure.reference]
    return [measure for measure in measures if _has(clip, measure)]


def _has(clip: Clip, measure: Measure) -> bool:
    if measure.name == "psnr-lines":
        return clip.lines is not None
    return clip.truth is not None or not measure.reference


def _versions(clip: Clip, methods: Sequence[Method]) -> Iterator[Mapping[str, Picture]]:
    """For each frame the methods' pictures by name, then the truth where there is one."""
    running = [method.pictures(clip.low) for method in methods]
    for n, pictures in enumerate(zip(*running, strict=True)):
        versions = dict(zip((method.name for method in methods), pictures, strict=True))
        if clip.truth is not None:
            versions[TRUTH] = clip.truth[n]
        yield versions


def _view(clip: Clip, n: int, picture: Picture, before: Picture | None) -> View:
    truth = None if clip.truth is None else clip.truth[n]
    truth_before = None if clip.truth is None or not n else clip.truth[n - 1]
    return View(picture, before, truth, truth_before, None if clip.lines is None else clip.lines[n])
