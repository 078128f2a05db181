"""A generation of digital video: a clip through an encoder of constant quantisation and back, by PyAV."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import torch
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray
from torch import Tensor

from training.degrade import colours
from training.degrade.h264_pyav import VideoPacket
from vsanimesr.errors import PipelineError

RATE = 25
"""Frames per second."""


def generation(frames: Tensor, codec: str, quantiser: int) -> Tensor:
    """Frames [T, 3, h, w] from 0 to 1 after "mpeg2video" or "mpeg4", whose quantiser is from 1 to 31, best to worst.

    Raises PipelineError where the codec fails, or gives back another number of frames.
    """
    planes = colours.to_yuv420(colours.rounded(frames)).numpy()
    try:
        made = list(_decoded(codec, list(_encoded(codec, quantiser, planes))))
    except av.error.FFmpegError as error:
        raise PipelineError(f"{codec} in PyAV failed on {planes.shape} of yuv420p: {error}") from error
    if len(made) != len(planes):
        raise PipelineError(f"{len(planes)} frames went into {codec}, {len(made)} came back, wanted the same")
    return colours.to_rgb(torch.from_numpy(np.stack(made)), *frames.shape[-2:]).float() / 255


def _encoded(codec: str, quantiser: int, planes: NDArray[np.uint8]) -> Iterator[VideoPacket]:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext), context
    context.width, context.height, context.pix_fmt = planes.shape[2], planes.shape[1] * 2 // 3, "yuv420p"
    context.time_base, context.framerate = Fraction(1, RATE), Fraction(RATE)
    context.thread_count = 1
    context.options = {"qmin": f"{quantiser}", "qmax": f"{quantiser}", "g": "12", "bf": "2"}
    for number, frame in enumerate(planes):
        picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        yield from context.encode(picture)
    yield from context.encode(None)


def _decoded(codec: str, packets: list[VideoPacket]) -> Iterator[NDArray[np.uint8]]:
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, VideoCodecContext), context
    context.thread_count = 1
    for packet in [*packets, None]:
        for frame in context.decode(packet):
            yield np.asarray(frame.to_ndarray(), np.uint8)
