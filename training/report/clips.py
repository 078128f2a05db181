"""What is evaluated: low-resolution clips, with the truth they were made of where there is one."""

import importlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.degrade import Recipe, compressed, footage, generator, to_lr
from training.hidden import CHAINS, Hidden
from vsanimesr.errors import ArgumentError, BackendUnavailable, FormatError, MediaError

type Pictures = NDArray[np.uint8]
"""Frames, [frames, height, width, 3], RGB of 0 to 255."""

SCALE = 4
PART = 8
"""Frames that are degraded at once."""
DEGRADATIONS = ("bicubic", "basic", *CHAINS)
"""What truth is reduced by: an antialiased cubic filter alone, a recipe of AnimeSR's basic operators, or a chain that
no training knows."""


@dataclass(frozen=True, eq=False)
class Clip:
    """One clip."""

    name: str
    low: Pictures
    """[frames, h, w, 3]."""
    truth: Pictures | None
    """[frames, 4h, 4w, 3]; None where nobody knows it."""
    lines: NDArray[np.uint8] | None
    """How much of each sample of the truth is line, [frames, 4h, 4w], 0 to 255; None where nobody knows it."""
    origin: str
    """Where it comes from and what was done to it, in words."""

    def __post_init__(self) -> None:
        _check(self)


def pair(low: Path, truth: Path, frames: int) -> Clip:
    """The first frames of two folders of pictures or videos that belong together."""
    return Clip(low.stem, read(low, frames), read(truth, frames), None, f"{low.name} beside {truth.name}")


def single(low: Path, frames: int) -> Clip:
    """The first frames of a folder of pictures or a video, whose truth is not known."""
    return Clip(low.stem, read(low, frames), None, None, f"{low.name}, no truth")


def reduced(truth: Path, frames: int, degradation: str, seed: int, number: int) -> Clip:
    """The first frames of a folder or a video as truth, cropped to sides by 4, and what a degradation makes of them."""
    made = _cropped(read(truth, frames))
    low, told = degraded(made, degradation, seed, number)
    return Clip(truth.stem, low, made, None, f"{truth.name}, {told}")


def rendered(
    toon: int, frames: int, size: tuple[int, int], degradation: str, seed: int, *, split: str = "test"
) -> Clip:
    """A rendered clip of a split, of `size` (width, height), and what a degradation makes of it.

    Raises BackendUnavailable without skia-python, ArgumentError for a split that there is not.
    """
    renderer = _renderer()
    made = list(renderer.clip(toon, frames=frames, size=size, split=split))
    truth, lines = np.stack([frame.image for frame in made]), np.stack([frame.lines for frame in made])
    low, told = degraded(truth, degradation, seed, toon)
    origin = f"rendered (version {renderer.VERSION}, {split}, seed {toon}), {told}"
    return Clip(f"toon {toon}", low, truth, lines, origin)


def read(path: Path, frames: int) -> Pictures:
    """At most so many frames of a video, or of the pictures of a folder in the order of the numbers in their names.

    Raises MediaError where there are none, or where they differ in size.
    """
    files = sorted((file for file in path.iterdir() if file.is_file()), key=_natural) if path.is_dir() else [path]
    found = itertools.chain.from_iterable(map(footage.frames, files))
    taken = [frame.permute(1, 2, 0).numpy() for frame in itertools.islice(found, frames)]
    sizes = {frame.shape for frame in taken}
    if len(sizes) != 1:
        told = ", ".join(sorted(f"{size[1]}x{size[0]}" for size in sizes)) or "no frames"
        raise MediaError(f"{path} has {told}, wanted frames of one size")
    return np.stack(taken)


def degraded(truth: Pictures, degradation: str, seed: int, number: int) -> tuple[Pictures, str]:
    """The low-resolution clip of a truth, and what was done in words; the recipe depends on (seed, number) alone.

    Raises ArgumentError for a name that is none of DEGRADATIONS.
    """
    if degradation not in DEGRADATIONS:
        raise ArgumentError(f"degradation {degradation!r}, wanted one of {', '.join(DEGRADATIONS)}")
    if degradation in CHAINS:
        made = Hidden(degradation)(footage.values(torch.from_numpy(truth).permute(0, 3, 1, 2)), generator(seed, number))
        return _samples(made), f"{degradation}, a chain that no training knows"
    basic = degradation == "basic"
    recipe = Recipe.draw(generator(seed, number), len(truth)) if basic else Recipe.bicubic()
    low = torch.cat([to_lr(part, recipe, first=first) for first, part in _parts(truth)])
    return _samples(compressed(low, recipe.compression)), _told(recipe) if basic else "reduced by bicubic"


def _samples(low: Tensor) -> Pictures:
    samples: Pictures = low.mul(255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    return samples


def _renderer() -> ModuleType:
    """The package that renders; it needs skia-python, which nothing else here does."""
    try:
        return importlib.import_module("training.toon")
    except ImportError as error:
        raise BackendUnavailable(f"clips cannot be rendered: {error}; run: pip install skia-python") from error


def _told(recipe: Recipe) -> str:
    blur, compression = recipe.blur, recipe.compression
    assert blur is not None, recipe
    assert compression is not None, recipe
    noise = float(np.mean([each.sigma for each in recipe.noise]))
    return (
        f"BasicOp: blur {blur.sigma_x:.1f}/{blur.sigma_y:.1f}, noise {noise:.1f}, {recipe.steps[0].filter}, "
        f"CRF {compression.crf:.0f}"
    )


def _parts(truth: Pictures) -> Iterator[tuple[int, Tensor]]:
    for first in range(0, len(truth), PART):
        part = torch.from_numpy(truth[first : first + PART]).permute(0, 3, 1, 2)
        yield first, footage.values(part)


def _cropped(frames: Pictures) -> Pictures:
    height, width = (side - side % SCALE for side in frames.shape[1:3])
    return np.ascontiguousarray(frames[:, :height, :width])


def _natural(file: Path) -> list[Any]:
    """Names with numbers in the order of those: 9 before 10; texts and numbers take turns."""
    return [int(word) if word.isdecimal() else word for word in re.split(r"(\d+)", file.name)]


def _check(clip: Clip) -> None:
    frames, height, width = clip.low.shape[:3]
    wanted = (frames, SCALE * height, SCALE * width)
    for name, samples in (("truth", clip.truth), ("lines", clip.lines)):
        if samples is not None and samples.shape[:3] != wanted:
            got = f"{samples.shape[0]} frames of {samples.shape[2]}x{samples.shape[1]}"
            raise FormatError(
                f"{clip.name}: {frames} frames of {width}x{height} and {name} of {got}, wanted as many frames of "
                f"{wanted[2]}x{wanted[1]}, four times the size"
            )
