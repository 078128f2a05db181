"""A VapourSynth script into a file: `vspipe script - | ffmpeg -i - file`, with progress as data.

Nothing here knows what the script does, and nothing is printed. The file appears under its name only when it is whole.
"""

import importlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from vsanimesr import children
from vsanimesr.children import Child, Family
from vsanimesr.errors import ArgumentError, PipelineError

X264 = ("-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p")
"""What ffmpeg does with the frames where nothing else is asked for."""

_FRAME = re.compile(r"Frame: (\d+)/(\d+)")
_MESSAGE = re.compile(r"(Debug|Information|Warning|Critical|Fatal): (.*)")
_LOST_READER = "fwrite() call failed"  # vspipe's words for it on Windows; elsewhere a signal ends it
_SIGPIPE = -13  # Windows' signal module does not have it


@dataclass(frozen=True)
class Progress:
    """How far a render is."""

    done: int
    """Frames that vspipe has handed on; equal to `total` only once the file is in its place."""
    total: int
    """Frames of the clip."""
    fps: float
    """Frames per second since the first frame; 0 where not known yet."""
    eta: float | None
    """Seconds until the last frame; None where not known yet."""


@dataclass(frozen=True)
class Message:
    """What a filter or the script said on VapourSynth's log."""

    level: str
    """'Debug', 'Information', 'Warning', 'Critical' or 'Fatal'."""
    text: str
    """The message's first line, without the level."""

    @classmethod
    def said_in(cls, line: str) -> list[Self]:
        """The message that a line of vspipe's log begins; none where it is another's."""
        match = _MESSAGE.match(line)
        return [cls(match[1], match[2])] if match else []


def find_vspipe() -> Path:
    """Finds vspipe: the one of this Python's vapoursynth, beside this Python, then on PATH.

    Raises PipelineError where there is none.
    """
    # The wheel's `bin/vspipe` is a Python script that starts this program; ending the script would not end the program.
    spec = importlib.util.find_spec("vapoursynth")
    folders = [
        *((spec and spec.submodule_search_locations) or []),
        sysconfig.get_path("scripts"),
        os.environ.get("PATH", ""),
    ]
    found = shutil.which("vspipe", path=os.pathsep.join(folders))
    if found is None:
        raise PipelineError(
            "vspipe was not found beside this Python nor on PATH: install it by `pip install vapoursynth`"
        )
    return Path(found)


def find_ffmpeg() -> Path:
    """Finds ffmpeg: the one on PATH, then the one of the package imageio-ffmpeg.

    Raises PipelineError where there is none.
    """
    found = shutil.which("ffmpeg")
    if found:
        return Path(found)
    try:
        return Path(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError) as exc:
        raise PipelineError("ffmpeg was not found on PATH: install it, or `pip install imageio-ffmpeg`") from exc


