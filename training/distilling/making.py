"""Makes the clips of a pool: drawn, degraded, and upscaled by the teacher as the filter would."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export.recurrence import network_of
from training import toon
from training.core.unroll import windows
from training.data import naming
from training.degrade import BASIC_OP, Recipe, degrade, generator
from training.distilling.pool import DRAWN, LOW, PICTURE, SCENES, TRUTH, Pictures, Pool
from vsanimesr import durable, models
from vsanimesr.errors import TrainingError
from vsanimesr.nets import AnimeSR


def make(folder: Path, pool: Pool, numbers: range, say: Callable[[int], None]) -> None:
    """Makes the clips of those numbers that are not there yet; `say` is told each number.

    Several processes may make numbers of one pool. Raises ModelError where the teacher's weights are not here,
    TrainingError where they are others or the folder is of another pool, JobError where it cannot be written.
    """
    artifact = models.load(pool.teacher)
    if artifact.spec.weights_sha256 != pool.weights:
        raise TrainingError(f"the teacher '{pool.teacher}' has other weights than the pool's; name another folder")
    pool.described(folder)
    truth = _drawn if pool.source == DRAWN else _taken(pool)
    teacher = network_of(artifact).requires_grad_(False).to(memory_format=torch.channels_last)
    for number in numbers:
        target = folder / f"{number:06d}"
        if not target.exists():
            _write(target, dict(_parts(pool, *truth(pool, number), number, teacher)))
        say(number)


def _drawn(pool: Pool, number: int) -> tuple[Pictures, list[int]]:
    """The truth of clip `number`, uint8 [T, H, W, 3], and the bounds of its scenes."""
    film = toon.clip(number, frames=pool.frames, size=pool.size, split=pool.split)
    return np.stack([frame.image for frame in film]), [0, *film.cuts, pool.frames]


def _taken(pool: Pool) -> Callable[[Pool, int], tuple[Pictures, list[int]]]:
    """The same out of footage, a clip of which counts as one scene: few of `training.prepare` have a cut."""
    source = naming.source([pool.source])

    def taken(pool: Pool, number: int) -> tuple[Pictures, list[int]]:
        found = source.clip(generator(number, 2), pool.frames, pool.size[::-1])
        return found.frames, [0, pool.frames]

    return taken


def _degraded(pool: Pool, images: Pictures, number: int) -> Tensor:
    """What is made of the truth, float32 [T, 3, h, w] from 0 to 1."""
    rng = generator(number, 1)
    clean = rng.random() < pool.clean
    recipe = Recipe.bicubic() if clean else Recipe.draw(rng, pool.frames, BASIC_OP)
    return degrade(torch.from_numpy(images).permute(0, 3, 1, 2) / 255, recipe)


@torch.inference_mode()
def upscaled(network: nn.Module, scene: Tensor, burn_in: int) -> Tensor:
    """A network's pictures [T, 3, 4h, 4w] of a scene [T, 3, h, w], not clamped, after `burn_in` steps on a still."""
    bare: AnimeSR = network  # type: ignore[assignment]  # whatever the trainer wraps it in has its methods
    state = bare.initial_state(1, *scene.shape[-2:])
    for _ in range(burn_in):
        _, state = bare(torch.cat([scene[:1]] * 3, 1), state)
    made = []
    for window in windows(scene[:, None].unbind(0)):
        picture, state = bare(window, state)
        made.append(picture.float())
    return torch.cat(made)


def _parts(
    pool: Pool, images: Pictures, bounds: list[int], number: int, teacher: AnimeSR
) -> Iterator[tuple[str, np.ndarray]]:
    low = _degraded(pool, images, number)
    with torch.autocast("cpu", torch.bfloat16):  # differs from float32 by 50 dB and more
        pictures = [upscaled(teacher, low[start:end], pool.burn_in) for start, end in pairwise(bounds)]
    yield LOW, _bytes(low)
    yield PICTURE, _bytes(torch.cat(pictures))
    yield SCENES, np.array(bounds)
    if pool.truth:
        yield TRUTH, images


def _bytes(pictures: Tensor) -> Pictures:
    found: Pictures = (pictures.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return found


def _write(target: Path, parts: dict[str, np.ndarray]) -> None:
    """A clip's folder, whole or not there."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    with durable.explained(target):
        try:
            part.mkdir()
            for name, array in parts.items():
                np.save(part / f".{name}", array)
                durable.publish(part / f".{name}", part / name)
            if not target.exists():  # else another process was quicker
                part.rename(target)
                durable.sync_folder(target.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
