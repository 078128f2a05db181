"""What a measurement was made on, with what, and how."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = (
    "vapoursynth-animesr",
    "vapoursynth",
    "openvino",
    "torch",
    "tensorrt",
    "tensorrt-rtx-cu13",
    "numpy",
    "vapoursynth-mlrt-ov",
)
_CPUINFO = Path("/proc/cpuinfo")
_NEEDED = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")
"""Processor features that decide how fast a convolution is."""


def describe(arguments: Sequence[str]) -> dict[str, Any]:
    """Day, processor, GPUs, memory, load, versions, and the command line that had these arguments."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "features": [feature for feature in _NEEDED if feature in _cpuinfo("flags").split()],
        "gpus": _gpus(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": psutil.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "command": shlex.join([Path(sys.executable).name, "-m", "benchmarks", *arguments]),
    }


class Others:
    """How busy processes that are not ours keep the processors; needs a system that counts ended children's time."""

    def __init__(self) -> None:
        self._before = _clocks()

    def percent(self) -> float:
        """Of all processors' time since the last call (or the start), time stolen by the hypervisor included."""
        before, self._before = self._before, _clocks()
        wall, busy, ours = (now - then for now, then in zip(self._before, before, strict=True))
        share: float = (busy - ours) / (wall * psutil.cpu_count())
        return max(0.0, 100 * share)


def _clocks() -> tuple[float, float, float]:
    """Seconds: of the clock; that the processors worked; that they worked for this process and its ended children."""
    every, ours = psutil.cpu_times(), psutil.Process().cpu_times()
    busy = sum(getattr(every, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq", "steal"))
    return time.monotonic(), busy, ours.user + ours.system + ours.children_user + ours.children_system


def _cpuinfo(key: str) -> str:
    """Linux's value of a key, for the first processor; '' elsewhere."""
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _gpus() -> list[str]:
    """Name, driver and memory of each NVIDIA GPU, as the driver's own tool tells them; empty without that."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
