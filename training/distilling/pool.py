"""A folder of clips with a teacher's pictures of them: made once, since the teacher costs far more than the student."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training import degrade, toon
from vsanimesr import durable
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

DESCRIPTION = "pool.json"
DRAWN = "toon"
LOW, PICTURE, TRUTH, SCENES = "low.npy", "picture.npy", "truth.npy", "scenes.npy"

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Pool:
    """What a pool is of; all of it decides its clips, of which number n is drawn from seed n alone."""

    teacher: str
    """The name of the network whose pictures are learnt."""
    weights: str
    """A hash of its weights."""
    source: str = DRAWN
    """Where its clips come from: the renderer, or what `training.data` can draw clips of, as people name it."""
    split: str = "train"
    """Of the renderer's clips."""
    size: tuple[int, int] = (640, 384)
    """Width and height of the truth, multiples of 16; four times that of what the teacher gets."""
    frames: int = 24
    """Of each clip."""
    clean: float = 0.3
    """Part of the clips that are only reduced, so that clean sources are not harmed."""
    burn_in: int = 3
    """Steps on a scene's first frame as a still, before its pictures count, as the filter has them."""
    truth: bool = False
    """Whether what was drawn is kept, too."""
    renderer: int = toon.VERSION
    """Version of the renderer."""
    degradations: int = degrade.VERSION
    """Version of the degradations."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        if min(self.size) < 32 or any(side % 16 for side in self.size) or self.frames < 1 or self.burn_in < 0:
            raise TrainingError(
                f"clips of {self.frames} frames of {self.size[0]}x{self.size[1]}, {self.burn_in} steps before them; "
                "wanted sides that are multiples of 16 from 32 on, and a frame at least"
            )

    def described(self, folder: Path) -> None:
        """Writes the description, or compares it with the one that is there; raises TrainingError for another pool."""
        path = folder / DESCRIPTION
        if not path.exists():
            with durable.explained(path):
                folder.mkdir(parents=True, exist_ok=True)
                files.write((json.dumps(asdict(self), indent=1) + "\n").encode(), path)
        elif (found := Pool.read(folder)) != self:
            there, here = asdict(found), asdict(self)
            told = [f"{name} was {there[name]}, now {here[name]}" for name in here if there[name] != here[name]]
            raise TrainingError(f"'{folder}' is a pool of another kind: {'; '.join(told)}; name another folder")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What a folder's clips are of; raises TrainingError for a folder that is no pool."""
        try:
            told = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            return cls(**told | {"size": tuple(told["size"])})
        except (OSError, ValueError, TypeError, KeyError) as exc:
            raise TrainingError(f"'{folder}' is no pool of clips ({exc}); make one: training.distill pool") from exc


@dataclass(frozen=True)
class Clip:
    """A clip of a pool; pictures are uint8 [T, H, W, 3], mapped from their files."""

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

    @cached_property
    def scenes(self) -> list[range]:
        """Its scenes: the teacher began anew at each."""
        bounds = [int(bound) for bound in _mapped(self.folder / SCENES)]
        return [range(*ends) for ends in pairwise(bounds)]


def clips(folder: Path) -> list[Clip]:
    """The whole clips of a pool, by their numbers; raises TrainingError if there is none."""
    found = [Clip(path) for path in sorted(folder.glob("[0-9]*")) if path.is_dir()]
    if not found:
        raise TrainingError(f"the pool '{folder}' has no clip; make some: python -m training.distill pool '{folder}'")
    return found


def _mapped(path: Path) -> Pictures:
    try:
        found: Pictures = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as exc:
        raise TrainingError(f"'{path}' cannot be read: {exc}; remove its folder, and make the pool again") from exc
    return found
