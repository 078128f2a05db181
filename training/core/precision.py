"""What decides how quickly a step is computed: types, the order of memory, compilation."""

from typing import Literal

import torch
from torch import nn

from vsanimesr.errors import TrainingError

Precision = Literal["fp32", "bf16"]
"""bf16: convolutions and matrix products in bfloat16 by autocast, weights and their updates in float32."""
Compilation = Literal["none", "default", "graphs"]
"""default: by torch.compile; graphs: the same, and the kernels are replayed by CUDA graphs."""

MODES = {"default": "default", "graphs": "reduce-overhead"}


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """What the forward pass of a step runs in. Losses belong outside, in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def place(network: nn.Module, device: torch.device, *, channels_last: bool) -> None:
    """Move a network to the device and order its weights in memory, in place: its parameters stay the same objects."""
    network.to(device)
    if channels_last:
        network.to(memory_format=torch.channels_last)


def compile_network(network: nn.Module, compilation: Compilation, device: torch.device) -> None:
    """Compile a network in place; its next calls do it. Raises TrainingError for CUDA graphs on another device."""
    if compilation == "none":
        return
    if compilation == "graphs" and device.type != "cuda":
        raise TrainingError(f"compilation 'graphs' is for CUDA, this runs on {device.type}: set it to 'none'")
    network.compile(mode=MODES[compilation])
