"""A sheet of samples: what a network gets, enlarged, beside what it is to give back."""

from collections.abc import Iterator

from PIL import Image

from training.data.samples import Clip, Plan, Sample, clip_of, cut, make
from training.degrade import layout
from training.degrade.layout import Cell, Section


def draw(plan: Plan, samples: int, frames: int = 2) -> Image.Image:
    """The first samples of a plan, of each the first and last of its frames, or so many between them."""
    made = {number: make(plan, number) for number in sorted({clip_of(plan, n) for n in range(samples)})}
    cells = [cell for n in range(samples) for cell in _pairs(n, plan, made, frames)]
    return layout.sheet([Section(f"Samples (seed {plan.seed})", cells)], 2 * frames, max(plan.size))


def _pairs(number: int, plan: Plan, made: dict[int, Clip], frames: int) -> Iterator[Cell]:
    sample = cut(plan, number, made.__getitem__)
    for at in _spread(len(sample.low), frames):
        yield from _pair(sample, at, f"sample {number}, frame {at}", made[clip_of(plan, number)].name)


def _pair(sample: Sample, at: int, what: str, name: str) -> Iterator[Cell]:
    file, _, numbers = name.replace("'", "").rpartition(", ")
    shown = sample.truth.shape[-1] // 8  # letters, about
    yield Cell(sample.low[at], (what, file[-shown:].strip()))
    yield Cell(sample.truth[at], ("truth", numbers[:shown]))


def _spread(length: int, count: int) -> list[int]:
    return sorted({round(n * (length - 1) / max(1, count - 1)) for n in range(count)})
