"""What a source of truth clips is, and the draws that all of them make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import MediaError

type Size = tuple[int, int]
"""Height and width."""
type Pictures = NDArray[np.uint8]
"""RGB, [T, H, W, 3], or a mask [T, H, W]."""


@dataclass(frozen=True, eq=False)
class Truth:
    """A clip that a network is to restore."""

    frames: Pictures
    """uint8 [T, H, W, 3], RGB."""
    lines: Pictures | None
    """uint8 [T, H, W], how much of each pixel is ink, where the source knows it."""
    name: str = ""
    """Where it comes from, for people."""


class Source(Protocol):
    """Something that truth clips can be drawn from; it can be pickled."""

    def clip(self, rng: np.random.Generator, frames: int, size: Size, interval: int = 1) -> Truth:
        """Draws a window of `frames` frames, and crops `size` at the same place of all of them.

        They are `interval` apart; where what is drawn has fewer frames than that takes, a smaller interval is drawn
        evenly of those that fit. The result depends on the state of `rng` alone.
        Raises MediaError, which names the file, where something is damaged, too small or too short.
        """
        ...


def window(rng: np.random.Generator, length: int, frames: int, interval: int) -> range:
    """Numbers of `frames` frames of a clip of `length`, as `Source.clip` says; frames <= length."""
    fits = (frames - 1) * interval < length
    step = interval if fits else int(rng.integers((length - 1) // (frames - 1))) + 1
    first = int(rng.integers(length - (frames - 1) * step))
    return range(first, first + frames * step, step)


def cropped(rng: np.random.Generator, pictures: Sequence[Pictures], size: Size, name: str) -> Pictures:
    """The same place of all pictures, each [H, W, ...], stacked; raises MediaError if they are too small or differ."""
    shapes = {picture.shape[:2] for picture in pictures}
    high, wide = shapes.pop()
    if shapes:
        raise MediaError(f"{name}: its pictures have different sizes; give the pictures of a clip one size")
    height, width = size
    if high < height or wide < width:
        raise MediaError(
            f"{name} is {wide}x{high}, wanted at least {width}x{height}: leave it out, or take smaller samples"
        )
    top, left = int(rng.integers(high - height + 1)), int(rng.integers(wide - width + 1))
    return np.stack([picture[top : top + height, left : left + width] for picture in pictures])


def long_enough[C](clips: Sequence[C], length: Callable[[C], int], frames: int, name: str) -> list[C]:
    """The clips that have so many frames; raises MediaError where none has."""
    found = [clip for clip in clips if length(clip) >= frames]
    if not found:
        longest = max(map(length, clips), default=0)
        raise MediaError(f"{name}: {len(clips)} clips of at most {longest} frames, wanted one of {frames} at least")
    return found


def one_of[C](rng: np.random.Generator, items: Sequence[C]) -> C:
    """Any of them."""
    return items[int(rng.integers(len(items)))]
