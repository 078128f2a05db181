"""One chunk on its way into a file: an encoder of its own, checked when it has ended."""

import hashlib
import re
import secrets
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from vsanimesr import children, durable
from vsanimesr.children import Family
from vsanimesr.errors import AnimeSRError
from vsanimesr.jobs import pipes
from vsanimesr.jobs.chunks import Chunk

_FULL = ("No space left on device", "Disk quota exceeded")  # how ffmpeg says that
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.part(\.[^.]*)?")
_QUIET = ("-hide_banner", "-nostats", "-v", "warning", "-progress", "pipe:1")


@dataclass(frozen=True)
class Finished:
    """A chunk whose file is whole, on the disk and in its place."""

    chunk: Chunk
    """Its frames."""
    path: Path
    """Its file."""
    sha256: str
    """Of the file, in hexadecimal."""
    nbytes: int
    """Of the file."""


class ChunkFile:
    """A running encoder that writes a chunk under a temporary name beside its own."""

    def __init__(self, family: Family, ffmpeg: Sequence[str], encode: Sequence[str], chunk: Chunk, path: Path) -> None:
        """Starts ffmpeg, a program with options of its y4m input, and `encode` behind that; PipelineError if it cannot.

        The thread that does this has to outlive it.
        """
        self.chunk, self.path, self._family = chunk, path, family
        self._temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
        program, *decode = ffmpeg
        y4m = ["-f", "yuv4mpegpipe", *decode, "-i", "pipe:0"]
        command = [program, *_QUIET, *y4m, *encode, "-y", str(self._temporary)]
        pipe = subprocess.PIPE
        self._child = family.start("ffmpeg", command, stdin=pipe, stdout=pipe, stderr=pipe)
        process = self._child.process
        assert process.stdin is not None  # asked for above
        self._frames, self._taken = process.stdin, 0
        self._listeners = [
            children.listen(process.stdout, self._count),
            children.listen(process.stderr, self._child.words.append),
        ]
        pipes.enlarge(self.input)

    @property
    def input(self) -> int:
        """The file descriptor that takes a stream of YUV4MPEG2."""
        return self._frames.fileno()

    @property
    def has_ended(self) -> bool:
        """Whether the encoder has ended, well or not."""
        return self._child.process.poll() is not None

    def failure(self) -> AnimeSRError:
        """Waits for an encoder that took no more frames; the error that says why it did so."""
        taken = self._ended()
        return self._failure() or self._child.failed(
            f"ended after {taken} of the {self.chunk.frames} frames of chunk {self.chunk.number}: "
            "leave out options that drop frames"
        )

    def end(self) -> Finished:
        """Tells the encoder that it has all frames, waits for it, and gives the file its name.

        Raises JobError where the disk is full or cannot be written, PipelineError where the encoder failed or did not
        take exactly the chunk's frames. Then, and after any exception, no file is left.
        """
        try:
            self._frames.close()
            taken = self._ended()
            if failure := self._failure():
                raise failure
            if taken != self.chunk.frames:
                raise self._child.failed(
                    f"wrote {taken} frames of chunk {self.chunk.number}, which has {self.chunk.frames}: "
                    "leave out options that drop or add frames"
                )
            return self._publish()
        finally:
            self.discard()

    def kill(self) -> None:
        """Ends the encoder; any thread may do so."""
        self._child.process.kill()

    def discard(self) -> None:
        """Ends the encoder if it is running and removes what lies under the temporary name; any number of times."""
        self.kill()
        self._ended()
        self._family.end(self._child)
        self._temporary.unlink(missing_ok=True)

    def _ended(self) -> int:
        """Waits for the encoder; the frames that it says it took."""
        self._child.process.wait()
        for listener in self._listeners:
            listener.join(children.PATIENCE)
        return self._taken

    def _count(self, line: str) -> None:
        if line.startswith("frame="):
            self._taken = int(line.removeprefix("frame="))

    def _failure(self) -> AnimeSRError | None:
        """The error of an encoder that has ended; None where it says that all is well."""
        if any(full in line for line in self._child.words for full in _FULL):
            return durable.disk_full(self.path)
        return self._child.failed("failed") if self._child.process.returncode else None

    def _publish(self) -> Finished:
        with durable.explained(self.path):
            with self._temporary.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                nbytes = file.tell()
            durable.publish(self._temporary, self.path)
        return Finished(self.chunk, self.path, digest, nbytes)


def sweep(paths: Collection[Path]) -> None:
    """Removes what killed processes left of these files under temporary names; nobody else may be writing them."""
    names = {path.name for path in paths}
    for folder in {path.parent for path in paths}:
        for file in list(folder.iterdir()):
            match = _TEMPORARY.fullmatch(file.name)
            if match and match[1] + (match[2] or "") in names:
                file.unlink(missing_ok=True)
