"""Clips out of video files: whole ones, or the parts that `python -m training.prepare --list` has chosen."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from training.data.cache import MEBIBYTE, FrameCache
from training.data.sources import Pictures, Size, Truth, cropped, long_enough, window
from training.preparing import decoding
from vsanimesr.errors import MediaError


@dataclass(frozen=True)
class Stretch:
    """Frames of a video that are a clip."""

    name: str
    """For people."""
    path: Path
    """The video."""
    numbers: tuple[int, ...]
    """Of its frames, from the video's beginning on, increasing."""
    times: tuple[int, ...]
    """When each of them is shown, in units of the stream's time base."""


class VideoClips:
    """Clips that are decoded when they are drawn, from the key frame before them on."""

    def __init__(self, clips: Iterable[Stretch], cache: int = 256 * MEBIBYTE) -> None:
        """`cache` is how many bytes of decoded frames a process keeps. Raises MediaError where there are no clips."""
        self.clips = tuple(clips)
        self._cache = FrameCache(cache)
        if not self.clips:
            raise MediaError("there are no clips in the list; give one that has some, or whole videos")

    @classmethod
    def whole(cls, videos: Sequence[Path], cache: int = 256 * MEBIBYTE) -> Self:
        """All frames of each video; its packets are read once for their times. Raises MediaError for no video."""
        return cls(map(_whole, videos), cache)

    @classmethod
    def listed(cls, file: Path, cache: int = 256 * MEBIBYTE) -> Self:
        """The clips of a list that `training.prepare` wrote; raises MediaError where it is none, or a video is gone."""
        return cls(_listed(file), cache)

    def clip(self, rng: np.random.Generator, frames: int, size: Size, interval: int = 1) -> Truth:
        """As `Source.clip`; a clip is as likely as its number of frames."""
        fitting = long_enough(self.clips, lambda each: len(each.numbers), frames, "the list of videos")
        lengths = np.cumsum([len(each.numbers) for each in fitting])
        stretch = fitting[int(np.searchsorted(lengths, rng.integers(lengths[-1]), side="right"))]
        chosen = window(rng, len(stretch.numbers), frames, interval)
        numbers = [stretch.numbers[n] for n in chosen]
        name = f"'{stretch.path}', frames {numbers[0]} to {numbers[-1]}"
        return Truth(cropped(rng, self._decoded(stretch, numbers), size, name), None, name)

    def _decoded(self, stretch: Stretch, numbers: Sequence[int]) -> list[Pictures]:
        times = dict(zip(stretch.numbers, stretch.times, strict=True))
        return self._cache.get(
            stretch.path, numbers, lambda missing: decoding.some(stretch.path, [times[n] for n in missing], missing)
        )


def _whole(path: Path) -> Stretch:
    times = decoding.times(path)
    return Stretch(path.name, path, tuple(range(len(times))), times)


def _listed(file: Path) -> Iterator[Stretch]:
    try:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        clips = [Stretch(line["name"], Path(line["path"]), _numbers(line), tuple(line["times"])) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        wanted = "give the clips.jsonl that `python -m training.prepare --list` writes"
        raise MediaError(f"'{file}' is no list of clips ({type(error).__name__}: {error}); {wanted}") from error
    for clip in clips:
        if not clip.path.is_file():
            raise MediaError(f"'{clip.path}', a video of '{file}', is gone; bring it back, or prepare the list anew")
        yield clip


def _numbers(line: dict[str, list[tuple[int, int]]]) -> tuple[int, ...]:
    numbers = tuple(n for first, count in line["spans"] for n in range(first, first + count))
    if len(numbers) != len(line["times"]):
        raise ValueError(f"{len(numbers)} frames, {len(line['times'])} times")
    return numbers
