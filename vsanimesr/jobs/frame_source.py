"""A VapourSynth script's frames, one after another, from a vspipe of its own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from vsanimesr import children
from vsanimesr.children import Family
from vsanimesr.errors import PipelineError
from vsanimesr.jobs import pipes, y4m
from vsanimesr.jobs.pipes import Move
from vsanimesr.pipeline import Message


class FrameSource:
    """A running vspipe that writes a stretch of a script's frames."""

    header: y4m.Header
    """Of the stream; there once `begin` has returned."""

    def __init__(
        self,
        family: Family,
        command: list[str],
        environment: Mapping[str, str],
        messages: list[Message],
        move: Move = pipes.move,
    ) -> None:
        """Starts vspipe; what it and the script log goes to `messages` as it comes. Raises PipelineError.

        The thread that does this has to outlive it.
        """
        pipe = subprocess.PIPE
        self._child = family.start("vspipe", command, stdout=pipe, stderr=pipe, environment=environment)
        assert self._child.process.stdout is not None  # asked for above
        self._output, self._move, self._messages, self._done = self._child.process.stdout.fileno(), move, messages, 0
        pipes.enlarge(self._output)
        self._listener = children.listen(self._child.process.stderr, self._hear)

    def begin(self, wanted: int) -> None:
        """Waits for the stream's header.

        Raises EOFError where none came, PipelineError where there are not `wanted` frames to come.
        """
        self.header = y4m.read_header(self._output)
        if self.header.frames not in (None, wanted):
            self.kill()
            raise self._failed(f"gave a clip of {self.header.frames} frames, wanted {wanted}")

    def feed(self, target: int) -> None:
        """Moves one frame with its line into a file descriptor.

        Raises EOFError where the stream is over, also in the middle of the frame; BrokenPipeError where nobody reads
        the target any more.
        """
        line = y4m.read_frame_line(self._output)
        if not line:
            raise EOFError("the stream is over")
        pipes.write(target, line)
        if self._move(self._output, target, self.header.nbytes) < self.header.nbytes:
            raise EOFError("the stream ended within a frame")
        self._done += 1

    def expect_end(self) -> None:
        """Waits for the end of the stream; raises PipelineError where there are more frames to come."""
        if os.read(self._output, 1):
            self.kill()
            raise self._failed(f"gave more than the {self._done} frames that were wanted")

    def end(self) -> None:
        """Waits for the end of vspipe; raises PipelineError where it failed."""
        self._wait()
        if self._child.process.returncode:
            raise self._child.failed("failed")

    def failure(self, wanted: int) -> PipelineError:
        """Waits for a vspipe whose stream was over too early; the error that says why."""
        self._wait()
        if self._child.process.returncode:
            return self._child.failed("failed")
        return self._failed(f"gave {self._done} frames, wanted {wanted}")

    def kill(self) -> None:
        """Ends vspipe; its stream is over once what is in the pipe has been read."""
        self._child.process.kill()

    def close(self) -> None:
        """Ends vspipe and waits for it."""
        self.kill()
        self._wait()

    def _failed(self, how: str) -> PipelineError:
        self._wait()
        return self._child.failed(f"{how}: the script has to end with clip[first : last + 1].set_output()")

    def _wait(self) -> None:
        self._child.process.wait()
        self._listener.join(children.PATIENCE)

    def _hear(self, line: str) -> None:
        self._child.words.append(line)
        self._messages.extend(Message.said_in(line))


def command(vspipe: Path, script: Path, arguments: Mapping[str, str]) -> list[str]:
    """vspipe's command for a script's frames on its standard output; `arguments` are the script's globals."""
    words = [word for key, value in arguments.items() for word in ("-a", f"{key}={value}")]
    return [str(vspipe), "-c", "y4m", *words, str(script), "-"]
