"""Clips of the procedural renderer, drawn when they are wanted, and kept as lossless video where a folder is given."""

import os
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from training.data.cache import MEBIBYTE, FrameCache
from training.data.sources import Pictures, Size, Truth, cropped, window
from training.preparing import decoding
from vsanimesr.durable import explained, publish
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
            raise ArgumentError(f"{frames} frames of rendered clips of {self.length}; make those longer")
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
            _write(file, self._rendered(seed, range(self.length)))
        return list(decoding.some(file, [n * 1000 // RATE for n in numbers], numbers, _rgba))

    def _rendered(self, seed: int, numbers: Sequence[int]) -> list[Pictures]:
        from training import toon  # noqa: PLC0415  - brings skia, which no other source needs

        clip = toon.clip(seed, frames=self.length, size=self.size[::-1], split=self.split)
        return [np.dstack([frame.image, frame.lines]) for frame in map(clip.__getitem__, numbers)]

    def _file(self, folder: Path, seed: int) -> Path:
        from training import toon  # noqa: PLC0415  - as above

        height, width = self.size
        return folder / f"toon{toon.VERSION}-{self.split}-{seed}-{self.length}x{width}x{height}.mkv"


def _write(file: Path, pictures: Sequence[Pictures]) -> None:
    """FFV1 with the lines as the fourth channel, each frame by itself; the file appears when it is whole."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with av.open(str(unfinished), "w", format="matroska") as container:
                stream = container.add_stream("ffv1", rate=RATE)
                stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "bgra"
                stream.codec_context.gop_size = stream.codec_context.thread_count = 1
                for picture in pictures:
                    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture[..., [2, 1, 0, 3]]), format="bgra")
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
            publish(unfinished, file)
        finally:
            unfinished.unlink(missing_ok=True)


def _rgba(frame: VideoFrame) -> Pictures:
    return np.asarray(frame.to_ndarray(), np.uint8)[..., [2, 1, 0, 3]]
