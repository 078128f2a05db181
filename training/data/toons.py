"""Clips of the procedural renderer, drawn when they are wanted, and kept as lossless video where a folder is given."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from training import lossless
from training.data.cache import MEBIBYTE, FrameCache
from training.data.sources import Pictures, Size, Truth, cropped, window
from training.preparing import decoding
from vsanimesr.errors import ArgumentError

RATE = 25
"""Frames per second of kept files, whose times are in milliseconds."""


class ToonClips:
    """Rendered clips with exact lines, one for each seed from 0 on."""

    def __init__(
        self,
        seeds: int = 1 << 31,
        *,
        length: int = 48,
        size: Size = (384, 640),
        split: str = "train",
        kept: Path | None = None,
        cache: int = 256 * MEBIBYTE,
    ) -> None:
        """`seeds` is how many clips there are, `length` how many frames each has, `size` their height and width.

        Without a folder in `kept` only the frames that are drawn are rendered, each time anew. With one, a clip is
        rendered whole when it is drawn first, and read ever after. `cache` is how many bytes of frames a process keeps.
        Raises ArgumentError for numbers below 1.
        """
        if min(seeds, length, *size) < 1:
            raise ArgumentError(f"seeds={seeds}, length={length}, size={size}, wanted numbers from 1 on")
        self.seeds, self.length, self.size, self.split, self.kept = seeds, length, size, split, kept
        self._cache = FrameCache(cache)

    def clip(self, rng: np.random.Generator, frames: int, size: Size, interval: int = 1) -> Truth:
        """As `Source.clip`; raises ArgumentError for more frames than a clip has."""
        if frames > self.length:
            raise ArgumentError(f"samples of {frames} frames: rendered clips have {self.length}, wanted no more")
        seed = int(rng.integers(self.seeds))
        numbers = window(rng, self.length, frames, interval)
        name = f"rendered clip {seed} ({self.split}), frames {numbers[0]} to {numbers[-1]}"
        found = cropped(rng, self._cache.get(seed, numbers, lambda missing: self._pictures(seed, missing)), size, name)
        return Truth(found[..., :3], found[..., 3], name)

    def _pictures(self, seed: int, numbers: Sequence[int]) -> list[Pictures]:
        """RGB and lines, [H, W, 4]."""
        if self.kept is None:
            return self._rendered(seed, numbers)
        file = self._file(self.kept, seed)
        if not file.exists():
            with lossless.writer(file, RATE, alone=True) as put:
                for picture in self._rendered(seed, range(self.length)):
                    put(picture)
        return list(decoding.some(file, [n * 1000 // RATE for n in numbers], numbers, _rgba))

    def _rendered(self, seed: int, numbers: Sequence[int]) -> list[Pictures]:
        from training import toon  # noqa: PLC0415  - brings skia, which no other source needs

        clip = toon.clip(seed, frames=self.length, size=self.size[::-1], split=self.split)
        return [np.dstack([frame.image, frame.lines]) for frame in map(clip.__getitem__, numbers)]

    def _file(self, folder: Path, seed: int) -> Path:
        from training import toon  # noqa: PLC0415  - as above

        height, width = self.size
        return folder / f"toon{toon.VERSION}-{self.split}-{seed}-{self.length}x{width}x{height}.mkv"


def _rgba(frame: VideoFrame) -> Pictures:
    return np.asarray(frame.to_ndarray(), np.uint8)[..., [2, 1, 0, 3]]
