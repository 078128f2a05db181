"""What is measured: every combination of sizes, formats, backends, precisions and models."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vsanimesr import backends, models
from vsanimesr.spec import FORMATS, MIN_SIDE, ClipSpec, Colour

MOST = 16384
"""The longest side that is taken, samples: what is longer is a slip of the keyboard."""
CPU, CUDA = "CPU", "CUDA"
"""The kinds of device whose ceilings can be measured."""
UNNAMED = "animesr-v2"
"""The model of results that name none; labels and tables of it alone need not name it."""
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
    model: str = models.DEFAULT
    """What `models.find` takes: a name, or the path of an artifact; the fake backend runs none and has the default."""

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
        """For people; names the model if that is not UNNAMED."""
        return self._label(with_model=self.model != UNNAMED)

    @property
    def model_name(self) -> str:
        """The model's name; of a file that without its folders."""
        return Path(self.model).name

    @property
    def runs_model(self) -> bool:
        """Whether there is a network in it."""
        return self.backend != "fake"

    @property
    def kind(self) -> str:
        """CPU, CUDA, or '' for a device that has no ceiling here (and for the fake, which computes nothing)."""
        if self.backend in _CUDA_BACKENDS or (self.backend, self.device) == ("torch", "cuda"):
            return CUDA
        return CPU if (self.backend, self.device.lower()) in _CPU_BACKENDS else ""

    @property
    def converts(self) -> bool:
        """Whether scripts without this filter's formats would convert to RGBS before a network, and back after it."""
        return self.runs_model and not FORMATS[self.format].floating

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

    def label_among(self, others: Iterable["Combination"]) -> str:
        """The label beside others: names every model if one of them is not UNNAMED."""
        return self._label(with_model=any(other.model != UNNAMED for other in (self, *others) if other.runs_model))

    def node(self) -> dict[str, Any]:
        """Those arguments of `nodes.ours` that it has; a file's path is absolute, as vspipe runs in another folder."""
        is_file = self.model.endswith(".onnx") or self.model_name != self.model
        return asdict(self) | {"model": str(Path(self.model).absolute()) if is_file else self.model}

    def _label(self, *, with_model: bool) -> str:
        words = (self.size, self.format, self.runs_on, self.precision)
        return " ".join((*words, self.model_name) if with_model and self.runs_model else words)


_CPU_BACKENDS = {(name, device) for name in ("openvino", "torch") for device in ("", "cpu")}


def combine(
    sizes: Sequence[tuple[int, int]],
    formats: Sequence[str],
    runs_on: Sequence[tuple[str, str]],
    precisions: Sequence[str],
    names: Sequence[str] = (models.DEFAULT,),
) -> list[Combination]:
    """Each combination once, sizes changing slowest and models, which have these names, fastest.

    The fake backend computes in fp32 only and runs no model: it gets that, and the default one, alone.
    """
    every = itertools.product(sizes, formats, runs_on, precisions, names)
    found = (
        Combination(*size, format_, *where, *(("fp32",) if where[0] == "fake" else (precision, model)))
        for size, format_, where, precision, model in every
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


def parse_models(text: str) -> list[str]:
    """NAME[,NAME...] as names and paths of models; raises ValueError if the results could not tell them apart."""
    found = text.split(",")
    names = [Path(name).name for name in found]
    if "" in names:
        raise ValueError(f"{text!r} has a name that is empty, wanted models such as animesr-v2,animesr-v1")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{text!r} names {', '.join(twice)} twice, wanted each model once, files under other names")
    return found


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
