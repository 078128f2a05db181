"""Features out of a training as one small file: balanced, in float16."""

import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from training.critics import vgg
from training.critics.vgg import VGG
from vsanimesr.durable import explained
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

ENCODER = "encoder."
"""Begins the names of a student's features among its weights."""


@torch.no_grad()
def balanced(weights: Mapping[str, Tensor], width: int, pictures: Tensor) -> dict[str, Tensor]:
    """Weights of a network whose features are, on average over pictures [N, 3, H, W] from 0 to 1, as large as 1.

    Each layer that a perceptual loss looks at is divided by the mean absolute value of its features, and what comes
    after it multiplied: so all of the network but these features stays what it was, and no layer counts more than
    another by chance (as Gatys et al., CVPR 2016, do it to VGG).
    """
    network = vgg.frozen(weights, width)
    made = {name: tensor.float().clone() for name, tensor in weights.items()}
    found = network(pictures)
    for place, name in network.taps.items():
        size = found[name].abs().mean()
        for part in ("weight", "bias"):
            made[f"features.{place}.{part}"] /= size
        if (after := _after(network, place)) is not None:
            made[f"features.{after}.weight"] *= size
    return made


def write(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write a state dict in float16, which appears whole or not at all.

    Raises TrainingError for numbers that float16 has not, JobError where the file cannot be written.
    """
    kept = {name: tensor.half().contiguous() for name, tensor in weights.items()}
    if strange := [name for name, tensor in kept.items() if not bool(torch.isfinite(tensor).all())]:
        raise TrainingError(f"{', '.join(strange)} are not finite in float16: train with a lower rate")
    data = io.BytesIO()
    torch.save(kept, data)
    with explained(path):
        files.write(data.getvalue(), path)


def _after(network: VGG, place: int) -> int | None:
    """Place of the next convolution."""
    places = (n for n, layer in enumerate(network.features) if isinstance(layer, nn.Conv2d))
    return next((n for n in places if n > place), None)
