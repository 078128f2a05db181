"""What a training begins with: the network of another training, or a model."""

from pathlib import Path

from torch import nn

from export.recurrence import network_of
from vsanimesr import models
from vsanimesr.errors import TrainingError

HELP = "a run's folder, whose network goes on, or a model: its name, or the path of an artifact"
"""What `start` takes."""


def start(asked: str, name: str, network: nn.Module) -> dict[str, Path] | None:
    """What a Trainer is to `start` the network `name` with, where that is a run's folder; None for nothing.

    The weights of a model go into `network` at once, before the Trainer makes its average. Raises TrainingError for a
    model of another network, and what `models.load` raises.
    """
    if not asked:
        return None
    if Path(asked).is_dir():
        return {name: Path(asked)}
    model = models.load(asked)
    try:
        network.load_state_dict(network_of(model).state_dict())
    except RuntimeError as error:
        there = f"{model.spec.network} {'with' if model.spec.feedback else 'without'} feedback"
        raise TrainingError(
            f"'{asked}' is of another network, {there}; say so by --network, and by --alone where it has no feedback"
        ) from error
    return None
