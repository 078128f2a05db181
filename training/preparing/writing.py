"""A clip's frames as pictures, laid out as AVC-Train's: a folder for each clip, numbered from 00000000.png on."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from training.preparing import decoding
from training.preparing.decoding import Picture
from vsanimesr.durable import explained, sync_folder
from vsanimesr.errors import JobError

_LEVEL = [cv2.IMWRITE_PNG_COMPRESSION, 4]


def write_clip(
    folder: Path, video: Path, times: Sequence[int], numbers: Sequence[int], seen: Callable[[int], None]
) -> None:
    """Decode a clip's frames, as `decoding.some`, into a folder that appears when all of them are in it.

    Raises JobError where it cannot be written, MediaError where the video cannot be read.
    """
    unfinished = folder.with_name(f".{folder.name}.part")
    with explained(folder):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for at, picture in enumerate(decoding.some(video, times, numbers)):
            write_picture(unfinished / f"{at:08}.png", picture)
            seen(1)
        sync_folder(unfinished)
        unfinished.replace(folder)
        sync_folder(folder.parent)


def write_picture(file: Path, picture: Picture) -> None:
    """Raises OSError where the folder cannot be written to, JobError where OpenCV does not make a PNG of it."""
    made, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), _LEVEL)
    if not made:
        raise JobError(f"'{file}': no PNG could be made of a frame {picture.shape}")
    with file.open("wb") as opened:
        opened.write(data.tobytes())
        opened.flush()
        os.fsync(opened.fileno())  # a folder that has its name is not looked at again
