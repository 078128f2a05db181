"""The clips that vspipe runs. Imported in vspipe's process, so nothing here loads OpenVINO."""

import os
import time
from typing import Any

import numpy as np
import vapoursynth as vs

from benchmarks.pattern import DRAWN, draw
from benchmarks.resident import resident
from vsanimesr.spec import FORMATS


def ours(
    *,
    width: int,
    height: int,
    format: str,
    backend: str,
    device: str,
    precision: str,
    model: str,
    frames: int,
    log: str,
    memory: bool,
    around: bool,
) -> vs.VideoNode:
    """The filter; with `memory` each frame's line in `log` tells that too.

    With `around` it gets RGBS and gives RGBS: what scripts do for filters that know nothing else.
    """
    clip = _source(width, height, frames, format)
    seen = vs.core.resize.Bicubic(clip, format=vs.RGBS) if around else clip
    how = {"model": model, "backend": backend, "device": device, "precision": precision}
    picture = vs.core.animesr.Upscale(seen, **how, scenes=0, burn_in=0)
    return _stamped(_converted(picture, format) if around else picture, log, memory=memory)


def peer(*, width: int, height: int, frames: int, log: str, graph: str, requests: int, config: Any) -> vs.VideoNode:
    """`core.ov.Model` on three clips, each a frame apart: nine channels; `requests` frames are inferred at once."""
    clip = _source(width, height, frames, "RGBS")
    window = [clip[:1] + clip[:-1], clip, clip[1:] + clip[-1:]]
    picture = vs.core.ov.Model(window, network_path=graph, num_streams=requests, config=lambda: config)
    return _stamped(picture, log, memory=False)


def fake_unstamped(*, width: int, height: int, frames: int, threads: int) -> vs.VideoNode:
    """The filter on the fake backend, with nothing else in its way."""
    vs.core.num_threads = threads
    return vs.core.animesr.Upscale(_blank(width, height, frames), backend="fake")


def point(*, width: int, height: int, frames: int, threads: int) -> vs.VideoNode:
    """What VapourSynth itself takes for frames of the same sizes."""
    vs.core.num_threads = threads
    return vs.core.resize.Point(_blank(width, height, frames), width * 4, height * 4)


def _blank(width: int, height: int, frames: int) -> vs.VideoNode:
    return vs.core.std.BlankClip(width=width, height=height, format=vs.RGBS, length=frames, keep=True)


def _converted(clip: vs.VideoNode, format: str) -> vs.VideoNode:
    """An RGB clip in a format; what is no RGB is limited 709."""
    wanted = vs.core.get_video_format(FORMATS[format].id)
    matrix = {} if wanted.color_family == vs.RGB else {"matrix_s": "709"}
    return vs.core.resize.Bicubic(clip, format=wanted.id, **matrix)


def _source(width: int, height: int, frames: int, format: str) -> vs.VideoNode:
    """A moving picture that costs next to nothing: DRAWN frames, drawn once, over and over."""

    def paint(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        painted = f.copy()
        for target, plane in enumerate(draw(width, height, n)):
            np.copyto(np.asarray(painted[target]), plane)
        return painted

    drawn = _blank(width, height, DRAWN)
    drawn = _converted(vs.core.std.ModifyFrame(drawn, drawn, paint), format)
    vs.core.std.SetVideoCache(drawn, mode=1, fixedsize=True, maxsize=DRAWN)
    return vs.core.std.Loop(drawn, -(-frames // DRAWN))[:frames]


def _stamped(clip: vs.VideoNode, log: str, *, memory: bool) -> vs.VideoNode:
    """The same clip; each frame that passes leaves a line in `log`: time (s), resident memory and its peak (bytes)."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def stamp(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        now, peak = resident() if memory else (0, 0)
        os.write(file, f"{time.perf_counter()} {now} {peak}\n".encode())
        return f

    return vs.core.std.ModifyFrame(clip, clip, stamp)
