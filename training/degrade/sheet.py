"""The contact sheet: the truth, each operator alone, and whole recipes with what was drawn for them."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from training.degrade import footage, labels, layout
from training.degrade.codec import Codec
from training.degrade.downscale import Operator
from training.degrade.kernels import Gaussian
from training.degrade.layout import Cell, Section
from training.degrade.pipeline import compressed, degrade, stages
from training.degrade.ranges import FILTERS, Ranges
from training.degrade.recipes import H264, Noise, Recipe, Step, generator
from vsanimesr.errors import ArgumentError, MediaError

COLUMNS = 4
MARGIN = 64
"""HR samples around the window that are degraded with it, so that blur and codec have surroundings."""
BLURS = Gaussian(2.0, 2.0), Gaussian(4.0, 0.8, math.radians(30))
NOISES = Noise(10.0, gray=False), Noise(10.0, gray=True)
CODECS = H264(18.0), H264(26.5), H264(35.0)
"""What is shown of each operator: its ends, and for the codec the middle as well."""


@dataclass(frozen=True)
class Window:
    """A part of a clip, and the square in it that is shown."""

    clip: Tensor
    """float32 [T, 3, H, W] from 0 to 1, sides multiples of 4."""
    top: int
    """First row of the square, a multiple of 4."""
    left: int
    """First column of the square, a multiple of 4."""
    side: int
    """Of the square, a multiple of 4."""

    @property
    def frame(self) -> int:
        """Number of the frame that is shown, the middle one."""
        return len(self.clip) // 2

    def shown(self, clip: Tensor) -> Tensor:
        """The square of that frame, of a clip that was made of this one: [3, side, side], or a quarter of the side."""
        scale = self.clip.shape[-1] // clip.shape[-1]
        top, left, side = self.top // scale, self.left // scale, self.side // scale
        return clip[self.frame, :, top : top + side, left : left + side]


def draw(
    windows: Sequence[Window],
    ranges: Ranges,
    seed: int,
    recipes: int,
    codec: Codec,
    *,
    operators: Sequence[Operator] = (),
) -> Image.Image:
    """The sheet: the operators on the first window, then so many recipes for each window, beside its truth.

    `operators` is a pool of learned ones, for ranges that have them.
    """
    first = windows[0]
    whole: list[Cell] = []
    for number, each in enumerate(windows):
        drawn = [
            Recipe.draw(generator(seed, number, n), len(each.clip), ranges, len(operators)) for n in range(recipes)
        ]
        whole += [
            Cell(each.shown(each.clip), ("truth",)),
            *(_whole(each, recipe, codec, operators) for recipe in drawn),
        ]
    alone = Section(f"Each operator alone ({_facts(first)})", [*_alone(first, codec), *_learned(first, operators)])
    return layout.sheet([alone, Section(f"Whole recipes (seed {seed})", whole)], COLUMNS, first.side)


def window(path: Path, frames: int, side: int, at: tuple[int, int] | None = None) -> Window:
    """The first frames of a video, or a picture as a still of as many, around the square with most detail.

    `at` is the column and the row where the square begins instead, made multiples of 4. Raises MediaError where the
    frames are smaller than the square, ArgumentError where it does not lie within them, or its side is none by 4.
    """
    if side % 4:
        raise ArgumentError(f"--side {side}, wanted a multiple of 4")
    taken = [footage.cropped(frame) for frame in itertools.islice(footage.frames(path), frames)]
    height, width = taken[0].shape[-2:]
    if min(height, width) < side:
        raise MediaError(f"{path} is {width}x{height}, wanted at least {side}x{side}: give a larger one or less --side")
    left, top = _busiest(taken[len(taken) // 2], side) if at is None else (at[0] // 4 * 4, at[1] // 4 * 4)
    if not (0 <= left <= width - side and 0 <= top <= height - side):
        raise ArgumentError(f"--at {left},{top} with --side {side}, wanted a square within {width}x{height}")
    y, x = max(0, top - MARGIN), max(0, left - MARGIN)
    part = footage.values(frame[:, y : top + side + MARGIN, x : left + side + MARGIN] for frame in taken)
    clip = part if len(part) > 1 else part.expand(frames, -1, -1, -1).contiguous()
    return Window(clip, top - y, left - x, side)


def _alone(window: Window, codec: Codec) -> Iterator[Cell]:
    yield Cell(window.shown(window.clip), ("truth", "what the network is to restore"))
    clean = degrade(window.clip, Recipe.bicubic())
    yield Cell(window.shown(clean), ("the clean recipe", "antialiased cubic by 4, no codec"))
    for blur in BLURS:
        kind = "isotropic" if blur.isotropic else "anisotropic"
        yield Cell(_after(window, "blur", blur=blur), (f"{kind} blur", f"sigma {labels.of_blur(blur)}"), blur.kernel())
    for noise in NOISES:
        yield Cell(
            _after(window, "noise", noise=(noise,) * len(window.clip)),
            ("gray noise" if noise.gray else "colour noise", f"sigma {noise.sigma:g} of 255"),
        )
    for name in FILTERS:
        yield Cell(
            _after(window, "reduction", steps=(Step(4, name),)),
            (f"{name} by 4", "the mean of 4x4" if name == "area" else "no antialiasing"),
        )
    for settings in CODECS:
        lines = f"H.264 CRF {settings.crf:g}", f"{settings.profile}, after the clean recipe"
        yield Cell(window.shown(compressed(clean, settings, by=codec)), lines)


def _learned(window: Window, operators: Sequence[Operator]) -> Iterator[Cell]:
    for number, operator in enumerate(operators):
        with torch.no_grad():
            yield Cell(
                window.shown(operator(window.clip)), (labels.of_operator(number), "learned, by 2, shown twice as large")
            )


def _after(window: Window, stage: str, **changed: object) -> Tensor:
    nothing: dict[str, object] = {"blur": None, "noise": (), "noise_seed": 1, "steps": (), "compression": None}
    recipe = Recipe(**(nothing | changed))  # type: ignore[arg-type]
    apply = next(each.apply for each in stages(recipe) if each.name == stage)
    with torch.no_grad():
        return window.shown(apply(window.clip))


def _whole(window: Window, recipe: Recipe, codec: Codec, operators: Sequence[Operator]) -> Cell:
    kernel = recipe.blur.kernel() if recipe.blur else None
    lr = degrade(window.clip, recipe, operators=operators, by=codec)
    return Cell(window.shown(lr), labels.of_recipe(recipe, window.frame), kernel)


def _facts(window: Window) -> str:
    square = f"{window.side}x{window.side} of frame {window.frame} of {len(window.clip)}"
    return f"{square}; what was reduced is shown 4 times as large"


def _busiest(frame: Tensor, side: int) -> tuple[int, int]:
    """Column and row of the square with the largest sum of differences between neighbours, multiples of 4."""
    gray = frame.float().mean(0)
    detail = F.pad(gray.diff(dim=0).abs(), (0, 0, 0, 1)) + F.pad(gray.diff(dim=1).abs(), (0, 1))
    sums = F.avg_pool2d(F.avg_pool2d(detail[None], 4), side // 4, stride=1)[0]
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    return column * 4, row * 4
