"""From a clip and its recipe to the degraded clip (AnimeSR, section 4)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from training.degrade import blur, codec, colours, downscale, noise
from training.degrade.codec import TIMEOUT, Codec
from training.degrade.downscale import Operator
from training.degrade.recipes import H264, Recipe
from vsanimesr.errors import FormatError


@dataclass(frozen=True)
class Stage:
    """One operator of a degradation."""

    name: str
    """For people."""
    apply: Callable[[Tensor], Tensor]
    """From frames [T, 3, H, W] to frames."""


@torch.no_grad()
def degrade(
    clip: Tensor,
    recipe: Recipe,
    *,
    operators: Sequence[Operator] = (),
    by: Codec | None = None,
    timeout: float = TIMEOUT,
) -> Tensor:
    """The LR clip, float32 [T, 3, H/4, W/4] from 0 to 1 in steps of 1/255, of a clip float32 [T, 3, H, W] from 0 to 1.

    Everything but the codec happens on the clip's device, where the result is, too. The same recipe gives the same
    bits on the same kind of processor with the same libraries; elsewhere the last bits of the arithmetic, which
    truncation may turn into single steps of 8 bits, and the noise of a GPU's generator differ.

    `operators` is the pool for which the recipe was drawn, `by` the codec, by default `codec.choose()`; the clip may
    take `timeout` seconds in it. Raises FormatError for other shapes, types and ranges or sides that are no multiples
    of 4, ArgumentError for a recipe of another clip or pool, PipelineError where the codec fails.
    """
    return compressed(to_lr(clip, recipe, operators=operators), recipe.compression, by=by, timeout=timeout)


@torch.no_grad()
def to_lr(clip: Tensor, recipe: Recipe, *, operators: Sequence[Operator] = (), first: int = 0) -> Tensor:
    """All of a degradation that comes before 8 bits: float32 [T, 3, H, W] from 0 to 1 to [T, 3, H/4, W/4] from 0 to 1.

    The frames may be those of a longer clip from number `first` on, so a long one can come in parts. Raises as
    `degrade` does.
    """
    check(clip)
    for stage in stages(recipe, operators=operators, first=first):
        clip = stage.apply(clip)
    return clip


def stages(recipe: Recipe, *, operators: Sequence[Operator] = (), first: int = 0) -> Iterator[Stage]:
    """What `to_lr` does, one after another."""
    if recipe.blur is not None:
        yield Stage("blur", partial(blur.blurred, kernel=recipe.blur.kernel()))
    if recipe.noise:
        yield Stage("noise", partial(noise.noisy, noise=recipe.noise, seed=recipe.noise_seed, first=first))
    yield Stage("reduction", partial(downscale.reduced, recipe=recipe, operators=operators))


@torch.no_grad()
def compressed(lr: Tensor, settings: H264 | None, *, by: Codec | None = None, timeout: float = TIMEOUT) -> Tensor:
    """The LR clip, float32 [T, 3, h, w] from 0 to 1, truncated to 8 bits and through H.264; rounded where that is None.

    Raises as `degrade` does.
    """
    if settings is None:
        return colours.rounded(lr).float().div_(255)
    samples = colours.truncated(lr)
    planes = colours.to_yuv420(samples).cpu().numpy()
    decoded = torch.from_numpy(codec.round_trip(planes, settings, by or codec.choose(), timeout).copy())
    return colours.to_rgb(decoded.to(lr.device), *lr.shape[-2:]).float().div_(255)


def check(clip: Tensor) -> None:
    """Raise FormatError unless this is a clip that can be degraded: float32 [T, 3, H, W] from 0 to 1, sides by 4."""
    if clip.ndim != 4 or clip.shape[1] != 3 or not clip.numel() or clip.dtype != torch.float32:
        raise FormatError(f"a clip of {clip.dtype} {list(clip.shape)}, wanted torch.float32 [frames, 3, height, width]")
    height, width = clip.shape[-2:]
    if height % 4 or width % 4:
        raise FormatError(f"frames of {width}x{height}, wanted sides that are multiples of 4: crop them")
    low, high = (float(end) for end in clip.aminmax())
    if not 0 <= low <= high <= 1:
        raise FormatError(f"values from {low:g} to {high:g}, wanted 0 to 1: divide samples of 8 bits by 255")
