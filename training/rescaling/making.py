"""Makes the pairs of a folder: sub-clips all over a video, each one whole or not there."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from training.pairs import HR, LR
from training.preparing.jobs import Bar
from training.preparing.records import Video
from training.preparing.writing import write_picture
from training.rescaling import footage
from training.rescaling.footage import Pictures, windows
from training.rescaling.pairs import Pairing
from training.rescaling.patches import Picture
from training.rescaling.upscaler import Upscaler, doubled
from vsanimesr import durable
from vsanimesr.errors import TrainingError

MULTIPLE = 8
"""Sides of the frames are cropped to multiples of this, as the authors' are: half of that suits the network."""


def make(video: Video, upscaler: Upscaler, pairs: Pairing, folder: Path, *, clips: int, bar: Bar) -> None:
    """Makes the sub-clips 0 to `clips` - 1, counted from `pairs.skip` on, that are not there yet.

    Sub-clip N is the same for every number of them, so more can be made later. Raises TrainingError for a video that
    has fewer or whose frames are too small, or a folder of other pairs; JobError where it cannot be written, or
    another process works in it; what reading the video and computing raise.
    """
    found = windows(video.measures, pairs.frames, pairs.seed)
    left = max(0, len(found) - pairs.skip)
    if left < clips:
        there = f"'{video.path}' has {len(found)} sub-clips of {pairs.frames} frames without a cut"
        skipped = f", {left} after the {pairs.skip} that --skip leaves out" if pairs.skip else ""
        lower = f"lower --clips to {left}, or " if left else ""
        raise TrainingError(f"{there}{skipped}, wanted {clips}; {lower}take a longer video")
    with durable.held(folder), bar("clips", clips) as seen:
        pairs.described(folder)
        for number, window in enumerate(found[pairs.skip :][:clips]):
            target = folder / f"{number:06d}"
            if not target.exists():
                _write(target, _made(footage.pictures(video, window), upscaler, pairs))
            seen(1)


def cropped(frames: Pictures) -> Pictures:
    """The middle of frames, with sides that are multiples of MULTIPLE; raises TrainingError where nothing is left."""
    height, width = frames.shape[1:3]
    if min(height, width) < MULTIPLE:
        raise TrainingError(
            f"frames are of {width}x{height}, wanted {MULTIPLE}x{MULTIPLE} at least; take another video"
        )
    top, left = (height % MULTIPLE) // 2, (width % MULTIPLE) // 2
    return frames[:, top : top + height - height % MULTIPLE, left : left + width - width % MULTIPLE]


def _made(frames: Pictures, upscaler: Upscaler, pairs: Pairing) -> Iterator[tuple[Picture, Picture]]:
    """Frames and pseudo truth of a sub-clip, without its first frame."""
    low = cropped(frames)
    high = doubled(upscaler.method, low, pairs.tenths)
    next(high)
    return zip(low[1:], high, strict=True)


def _write(target: Path, made: Iterator[tuple[Picture, Picture]]) -> None:
    """The folder of a sub-clip; what a killed process has left of it is made anew."""
    part = target.with_name(f".{target.name}.part")
    with durable.explained(target):
        shutil.rmtree(part, ignore_errors=True)
        for name in (LR, HR):
            (part / name).mkdir(parents=True)
        for number, pair in enumerate(made):
            for name, picture in zip((LR, HR), pair, strict=True):
                write_picture(part / name / f"{number:08}.png", picture)
        for each in (part / LR, part / HR, part):
            durable.sync_folder(each)
        part.rename(target)
        durable.sync_folder(target.parent)
