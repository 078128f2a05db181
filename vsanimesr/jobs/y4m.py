"""YUV4MPEG2 ("y4m"), raw frames on their way from vspipe to an encoder: where they begin, how long they are.

A header line, then for each frame a line that begins with FRAME and its samples, plane by plane. Nothing is read ahead,
so that what follows a line can be moved on without being read (`pipes.py`).
"""

import re
from dataclasses import dataclass
from typing import Self

from vsanimesr.errors import PipelineError
from vsanimesr.jobs import pipes

_MAGIC = b"YUV4MPEG2"
_LONGEST = 4096  # bytes of a line; more is no line
_COLOUR = re.compile(r"(420|422|444|411|410|440|mono)(?:jpeg|mpeg2|paldv)?(?:p?(\d\d?))?")
_CHROMA = {"420": (1, 1), "422": (1, 0), "444": (0, 0), "411": (2, 0), "410": (2, 2), "440": (0, 1)}  # powers of two


@dataclass(frozen=True)
class Header:
    """What a stream's first line says."""

    line: bytes
    """The line with its end, without the number of frames: that of any part of the stream."""
    width: int
    """Of the frames, in samples of luma."""
    height: int
    """Of the frames, in samples of luma."""
    nbytes: int
    """Of a frame's samples, without its line."""
    frames: int | None
    """Of the stream, as vspipe says it (XLENGTH); None where the line does not."""

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Reads a stream's first line, with or without its end; raises PipelineError for what is none."""
        magic, *words = line.rstrip(b"\n").split(b" ")
        said = {word[:1]: word[1:].decode("ascii", errors="replace") for word in words if word[:1] != b"X"}
        lengths = [word.removeprefix(b"XLENGTH=") for word in words if word.startswith(b"XLENGTH=")]
        try:
            if magic != _MAGIC:
                raise ValueError(magic)
            width, height = _positive(said[b"W"]), _positive(said[b"H"])
            nbytes = _nbytes(width, height, said.get(b"C", "420"))
            frames = int(lengths[0]) if lengths else None
        except (KeyError, ValueError) as exc:
            raise _damaged(f"a stream of frames was wanted, it begins with {line[:80]!r}") from exc
        kept = b" ".join(word for word in (magic, *words) if not word.startswith(b"XLENGTH="))
        return cls(kept + b"\n", width, height, nbytes, frames)


def read_header(source: int) -> Header:
    """Reads a stream's first line from a file descriptor.

    Raises EOFError where it ends within the line, PipelineError for what is no stream.
    """
    return Header.parse(_rest(source, pipes.read(source, len(_MAGIC))))


def read_frame_line(source: int) -> bytes:
    r"""Reads the line before a frame, usually b"FRAME\n"; b"" where the stream is over.

    Raises EOFError where it ends within the line, PipelineError where something else stands there.
    """
    line = pipes.read(source, 6)
    if line and (not b"FRAME ".startswith(line) and not b"FRAME\n".startswith(line)):
        raise _damaged(f"a frame was wanted, there stands {line!r}")
    return _rest(source, line) if line else b""


def _rest(source: int, line: bytes) -> bytes:
    """The whole of a line that begins so."""
    while not line.endswith(b"\n"):
        byte = pipes.read(source, 1)
        if not byte:
            raise EOFError("the stream ended within a line")
        line += byte
        if len(line) > _LONGEST:
            raise _damaged(f"a line was wanted, there stands {line[:80]!r} and more")
    return line


def _nbytes(width: int, height: int, colour: str) -> int:
    match = _COLOUR.fullmatch(colour)
    if not match:
        raise ValueError(colour)
    right, down = _CHROMA.get(match[1], (0, 0))
    chroma = -(-width >> right) * -(-height >> down)
    samples = width * height + (0 if match[1] == "mono" else 2 * chroma)
    return samples * (2 if int(match[2] or 8) > 8 else 1)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _damaged(what: str) -> PipelineError:
    return PipelineError(f"the frames are no YUV4MPEG2: {what}; nothing but vspipe may write to its output")
