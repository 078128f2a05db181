"""How long each stage of the degradations takes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from training.degrade.codec import Codec
from training.degrade.downscale import Operator
from training.degrade.pipeline import check, compressed, stages
from training.degrade.ranges import Ranges
from training.degrade.recipes import Recipe, generator


@dataclass(frozen=True)
class Timing:
    """Where the time of a number of clips went."""

    clips: int
    """How many there were, each with a recipe of its own."""
    seconds: dict[str, float]
    """In all of them together, by stage."""

    @property
    def clips_per_second(self) -> float:
        """Over all stages."""
        return self.clips / sum(self.seconds.values())

    def table(self) -> str:
        """Stage, milliseconds for a clip and share of the time, a line each."""
        whole = sum(self.seconds.values())
        rows = [*self.seconds.items(), ("all", whole)]
        return "\n".join(f"{name:10} {1e3 * spent / self.clips:8.2f} ms {spent / whole:6.1%}" for name, spent in rows)


def clip(frames: int, side: int) -> Tensor:
    """Flat squares that move, as drawings do: float32 [frames, 3, side, side] from 0 to 1."""
    squares = torch.rand(3, side // 32 + 1, side // 32 + 1, generator=torch.Generator().manual_seed(0))
    picture = squares.repeat_interleave(32, 1).repeat_interleave(32, 2)[:, :side, :side]
    return torch.stack([picture.roll(2 * n, -1) for n in range(frames)])


def measure(
    clip: Tensor, ranges: Ranges, codec: Codec, *, seed: int, seconds: float, operators: Sequence[Operator] = ()
) -> Timing:
    """Degrade a clip, float32 [T, 3, H, W] from 0 to 1, by one recipe after another for so many seconds.

    The first one is not counted. On a GPU each stage is waited for. `operators` is a pool of learned ones, on the
    clip's device, for ranges that have them.
    """
    spent: dict[str, float] = {}
    _one(clip, Recipe.draw(generator(seed), len(clip), ranges, len(operators)), operators, codec, {})
    end, clips = time.perf_counter() + seconds, 0
    while clips == 0 or time.perf_counter() < end:
        _one(clip, Recipe.draw(generator(seed, clips), len(clip), ranges, len(operators)), operators, codec, spent)
        clips += 1
    return Timing(clips, spent)


def _one(clip: Tensor, recipe: Recipe, operators: Sequence[Operator], codec: Codec, spent: dict[str, float]) -> None:
    with torch.no_grad():
        _timed("checks", spent, partial(check, clip), clip.device)
        for stage in stages(recipe, operators=operators):
            clip = _timed(stage.name, spent, partial(stage.apply, clip), clip.device)
        _timed("codec", spent, partial(compressed, clip, recipe.compression, by=codec), clip.device)


def _timed[T](name: str, spent: dict[str, float], work: Callable[[], T], device: torch.device) -> T:
    begin = time.perf_counter()
    result = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    spent[name] = spent.get(name, 0.0) + time.perf_counter() - begin
    return result
