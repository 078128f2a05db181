"""The perceptual loss (Johnson et al., ECCV 2016) as AnimeSR has it: distances of features before the ReLU."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from training import external
from training.core import l1
from training.critics import vgg
from training.critics.vgg import VGG
from vsanimesr.errors import ArgumentError, FormatError

WEIGHTS = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}
"""What the distance of each layer's features counts (the authors' code, for VGG19)."""
NONE = "none"
TOON_WIDTH = 32
"""Channels of the first block of our own network, half of VGG19's."""
FILES = {"vgg19": "vgg19", "toon": "toon-features"}
"""In the registry of `training.external`, by kind."""
KINDS = ("random", *FILES)
READERS: Mapping[str, Callable[[Path], VGG]] = {
    "vgg19": lambda path: vgg.read(path, "VGG19"),
    "toon": lambda path: vgg.read(path, "features learned on drawn pictures", TOON_WIDTH),
}


class Perceptual(nn.Module):
    """How far features of pictures are from those of the truth; what they are of is never trained.

    kind: "vgg19", the network of the paper; "toon", our own, of half the width, learned on drawn pictures
    (`python -m training.critics`); "random", VGG19's first three blocks with random weights, which are always the same
    and only there to exercise code. weights: the file of the first two; where none is given, the one that its
    environment variable names (`training.external`). A learner keeps it, on the device, by itself.

    Raises ArgumentError for another kind, a file where none is wanted, or a path that leads nowhere, ModelNotFetched
    where there is no file, BadModelFile where it holds another network.
    """

    def __init__(self, kind: str, weights: Path | None = None) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ArgumentError(f"no features are called {kind!r}, wanted one of {', '.join(KINDS)}")
        self.kind = kind
        """Of its features."""
        self.sha256 = ""
        """Of the file of weights; '' where there is none."""
        self.network = self._network(weights)

    def forward(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """The distance of pictures to the truth, both [..., 3, H, W], RGB from 0 to 1: a scalar in float32.

        The mean absolute difference of each layer's features by WEIGHTS, summed. Only pictures get gradients. Under
        autocast the network runs in its type; the differences are in float32. Raises FormatError for other shapes, and
        for sides below the network's `least`.
        """
        if pictures.shape != truth.shape or pictures.ndim < 4:
            shapes = f"{list(pictures.shape)} and truth of {list(truth.shape)}"
            raise FormatError(f"pictures of {shapes}, wanted both as [N, 3, height, width] or [B, T, 3, height, width]")
        with torch.no_grad():
            wanted = self.network(truth.flatten(0, -4))
        made = self.network(pictures.flatten(0, -4))
        return torch.stack([WEIGHTS[name] * l1(made[name], wanted[name]) for name in made]).sum()

    @property
    def described(self) -> dict[str, str]:
        """What decides its values, for the settings of a training."""
        return {"features": self.kind, "sha256": self.sha256}

    def _network(self, weights: Path | None) -> VGG:
        if self.kind == "random":
            if weights:
                raise ArgumentError(f"'{weights}' for random features, wanted none: they need no file")
            return vgg.random()
        found = external.locate(FILES[self.kind], weights)
        self.sha256 = found.sha256
        return READERS[self.kind](found.path)
