"""Makes a model's pictures of a video's patches at every factor, and measures them."""

from collections.abc import Callable
from pathlib import Path

from training.preparing.records import Video
from training.rescaling import footage
from training.rescaling.measures import MEASURES, Measured, Settings, Source
from training.rescaling.patches import Patch, Picture, find
from training.rescaling.statistics import Statistics, statistics
from training.rescaling.upscaler import TRUTH, Upscaler, doubled
from vsanimesr.errors import TrainingError

MARGIN = 40
"""Samples about a patch that the model sees as well; with a patch of 80 every factor divides the sides exactly."""

type Shown = tuple[Picture, dict[int, Picture]]
"""A patch as it is in the frame, [s, s, 3], and the pictures of it by factor in tenths, [2s, 2s, 3]."""


def measure(
    video: Video, upscaler: Upscaler, settings: Settings, seen: Callable[[int], None]
) -> tuple[Measured, list[Shown]]:
    """What measures.json is to hold, and the pictures for the sheet; `seen` is told of pictures that are made.

    Raises TrainingError for a video that is too short or small, and what reading it and computing raise.
    """
    found = find(video, settings.patches, settings.side, settings.frames, settings.seed)
    shown = [_shown(video, patch, upscaler, settings, seen) for patch in found]
    patches = tuple((patch, _statistics(*each)) for patch, each in zip(found, shown, strict=True))
    source = Source(video.name, video.made.identity, upscaler.asked, upscaler.weights)
    return Measured(source, settings, patches), shown


def refuse_other(folder: Path, identity: str) -> None:
    """Raises TrainingError where a folder holds measures of another video than that of this identity."""
    if (folder / MEASURES).exists() and (found := Measured.read(folder).source).identity != identity:
        raise TrainingError(f"'{folder}' has measures of another video, '{found.video}'; name another folder")


def _shown(video: Video, patch: Patch, upscaler: Upscaler, settings: Settings, seen: Callable[[int], None]) -> Shown:
    frames = footage.pictures(video, patch.window)
    _, height, width, _ = frames.shape
    rows, columns = patch.context(height, width, MARGIN)
    low = frames[:, rows, columns]
    top, left = patch.top - rows.start, patch.left - columns.start
    made = {}
    for tenths in settings.factors:
        *_, last = doubled(upscaler.method, low, tenths)
        made[tenths] = _cut(last, TRUTH * top, TRUTH * left, TRUTH * patch.side)
        seen(1)
    return _cut(low[-1], top, left, patch.side), made


def _cut(picture: Picture, top: int, left: int, side: int) -> Picture:
    return picture[top : top + side, left : left + side].copy()


def _statistics(low: Picture, made: dict[int, Picture]) -> dict[int, Statistics]:
    return {tenths: statistics(picture, low) for tenths, picture in made.items()}
