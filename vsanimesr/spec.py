"""What the parts of the package tell each other: frozen descriptions, no behaviour beyond arithmetic."""

from dataclasses import dataclass

import numpy as np

MIN_SIDE = 16
"""Smallest width and height of a clip, in samples."""


@dataclass(frozen=True)
class PixelFormat:
    """A sample layout that `ingest` reads and `step` writes."""

    name: str
    """VapourSynth's name of the format, such as 'RGBS'."""
    dtype: np.dtype[np.generic]
    """Type of one sample."""
    planes: int = 3
    """Number of planes, all of the same size."""


RGBS = PixelFormat("RGBS", np.dtype(np.float32))
RGBH = PixelFormat("RGBH", np.dtype(np.float16))
FORMATS = {format_.name: format_ for format_ in (RGBS, RGBH)}
"""The formats that can be upscaled, by name. Samples are in [0, 1]; what lies outside is clamped."""


@dataclass(frozen=True)
class ClipSpec:
    """A clip as the network sees it."""

    width: int
    """Width in samples, at least MIN_SIDE."""
    height: int
    """Height in samples, at least MIN_SIDE."""
    frames: int
    """Number of frames, at least 1."""
    format: PixelFormat
    """Sample layout, the same on the way in and out."""


@dataclass(frozen=True)
class ModelSpec:
    """What a model is, without its weights."""

    name: str
    """The name that users write, such as 'animesr-v2'."""
    architecture: str
    """The network's name, 'animesr'; decides which graph the weights belong to."""
    scale: int
    """Size of the picture over the size of the frame."""
    feedback: bool
    """Whether the previous picture is part of the state (AnimeSR: yes, VQD-SR: no)."""
    source: str
    """Where the weights come from, for people."""
    licence: str
    """SPDX identifier of the weights' licence, or 'unknown'."""
    weights_sha256: str
    """Hash of the weights (see `vsanimesr.models.artifact.hash_weights`); '' where not known."""
    multiple: int = 4
    """Width and height of the network's input are multiples of this; frames are padded to it."""

    @property
    def state_channels(self) -> int:
        """Channels of the state at low resolution: 64 hidden, plus the packed picture where it is fed back."""
        return 64 + (3 * self.scale**2 if self.feedback else 0)


def padded(side: int, multiple: int) -> int:
    """Smallest multiple of `multiple` that is at least `side` (samples)."""
    return -(-side // multiple) * multiple
