"""The processes that do what is measured, each with a library of its own."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vsanimesr.pipeline import find_vspipe

HERE = Path(__file__).parent
WARM_UP = 4
"""Frames before those that count: the first ones compile kernels and touch memory."""
_TAIL = 8  # lines of a child's output that an error shows


class ChildFailed(Exception):
    """A process that should have been measured failed; carries its command and its last words."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message
        """One line for tables and files, without a path of this machine."""


@dataclass(frozen=True)
class Stamp:
    """What was the case when a frame came out of vspipe."""

    at: float
    """Time, seconds."""
    resident: int
    """Resident memory, bytes; 0 in a run that only tells the time."""
    peak: int
    """The most resident memory so far, bytes; likewise."""


def stamps(node: str, *, preload: bool, **arguments: Any) -> list[Stamp]:
    """One for each frame of a vspipe run of `nodes.<node>`, in the order in which they came; raises ChildFailed.

    With `preload` the process loads the Python package's OpenVINO before any plugin can bring another one.
    """
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        log = Path(folder) / "log"
        _vspipe(node, {**arguments, "log": str(log)}, preload=preload)
        lines = [line.split() for line in log.read_text().splitlines()]
    return sorted((Stamp(float(at), int(now), int(peak)) for at, now, peak in lines), key=lambda stamp: stamp.at)


def rate(ended: Sequence[Stamp]) -> float:
    """Frames per second after the first WARM_UP ones."""
    return (len(ended) - WARM_UP) / (ended[-1].at - ended[WARM_UP - 1].at)


def seconds(node: str, **arguments: Any) -> float:
    """How long vspipe says that all frames of `nodes.<node>` took, without the script's own time; to 10 ms."""
    words = _vspipe(node, arguments, preload=False)
    found = re.search(r"Output \d+ frames in ([\d.]+) seconds", words)
    if not found:
        raise ChildFailed(f"vspipe did not say how long {node} took, but: {words.strip()}; this needs VapourSynth R74+")
    return float(found[1])


def python(code_or_module: Sequence[str]) -> Any:
    """What a Python process prints as JSON in its last line; the arguments are those of `python`."""
    output = _run([sys.executable, *code_or_module], {"PYTHONPATH": str(HERE.parent)}).stdout
    return json.loads(output.splitlines()[-1])


def _vspipe(node: str, arguments: Mapping[str, Any], *, preload: bool) -> str:
    """What vspipe wrote to stderr."""
    script = ["-a", f"node={node}", "-a", f"arguments={json.dumps(arguments)}", str(HERE / "run.vpy"), "--"]
    folders = [str(HERE / "preload")] * preload + [str(HERE.parent)]
    # Called by its full path, vspipe still looks for this Python's `vapoursynth` on PATH to find its libraries.
    path = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), os.environ.get("PATH"))))
    return _run([str(find_vspipe()), *script], {"PYTHONPATH": os.pathsep.join(folders), "PATH": path}).stderr


def _run(command: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        words = [line.strip() for line in done.stderr.splitlines() if line.strip()][-_TAIL:]
        message = "\n  ".join((f"exit code {done.returncode} from {' '.join(command)}", *words))
        last = words[-1] if words else f"exit code {done.returncode} without a word"
        raise ChildFailed(message, last.removeprefix("vapoursynth.Error: ").removeprefix("Upscale: "))
    return done
