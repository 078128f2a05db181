"""Where the scenes of a file start, found before it is upscaled, exactly as the filter finds them."""

import ctypes
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vsanimesr.errors import BackendUnavailable, FormatError, MediaError
from vsanimesr.jobs.script import SOURCE
from vsanimesr.plugin import Detector
from vsanimesr.spec import FORMATS
from vsanimesr.timeline import Properties, Timeline, Viewer

if TYPE_CHECKING:
    import vapoursynth as vs

PROPERTIES = "_SceneChangePrev", "_SceneChangeNext"
"""What the detector reads of those that the filter does."""
AHEAD = 8
"""Frames that are decoded before they are looked at; no more are held at once."""

TRIMMED = 64
"""After so many frames the C library gives memory back."""

type Say = Callable[[int, int], None]
"""Told how many are done, and of how many."""

_INDEX = re.compile(r"index progress (\d+)%")  # BestSource's words


def _silent(done: int, total: int) -> None:
    pass


def scene_starts(
    path: str | os.PathLike[str],
    say: Say = _silent,
    *,
    track: int = -1,
    convert: str = "",
    part: range | None = None,
    indexed: Say = _silent,
) -> list[int]:
    """The frames of a file that start a scene, in order; those of `part` alone, whose first frame is one of them.

    They are read by BestSource in this process, as by the script of `script.text` with the same `track` and `convert`.
    `say` is called for each frame with how many were looked at and how many there are; what it raises ends the search.
    `indexed` is called now and then while BestSource goes through a file that it has not seen before, with hundredths.
    Memory does not grow with the file, but for a byte for each frame.
    Raises MediaError for a file that is none, or that breaks off, FormatError for frames that the filter does not take,
    BackendUnavailable without BestSource.
    """
    clip = _open(Path(path), track, convert, indexed)
    if part is None:
        return starts_in(clip, say, str(path))
    return [part.start + n for n in starts_in(clip[part.start : part.stop], say, str(path))]


def starts_in(clip: "vs.VideoNode", say: Say = _silent, name: str = "the clip") -> list[int]:
    """The same of a clip; `name` is what errors call it."""
    format_ = FORMATS.get(clip.format.name if clip.format else "")
    if format_ is None or not clip.width:
        found = clip.format.name if clip.format else "varies"
        raise FormatError(f"{name}: its format is one that cannot be upscaled ({found}); convert it by core.resize")
    timeline = Timeline(clip.num_frames, searched=True)
    viewer = Viewer(timeline, Detector(format_))
    with closing(clip.frames(prefetch=AHEAD, backlog=AHEAD, close=True)) as frames:
        for n in range(clip.num_frames):
            with _explained(f"{name}: frame {n} cannot be read"):
                frame = next(frames)
            viewer.see(n, [np.asarray(frame[plane]) for plane in range(format_.planes)], _properties(frame))
            if n % TRIMMED == 0:
                _trim()
            say(n + 1, clip.num_frames)
    return [n for n in range(clip.num_frames) if timeline.starts(n)]


def _properties(frame: "vs.VideoFrame") -> Properties:
    """Those that say where scenes start."""
    found = {name: frame.props[name] for name in PROPERTIES if name in frame.props}
    return {name: int(value) for name, value in found.items() if isinstance(value, int)}


def _trim() -> None:
    """Without it glibc keeps many freed frames, since small objects lie between them: 1 GB after 2000 of 1280x720."""
    with suppress(OSError, AttributeError, TypeError):  # other systems have no such function, nor the need
        ctypes.CDLL(None).malloc_trim(0)


def _open(path: Path, track: int, convert: str, indexed: Say) -> "vs.VideoNode":
    import vapoursynth as vs  # noqa: PLC0415  # importing the package must not need the library

    if not path.is_file():
        raise MediaError(f"there is no file '{path}'; give the path of a video")
    if not hasattr(vs.core, "bs"):
        raise BackendUnavailable("VapourSynth has no plugin BestSource; run: pip install vapoursynth-bestsource")
    with _explained(f"'{path}' cannot be read as video"):
        with _heard(indexed):
            given = SOURCE | {"showprogress": True, "track": track}
            clip: vs.VideoNode = vs.core.bs.VideoSource(os.fsencode(path.absolute()), **given)
        return vs.core.resize.Bicubic(clip, format=getattr(vs, convert.upper())) if convert else clip


@contextmanager
def _heard(indexed: Say) -> Iterator[None]:
    """Pass on what BestSource logs of its progress."""
    import vapoursynth as vs  # noqa: PLC0415

    def hear(level: int, text: str) -> None:
        if match := _INDEX.search(text):
            indexed(int(match[1]), 100)

    handle = vs.core.add_log_handler(hear)
    try:
        yield
    finally:
        vs.core.remove_log_handler(handle)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn VapourSynth's errors into one of ours, of one line."""
    import vapoursynth as vs  # noqa: PLC0415

    try:
        yield
    except vs.Error as error:
        raise MediaError(f"{what}: {str(error).strip().splitlines()[0]}; is it damaged?") from error
