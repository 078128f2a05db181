"""H.264 in this process, through PyAV: no two programs to start for each clip (`training.degrade speed --codec`)."""

import time
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from training.degrade import x264
from training.degrade.recipes import H264
from vsanimesr.errors import PipelineError

type VideoPacket = Packet[VideoStream]


def round_trip(planes: NDArray[np.uint8], settings: H264, timeout: float) -> NDArray[np.uint8]:
    """A clip of yuv420p, [T, 3h/2, w], encoded and decoded on the caller's thread: as `codec.Codec` says.

    The time is looked at with each frame: a call that never came back could not be ended from within the process.
    Raises PipelineError where libx264 or the decoder fails, or the time has run out.
    """
    end = time.monotonic() + timeout
    try:
        packets = list(_until(end, encoded(_until(end, iter(planes)), settings)))
        frames = list(_until(end, _decoded(packets)))
    except TimeoutError as error:
        raise PipelineError(
            f"H.264 in PyAV took more than {timeout:g} s for {len(planes)} frames; allow more"
        ) from error
    except av.error.FFmpegError as error:
        raise PipelineError(f"libx264 in PyAV failed on {planes.shape} of yuv420p with {settings}: {error}") from error
    return np.stack(frames) if frames else planes[:0]


def encoded(frames: Iterable[NDArray[np.uint8]], settings: H264) -> Iterator[VideoPacket]:
    """The packets of frames of yuv420p, each [3h/2, w]; put together they are a raw H.264 stream."""
    context: VideoCodecContext | None = None
    for number, frame in enumerate(frames):
        context = context or _encoder(frame.shape[1], frame.shape[0] * 2 // 3, settings)
        picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
        picture.pts, picture.time_base = number, Fraction(1, x264.RATE)
        yield from context.encode_lazy(picture)
    if context is not None:
        yield from context.encode_lazy(None)


def _encoder(width: int, height: int, settings: H264) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, x264.RATE), Fraction(x264.RATE)
    context.thread_count = 1
    context.options = x264.options(settings)
    return context


def _decoded(packets: list[VideoPacket]) -> Iterator[NDArray[np.uint8]]:
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext), context
    context.thread_count = 1
    for packet in [*packets, None]:
        for frame in context.decode(packet):
            yield np.asarray(frame.to_ndarray(), np.uint8)


def _until[T](end: float, items: Iterator[T]) -> Iterator[T]:
    for item in items:
        if time.monotonic() > end:
            raise TimeoutError
        yield item
