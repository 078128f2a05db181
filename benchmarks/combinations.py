"""What is measured: every combination of sizes, formats, backends and precisions."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from vsanimesr import backends
from vsanimesr.spec import FORMATS, MIN_SIDE, ClipSpec, Colour

MOST = 16384
"""The longest side that is taken, samples: what is longer is a slip of the keyboard."""
CPU, CUDA = "CPU", "CUDA"
"""The kinds of device whose ceilings can be measured."""
_CUDA_BACKENDS = ("tensorrt", "tensorrt_rtx")
_SCALE = 4


@dataclass(frozen=True)
class Combination:
    """One way to run the network."""

    width: int
    """Of the frames, samples."""
    height: int
    """Likewise."""
    format: str
    """VapourSynth's name of the clip's format."""
    backend: str
    """Its name."""
    device: str
    """As `Setup.device` has it; '' for the backend's default."""
    precision: str
    """'auto' or one of the backend's."""

    @property
    def size(self) -> str:
        """WIDTHxHEIGHT."""
        return f"{self.width}x{self.height}"

    @property
    def megapixels(self) -> float:
        """Of one frame at low resolution."""
        return self.width * self.height / 1e6

    @property
    def runs_on(self) -> str:
        """Backend and device in one word, as the option `--backends` takes it."""
        return f"{self.backend}:{self.device}" if self.device else self.backend

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.size} {self.format} {self.runs_on} {self.precision}"

    @property
    def kind(self) -> str:
        """CPU, CUDA, or '' for a device that has no ceiling here (and for the fake, which computes nothing)."""
        if self.backend in _CUDA_BACKENDS or (self.backend, self.device) == ("torch", "cuda"):
            return CUDA
        return CPU if (self.backend, self.device.lower()) in _CPU_BACKENDS else ""

    @property
    def converts(self) -> bool:
        """Whether scripts without this filter's formats would convert to RGBS before a network, and back after it."""
        return self.backend != "fake" and not FORMATS[self.format].floating

    def clip(self, frames: int) -> ClipSpec:
        """So many frames; what is no RGB is limited 709."""
        format_ = FORMATS[self.format]
        colour = Colour() if format_.family == "rgb" else Colour("709", full=False)
        return ClipSpec(self.width, self.height, frames, format_, colour)

    @property
    def nbytes(self) -> tuple[int, int]:
        """Of a frame, and of its picture."""
        format_ = FORMATS[self.format]
        return format_.nbytes(self.width, self.height), format_.nbytes(_SCALE * self.width, _SCALE * self.height)


_CPU_BACKENDS = {(name, device) for name in ("openvino", "torch") for device in ("", "cpu")}


def combine(
    sizes: Sequence[tuple[int, int]],
    formats: Sequence[str],
    runs_on: Sequence[tuple[str, str]],
    precisions: Sequence[str],
) -> list[Combination]:
    """Each combination once, sizes changing slowest; the fake backend computes in fp32 only and gets that alone."""
    every = itertools.product(sizes, formats, runs_on, precisions)
    found = (
        Combination(*size, format_, *where, "fp32" if where[0] == "fake" else precision)
        for size, format_, where, precision in every
    )
    return list(dict.fromkeys(found))


def parse_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT as two numbers; raises ValueError."""
    width, times, height = text.partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise ValueError(f"{text!r} is no size, wanted WIDTHxHEIGHT such as 640x480")
    if not (MIN_SIDE <= int(width) <= MOST and MIN_SIDE <= int(height) <= MOST):
        raise ValueError(f"{text} will not do, wanted sides from {MIN_SIDE} to {MOST}")
    return int(width), int(height)


def parse_backend(text: str) -> tuple[str, str]:
    """NAME or NAME:DEVICE as name and device; raises ValueError for a name that is none.

    'auto' is what it would choose on this machine; raises BackendUnavailable if nothing runs here.
    """
    if text == "auto":
        choice = backends.choose()
        return choice.name, choice.device
    name, _, device = text.partition(":")
    if name not in backends.NAMES:
        raise ValueError(f"{name!r} is no backend, wanted one of auto, {', '.join(backends.NAMES)}")
    return name, device
