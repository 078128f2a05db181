"""What a job's pixels depend on besides the video: backend, kind of device, model, versions."""

import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from vsanimesr import backends, models
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.pipeline import find_ffmpeg

PACKAGES = ("vapoursynth-animesr", "vapoursynth", "vapoursynth-bestsource")
"""Those whose version decides what frames are and what becomes of them."""
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Kind:
    """All of it; what 'auto' came to is decided."""

    backend: str
    """Its name."""
    where: str
    """The filter's argument `device`; '' for the backend's own."""
    device: str
    """The kind of device and the precision, in words."""
    model: str
    """A hash of the weights."""
    versions: dict[str, str]
    """By the name of the program or library."""
    reason: str
    """Why 'auto' took no better backend; '' where it did or nobody asked."""

    @classmethod
    def of(cls, options: ScriptOptions) -> Self:
        """What these options come to on this machine.

        Raises ArgumentError, UnknownModel, ModelNotFetched, BackendUnavailable, PipelineError without ffmpeg.
        """
        spec = models.load(options.model).spec if options.backend != "fake" else models.find(options.model)
        name, where, reason = options.backend, options.device, ""
        if name == "auto":
            choice = backends.choose(device_id=options.device_id)
            name, where, reason = choice.name, choice.device, choice.reason
        chosen = backends.get(name)
        hardware = _gpu(options.device_id) if _is_cuda(name, where) else _processor()
        words = f"{name} on {where or 'its own device'}, {options.precision}: {hardware}"
        return cls(name, where, words, spec.weights_sha256, {**_versions(), name: chosen.version()}, reason)


def _is_cuda(name: str, where: str) -> bool:
    return name.startswith("tensorrt") or where.startswith("cuda")


def _gpu(number: int) -> str:
    return backends.nvidia_gpu_name(number) or f"GPU {number}"


def _processor() -> str:
    """Its name and the units that compute differently: results differ in the last bits between them."""
    try:
        told = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    units = [unit for unit in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if re.search(rf"\b{unit}\b", told)]
    return f"{name[1] if name else platform.machine()} ({', '.join(units)})"


def _versions() -> dict[str, str]:
    return {name: _version(name) for name in PACKAGES} | {"ffmpeg": _ffmpeg()}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _ffmpeg() -> str:
    told = subprocess.run([find_ffmpeg(), "-version"], capture_output=True, text=True, check=False).stdout
    return told.partition("\n")[0].removeprefix("ffmpeg version ").partition(" Copyright")[0]
