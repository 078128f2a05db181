"""What the parts of the package tell each other: frozen descriptions, no behaviour beyond arithmetic."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

MIN_SIDE = 16
"""Smallest width and height of a clip, in samples."""
SCALES = (4, 3, 2, 1)
"""What a picture's size may be over the frame's: the network's, and what is reduced from it."""

_FAMILIES = {"gray": 1, "rgb": 2, "yuv": 3}
"""VapourSynth's numbers of the colour families."""


@dataclass(frozen=True)
class Group:
    """Planes of one size, which lie in one tensor [1, planes, height, width]."""

    suffix: str
    """What is appended to the tensor's name: '' for the first group, '.chroma' for chroma of its own size."""
    planes: tuple[int, ...]
    """Which planes."""
    subsampling: tuple[int, int] = (0, 0)
    """Binary logarithms of how many times narrower and lower they are than the frame."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of these planes in a frame of that size (samples; a multiple of the subsampling)."""
        return width >> self.subsampling[0], height >> self.subsampling[1]


@dataclass(frozen=True)
class PixelFormat:
    """A sample layout that `ingest` reads and `step` writes."""

    name: str
    """VapourSynth's name of the format, such as 'RGBS'."""
    family: str
    """'rgb', 'yuv' or 'gray'."""
    bits: int
    """Bits of a sample that count; the low ones of its type where that has more."""
    floating: bool = False
    """Whether samples are floating point: then in [0, 1], what lies outside is clamped."""
    subsampling: tuple[int, int] = (0, 0)
    """Binary logarithms of how many times narrower and lower the chroma planes are."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of one sample."""
        if self.floating:
            return np.dtype(np.float16 if self.bits == 16 else np.float32)
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)

    @property
    def planes(self) -> int:
        """Number of planes."""
        return 1 if self.family == "gray" else 3

    @property
    def groups(self) -> tuple[Group, ...]:
        """The tensors that a frame's planes lie in."""
        if self.subsampling == (0, 0):
            return (Group("", tuple(range(self.planes))),)
        return Group("", (0,)), Group(".chroma", (1, 2), self.subsampling)

    @property
    def id(self) -> int:
        """VapourSynth's number of the format."""
        horizontal, vertical = self.subsampling
        return _FAMILIES[self.family] << 28 | self.floating << 24 | self.bits << 16 | horizontal << 8 | vertical

    def plane_sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """Width and height of each plane in a frame of that size (samples)."""
        return [group.size(width, height) for group in self.groups for _ in group.planes]

    def nbytes(self, width: int, height: int) -> int:
        """Memory of a frame's samples."""
        return self.dtype.itemsize * sum(wide * high for wide, high in self.plane_sizes(width, height))


RGBS = PixelFormat("RGBS", "rgb", 32, floating=True)
RGBH = PixelFormat("RGBH", "rgb", 16, floating=True)


def _formats() -> list[PixelFormat]:
    depths = (8, 10, 12, 14, 16)
    layouts = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}
    yuv = [PixelFormat(f"YUV{n}P{b}", "yuv", b, subsampling=s) for n, s in layouts.items() for b in depths]
    gray = [PixelFormat(f"Gray{bits}", "gray", bits) for bits in depths]
    return [*yuv, *(PixelFormat(f"RGB{3 * bits}", "rgb", bits) for bits in depths), *gray, RGBH, RGBS]


FORMATS = {format_.name: format_ for format_ in _formats()}
"""The formats that can be upscaled, and be upscaled to, by name."""


@dataclass(frozen=True)
class Colour:
    """How samples mean colours."""

    matrix: str = "rgb"
    """'601', '709' or '2020' (its non-constant luminance); 'rgb' for formats of that family."""
    full: bool = True
    """Whether samples use the whole range of their bits, or the limited one of video (16 to 235 at 8 bits)."""
    location: str = "left"
    """Where subsampled chroma is sited: 'left', 'center', 'top_left', 'top', 'bottom_left' or 'bottom'."""


@dataclass(frozen=True)
class PictureSpec:
    """What the filter gives."""

    format: PixelFormat
    """Sample layout."""
    colour: Colour = Colour()
    """What its samples mean."""
    scale: int = 4
    """One of SCALES: size of the picture over the size of the frame."""
    dither: bool = False
    """Whether samples of 8 bits are dithered by an ordered pattern instead of rounded."""


@dataclass(frozen=True)
class ClipSpec:
    """A clip as the network sees it, and what is to become of it."""

    width: int
    """Width in samples, at least MIN_SIDE."""
    height: int
    """Height in samples, at least MIN_SIDE."""
    frames: int
    """Number of frames, at least 1."""
    format: PixelFormat
    """Sample layout."""
    colour: Colour = Colour()
    """What its samples mean."""
    wanted: PictureSpec | None = None
    """What the pictures should be; None for pictures like the frames, four times as large."""

    @property
    def picture(self) -> PictureSpec:
        """What the pictures are."""
        return self.wanted or PictureSpec(self.format, self.colour)

    def resized(self, width: int, height: int) -> Self:
        """The same clip in another size."""
        return replace(self, width=width, height=height)


@dataclass(frozen=True)
class Network:
    """How wide and deep a network of AnimeSR's kind is."""

    features: int = 64
    """Channels of every branch and of the hidden state."""
    blocks: tuple[int, int, int] = (5, 3, 2)
    """Residual blocks at full, half and quarter (low) resolution, never more than before."""
    fusion: int = 224
    """Channels between the two convolutions that join the branches."""

    def __str__(self) -> str:
        """As command lines have it, features:blocks:fusion, such as '64:5-3-2:224'."""
        return f"{self.features}:{'-'.join(map(str, self.blocks))}:{self.fusion}"


ARCHITECTURES = {"animesr": Network(), "animesr-lite": Network(24, (3, 2, 1), 64)}
"""The networks by name: AnimeSR's own, and a narrow one for processors and small GPUs."""


@dataclass(frozen=True)
class ModelSpec:
    """What a model is, without its weights."""

    name: str
    """The name that users write, such as 'animesr-v2'."""
    architecture: str
    """The network's name, one of ARCHITECTURES; decides which graph the weights belong to."""
    scale: int
    """Size of the network's picture over the size of the frame."""
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
        """Channels of the state at low resolution: hidden ones, plus the packed picture where it is fed back."""
        return self.network.features + (3 * self.scale**2 if self.feedback else 0)

    @property
    def network(self) -> Network:
        """How wide and deep the network is."""
        return ARCHITECTURES[self.architecture]


def padded(side: int, multiple: int) -> int:
    """Smallest multiple of `multiple` that is at least `side` (samples)."""
    return -(-side // multiple) * multiple
