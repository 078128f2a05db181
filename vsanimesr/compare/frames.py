"""Frames of a video file by their number, as pictures of sRGB; which ones are worth looking at."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from vsanimesr import scenes, tags
from vsanimesr.compare import planes
from vsanimesr.compare.images import Image
from vsanimesr.compare.page import Pair
from vsanimesr.compare.planes import Size
from vsanimesr.errors import ArgumentError, FormatError, MediaError
from vsanimesr.media import probing
from vsanimesr.spec import FORMATS, Colour

FURTHER = 250
"""Frames further back where the nearest key frame does not lead to a frame."""
PER_PART = 4
"""Frames that are looked at for each one that `spread` chooses."""
_RANGES = {1: 0, 2: 1}
"""Our `_Range` by FFmpeg's number of the range; 0 is unknown."""
_HDR = {16: "PQ", 18: "HLG"}


class Clip:
    """The video of a file, the one that would be upscaled; raises MediaError as `probing.probe` does.

    The file is read once from end to end to know its frames.
    """

    def __init__(self, path: Path) -> None:
        video = probing.probe(path).video
        self.path, self._timestamps, self._index = path, video.timestamps, video.index
        self._container = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    @property
    def frames(self) -> int:
        """Number of frames, at least 1."""
        return len(self._timestamps)

    @cached_property
    def facts(self) -> str:
        """Size, matrix and range in words, and what of it was assumed."""
        frame = self._frame(0)
        words = [f"{frame.width}x{frame.height}"]
        if not frame.format.is_rgb:
            colour, assumed = self._colour(frame)
            words += [colour.matrix, "full range" if colour.full else "limited range"]
            words += ["assumed"] if assumed else []
        if frame.color_trc in _HDR:
            words.append(f"{_HDR[frame.color_trc]} without tone mapping")
        return " ".join(words)

    def picture(self, n: int, size: Size | None = None) -> Image:
        """Frame n, upright, [height, width, 3]; scaled to `size`, that of the upright picture, by a bicubic kernel.

        What its tags leave open is taken as the filter takes it. Raises ArgumentError for a number that is none,
        FormatError for colours that are not known, MediaError for a frame that cannot be decoded.
        """
        frame = self._frame(n)
        turns = round(frame.rotation / 90) % 4
        width, height = size or (frame.width, frame.height)
        if size is not None and turns % 2:
            width, height = height, width
        format_, samples = planes.unpacked(frame)
        colour, _ = self._colour(frame)
        upright: Image = np.rot90(planes.picture(samples, format_, colour, (width, height)), turns)
        return upright

    def signature(self, n: int) -> scenes.Signature:
        """What the detector of scenes keeps of frame n."""
        format_, samples = planes.unpacked(self._frame(n))
        return scenes.signature(samples, format_)

    def _opened(self) -> InputContainer:
        container = av.open(str(self.path))
        container.streams[self._index].codec_context.thread_type = av.codec.context.ThreadType.AUTO
        return container

    def _frame(self, n: int) -> VideoFrame:
        if not 0 <= n < self.frames:
            raise ArgumentError(f"{self.path} has no frame {n}: its {self.frames} frames are numbered from 0")
        try:
            found = self._sought(n, 0) or self._sought(n, FURTHER) or self._counted(n)
        except av.error.FFmpegError as error:
            raise MediaError(
                f"{self.path} cannot be decoded up to frame {n}: {error.strerror}; give a whole video file"
            ) from error
        if found is None:
            raise MediaError(f"frame {n} of {self.path} cannot be decoded; the file may be damaged there")
        return found

    def _sought(self, n: int, back: int) -> VideoFrame | None:
        """Frame n, decoded from the key frame at or before the one that is `back` earlier; None if that lies later."""
        wanted, start = self._timestamps[n], self._timestamps[max(0, n - back)]
        stream = self._container.streams[self._index]
        try:
            self._container.seek(start, stream=stream, backward=True)
        except OSError:  # a bare stream has no index
            return None
        for frame in self._container.decode(stream):
            assert isinstance(frame, VideoFrame), frame
            if frame.pts == wanted and not frame.is_corrupt:
                return frame
            if frame.pts is None or frame.pts > wanted:
                return None
        return None

    def _counted(self, n: int) -> VideoFrame | None:
        """Frame n of a file that cannot be searched, decoded from its beginning."""
        with self._opened() as container:
            for number, frame in enumerate(container.decode(container.streams[self._index])):
                if number == n:
                    assert isinstance(frame, VideoFrame), frame
                    return frame
        return None

    def _colour(self, frame: VideoFrame) -> tuple[Colour, str]:
        """What its samples mean, and what of matrix and range was assumed, by the rules of the filter."""
        if frame.format.is_rgb:
            return Colour(), ""
        properties = {"_Matrix": int(frame.colorspace)}
        if frame.color_range in _RANGES:
            properties["_Range"] = _RANGES[frame.color_range]
        try:
            colour, assumed = tags.resolve(FORMATS["YUV444P8"], (frame.width, frame.height), properties, {})
        except FormatError as error:
            raise FormatError(f"{self.path}: {error}") from error
        sited = int(frame.chroma_location)  # FFmpeg's numbers are VapourSynth's and one more
        return replace(colour, location=tags.LOCATIONS[sited - 1 if sited else 0]), assumed


