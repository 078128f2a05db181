"""Reading pictures and videos as frames of RGB, and writing frames into a lossless file."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from av.video.frame import VideoFrame
from PIL import Image, UnidentifiedImageError
from torch import Tensor

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
    """Frames per second of a video on average; 25 where the file does not say."""
    try:
        with av.open(path) as container:
            found = container.streams.video[0].average_rate
            return Fraction(found.numerator, found.denominator) if found else Fraction(25)
    except (av.error.FFmpegError, IndexError) as error:
        raise MediaError(f"{path} cannot be read as a video: {error}") from error


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
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = _write(unfinished, clip, fps)
        unfinished.replace(path)
    except (OSError, av.error.FFmpegError) as error:
        raise MediaError(f"{path} cannot be written: {error}; give a folder with room in it") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return number


def _write(path: Path, clip: Iterable[Tensor], fps: Fraction) -> int:
    number = 0
    with av.open(path, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=fps)
        for number, samples in enumerate(clip, 1):
            if number == 1:
                stream.height, stream.width, stream.pix_fmt = *samples.shape[-2:], "bgr0"
            picture = VideoFrame.from_ndarray(samples.permute(1, 2, 0).contiguous().numpy(), format="rgb24")
            container.mux(stream.encode(picture.reformat(format="bgr0")))
        if not number:
            raise ArgumentError(f"there are no frames to write into '{path}': give a video that has some")
        container.mux(stream.encode(None))
    return number


def _of_video(path: Path) -> Iterator[Tensor]:
    try:
        for frame in decoding.every(path):
            yield _tensor(frame.picture)
    except MediaError as error:
        raise MediaError(f"{path} is neither a picture nor a video that can be read: {error}") from error


def _tensor(samples: np.typing.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(samples).permute(2, 0, 1)
