"""Programs that run beside this one: started, listened to, and ended together.

However this process ends, they end. On Linux the kernel kills them with it (PR_SET_PDEATHSIG); elsewhere, where this
process was killed, their pipes close: an encoder reaches its end of input at once, vspipe fails at its next frame.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, Self

from vsanimesr.errors import PipelineError

type Stream = IO[bytes] | int | None
"""What a child's standard stream may be: a file, one of subprocess's constants, None for this process's own."""

PATIENCE = 5.0
"""Seconds for the last words of a child that has ended: a child of its own may still hold the pipe open."""

_TAIL = 25  # lines of a child's output that an error shows
_LEASH = """
import ctypes, os, signal, sys
parent, program = int(sys.argv[1]), sys.argv[2:]
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() != parent:
    sys.exit("the process that started this one has gone")
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores both, and what is ignored stays so
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
try:
    os.execv(program[0], program)
except OSError as exc:
    sys.exit(f"'{program[0]}' could not be started: {exc}")
"""  # a program of its own, since code between fork and exec is not safe where there are threads


@dataclass(frozen=True, eq=False)
class Child:
    """A running program."""

    name: str
    """What people call it."""
    command: list[str]
    """Its path and its arguments."""
    process: subprocess.Popen[bytes]
    """Its streams are unbuffered."""
    words: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    """The last lines that it wrote for people; whoever listens to it fills them in."""

    def failed(self, how: str) -> PipelineError:
        """The error that says how it failed, with its exit code, its command and its last words."""
        end = f"{self.name} {how} (exit code {self.process.returncode})"
        return PipelineError("\n  ".join((end, f"command: {shlex.join(self.command)}", *self.words)))


class Family:
    """Children that end, at the latest, when it does; it is a context manager.

    On Linux a child also ends with the thread that started it.
    """

    def __init__(self) -> None:
        """There are no children yet."""
        self._children: list[Child] = []
        self._ended = False
        self._lock = threading.Lock()

    def start(
        self,
        name: str,
        command: list[str],
        *,
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = None,
        stderr: Stream = None,
        environment: Mapping[str, str] | None = None,
    ) -> Child:
        """Starts a program, `environment` added to this process's own; any thread may ask.

        Raises PipelineError where it cannot be started, or where the family was killed.
        """
        with self._lock:
            if self._ended:
                raise PipelineError(f"{name} was not started: the programs beside it are being ended")
            try:
                process = subprocess.Popen(
                    _leashed(command), bufsize=0, env=_environment(environment or {}),
                    stdin=stdin, stdout=stdout, stderr=stderr,
                )  # fmt: skip
            except OSError as exc:
                raise PipelineError(f"'{command[0]}' could not be started: {exc}; install it anew") from exc
            child = Child(name, command, process)
            self._children.append(child)
        return child

    def end(self, child: Child) -> None:
        """Ends a child if it is still running and closes its pipes; nobody may be using these any more."""
        child.process.kill()
        with child.process:  # closes its pipes and waits for it
            pass
        with self._lock, suppress(ValueError):
            self._children.remove(child)

    def kill(self) -> None:
        """Kills all children and lets none start any more; waits for none."""
        with self._lock:
            self._ended = True
            children = [*self._children]
        for child in children:
            child.process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        for child in [*self._children]:
            self.end(child)


@contextmanager
def terminated_as_interrupted() -> Generator[None, None, None]:
    """Turns SIGTERM into KeyboardInterrupt, so that everything is put away as after Ctrl-C.

    For the main thread of a command. Raises ValueError in any other.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def lines(stream: IO[bytes]) -> Iterator[str]:
    """Yields the stream's lines, ended by CR or LF, as soon as they are whole."""
    rest = b""
    while chunk := os.read(stream.fileno(), 1 << 16):
        *whole, rest = re.split(rb"[\r\n]+", rest + chunk)
        yield from (line.decode(errors="replace") for line in whole if line)
    if rest:
        yield rest.decode(errors="replace")


def read(file: IO[bytes]) -> Iterator[str]:
    """Yields the lines of a file that a child has written."""
    file.seek(0)
    return lines(file)


def listen(stream: IO[bytes] | None, hear: Callable[[str], None]) -> threading.Thread:
    """Gives each line of a child's pipe to `hear`, on a thread of its own that ends with the pipe.

    So the child never waits for someone to read, and what it says needs no room on a disk that may be full.
    """
    assert stream is not None

    def run() -> None:
        for line in lines(stream):
            hear(line)

    thread = threading.Thread(target=run, name="listener", daemon=True)
    thread.start()
    return thread


def _leashed(command: list[str]) -> list[str]:
    if sys.platform != "linux" or not sys.executable:
        return command
    return [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()), *command]


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    # Called by its full path, vspipe still looks for this Python's `vapoursynth` on PATH to find its libraries.
    environment = {**os.environ, **more}
    path = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), environment.get("PATH"))))
    return {**environment, "PATH": path}
