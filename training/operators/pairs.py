"""Pairs to learn an operator from, out of folders as `training.pairs` says."""

import hashlib
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from training.data.augment import Augmentation
from training.data.cache import MEBIBYTE
from training.data.folders import Folder, read
from training.data.samples import values
from training.data.sources import Pictures
from training.operators.network import FACTOR
from training.pairs import HR, LR, described
from vsanimesr.errors import MediaError, TrainingError

PATCH = 256
"""Side of the HR of a sample where nothing else is said (the authors' code)."""
_ORDER = 1  # key of the draws that order an epoch, beside those that cut samples


@dataclass(frozen=True)
class Pair:
    """Two files of one frame."""

    hr: Path
    """Pseudo-HR."""
    lr: Path
    """Of half its height and width."""
    size: tuple[int, int]
    """Height and width of the LR."""


@dataclass(frozen=True)
class Batch:
    """Patches of pairs, from 0 to 1."""

    hr: Tensor
    """float32 [B, 3, 2h, 2w]."""
    lr: Tensor
    """float32 [B, 3, h, w]."""


class Pairs:
    """The pairs of some folders; sample n of a training is a function of the seed and n, and of the pairs.

    Each epoch has a patch of every pair, in an order of its own; patches are flipped and transposed at random.
    """

    def __init__(self, folders: Sequence[Path], patch: int = PATCH, seed: int = 0, cache: int = 1024 * MEBIBYTE):
        """`patch` is the side of a sample's HR, `cache` how many bytes of pictures are kept: the first that fit.

        Raises TrainingError for a patch that is odd, below 2 or larger than a pair, a folder that is none of pairs, or
        no pairs at all; MediaError for a picture without its counterpart, of another size, or that cannot be read.
        """
        if patch < FACTOR or patch % FACTOR or seed < 0:
            raise TrainingError(f"patches of {patch} and seed {seed}, wanted a multiple of 2, and a number from 0 on")
        self.facts = tuple(map(described, folders))
        self.pairs = tuple(pair for folder in folders for pair in _found(folder))
        for pair in self.pairs:
            height, width = (FACTOR * side for side in pair.size)
            if min(height, width) < patch:
                raise TrainingError(f"'{pair.hr}' is {width}x{height}, patches of {patch} do not fit; lower --patch")
        self._patch, self._seed, self._room = patch, seed, cache
        self._kept = dict[int, tuple[Pictures, Pictures]]()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.pairs)

    @property
    def sha256(self) -> str:
        """A hash of the names and lengths of all files: that of other pairs is another one."""
        files = [path for pair in self.pairs for path in (pair.hr, pair.lr)]
        lines = ["/".join(path.parts[-3:]) + f" {path.stat().st_size}\n" for path in files]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def of(self, numbers: Iterable[range], threads: int = 1) -> Generator[Batch]:
        """The batches of the samples of these numbers, read by so many threads."""
        with ThreadPoolExecutor(threads) as readers:
            for batch in numbers:
                hr, lr = zip(*readers.map(self.sample, batch), strict=True)
                yield Batch(values(np.stack(hr)), values(np.stack(lr)))

    def sample(self, number: int) -> tuple[Pictures, Pictures]:
        """A patch of HR, uint8 [patch, patch, 3], and one of LR of half its side."""
        draw = np.random.default_rng([self._seed, number])
        epoch, place = divmod(number, len(self.pairs))
        order = np.random.default_rng([self._seed, epoch, _ORDER]).permutation(len(self.pairs))
        chosen, side = int(order[place]), self._patch // FACTOR
        top, left = (int(draw.integers(whole - side + 1)) for whole in self.pairs[chosen].size)
        horizontal, vertical, transpose = (bool(bit) for bit in draw.integers(2, size=3))
        turned = Augmentation(horizontal=horizontal, vertical=vertical, transpose=transpose)
        hr, lr = self.whole(chosen)
        hr = hr[FACTOR * top : FACTOR * (top + side), FACTOR * left : FACTOR * (left + side)]
        return turned.pictures(hr[None])[0], turned.pictures(lr[top : top + side, left : left + side][None])[0]

    def whole(self, number: int) -> tuple[Pictures, Pictures]:
        """Pair `number`, uint8 [2h, 2w, 3] and [h, w, 3], RGB."""
        if (kept := self._kept.get(number)) is not None:
            return kept
        pair = self.pairs[number]
        hr, lr = (read(Folder(path.parent, (path.name,)), 0) for path in (pair.hr, pair.lr))
        with self._lock:
            if self._room >= hr.nbytes + lr.nbytes and number not in self._kept:
                self._room -= hr.nbytes + lr.nbytes
                self._kept[number] = hr, lr
        return hr, lr


def _found(folder: Path) -> list[Pair]:
    clips = [path for path in sorted(folder.glob("[0-9]*")) if path.is_dir()]
    pairs = [pair for clip in clips for pair in _paired(clip)]
    if not pairs:
        raise TrainingError(f"'{folder}' holds no pairs: {len(clips)} clips without pictures; make it again")
    return pairs


def _paired(clip: Path) -> Iterator[Pair]:
    hr, lr = ({path.name for path in (clip / kind).glob("[0-9]*.png")} for kind in (HR, LR))
    for name in sorted(hr ^ lr):
        there, missing = (HR, LR) if name in hr else (LR, HR)
        raise MediaError(
            f"'{clip / there / name}' has no counterpart '{clip / missing / name}'; bring it back, or delete the one"
        )
    for name in sorted(hr):
        (width, height), (wide, high) = _size(clip / HR / name), _size(clip / LR / name)
        if (width, height) != (FACTOR * wide, FACTOR * high):
            raise MediaError(
                f"'{clip / HR / name}' is {width}x{height}, wanted {FACTOR * wide}x{FACTOR * high}: twice its LR frame"
            )
        yield Pair(clip / HR / name, clip / LR / name, (high, wide))


def _size(path: Path) -> tuple[int, int]:
    """Width and height, by the file's beginning."""
    try:
        with Image.open(path) as picture:
            return int(picture.width), int(picture.height)
    except OSError as error:
        raise MediaError(f"'{path}' is no picture that can be read ({error}); delete it and its counterpart") from error
