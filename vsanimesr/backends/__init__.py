"""The backends by name, loaded when first asked for; and the choice that 'auto' makes."""

import ctypes
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

from vsanimesr.backends.base import Backend
from vsanimesr.errors import ArgumentError, BackendUnavailable

CLASSES = {
    "tensorrt": ("vsanimesr.backends.tensorrt", "TensorRT"),
    "tensorrt_rtx": ("vsanimesr.backends.tensorrt_rtx", "TensorRTRTX"),
    "torch": ("vsanimesr.backends.torch", "Torch"),
    "openvino": ("vsanimesr.backends.openvino", "OpenVINO"),
    "fake": ("vsanimesr.backends.fake", "Fake"),
}
"""Module and class of each backend."""
NAMES = tuple(CLASSES)
"""What the argument `backend` may be, besides 'auto'."""


@dataclass(frozen=True)
class Candidate:
    """A way that 'auto' may go."""

    name: str
    """The backend."""
    device: str
    """The device, as `Setup.device` has it."""
    gpu: bool
    """Whether it computes on an NVIDIA GPU."""


ORDER = (
    Candidate("tensorrt", "cuda", gpu=True),
    Candidate("tensorrt_rtx", "cuda", gpu=True),
    Candidate("torch", "cuda", gpu=True),
    Candidate("openvino", "CPU", gpu=False),
)
"""What 'auto' tries, best first."""


@dataclass(frozen=True)
class Choice:
    """What 'auto' came to."""

    name: str
    """The backend's name."""
    backend: type[Backend]
    """Its class."""
    device: str
    """The device, for `Setup.device`."""
    reason: str
    """Why none of those that are better, in one line for the log; '' where this is the best."""
    warning: str
    """What the user should do about an NVIDIA GPU that lies idle; '' where none does."""


def get(name: str) -> type[Backend]:
    """The class of a backend; raises ArgumentError for a name that is none."""
    if name not in CLASSES:
        raise ArgumentError(f"backend={name!r} is not known; use one of auto, {', '.join(NAMES)}")
    module, cls = CLASSES[name]
    backend: type[Backend] = getattr(importlib.import_module(module), cls)
    return backend


def versions() -> dict[str, str]:
    """Each backend's library and its version, or 'not usable: ' and the reason."""
    return {name: _version(name) for name in NAMES}


def choose(nvidia_gpus: Callable[[], int] | None = None, device_id: int = 0) -> Choice:
    """The first backend of ORDER that runs on this machine, on the device of that number.

    `nvidia_gpus` counts the GPUs, `count_nvidia_gpus` by default. Raises BackendUnavailable if nothing runs here.
    """
    gpus = (nvidia_gpus or count_nvidia_gpus)()
    passed: list[str] = []
    if not gpus:
        passed.append("no NVIDIA GPU found")  # not what is not installed: nobody should install it for this machine
    for candidate in ORDER:
        if candidate.gpu and not gpus:
            continue
        obstacle = _obstacle(candidate, device_id)
        if obstacle is None:
            reason, idle = "; ".join(passed), _idle(candidate, gpus, passed)
            return Choice(candidate.name, get(candidate.name), candidate.device, reason, idle)
        passed.append(f"{candidate.name} on {candidate.device}: {obstacle}")
    raise BackendUnavailable(f"no backend runs on this machine: {'; '.join(passed)}")


def count_nvidia_gpus() -> int:
    """Number of NVIDIA GPUs that the driver offers, by asking the driver itself; 0 where there is none."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        found = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return 0
    return count.value if found else 0


def nvidia_gpu_name(number: int) -> str:
    """What the driver calls the NVIDIA GPU of that number; '' where there is none."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        device, name = ctypes.c_int(0), ctypes.create_string_buffer(256)
        found = driver.cuInit(0) == 0 and driver.cuDeviceGet(ctypes.byref(device), number) == 0
        found = found and driver.cuDeviceGetName(name, len(name), device) == 0
    except (OSError, AttributeError):
        return ""
    return name.value.decode(errors="replace") if found else ""


def _version(name: str) -> str:
    try:
        return get(name).version()
    except BackendUnavailable as error:
        return f"not usable: {str(error).removeprefix(f'{name}: ')}"


def _obstacle(candidate: Candidate, device_id: int) -> str | None:
    """Why a candidate cannot run here, or None."""
    try:
        devices = get(candidate.name).devices(device_id)
    except BackendUnavailable as error:
        return str(error)
    return None if candidate.device in devices else f"it finds {', '.join(devices) or 'no device'}"


def _idle(chosen: Candidate, gpus: int, passed: list[str]) -> str:
    """What to say of GPUs that lie idle: install what is missing, not what was found and does not serve them."""
    if chosen.gpu or not gpus:
        return ""
    installs = [reason.partition(": ")[2] for reason in passed if "pip install" in reason]
    way = f"to use the GPU: {'; or '.join(installs)}" if installs else "nothing that is installed serves it"
    return (
        f"{gpus} NVIDIA GPU{'s' if gpus > 1 else ''} found, but {chosen.name} on {chosen.device} was chosen, which is "
        f"many times slower; {way} (README, NVIDIA GPUs)"
    )