def spread(clip: Clip, count: int, among: range | None = None) -> list[int]:
    """Numbers of `count` frames, ascending, spread over the clip or over those of a range; fewer where there are fewer.

    The clip is divided into parts of one length. Of the frames that are looked at in each, the one is chosen that is of
    no shot that was chosen before and shows most; black and white frames only where there is nothing else.
    """
    if count < 1:
        raise ArgumentError(f"count={count}, wanted a number from 1 on")
    chosen, seen = list[int](), list[scenes.Signature]()
    numbers = range(clip.frames) if among is None else among
    count = min(count, len(numbers))
    for part in range(count):
        some = numbers[part * len(numbers) // count : (part + 1) * len(numbers) // count]
        offered = {n: clip.signature(n) for n in _offered(some)}
        best = max(offered, key=lambda n: _worth(offered[n], seen))
        chosen.append(best)
        seen.append(offered[best])
    return chosen


def _offered(numbers: range) -> list[int]:
    """PER_PART of the numbers, or all of them: those in the middles of as many parts."""
    parts = min(PER_PART, len(numbers))
    return [numbers[(2 * k + 1) * len(numbers) // (2 * parts)] for k in range(parts)]


def _worth(signature: scenes.Signature, seen: Sequence[scenes.Signature]) -> tuple[bool, bool, float]:
    cells = signature.cells.astype(np.float32) / 255
    detail = float(np.abs(np.diff(cells, axis=0)).mean() + np.abs(np.diff(cells, axis=1)).mean())
    return bool(cells.std() >= scenes.FLAT), all(scenes.is_cut(other, signature) for other in seen), detail


def matched(
    source: Clip, result: Clip, numbers: Sequence[int], labels: tuple[str, str], *, offset: int | None = None
) -> Iterator[Pair]:
    """Pairs of a frame of `source`, upscaled by a bicubic kernel, and the frame of `result` that was made of it.

    `numbers` are those of the result; its frame 0 is made of frame `offset` of the source, None for 0 and clips of the
    same length. Raises ArgumentError where the clips do not belong together by their numbers of frames.
    """
    check_lengths(source, result, offset)
    for n in numbers:
        right = result.picture(n)
        left = source.picture(n + (offset or 0), (right.shape[1], right.shape[0]))
        note = f"{labels[0]}: {source.facts} · {labels[1]}: {result.facts}"
        title = f"Frame {n}" if not offset else f"Frame {n} (source: {n + offset})"
        yield Pair(title, left, right, labels, note)


def check_lengths(source: Clip, result: Clip, offset: int | None) -> None:
    """Raise ArgumentError unless the frames of `result` are those of `source` from `offset` on; None: all of them."""
    if offset is None and source.frames == result.frames:
        return
    if offset is None or not 0 <= offset <= source.frames - result.frames:
        raise ArgumentError(
            f"{source.path} has {source.frames} frames, {result.path} {result.frames}: they do not belong together"
            f"{'' if offset is None else f' from frame {offset} on'}; if the second holds a part of the first, say by "
            "--offset N at which of its frames that begins"
        )