class Render:
    """One script, rendered into one file."""

    messages: list[Message]
    """What the script and its filters logged so far; complete when `run` has ended."""

    def __init__(
        self,
        script: str | os.PathLike[str],
        output: str | os.PathLike[str],
        *,
        arguments: Mapping[str, str] | None = None,
        encoder: Sequence[str] = X264,
    ) -> None:
        """Checks what was asked for; nothing is started yet.

        `arguments` are the script's globals. `encoder` are ffmpeg's options between the frames and the output: codec,
        tags, further inputs and maps. The frames are input 0, constant frame rate.
        Raises ArgumentError for a missing script or folder or a bad argument name, PipelineError for a missing program.
        """
        self.script, self.output = Path(script).absolute(), Path(output).absolute()
        self.arguments, self.encoder, self.messages = dict(arguments or {}), tuple(encoder), []
        check_script(self.script, self.arguments)
        _check_output(self.output)
        self.vspipe, self.ffmpeg = find_vspipe(), find_ffmpeg()

    def run(self) -> Generator[Progress, None, None]:
        """Renders; the last Progress comes when the file is complete and in its place.

        Closing the generator, or any exception, ends both programs and leaves no file; a file that was there stays.
        Raises PipelineError where a program fails, or where the file has fewer or more frames than the clip.
        """
        self.messages.clear()
        partial = self.output.with_name(f".{self.output.stem}.{secrets.token_hex(4)}{self.output.suffix}")
        try:
            last = yield from self._pump(partial)
            partial.replace(self.output)
        finally:
            partial.unlink(missing_ok=True)
        yield last

    def _pump(self, partial: Path) -> Generator[Progress, None, Progress]:
        with ExitStack() as stack:
            # Files, not pipes: ffmpeg never waits for someone to read them, and no thread is needed to do so.
            counts, complaints = (stack.enter_context(tempfile.TemporaryFile(buffering=0)) for _ in range(2))
            family = stack.enter_context(Family())
            reader = family.start("vspipe", self._reader_command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            frames, log = reader.process.stdout, reader.process.stderr
            writer = family.start(
                "ffmpeg", self._writer_command(partial), stdin=frames, stdout=counts, stderr=complaints
            )
            assert frames is not None and log is not None  # noqa: PT018 - asked for above
            frames.close()  # else vspipe would never notice that ffmpeg has gone
            last = yield from self._follow(log, reader.words)
            reader.process.wait()
            writer.process.wait()
            writer.words.extend(children.read(complaints))
            _judge(reader, writer, _frames(counts), last.total)
        return last

    def _follow(self, stream: IO[bytes], words: deque[str]) -> Generator[Progress, None, Progress]:
        """Yields vspipe's progress, keeps its messages and, in `words`, the rest; returns the last Progress."""
        clock, total = Clock(), 0
        for line in children.lines(stream):
            if match := _FRAME.match(line):
                done, total = int(match[1]), int(match[2])
                progress = clock.progress(done, total)
                if done < total:
                    yield progress
                continue
            words.append(line)
            self.messages.extend(Message.said_in(line))
        return clock.progress(total, total)

    def _reader_command(self) -> list[str]:
        arguments = [word for key, value in self.arguments.items() for word in ("-a", f"{key}={value}")]
        return [str(self.vspipe), "-c", "y4m", "-p", *arguments, str(self.script), "-"]

    def _writer_command(self, partial: Path) -> list[str]:
        quiet = ["-hide_banner", "-nostats", "-v", "warning", "-progress", "pipe:1"]
        return [str(self.ffmpeg), *quiet, "-f", "yuv4mpegpipe", "-i", "pipe:0", *self.encoder, "-y", str(partial)]


class Clock:
    """Turns frame counts into Progress; starts at the first frame, so that loading a model does not count."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds."""
        self.now, self.first = now, (-1, 0.0)

    def progress(self, done: int, total: int) -> Progress:
        """What `done` frames of `total` by now mean; 0 frames per second at the first call."""
        now = self.now()
        if self.first[0] < 0:
            self.first = done, now
        frames, seconds = done - self.first[0], now - self.first[1]
        fps = frames / seconds if frames > 0 and seconds > 0 else 0.0
        left = total - done
        return Progress(done, total, fps, left / fps if fps else None if left else 0.0)


def check_script(script: Path, arguments: Mapping[str, str]) -> None:
    """Raises ArgumentError for a script that is missing, or for a name that no global can have."""
    if not script.is_file():
        raise ArgumentError(f"script: no file '{script}'; give the path of a VapourSynth script (.vpy)")
    for name in arguments:
        if not name.isidentifier():
            raise ArgumentError(
                f"arguments: got the name '{name}', wanted a Python name; the script reads it as a global"
            )


def _check_output(output: Path) -> None:
    if not output.parent.is_dir():
        raise ArgumentError(f"output: no folder '{output.parent}'; make it first, or give a path in another one")
    if output.is_dir():
        raise ArgumentError(f"output: '{output}' is a folder; give the path of the file to write")


def _frames(counts: IO[bytes]) -> int:
    """The last frame count in what `ffmpeg -progress` has written; 0 where there is none."""
    last = 0
    for line in children.read(counts):
        if line.startswith("frame="):
            last = int(line.removeprefix("frame="))
    return last


def _judge(reader: Child, writer: Child, taken: int, total: int) -> None:
    """Raises PipelineError unless both ended well and every frame arrived; names the one that took the other along."""
    lost_reader = reader.process.returncode == _SIGPIPE or any(_LOST_READER in line for line in reader.words)
    if reader.process.returncode and not lost_reader:
        raise reader.failed("failed")
    if writer.process.returncode:
        raise writer.failed("failed")
    if lost_reader or taken != total:
        has = total or "more"  # 0: vspipe was gone before it could say how many there are
        raise writer.failed(f"wrote {taken} frames, the clip has {has}: leave out options that drop or add frames")
