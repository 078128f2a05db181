"""A folder of clips with the teacher's pictures of them: made once, since the teacher costs far more than the student.

Clip n is drawn from seed n alone, so that a pool that was interrupted goes on, and two machines can make halves of one.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from export.recurrence import network_of
from training import toon
from training.core.unroll import steps
from training.degrade import BASIC_OP, Recipe, degrade, generator
from vsanimesr import durable, models, nets
from vsanimesr.errors import TrainingError

DESCRIPTION = "pool.json"
LOW, PICTURE, TRUTH = "low.npy", "picture.npy", "truth.npy"
CLEAN = 0.3
"""Part of the clips that are only reduced, so that clean sources are not harmed."""

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Pool:
    """What a pool is of; all of it decides its clips."""

    teacher: str = models.DEFAULT
    """The network whose pictures are learnt."""
    split: str = "train"
    """Of the renderer's clips."""
    size: tuple[int, int] = (640, 384)
    """Width and height of the truth; four times that of what the teacher gets."""
    frames: int = 15
    """Of each clip."""
    renderer: int | str = toon.VERSION
    """Version of the renderer."""

    def described(self, folder: Path) -> "Pool":
        """Writes the description, or compares it with the one that is there; raises TrainingError for another pool."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / DESCRIPTION
        if path.exists() and Pool.read(folder) != self:
            raise TrainingError(f"'{folder}' is a pool of another kind, {Pool.read(folder)}; wanted {self}")
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return self

    @classmethod
    def read(cls, folder: Path) -> "Pool":
        """What a folder's clips are of; raises TrainingError for a folder that is no pool."""
        try:
            told = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            return cls(**told | {"size": tuple(told["size"])})
        except (OSError, ValueError, TypeError, KeyError) as exc:
            raise TrainingError(f"'{folder}' is no pool of clips ({exc}); make one: training.distill pool") from exc


@dataclass(frozen=True)
class Clip:
    """A clip of a pool; arrays are uint8 [T, H, W, 3], mapped from their files."""

    folder: Path
    """Its files."""

    @cached_property
    def low(self) -> Pictures:
        """What the teacher got, and the student gets."""
        return _mapped(self.folder / LOW)

    @cached_property
    def picture(self) -> Pictures:
        """What the teacher made of it."""
        return _mapped(self.folder / PICTURE)

    @cached_property
    def truth(self) -> Pictures:
        """What was drawn."""
        return _mapped(self.folder / TRUTH)


def clips(folder: Path) -> list[Clip]:
    """The whole clips of a pool, by their numbers; raises TrainingError if there is none."""
    found = [Clip(path) for path in sorted(folder.glob("[0-9]*")) if path.is_dir()]
    if not found:
        raise TrainingError(f"the pool '{folder}' has no clip; make some: python -m training.distill pool '{folder}'")
    return found


def make(folder: Path, pool: Pool, numbers: range, say: Callable[[int], None], *, truth: bool = False) -> None:
    """Makes the clips of those numbers that are not there yet; `say` is told each number.

    With `truth` what was drawn is kept, too. Raises ModelError where the teacher's weights are not here.
    """
    pool.described(folder)
    teacher = network_of(models.load(pool.teacher)).requires_grad_(False).to(memory_format=torch.channels_last)
    for number in numbers:
        target = folder / f"{number:06d}"
        if not target.exists():
            _write(target, dict(_parts(pool, number, teacher)), truth=truth)
        say(number)


def drawn(pool: Pool, number: int) -> tuple[Pictures, Tensor]:
    """The truth of clip `number`, uint8 [T, H, W, 3], and what is made of it, float32 [T, 3, h, w] from 0 to 1."""
    images = np.stack(
        [frame.image for frame in toon.clip(number, frames=pool.frames, size=pool.size, split=pool.split)]
    )
    rng = generator(number, 1)
    clean = rng.random() < CLEAN
    recipe = Recipe.bicubic() if clean else Recipe.draw(rng, pool.frames, BASIC_OP)
    return images, degrade(torch.from_numpy(images).permute(0, 3, 1, 2) / 255, recipe)


def _parts(pool: Pool, number: int, teacher: nets.AnimeSR) -> Iterator[tuple[str, Pictures]]:
    images, low = drawn(pool, number)
    yield TRUTH, images
    yield LOW, _bytes(low)
    yield PICTURE, _bytes(torch.cat(list(taught(teacher, low))))


@torch.inference_mode()
def taught(teacher: nets.AnimeSR, low: Tensor) -> Iterator[Tensor]:
    """The teacher's pictures [1, 3, 4h, 4w] of a clip [T, 3, h, w]; bf16, which differs by 50 dB and more."""
    with torch.autocast("cpu", torch.bfloat16):
        for picture, _ in steps(teacher, low[None]):
            yield picture.float()


def _bytes(pictures: Tensor) -> Pictures:
    found: Pictures = (pictures.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return found


def _write(target: Path, parts: dict[str, Pictures], *, truth: bool) -> None:
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name, pictures in parts.items():
        if name != TRUTH or truth:
            np.save(part / name, pictures)
    part.rename(target)
    durable.sync_folder(target.parent)


def _mapped(path: Path) -> Pictures:
    try:
        found: Pictures = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as exc:
        raise TrainingError(f"'{path}' cannot be read: {exc}; remove its folder, and make the pool again") from exc
    return found
