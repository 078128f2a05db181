"""Reading pictures and videos as frames of RGB, and writing frames into a lossless file."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from training import lossless
from training.preparing import decoding
from vsanimesr.errors import ArgumentError, MediaError


def frames(path: Path) -> Iterator[Tensor]:
    """The frames of a picture or a video, each uint8 [3, H, W], RGB of 0 to 255.

    A video whose matrix is not tagged is BT.601 up to 1024x576, else BT.709.
    Raises MediaError where the file is missing or holds neither.
    """
    try:
        with Image.open(path) as image:
            yield _tensor(np.array(image.convert("RGB")))
    except UnidentifiedImageError:
        yield from _of_video(path)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}; give a picture or a video") from error


def rate(path: Path) -> Fraction:
    """Frames per second of a video on average, 25 where the file does not say; raises MediaError for no video."""
    with decoding.opened(path) as (_, stream):
        found = stream.average_rate
        return Fraction(found.numerator, found.denominator) if found else Fraction(25)


def values(samples: Iterable[Tensor]) -> Tensor:
    """Frames uint8 [3, H, W] as a clip, float32 [T, 3, H, W] from 0 to 1."""
    return torch.stack(list(samples)).float().div_(255)


def cropped(frame: Tensor) -> Tensor:
    """A frame [..., H, W] without the up to three last rows and columns that keep its sides from multiples of 4."""
    height, width = (side - side % 4 for side in frame.shape[-2:])
    if not height or not width:
        raise MediaError(f"frames of {frame.shape[-1]}x{frame.shape[-2]}, wanted sides of at least 4: give larger ones")
    return frame[..., :height, :width]


def write(path: Path, clip: Iterable[Tensor], fps: Fraction) -> int:
    """Write frames, uint8 [3, H, W], into a Matroska file of FFV1 that appears when it is whole; how many they were.

    Raises ArgumentError for a name that does not end with .mkv, or where there are no frames, MediaError where it
    cannot be written.
    """
    if path.suffix.lower() != ".mkv":
        raise ArgumentError(f"output '{path}', wanted a name that ends with .mkv: lossless video goes into Matroska")
    number = 0
    with lossless.writer(path, fps) as put:
        for samples in clip:
            put(samples.permute(1, 2, 0).numpy())
            number += 1
        if not number:
            raise ArgumentError(f"there are no frames to write into '{path}': give a video that has some")
    return number


def _of_video(path: Path) -> Iterator[Tensor]:
    try:
        for frame in decoding.every(path):
            yield _tensor(frame.picture)
    except MediaError as error:
        raise MediaError(f"{path} is neither a picture nor a video that can be read: {error}") from error


def _tensor(samples: np.typing.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(samples).permute(2, 0, 1)
