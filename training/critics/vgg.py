"""The convolutions of VGG19 (Simonyan and Zisserman, ICLR 2015), with the names that torchvision gives parameters."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vsanimesr.errors import BadModelFile, FormatError

BLOCKS = (2, 2, 4, 4, 4)
"""Convolutions between poolings."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pictures in red, green and blue, by which pictures are normalised."""
UNREAD = "classifier."
"""Begins the names of what VGG19 has beyond features."""


class VGG(nn.Module):
    """Features at five sizes: of each block what its last convolution gives, before the ReLU.

    width: channels of the first block, 64 in VGG19; the next have 2, 4, 8 and 8 times as many. blocks: convolutions of
    each, of VGG19's five or of some from the first one on.
    """

    def __init__(self, width: int = 64, blocks: tuple[int, ...] = BLOCKS) -> None:
        super().__init__()
        layers, channels = list[nn.Module](), 3
        self.taps = dict[int, str]()
        """Place among the layers and name of each convolution whose features are given."""
        for block, count in enumerate(blocks):
            layers += [nn.MaxPool2d(2)] if block else []
            for number in range(1, count + 1):
                into, channels = channels, width * min(2**block, 8)
                if number == count:
                    self.taps[len(layers)] = f"conv{block + 1}_{number}"
                # what is tapped must stay as it is, all else need not be kept
                layers += [nn.Conv2d(into, channels, 3, padding=1), nn.ReLU(inplace=number < count)]
        self.features = nn.Sequential(*layers[:-1])
        self.least = 2 ** (len(blocks) - 1)
        """Smallest side of its pictures."""
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            constant = torch.tensor(values, device="cpu").reshape(1, 3, 1, 1)
            self.register_buffer(name, constant, persistent=False)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Features [N, C, h, w] by the names of convolutions, of pictures [N, 3, H, W], RGB from 0 to 1.

        They are not clamped. Raises FormatError for another shape, or sides below `least`.
        """
        if pictures.ndim != 4 or pictures.shape[1] != 3 or min(pictures.shape[-2:]) < self.least:
            shape, least = list(pictures.shape), self.least
            raise FormatError(f"pictures of {shape}, wanted [N, 3, height, width], both {least} at least")
        x = (pictures.float() - self.get_buffer("mean")) / self.get_buffer("deviation")
        found = dict[str, Tensor]()
        for place, layer in enumerate(self.features):
            x = layer(x)
            if place in self.taps:
                found[self.taps[place]] = x
        return found


def frozen(weights: Mapping[str, Tensor], width: int = 64, blocks: tuple[int, ...] = BLOCKS) -> VGG:
    """A network of these weights, in float32, which are not trained; raises RuntimeError for others than it has."""
    with torch.device("meta"):  # so that no random numbers are drawn
        network = VGG(width, blocks)
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True)
    return network.eval().requires_grad_(False)


def read(path: Path, what: str, width: int = 64) -> VGG:
    """The frozen network of a state dict in a file; entries of a classifier are passed over.

    what: the network in words. Only tensors and plain values are read. Raises BadModelFile, which says why, for a file
    that holds something else, or a network of other names, shapes or numbers.
    """
    weights = {name: tensor for name, tensor in _tensors(path, what).items() if not name.startswith(UNREAD)}
    if strange := [name for name, tensor in weights.items() if not bool(torch.isfinite(tensor).all())]:
        raise BadModelFile(f"{path}: {', '.join(strange[:3])} are not finite; make or fetch the file again")
    try:
        return frozen(weights, width)
    except RuntimeError as error:
        some = "; ".join(line.strip() for line in islice(str(error).splitlines(), 1, 4))
        raise BadModelFile(
            f"{path} does not hold {what}, whose entries are features.0.weight to features.34.bias: {some[:400]}"
        ) from error


def random(blocks: tuple[int, ...] = BLOCKS[:3], seed: int = 0) -> VGG:
    """A frozen network of normal weights by He et al. (ICCV 2015), always the same, without biases.

    It is for exercising code: what such features are worth has not been looked at.
    """
    with torch.device("meta"):
        shapes = {name: parameter.shape for name, parameter in VGG(blocks=blocks).named_parameters()}
    drawn = torch.Generator().manual_seed(seed)
    return frozen({name: _normal(shape, drawn) for name, shape in shapes.items()}, blocks=blocks)


def _normal(shape: torch.Size, drawn: torch.Generator) -> Tensor:
    if len(shape) == 1:
        return torch.zeros(shape)
    return torch.randn(shape, generator=drawn).mul_((2 / shape[1:].numel()) ** 0.5)


def _tensors(path: Path, what: str) -> dict[str, Tensor]:
    try:
        stored: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged archive or a refused pickle makes PyTorch raise
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BadModelFile(f"{path} cannot be read as {what}: {first}; wanted a state dict of tensors") from error
    if not isinstance(stored, Mapping) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise BadModelFile(f"{path} holds {type(stored).__name__}, wanted a state dict of tensors: {what}")
    return dict(stored)
