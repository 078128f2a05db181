"""What a job's pixels depend on besides the video: backend, kind of device, model, versions."""

import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from vsanimesr import backends, models
from vsanimesr.errors import ArgumentError
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
    def of(cls, options: ScriptOptions, devices: Sequence[int] = (0,)) -> Self:
        """What these options come to on devices of this machine, which have to be of one kind.

        Raises ArgumentError, UnknownModel, ModelNotFetched, BackendUnavailable, PipelineError without ffmpeg.
        """
        spec = models.load(options.model).spec if options.backend != "fake" else models.find(options.model)
        name, where, reason = options.backend, options.device, ""
        if name == "auto":
            choice = backends.choose(device_id=devices[0])
            name, where, reason = choice.name, choice.device, choice.reason
        chosen = backends.get(name)
        hardware = _gpus(devices) if _is_cuda(name, where) else _processor(name, where, devices)
        words = f"{name} on {where or 'its own device'}, {options.precision}: {hardware}"
        return cls(name, where, words, spec.weights_sha256, {**_versions(), name: chosen.version()}, reason)


def _is_cuda(name: str, where: str) -> bool:
    return name.startswith("tensorrt") or where.startswith("cuda")


def _gpus(numbers: Sequence[int]) -> str:
    """The name of all; raises ArgumentError for devices that are not there, or of several kinds."""
    names = {number: backends.nvidia_gpu_name(number) for number in numbers}
    if missing := [str(number) for number, name in names.items() if not name]:
        raise ArgumentError(
            f"there is no NVIDIA GPU number {', '.join(missing)}; nvidia-smi lists those that there are"
        )
    if len(set(names.values())) > 1:
        told = ", ".join(f"{number} is {name}" for number, name in names.items())
        raise ArgumentError(f"the devices differ, {told}: their pixels would; name devices of one kind")
    return names[numbers[0]]


def _processor(backend: str, where: str, numbers: Sequence[int]) -> str:
    """Name, and what computes differently: units, and for PyTorch threads change the last bits of results."""
    if backend in {"openvino", "torch"} and where.upper() in {"", "CPU"} and tuple(numbers) != (0,):
        raise ArgumentError(f"{backend} takes the processor for one device, number 0; leave --devices out")
    if backend == "torch":
        return f"{_model_and_units()}, {import_module('torch').get_num_threads()} threads"
    return _model_and_units()


def _model_and_units() -> str:
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
