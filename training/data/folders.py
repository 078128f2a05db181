"""Clips as folders of numbered pictures, the layout of AVC-Train: ROOT/CLIP/00000000.png."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.data.cache import MEBIBYTE, FrameCache
from training.data.sources import Pictures, Size, Truth, cropped, long_enough, one_of, window
from vsanimesr.errors import MediaError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""Of the files that are pictures."""


@dataclass(frozen=True)
class Folder:
    """The pictures of a clip."""

    path: Path
    """Where they lie."""
    names: tuple[str, ...]
    """Of the files, in the order of their numbers."""


class FolderClips:
    """Every folder at or below `root` that holds numbered pictures, each a clip.

    A picture's number is the last one in its name. Hidden folders, whose names begin with a dot, are left out.
    """

    def __init__(self, root: Path, cache: int = 256 * MEBIBYTE) -> None:
        """`cache` is how many bytes of decoded frames a process keeps.

        Raises MediaError where there is no such folder, no picture in it, or two of one number.
        """
        self.root = root
        self.clips = tuple(_found(root))
        self._cache = FrameCache(cache)
        if not self.clips:
            raise MediaError(
                f"'{root}' holds no folder of numbered pictures ({', '.join(SUFFIXES)}); give one that does"
            )

    def clip(self, rng: np.random.Generator, frames: int, size: Size, interval: int = 1) -> Truth:
        """As `Source.clip`; every clip that is long enough is as likely as every other."""
        folder = one_of(rng, long_enough(self.clips, lambda each: len(each.names), frames, f"'{self.root}'"))
        numbers = window(rng, len(folder.names), frames, interval)
        pictures = self._cache.get(folder.path, numbers, lambda missing: [read(folder, n) for n in missing])
        name = f"'{folder.path}', pictures {folder.names[numbers[0]]} to {folder.names[numbers[-1]]}"
        return Truth(cropped(rng, pictures, size, name), None, name)


def read(folder: Folder, number: int) -> Pictures:
    """A picture of a clip, [H, W, 3]; raises MediaError where the file is none."""
    file = folder.path / folder.names[number]
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise MediaError(f"'{file}' cannot be read: {error.strerror}; is it still there?") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise MediaError(f"'{file}' is no picture that can be read; delete it, or write it anew")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _found(root: Path) -> list[Folder]:
    if not root.is_dir():
        raise MediaError(f"'{root}' is no folder; give one that holds folders of pictures")
    clips = []
    for where, inside, files in os.walk(root, followlinks=True):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        names = _numbered(Path(where), files)
        clips += [Folder(Path(where), names)] if names else []
    return clips


def _numbered(folder: Path, files: Sequence[str]) -> tuple[str, ...]:
    numbers = dict[int, str]()
    for name in sorted(files):
        found = re.findall(r"\d+", Path(name).stem)
        if Path(name).suffix.lower() not in SUFFIXES or name.startswith(".") or not found:
            continue
        other = numbers.setdefault(int(found[-1]), name)
        if other != name:
            raise MediaError(
                f"'{folder}' has {other} and {name} for one number; put each clip into a folder of its own"
            )
    return tuple(numbers[number] for number in sorted(numbers))
