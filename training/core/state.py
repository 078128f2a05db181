"""What a checkpoint is: all that a training needs to go on as if it had never stopped.

On disk it is a folder:

    checkpoint.json      step, next sample, updates of the averages, settings, versions; the size and hash of each file
    network-NAME.pt      the weights as they are trained
    average-NAME.pt      their moving average
    optimiser-NAME.pt    what Adam remembers
    random.pt            the states of the random generators of each process

Learning rates are functions of the step, samples of their numbers, so neither has a state.
"""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.core.randomness import States

Weights = dict[str, Tensor]
"""A state dict."""
FORMAT = 1
"""Of the folder; another number is not read."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The tensors of a checkpoint, by the names of networks and optimisers."""

    networks: Mapping[str, Weights]
    """Weights as they are trained."""
    averages: Mapping[str, Weights]
    """Their moving averages."""
    optimisers: Mapping[str, dict[str, Any]]
    """State dicts of the optimisers."""
    random: list[States]
    """Of each process."""

    def files(self) -> Iterator[tuple[str, Any]]:
        """Yield the name of each file and what is in it."""
        for kind, things in ("network", self.networks), ("average", self.averages), ("optimiser", self.optimisers):
            yield from ((f"{kind}-{name}.pt", thing) for name, thing in things.items())
        yield "random.pt", self.random


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What `checkpoint.json` says, for people and for the decision whether a training may go on from here."""

    step: int
    """Steps done."""
    sample: int
    """Number of the next sample."""
    updates: Mapping[str, int]
    """Updates of each moving average."""
    settings: Mapping[str, Any]
    """As `settings.as_json` gives them."""
    processes: int = 1
    """How many trained."""
    seconds: float = 0.0
    """Time spent training until now."""
    values: Mapping[str, float] = field(default_factory=dict)
    """The last numbers of the log."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What it was made by; other ones may round differently."""

    def as_json(self) -> dict[str, Any]:
        """The facts as JSON has them."""
        return asdict(self)


def versions(device: torch.device) -> dict[str, str]:
    """What decides how sums are rounded: libraries, device, threads."""
    found = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    if device.type == "cuda":
        return found | {"device": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda)}
    return found | {"device": platform.machine(), "threads": str(torch.get_num_threads())}


def names(files: Mapping[str, Any], kind: str) -> list[str]:
    """The names of the networks, averages or optimisers, whichever `kind` is, among the files of a checkpoint."""
    return [file.removeprefix(f"{kind}-").removesuffix(".pt") for file in files if file.startswith(f"{kind}-")]
