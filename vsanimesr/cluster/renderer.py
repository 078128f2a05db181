"""What works on a node: chunks of one job into files, told of event by event. It knows nothing of Ray."""

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from pathlib import Path

from vsanimesr import durable
from vsanimesr.errors import AnimeSRError, MediaError
from vsanimesr.jobs import script
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.kind import Kind
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.jobs.splitter import Finished, Progress, Splitter
from vsanimesr.media.probing import identity
from vsanimesr.pipeline import Message

PREFIX = "vsanimesr-node-"
"""Of a node's temporary folder; the number of its process follows."""


@dataclass(frozen=True)
class Task:
    """What all nodes of a job are told."""

    source: Path
    """The video, absolute."""
    identity: str
    """Of its content."""
    asked: ScriptOptions
    """How it is upscaled, as it was asked for."""
    decided: ScriptOptions
    """The same as the job has decided it."""
    encode: tuple[str, ...]
    """ffmpeg's options between frames and chunk files."""
    decode: tuple[str, ...]
    """Those in front of the frames."""
    files: dict[Chunk, Path]
    """Where chunk files come to lie, absolute."""
    mark: tuple[Path, str]
    """A file beside them and what it says: who reads this writes there, too."""
    apart: bool
    """Whether nothing counts as shared."""


@dataclass(frozen=True)
class Hello:
    """What a node says of itself."""

    name: str
    """Of its machine."""
    kind: Kind
    """What pixels depend on there."""
    sees_source: bool
    """Whether it reads the same video under the same path."""
    sees_folder: bool
    """Whether it writes into the job's folder."""


@dataclass(frozen=True)
class Told:
    """Something that happened while chunks are rendered."""

    event: Progress | Finished
    """What."""
    messages: tuple[Message, ...]
    """What the filter said since."""


def _errors_as_values[**P, T](method: Callable[P, T]) -> Callable[P, T | AnimeSRError]:
    """Errors of ours come back as they are: raised, Ray would wrap them up."""

    @wraps(method)
    def safe(*args: P.args, **kwargs: P.kwargs) -> T | AnimeSRError:
        try:
            return method(*args, **kwargs)
        except AnimeSRError as error:
            return type(error)(str(error))

    return safe


class Renderer:
    """One device of a node at work; its methods are called one after another, and return errors of ours."""

    def __init__(self, task: Task, processors: int) -> None:
        """Nothing is written yet; `processors` is what Ray was asked for, by which it limits threads."""
        if os.environ.get("OMP_NUM_THREADS") == str(processors):  # a user's own number stays
            del os.environ["OMP_NUM_THREADS"]  # pixels of PyTorch depend on it: as on this machine without Ray
        self._task, self._source = task, task.source
        self._running: Generator[Progress | Finished, None, None] | None = None
        self._options, self._shared, self._said = task.decided, False, 0
        self._splitter: Splitter | None = None

    @_errors_as_values
    def meet(self, *, as_it_is: bool) -> Hello:
        """Looks around; `as_it_is` to work with this node's own choice of backend."""
        kind = Kind.of(self._task.asked)
        if as_it_is:
            self._options = replace(self._options, backend=kind.backend, device=self._task.asked.device or kind.where)
        sees = not self._task.apart and _is_same(self._task.source, self._task.identity)
        self._shared = not self._task.apart and _reads(*self._task.mark)
        return Hello(platform.node(), kind, sees, self._shared)

    @_errors_as_values
    def take(self, pieces: Iterable[bytes]) -> None:
        """Writes the video into the temporary folder; raises MediaError where it is not the job's."""
        self._source = self._folder / f"source{self._task.source.suffix}"
        with durable.explained(self._source), self._source.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        if identity(self._source) != self._task.identity:
            raise MediaError(f"'{self._task.source}' came here damaged, or it changes; run the same command again")

    @_errors_as_values
    def begin(self, chunks: tuple[Chunk, ...]) -> None:
        """Chunks that follow each other; `follow` then tells how they are rendered."""
        path = self._folder / "script.vpy"
        path.write_text(script.text(self._source, self._options), encoding="utf-8")
        self._splitter = Splitter(path, chunks, self._file_of, self._task.encode, {}, decode=self._task.decode)
        self._running, self._said = self._splitter.run(), 0

    @_errors_as_values
    def follow(self) -> Told | None:
        """Waits for the next event, for 0.2 seconds at most; None when all are rendered, or after `stop`."""
        event = next(self._running, None) if self._running else None
        if event is None or self._splitter is None:
            return None
        messages = tuple(self._splitter.messages[self._said :])
        self._said += len(messages)
        return Told(event, messages)

    @_errors_as_values
    def piece(self, chunk: Chunk, start: int, nbytes: int) -> bytes:
        """So many bytes of a finished chunk's file, fewer at its end."""
        path = self._file_of(chunk)
        with durable.explained(path), path.open("rb") as file:
            file.seek(start)
            return file.read(nbytes)

    @_errors_as_values
    def forget(self, chunk: Chunk) -> None:
        """Removes the file of a chunk that was fetched."""
        self._file_of(chunk).unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends all programs and leaves no file but chunks that are whole in the job's own folder."""
        if self._running:
            self._running.close()
        self._running = None
        if "_folder" in vars(self):
            shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def _folder(self) -> Path:
        """A temporary one; those that killed ones left go."""
        _sweep()
        return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))

    def _file_of(self, chunk: Chunk) -> Path:
        path = self._task.files[chunk]
        return path if self._shared else self._folder / path.name


def _is_same(path: Path, wanted: str) -> bool:
    try:
        return identity(path) == wanted
    except MediaError:
        return False


def _reads(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text and os.access(path.parent, os.W_OK)
    except (OSError, UnicodeDecodeError):
        return False


def _sweep() -> None:
    """Removes the folders of processes that are no more; Windows has no harmless way to ask."""
    if os.name == "nt":
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        number = re.match(r"\d+", folder.name.removeprefix(PREFIX))
        if number and not _runs(int(number[0])):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
