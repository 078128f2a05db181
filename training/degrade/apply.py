"""A whole video through one recipe, or through one after another."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from training.degrade import footage
from training.degrade.codec import Codec
from training.degrade.colours import rounded
from training.degrade.downscale import Operator
from training.degrade.pipeline import compressed, to_lr
from training.degrade.ranges import Ranges
from training.degrade.recipes import Recipe, generator

TIMEOUT = 3600.0
"""Seconds that the codec may take for a clip, which may be a whole video."""
PART = 8
"""HR frames that are held at once; of LR frames those of a whole clip are."""


def degraded(
    frames: Iterable[Tensor],
    ranges: Ranges,
    seed: int,
    codec: Codec,
    *,
    length: int = 0,
    operators: Sequence[Operator] = (),
) -> Iterator[Tensor]:
    """Degraded frames, uint8 [3, h, w], of frames uint8 [3, H, W], by a new recipe for every `length` frames.

    0 is one recipe for all of them. The recipe of clip n is `Recipe.draw(generator(seed, n), ...)`; up to three rows
    and columns are cropped at the right and at the bottom, where the sides are no multiples of 4. `operators` is a pool
    of learned ones, for ranges that have them.
    """
    source = iter(frames)
    for number in itertools.count():
        clip = itertools.islice(source, length or None)
        lr, recipe = _reduced(clip, ranges, (seed, number), operators)
        if recipe is None:
            return
        yield from rounded(compressed(lr, recipe.compression, by=codec, timeout=TIMEOUT))


def _reduced(
    frames: Iterator[Tensor], ranges: Ranges, key: tuple[int, int], operators: Sequence[Operator]
) -> tuple[Tensor, Recipe | None]:
    """A clip whose length is not known: the recipe of a longer one begins as that of a shorter one."""
    parts, recipe, first = list[Tensor](), None, 0
    while some := list(itertools.islice(frames, PART)):
        recipe = Recipe.draw(generator(*key), first + len(some), ranges, len(operators))
        clip = footage.values(map(footage.cropped, some))
        parts.append(to_lr(clip, recipe, operators=operators, first=first))
        first += len(some)
    return (torch.cat(parts) if parts else torch.empty(0)), recipe
