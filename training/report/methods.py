"""What is compared: bicubic upscaling, and recurrent networks by name, artifact or checkpoint."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from export.recurrence import network_of
from training.metrics.pictures import Picture
from training.metrics.resizing import imresize
from training.report.clips import SCALE, Pictures
from vsanimesr import models
from vsanimesr.errors import ArgumentError, BackendUnavailable, BadModelFile
from vsanimesr.models import Artifact, artifact, checkpoint
from vsanimesr.spec import padded

PRECISIONS = ("fp32", "bf16")
BICUBIC = "bicubic"


class Method(Protocol):
    """Something that upscales clips four times."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def about(self) -> str:
        """What it is, in words, so that a report can be made again."""

    def pictures(self, low: Pictures) -> Iterator[Picture]:
        """One picture after another, rounded to 8 bits."""


@dataclass(frozen=True)
class Bicubic:
    """MATLAB's imresize, the literature's bicubic: kernel of -0.5, nothing to antialias in an enlargement."""

    name: str = BICUBIC
    about: str = "imresize by 4, kernel of -0.5"

    def pictures(self, low: Pictures) -> Iterator[Picture]:
        """Each frame by itself."""
        for frame in low:
            yield rounded(enlarged(frame))


class Network:
    """A recurrent network over the whole clip as one scene, without steps before its first frame: the paper's run."""

    def __init__(self, name: str, model: Artifact, about: str, *, device: str = "cpu", precision: str = "fp32") -> None:
        """`device` is PyTorch's; raises BackendUnavailable where it is not there, ArgumentError for a precision."""
        if precision not in PRECISIONS:
            raise ArgumentError(f"precision {precision!r}, wanted one of {', '.join(PRECISIONS)}")
        if _kind(device) == "cuda" and not torch.cuda.is_available():
            raise BackendUnavailable(f"device {device!r}: PyTorch {torch.__version__} finds no GPU; use --device cpu")
        self.name, self.about = name, f"{about}, {precision} on {device}"
        self.device, self.precision = device, precision
        self._multiple = model.spec.multiple
        network = network_of(model).to(device).requires_grad_(False)
        self._network = network.to(memory_format=torch.channels_last)

    def pictures(self, low: Pictures) -> Iterator[Picture]:
        """As `Method.pictures`."""
        for picture, _ in self.steps(low):
            yield rounded((picture * 255).cpu().numpy())

    def steps(self, low: Pictures) -> Iterator[tuple[Tensor, Tensor]]:
        """Each frame's picture, [4h, 4w, 3] from 0 to 1, and the state after it, [C, h, w], float32."""
        height, width = low.shape[1:3]
        state = self._network.initial_state(1, padded(height, self._multiple), padded(width, self._multiple))
        for n in range(len(low)):
            window = torch.cat([self._frame(low[max(0, min(k, len(low) - 1))]) for k in (n - 1, n, n + 1)], 1)
            with torch.inference_mode(), self._computing():
                picture, state = self._network(window, state)
            inner = picture[0, :, : SCALE * height, : SCALE * width].float().clamp(0, 1)
            yield inner.permute(1, 2, 0), state[0].float()

    def _frame(self, frame: Picture) -> Tensor:
        height, width = frame.shape[:2]
        beyond = (0, padded(width, self._multiple) - width, 0, padded(height, self._multiple) - height)
        values = torch.from_numpy(frame).permute(2, 0, 1)[None].to(self.device).float() / 255
        return F.pad(values, beyond, mode="replicate")

    def _computing(self) -> torch.autocast:
        kind = torch.device(self.device).type
        return torch.autocast(kind, torch.bfloat16, enabled=self.precision == "bf16")


def load(text: str, *, device: str = "cpu", precision: str = "fp32") -> Method:
    """The method of `NAME`, or of `LABEL=NAME`: bicubic, a model by its name, an .onnx artifact, a .pth checkpoint.

    Raises UnknownModel, ModelNotFetched, BadModelFile, and as `Network` does.
    """
    label, _, name = text.partition("=") if "=" in text else ("", "", text)
    if name == BICUBIC:
        return Bicubic(label or BICUBIC)
    model = _checkpoint(Path(name)) if name.endswith((".pth", ".pt")) else models.load(name)
    about = f"{model.spec.source}, weights {model.spec.weights_sha256[:12]}"
    return Network(label or _short(name), model, about, device=device, precision=precision)


def enlarged(frame: Picture) -> np.typing.NDArray[np.float64]:
    """A frame four times as large by imresize, float64 from 0 to 255, clipped."""
    return np.clip(imresize(frame, SCALE), 0, 255)


def rounded(values: np.typing.NDArray[np.floating]) -> Picture:
    """Samples from 0 to 255 in 8 bits, to nearest."""
    return np.asarray(np.rint(values), np.uint8)


def _checkpoint(path: Path) -> Artifact:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}") from error
    source = f"{path.name} (SHA-256 {hashlib.sha256(data).hexdigest()[:12]})"
    return artifact.build(path.stem, checkpoint.read(data, str(path)), source, "unknown", str(path))


def _short(name: str) -> str:
    return Path(name).stem if name.endswith((".pth", ".pt", ".onnx")) else name


def _kind(device: str) -> str:
    try:
        return torch.device(device).type
    except RuntimeError as error:
        raise ArgumentError(f"device {device!r}, wanted one of PyTorch's, such as cpu or cuda:0") from error
