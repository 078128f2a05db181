"""Jobs in processes of their own: whatever becomes of one, the next one runs, and what happened is written down."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""
RESULT = "{result}"
"""Stands in a command for the file into which the process writes JSON."""
KEPT = 20_000
"""Characters of a process's output that are kept: the first half of them, and the last."""
OK, FAILED, CRASHED, TIMED_OUT, SKIPPED = "ok", "failed", "crashed", "timed out", "skipped"


@dataclass(frozen=True)
class Job:
    """A process to run."""

    name: str
    """What it is called in the result."""
    command: Sequence[str]
    """Program and arguments, with RESULT among them where it writes JSON."""
    limit: float
    """Seconds after which it is killed, with all that it started."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that it gets besides, or in place of those that are there."""
    cwd: Path = ROOT
    """Where it runs."""


@dataclass(frozen=True)
class Outcome:
    """What became of a job."""

    status: str
    """OK; FAILED with an exit code; CRASHED by a signal; TIMED_OUT; SKIPPED, with the reason as output."""
    seconds: float
    """How long it ran."""
    command: str
    """As it could be typed in the repository."""
    exit: str
    """Exit code or name of the signal."""
    output: str
    """What it wrote to stdout and stderr."""
    value: Any
    """The JSON that it wrote, as far as it got; None for none."""

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def skipped(reason: str) -> Outcome:
    """The outcome of a job that was not run."""
    return Outcome(SKIPPED, 0.0, "", "", reason, None)


def python(*arguments: str) -> list[str]:
    """A command of this Python."""
    return [sys.executable, *arguments]


def run(job: Job, limit: float) -> Outcome:
    """Run a job for at most `limit` seconds; raises nothing."""
    with tempfile.TemporaryDirectory(prefix="animesr-gpu-", ignore_cleanup_errors=True) as folder:
        file, log = Path(folder, "result.json"), Path(folder, "output.txt")
        command = [str(file) if word == RESULT else word for word in job.command]
        start = time.monotonic()
        with log.open("wb") as output:
            status, code = _finish(command, job, limit, output)
        seconds = round(time.monotonic() - start, 2)
        value, problem = _value(file)
        if status == OK and RESULT in job.command and problem:
            status, code = FAILED, problem
        return Outcome(status, seconds, _typed(job), code, _output(log), value)


def _finish(command: Sequence[str], job: Job, limit: float, output: IO[bytes]) -> tuple[str, str]:
    """Status and exit code of a process that has ended, or was made to."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **job.env}
    try:
        child = subprocess.Popen(
            command,
            env=env,
            cwd=job.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return FAILED, f"it could not be started: {error}"
    try:
        code = child.wait(limit)
    except subprocess.TimeoutExpired:
        return TIMED_OUT, f"killed after {limit:.0f} s"
    finally:
        _end(child)
    if code < 0:
        return CRASHED, signal.Signals(-code).name
    return OK if code == 0 else FAILED, str(code)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and of those that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # all of them have ended
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()


def _value(file: Path) -> tuple[Any, str]:
    """What a process wrote, and what is wrong with it."""
    try:
        return json.loads(file.read_text(encoding="utf-8")), ""
    except (OSError, ValueError) as error:
        return None, f"it wrote no result: {error}"


def _output(log: Path) -> str:
    """What a process wrote, its middle left out where it is long, without the repository's own path."""
    text = log.read_text(encoding="utf-8", errors="replace").replace(f"{ROOT}{os.sep}", "").strip()
    if len(text) <= KEPT:
        return text
    half = KEPT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def _typed(job: Job) -> str:
    words = [Path(word).name if n == 0 else word for n, word in enumerate(job.command)]
    words = ["result.json" if word == RESULT else word.replace(f"{ROOT}{os.sep}", "") for word in words]
    return " ".join((*(f"{name}={shlex.quote(value)}" for name, value in job.env.items()), shlex.join(words)))
