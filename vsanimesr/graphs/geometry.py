"""Sizes of the graphs' ends, for a model and a clip."""

from dataclasses import dataclass

import numpy as np

from vsanimesr.graphs.names import FRAME, PICTURE
from vsanimesr.graphs.tensor import Shape, Tensor
from vsanimesr.spec import ClipSpec, Group, ModelSpec, PixelFormat, padded

SINGLE = np.dtype(np.float32)


@dataclass(frozen=True)
class Geometry:
    """How large everything is, and who crops."""

    spec: ModelSpec
    """The model."""
    clip: ClipSpec
    """The clip."""
    roomy: bool = False
    """Whether frames come in the padded size, the edge repeated by the host."""
    bytes_only: bool = False
    """Whether samples of 16 bits cross as two of 8, the lower first."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame, padded to what the network takes."""
        return padded(self.clip.width, self.spec.multiple), padded(self.clip.height, self.spec.multiple)

    @property
    def margin(self) -> tuple[int, int]:
        """Rows and columns that are padded."""
        width, height = self.size
        return height - self.clip.height, width - self.clip.width

    def margin_of(self, group: Group) -> tuple[int, int]:
        """Rows and columns that are padded in some planes of a frame."""
        (rows, columns), (horizontal, vertical) = self.margin, group.subsampling
        return rows >> vertical, columns >> horizontal

    @property
    def roomy_frames(self) -> bool:
        """Whether `lr` takes over the margin of the frame: no sample has an influence on another place."""
        return self.roomy and self.clip.format.subsampling == (0, 0)

    @property
    def pointwise_pictures(self) -> bool:
        """Whether no packed sample has an influence on another place."""
        picture = self.clip.picture
        return picture.scale == self.spec.scale and picture.format.subsampling == (0, 0)

    @property
    def roomy_pictures(self) -> bool:
        """Whether pictures have a margin."""
        return self.roomy and self.pointwise_pictures

    def split_bytes(self, format_: PixelFormat) -> bool:
        """Whether a format's samples cross as two bytes each."""
        return self.bytes_only and format_.dtype == np.uint16

    @property
    def lr(self) -> Tensor:
        """The network's input."""
        width, height = self.size
        return Tensor((1, 3, height, width), SINGLE)

    @property
    def state(self) -> Tensor:
        """The network's state."""
        width, height = self.size
        return Tensor((1, self.spec.state_channels, height, width), SINGLE)

    @property
    def packed(self) -> Tensor:
        """The network's output."""
        width, height = self.size
        return Tensor((1, 3 * self.spec.scale**2, height, width), SINGLE)

    @property
    def frames(self) -> dict[str, Tensor]:
        """The inputs of `ingest`."""
        size = self.size if self.roomy else (self.clip.width, self.clip.height)
        return self._groups(FRAME, self.clip.format, size)

    @property
    def pictures(self) -> dict[str, Tensor]:
        """What is made of the network's output."""
        picture = self.clip.picture
        width, height = self.size if self.roomy_pictures else (self.clip.width, self.clip.height)
        return self._groups(PICTURE, picture.format, (picture.scale * width, picture.scale * height))

    def _groups(self, name: str, format_: PixelFormat, size: tuple[int, int]) -> dict[str, Tensor]:
        return {name + group.suffix: self._tensor(format_, group, size) for group in format_.groups}

    def _tensor(self, format_: PixelFormat, group: Group, size: tuple[int, int]) -> Tensor:
        width, height = group.size(*size)
        split = self.split_bytes(format_)
        shape: Shape = 1, len(group.planes), height, (2 * width if split else width)
        return Tensor(shape, np.dtype(np.uint8) if split else format_.dtype)
