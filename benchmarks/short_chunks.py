"""The command line in a process of its own, with chunks of so few frames that a short video has many of them.

    python -m benchmarks.short_chunks CHUNK DEVICE upscale INPUT -o OUTPUT ...

CHUNK are frames, DEVICE is the filter's argument of that name, '' for the backend's own; behind them comes what is
given to `vsanimesr`. The command's own chunks have `jobs.order.LEAST` frames at least.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.children import HERE, ChildFailed
from vsanimesr import cli
from vsanimesr.cli import upscale
from vsanimesr.jobs.order import Order

type Event = dict[str, Any]
"""One of the objects of `--json`."""


@dataclass(frozen=True)
class Upscaled:
    """A video that was upscaled."""

    seconds: float
    """From the start of the process to its end."""
    chunks: int
    """Of the job."""


def main(words: Sequence[str]) -> int:
    """What the command line of this module says; returns the exit code of `vsanimesr`."""
    chunk, device, *rest = words

    def short(*given: Any, **named: Any) -> Order:
        order = Order(*given, **named)
        return replace(order, script=replace(order.script, device=device), least=int(chunk), most=int(chunk))

    with patch.object(upscale, "Order", short):
        return cli.main(rest)


def run(
    source: Path,
    output: Path,
    asked: argparse.Namespace,
    more: Sequence[str] = (),
    see: Callable[[Event], None] = lambda event: None,
) -> Upscaled:
    """`vsanimesr upscale` with options of the benchmark and `more`; `see` gets every event. Raises ChildFailed."""
    words = ["upscale", str(source), "-o", str(output), "--json", *more]
    chunks, error, begun = 0, "", time.perf_counter()
    with tempfile.TemporaryFile("w+") as complaints:
        with start(words, asked, subprocess.PIPE, complaints) as process:
            assert process.stdout is not None  # asked for
            try:
                for line in process.stdout:
                    event = json.loads(line)
                    see(event)
                    chunks, error = event.get("chunks", chunks), event["text"] if event["event"] == "error" else error
            except BaseException:
                process.terminate()  # it puts everything away
                raise
        seconds = time.perf_counter() - begun
        complaints.seek(0)
        _check(process.returncode, error or complaints.read())
    return Upscaled(seconds, chunks)


def script(source: Path, asked: argparse.Namespace) -> str:
    """What `vsanimesr script` prints. Raises ChildFailed."""
    with tempfile.TemporaryFile("w+") as complaints:
        with start(["script", str(source)], asked, subprocess.PIPE, complaints) as process:
            text, _ = process.communicate()
        complaints.seek(0)
        _check(process.returncode, complaints.read())
    return text


def start(words: Sequence[str], asked: argparse.Namespace, out: Any, complaints: Any) -> subprocess.Popen[str]:
    """`vsanimesr WORDS` with options of the benchmark; the last two are what `subprocess` takes for its streams."""
    name, _, device = asked.backend.partition(":")
    options = ["--backend", name, "--precision", asked.precision]
    command = [sys.executable, "-m", "benchmarks.short_chunks", str(asked.chunk), device, *words, *options]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    return subprocess.Popen(command, stdout=out, stderr=complaints, env=environment, text=True)


def _check(returncode: int, words: str) -> None:
    if returncode:
        raise ChildFailed(f"exit code {returncode} from vsanimesr:\n  {words.strip()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
