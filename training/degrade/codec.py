"""Which x264 compresses a clip: the one inside PyAV, or an ffmpeg that runs beside this process.

Both are handed the same planes and the same settings, and x264 of one version gives the same stream in both. A clip
that fails raises; none is compressed by the other one instead, and none is left as it was.
"""

import logging
from collections.abc import Callable
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray

from training.degrade import h264_ffmpeg, h264_pyav
from training.degrade.ranges import PROFILES
from training.degrade.recipes import H264
from vsanimesr import pipeline
from vsanimesr.errors import ArgumentError, BackendUnavailable, PipelineError

type Planes = NDArray[np.uint8]
"""Frames of yuv420p, [T, 3h/2, w], h and w even, as `colours.to_yuv420` gives them."""
type Codec = Callable[[Planes, H264, float], Planes]
"""Encodes and decodes a clip in at most so many seconds: as many frames come back, in order, of the same size."""

CODECS: dict[str, Codec] = {"pyav": h264_pyav.round_trip, "ffmpeg": h264_ffmpeg.round_trip}
"""By name; all are plain functions, so that worker processes can be sent them."""
TIMEOUT = 60.0
"""Seconds that a clip may take."""

_log = logging.getLogger(__name__)


def choose(name: str = "auto") -> Codec:
    """The codec of a name: "pyav", "ffmpeg", or "auto" for PyAV if it has libx264, else ffmpeg, which is logged.

    Raises ArgumentError for another name, BackendUnavailable where what was asked for, or everything, is missing.
    """
    if name not in ("auto", *CODECS):
        raise ArgumentError(f"codec={name!r}, wanted one of auto, {', '.join(CODECS)}")
    if name == "auto":
        return _automatic()
    if why := (_without_pyav() if name == "pyav" else _without_ffmpeg()):
        raise BackendUnavailable(f"codec {name!r} cannot be used: {why}")
    return CODECS[name]


def round_trip(planes: Planes, settings: H264, codec: Codec, timeout: float = TIMEOUT) -> Planes:
    """The planes after encoding and decoding by a codec, checked.

    Raises ArgumentError for settings that x264 does not know, PipelineError where the codec fails, takes more than
    `timeout` seconds or gives back another number of frames, or frames of another size.
    """
    if settings.profile not in PROFILES or not 0 <= settings.crf <= 51:
        raise ArgumentError(f"{settings}, wanted a CRF from 0 to 51 and a profile of {', '.join(PROFILES)}")
    decoded = codec(planes, settings, timeout)
    if decoded.shape != planes.shape:
        raise PipelineError(f"{planes.shape} went into the codec, {decoded.shape} came back, wanted the same")
    return decoded


def _automatic() -> Codec:
    no_pyav = _without_pyav()
    if not no_pyav:
        return CODECS["pyav"]
    if no_ffmpeg := _without_ffmpeg():
        raise BackendUnavailable(f"there is no H.264 encoder: {no_pyav}; {no_ffmpeg}")
    tell(f"clips are compressed by ffmpeg, slower than in process: {no_pyav}")
    return CODECS["ffmpeg"]


@cache
def tell(message: str) -> None:
    """Log a warning, once in a process."""
    _log.warning(message)


def _without_pyav() -> str:
    """Why PyAV cannot be used; "" where it can."""
    return "" if "libx264" in av.codec.codecs_available else "this PyAV was built without libx264: `pip install av`"


def _without_ffmpeg() -> str:
    try:
        h264_ffmpeg.check(pipeline.find_ffmpeg())
    except PipelineError as error:
        return str(error)
    return ""
