"""Frames of a video, one after another or a few of them wherever they lie, decoded in this process on one thread."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vsanimesr.errors import MediaError
from vsanimesr.media import timestamps
from vsanimesr.media.probing import main_video

type Picture = NDArray[np.uint8]
"""RGB, [H, W, 3]."""
type Convert = Callable[[VideoFrame], Picture]
"""From a decoded frame to samples [H, W, ...]."""

FAR = 48
"""Frames: where two that are wanted lie further apart, the second is sought anew."""
_BACK = 10.0  # seconds before a place that is sought once more, where frames there cannot be decoded from it
_UNSAID = 2  # FFmpeg's number of a matrix that is not known
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True)
class Frame:
    """A frame on its way through a video."""

    time: int
    """When it is shown, in units of the stream's time base; the number of the frame where the file does not say."""
    picture: Picture
    """Its samples."""


@contextmanager
def opened(path: Path) -> Generator[tuple[InputContainer, VideoStream]]:
    """A file and its video stream, decoded on one thread.

    Raises MediaError where the file is missing or holds no video, and for whatever FFmpeg fails on meanwhile.
    """
    try:
        with av.open(str(path)) as file:
            stream = main_video(file)
            if stream is None:
                raise MediaError(f"'{path}' has no video stream; give a video file")
            stream.codec_context.thread_count = 1
            yield file, stream
    except av.error.FFmpegError as error:
        raise MediaError(f"'{path}' cannot be read as a video: {error.strerror or error}; give a whole file") from error


def every(path: Path) -> Iterator[Frame]:
    """All frames in the order in which they are shown; raises MediaError as `opened` does."""
    with opened(path) as (file, stream):
        for number, frame in enumerate(file.decode(stream)):
            time = _time(frame)
            yield Frame(number if time is None else time, rgb(frame))


def times(path: Path) -> tuple[int, ...]:
    """When each frame is shown, as `Frame.time`; read from the packets where they say it. Raises MediaError."""
    with opened(path) as (_, stream):
        found = timestamps.read(path, stream.index).timestamps
    if not found:
        raise MediaError(f"'{path}' has no frames; give a video that has some")
    return found


def some(path: Path, times: Sequence[int], numbers: Sequence[int], convert: Convert | None = None) -> Iterator[Picture]:
    """The frames that are shown at `times`, increasing, and have these numbers from the video's beginning on.

    They are sought by their times, so what lies before them is not decoded; where seeking does not lead to exactly
    them, by their numbers from the beginning. `convert` is `rgb` where nothing else is said.
    Raises MediaError where the video has none of these numbers.
    """
    if len(times) != len(numbers) or any(b <= a for a, b in pairwise(numbers)):
        raise ValueError(f"times {times} and numbers {numbers} do not belong together, or do not increase")
    with opened(path) as (file, stream):
        for part in _near(numbers):
            found = 0
            for frame in _sought(file, stream, times[part]):
                yield (convert or rgb)(frame)
                found += 1
            yield from map(convert or rgb, _counted(path, numbers[part][found:]))


def rgb(frame: VideoFrame) -> Picture:
    """A decoded frame's samples; a matrix that is not tagged is BT.601 up to 1024x576, else BT.709."""
    if frame.format.is_rgb:
        return np.asarray(frame.reformat(format="rgb24").to_ndarray(), np.uint8)
    small = frame.width <= 1024 and frame.height <= 576
    matrix = {_UNSAID: 5 if small else 1}.get(int(frame.colorspace), int(frame.colorspace))
    converted = frame.reformat(format="rgb24", src_colorspace=matrix, interpolation=_EXACT)
    return np.asarray(converted.to_ndarray(), np.uint8)


def _near(numbers: Sequence[int]) -> Iterator[slice]:
    first = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] - numbers[at - 1] > FAR:
            yield slice(first, at)
            first = at


def _sought(file: InputContainer, stream: VideoStream, times: Sequence[int]) -> Iterator[VideoFrame]:
    """The frames of these times, up to the first one that seeking does not find."""
    step = int(_BACK / stream.time_base) if stream.time_base else 0
    for target in (times[0], times[0] - step):
        wanted = list(times)
        try:
            file.seek(target, stream=stream)
        except av.error.FFmpegError:
            return
        for time, frame in _until(file, stream, times):
            if time == wanted[0]:
                yield frame
                wanted.pop(0)
            elif time > wanted[0]:
                break
        if len(wanted) < len(times):
            return


def _until(file: InputContainer, stream: VideoStream, times: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
    """Frames up to the last of `times`, after a key frame: what comes before one may lack what it refers to."""
    begun = False
    for frame in file.decode(stream):
        time = _time(frame)
        if time is None or (not begun and time > times[0]):
            return
        begun = begun or frame.key_frame
        if begun:
            yield time, frame
        if time >= times[-1]:
            return


def _counted(path: Path, numbers: Sequence[int]) -> Iterator[VideoFrame]:
    if not numbers:
        return
    wanted = set(numbers)
    with opened(path) as (file, stream):
        for number, frame in enumerate(file.decode(stream)):
            if number in wanted:
                yield frame
            if number == numbers[-1]:
                return
    raise MediaError(f"'{path}' has no frame {numbers[-1]}: has it changed since it was measured? Prepare it again")


def _time(frame: VideoFrame) -> int | None:
    return frame.dts if frame.pts is None else frame.pts
