"""The weights of a trained network as one small file for others: `vsanimesr models import` reads it."""

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from training.core.folder import Checkpoint
from vsanimesr.durable import publish
from vsanimesr.errors import TrainingError
from vsanimesr.models import Artifact, artifact

CELL = "recurrent_cell."
"""Begins the names of an upscaling network's parameters, but not those of an artifact's."""
KEY = "params"
"""Under which the state dict is, as in the official checkpoints."""


def weights(found: Checkpoint, network: str, *, averaged: bool = True, half: bool = False) -> dict[str, Tensor]:
    """The state dict of a network, contiguous, its floating point numbers in float32, or float16 if `half`.

    averaged: the moving average rather than the weights that are trained. Raises TrainingError for a name or an
    average that the checkpoint has not, and for numbers that float16 has not.
    """
    loaded = found.load(f"{'average' if averaged else 'network'}-{network}.pt")
    kept = {name: _converted(value, torch.float16 if half else torch.float32) for name, value in loaded.items()}
    too_large = [name for name, value in kept.items() if not bool(torch.isfinite(value).all())]
    if too_large:
        raise TrainingError(f"{', '.join(too_large)} of '{found.path}' are not finite in this type: export float32")
    return kept


def artifact_of(
    found: Checkpoint,
    network: str,
    name: str,
    source: str,
    licence: str,
    *,
    averaged: bool = True,
    half: bool = False,
) -> Artifact:
    """The artifact of an upscaling network; `half` rounds its weights to numbers of float16.

    Raises as `weights`, and BadModelFile for a network that is none of `vsanimesr.spec.ARCHITECTURES`.
    """
    state = weights(found, network, averaged=averaged)
    arrays = {key.removeprefix(CELL): tensor.numpy() for key, tensor in state.items()}
    arrays = artifact.rounded(arrays) if half else arrays
    return artifact.build(name, arrays, source, licence, str(found.path))


def export(found: Checkpoint, network: str, path: Path, *, averaged: bool = True, half: bool = False) -> None:
    """Write `weights` to a file, which appears whole or not at all; raises TrainingError."""
    kept = weights(found, network, averaged=averaged, half=half)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
        try:
            torch.save({KEY: kept}, temporary)
            temporary.chmod(0o644)
            publish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError) as exc:
        raise TrainingError(f"'{path}' could not be written: {exc}; see to its folder '{path.parent}'") from exc


def _converted(value: Tensor, dtype: torch.dtype) -> Tensor:
    return (value.to(dtype) if value.is_floating_point() else value).contiguous().clone()
