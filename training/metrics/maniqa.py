"""MANIQA (Yang et al.: Multi-dimension Attention Network for No-Reference Image Quality Assessment, CVPRW 2022), and
how AnimeSR and VQD-SR measure by it: 20 crops of 224x224 for each frame, averaged.

The network is written from the paper and from the names and shapes that the authors' public code gives its parameters;
no checkpoint was at hand, so that one loads and scores as the authors' program does has never been tried. Loading is
strict: what does not fit is an error. The authors published the PIPAL network as a pickled module, which is refused:
save its `state_dict()` with their code first. The three sets of crops that VQD-SR's authors published are not ours.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.metrics.pictures import Picture, checked
from training.metrics.swin import ScaleSwin
from training.metrics.vision_transformer import VisionTransformer
from vsanimesr.errors import BadModelFile, FormatError

SIDE = 224
CROPS = 20
SETS = 3
"""Times that the whole procedure runs, each with crops of its own (VQD-SR)."""
BATCH = 4
PIPAL_SCALE = 0.13
"""What the Swin layers count, in the authors' code for PIPAL; 0.8 in that for KonIQ-10k."""
UNREAD = ("vit.blocks.10.", "vit.blocks.11.", "vit.norm.", "vit.head.")
"""Parameters of checkpoints that no score depends on, beside the `downsample` of each Swin transformer."""
_OLD_NAMES = {"channel_attn1.": "tablock1.", "channel_attn2.": "tablock2."}


class TransposedAttention(nn.Module):
    """Attention among channels, each a token of all places (section 3.2)."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self.c_q = nn.Linear(places, places)
        self.c_k = nn.Linear(places, places)
        self.c_v = nn.Linear(places, places)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, places] to the same shape; the mixed values are read in the order of the authors' code."""
        weights = (self.c_q(x) @ self.c_k(x).transpose(1, 2) * x.shape[2] ** -0.5).softmax(-1)
        out: Tensor = (weights @ self.c_v(x)).transpose(1, 2).reshape(x.shape) + x
        return out


class MANIQA(nn.Module):
    """The network: features of four blocks of a ViT-B/8, two stages of attention, a weighted mean of patches."""

    def __init__(
        self, *, width: int = 768, heads: int = 12, patch: int = 8, side: int = SIDE, scale: float = PIPAL_SCALE
    ) -> None:
        super().__init__()
        grid, half = side // patch, width // 2
        self.vit = VisionTransformer(width, heads, patch, side, (6, 7, 8, 9))
        self.tablock1 = nn.ModuleList(TransposedAttention(grid**2) for _ in range(2))
        self.conv1 = nn.Conv2d(4 * width, width, 1)
        self.swintransformer1 = ScaleSwin(width, grid, window=4, heads=4, hidden=width, scale=scale)
        self.tablock2 = nn.ModuleList(TransposedAttention(grid**2) for _ in range(2))
        self.conv2 = nn.Conv2d(width, half, 1)
        self.swintransformer2 = ScaleSwin(half, grid, window=4, heads=4, hidden=width, scale=scale)
        self.fc_score, self.fc_weight = _head(half, nn.ReLU()), _head(half, nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Scores [N] of pictures [N, 3, side, side], RGB from -1 to 1; higher is better."""
        x = self.vit(x).transpose(1, 2)
        for block in self.tablock1:
            x = block(x)
        x = self.swintransformer1(_pointwise(self.conv1, x)).transpose(1, 2)
        for block in self.tablock2:
            x = block(x)
        x = self.swintransformer2(_pointwise(self.conv2, x))
        scores, weights = self.fc_score(x), self.fc_weight(x)
        out: Tensor = ((scores * weights).sum(1) / weights.sum(1)).squeeze(1)
        return out


def read(path: Path, *, scale: float = PIPAL_SCALE, device: str = "cpu") -> MANIQA:
    """The network with the weights of a state dict in a file; raises BadModelFile for one that does not fit exactly."""
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged archive or a refused pickle makes PyTorch raise
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadModelFile(
            f"{path} holds no plain state dict: {first}; a pickled network has to be loaded with its authors' code and "
            "saved again by torch.save(network.state_dict(), ...)"
        ) from error
    if not isinstance(stored, Mapping) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise BadModelFile(f"{path} holds {type(stored).__name__}, wanted a state dict of tensors")
    network = MANIQA(scale=scale)
    try:
        network.load_state_dict(renamed(stored))
    except RuntimeError as error:
        some = "; ".join(line.strip() for line in str(error).splitlines()[1:4])
        raise BadModelFile(f"{path} does not hold the weights of MANIQA with ViT-B/8: {some[:400]}") from error
    return network.eval().requires_grad_(False).to(device)


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Entries of a checkpoint under our names, without those that no score depends on."""
    result = dict[str, Tensor]()
    for name, tensor in weights.items():
        short = name.removeprefix("module.")
        for old, new in _OLD_NAMES.items():
            short = short.replace(old, new, 1) if short.startswith(old) else short
        if not short.startswith(UNREAD) and ".downsample." not in short:
            result[short] = tensor
    return result


def crop_positions(height: int, width: int, number: int, *, side: int = SIDE) -> list[tuple[int, int]]:
    """Row and column of the 20 crops of a set, the same for every picture of a size.

    Raises FormatError for a picture smaller than a crop.
    """
    if min(height, width) < side:
        raise FormatError(f"a picture of {width}x{height}, wanted {side}x{side} at least for MANIQA's crops")
    rng = np.random.default_rng([number, height, width])
    rows, columns = (rng.integers(0, length - side + 1, CROPS).tolist() for length in (height, width))
    return list(zip(rows, columns, strict=True))


def score(picture: Picture, network: nn.Module, *, sets: int = SETS, side: int = SIDE) -> float:
    """Score of a picture, higher is better: the mean over sets of the mean over 20 crops.

    `side` is that of the network's input. Raises FormatError for a picture smaller than it.
    """
    height, width = checked(picture).shape[:2]
    device = next(network.parameters()).device
    values = torch.from_numpy(picture).permute(2, 0, 1).to(device).float() / 127.5 - 1
    means = list[float]()
    for number in range(sets):
        crops = [values[:, y : y + side, x : x + side] for y, x in crop_positions(height, width, number, side=side)]
        with torch.inference_mode():
            means.append(float(torch.cat([network(part) for part in _batches(crops)]).mean()))
    return float(np.mean(means))


def _batches(crops: list[Tensor]) -> Iterator[Tensor]:
    for first in range(0, len(crops), BATCH):
        yield torch.stack(crops[first : first + BATCH])


def _pointwise(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """Channels [N, c, places] through a 1x1 convolution, as tokens [N, places, c']."""
    out: Tensor = conv(x[..., None]).squeeze(-1).transpose(1, 2)
    return out


def _head(width: int, last: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 1), last)
