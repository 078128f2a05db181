"""H.264 by ffmpeg as a program, for a PyAV without libx264."""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.degrade import x264
from training.degrade.recipes import H264
from vsanimesr.errors import PipelineError
from vsanimesr.pipeline import find_ffmpeg

_QUIET = ("-hide_banner", "-nostdin", "-loglevel", "error")


def round_trip(planes: NDArray[np.uint8], settings: H264, timeout: float) -> NDArray[np.uint8]:
    """A clip of yuv420p, [T, 3h/2, w], encoded by one run of ffmpeg and decoded by another: as `codec.Codec` says.

    A run that takes more than `timeout` seconds is killed. Raises PipelineError with the command and what it wrote
    where ffmpeg is missing or fails.
    """
    rows, width = planes.shape[1:]
    decoded = _run(_decoding(), encoded(planes, settings, timeout), timeout)
    if len(decoded) % (rows * width):
        raise PipelineError(f"ffmpeg gave {len(decoded)} bytes, wanted frames of {rows * width}; try another ffmpeg")
    return np.frombuffer(decoded, np.uint8).reshape(-1, rows, width)


def encoded(planes: NDArray[np.uint8], settings: H264, timeout: float) -> bytes:
    """The raw H.264 stream of a clip of yuv420p, [T, 3h/2, w]."""
    size = f"{planes.shape[2]}x{planes.shape[1] * 2 // 3}"
    read = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", size, "-framerate", str(x264.RATE), "-i", "pipe:0"]
    told = [word for name, value in x264.options(settings).items() for word in (f"-{name}:v", value)]
    return _run([*read, "-c:v", "libx264", *told, "-threads", "1", "-f", "h264", "pipe:1"], planes.tobytes(), timeout)


@cache
def check(ffmpeg: Path) -> None:
    """Raise PipelineError unless this ffmpeg has libx264."""
    if b" libx264 " not in _output([str(ffmpeg), *_QUIET, "-encoders"], b"", 60):
        raise PipelineError(f"'{ffmpeg}' was built without libx264: `pip install imageio-ffmpeg`")


def _decoding() -> list[str]:
    return ["-threads", "1", "-f", "h264", "-i", "pipe:0", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]


def _run(options: list[str], data: bytes, timeout: float) -> bytes:
    return _output([str(find_ffmpeg()), *_QUIET, *options], data, timeout)


def _output(command: list[str], data: bytes, timeout: float) -> bytes:
    try:
        return subprocess.run(command, input=data, capture_output=True, check=True, timeout=timeout).stdout
    except OSError as error:
        raise PipelineError(f"'{command[0]}' could not be started: {error}; install it anew") from error
    except subprocess.TimeoutExpired as error:
        raise PipelineError(f"ffmpeg was killed after {timeout:g} s: {' '.join(command)}") from error
    except subprocess.CalledProcessError as error:
        how = f"ffmpeg failed with exit code {error.returncode}"
        said = error.stderr.decode(errors="replace").strip()
        raise PipelineError("\n  ".join((how, " ".join(command), said))) from error
