"""What the machine is and what is installed on it: `python -m benchmarks.gpu.environment JSON FILE`."""

import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks import children, machine
from benchmarks.gpu import child
from vsanimesr import backends
from vsanimesr.backends import cuda
from vsanimesr.errors import PipelineError
from vsanimesr.pipeline import find_vspipe

QUERY = "name,driver_version,memory.total,compute_cap,power.limit,clocks.max.sm,clocks.max.mem,pstate,temperature.gpu"
PATIENCE = 60
"""Seconds that a program may take to tell about itself."""


def describe() -> Iterator[dict[str, Any]]:
    """Machine, driver, GPU, versions; what cannot be told is an error's text in its place."""
    found: dict[str, Any] = {"machine": machine.describe(["gpu"])}
    parts: dict[str, Callable[[], Any]] = {
        "nvidia_smi": lambda: _said(["nvidia-smi", f"--query-gpu={QUERY}", "--format=csv"]),
        "gpu": _gpu,
        "backends": backends.versions,
        "packages": _packages,
        "vspipe": lambda: _said([str(find_vspipe()), "--version"]),
        "vspipe_seconds": lambda: children.seconds("point", width=16, height=16, frames=4, threads=1),
        "vapoursynth": lambda: _said([sys.executable, "-m", "vapoursynth", "check-env"]),
        "compiler": lambda: _said(["c++", "--version"]),
    }
    for name, part in parts.items():
        try:
            found[name] = part()
        except Exception as error:  # whatever it is, the rest can be told
            found[name] = {"error": child.words(error)}
        yield found


def _gpu() -> dict[str, Any]:
    device, runtime = cuda.CudaDevice(0), cuda.runtime()
    free, total = device.memory()
    versions = {
        "driver_cuda": cuda.checked(runtime.cudaDriverGetVersion(), "asking for the driver's version"),
        "runtime_cuda": cuda.checked(runtime.cudaRuntimeGetVersion(), "asking for the runtime's version"),
    }
    about = {"name": device.name, "compute_capability": device.compute_capability}
    device.close()
    return {**about, "free_nbytes": free, "total_nbytes": total, **versions}


def _packages() -> dict[str, str]:
    found = {str(package.metadata["Name"]): package.version for package in importlib.metadata.distributions()}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _said(command: Sequence[str]) -> str:
    """What a program prints; raises PipelineError if it is missing or fails."""
    name = command[0].rpartition("/")[2]
    if shutil.which(command[0]) is None:
        raise PipelineError(f"{name} was not found")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    words = f"{done.stdout}\n{done.stderr}".strip()
    if done.returncode:
        raise PipelineError(f"{name} ended with exit code {done.returncode}: {words}")
    return words


if __name__ == "__main__":
    sys.exit(child.serve(describe))
