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
from training.degrade import BASIC_OP, Recipe, degrade, generator
from training.distilling.pool import LOW, PICTURE, SCENES, TRUTH, Pictures, Pool
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
    teacher = network_of(artifact).requires_grad_(False).to(memory_format=torch.channels_last)
    for number in numbers:
        target = folder / f"{number:06d}"
        if not target.exists():
            _write(target, dict(_parts(pool, number, teacher)))
        say(number)


def drawn(pool: Pool, number: int) -> tuple[Pictures, Tensor, list[int]]:
    """Clip `number`: truth uint8 [T, H, W, 3], what is made of it float32 [T, 3, h, w] from 0 to 1, scenes' bounds."""
    film = toon.clip(number, frames=pool.frames, size=pool.size, split=pool.split)
    images = np.stack([frame.image for frame in film])
    rng = generator(number, 1)
    clean = rng.random() < pool.clean
    recipe = Recipe.bicubic() if clean else Recipe.draw(rng, pool.frames, BASIC_OP)
    low = degrade(torch.from_numpy(images).permute(0, 3, 1, 2) / 255, recipe)
    return images, low, [0, *film.cuts, pool.frames]


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


def _parts(pool: Pool, number: int, teacher: AnimeSR) -> Iterator[tuple[str, np.ndarray]]:
    images, low, bounds = drawn(pool, number)
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
