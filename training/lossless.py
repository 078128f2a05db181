"""Lossless video: FFV1 in Matroska, in a file that appears when it is whole."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vsanimesr.durable import publish
from vsanimesr.errors import MediaError

type Put = Callable[[NDArray[np.uint8]], None]
"""Appends a frame: uint8 [H, W, 3], RGB, [H, W, 4], RGB and one more channel, or [H, W], gray; all of a file alike."""

_LAYOUTS = {1: ("gray", "gray"), 3: ("rgb24", "bgr0"), 4: ("bgra", "bgra")}
"""By channels: what PyAV is given, what FFV1 keeps."""


@contextmanager
def writer(path: Path, rate: Fraction | int, *, alone: bool = False) -> Generator[Put]:
    """What frames are put into a new file with, `rate` a second; it gets its name at the end, if nothing was raised.

    `alone`: each frame is compressed by itself, so that any can be read without those before it. Raises MediaError
    where the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _stream(unfinished, rate, alone=alone) as put:
            yield put
        publish(unfinished, path)
    except (OSError, av.error.FFmpegError) as error:
        raise MediaError(f"{path} cannot be written: {error}; give a folder with room in it") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


@contextmanager
def _stream(path: Path, rate: Fraction | int, *, alone: bool) -> Generator[Put]:
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=rate)
        if alone:
            stream.codec_context.gop_size = stream.codec_context.thread_count = 1

        def put(samples: NDArray[np.uint8]) -> None:
            channels = samples.shape[2] if samples.ndim > 2 else 1
            given, kept = _LAYOUTS[channels]
            samples = samples[..., [2, 1, 0, 3]] if channels == 4 else samples  # PyAV has no rgba that FFV1 takes
            if not stream.codec_context.is_open:
                stream.height, stream.width, stream.pix_fmt = *samples.shape[:2], kept
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(samples), format=given)
            container.mux(stream.encode(frame.reformat(format=kept)))

        yield put
        container.mux(stream.encode(None))
