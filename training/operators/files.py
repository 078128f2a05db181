"""Operators in files of their own, as `python -m training.lbo export` writes them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training.operators.network import LBO
from vsanimesr.errors import BadModelFile, UnknownModel
from vsanimesr.models import checkpoint

LARGEST = 1 << 20
"""Bytes; an operator has 183 thousand in float32, and what says so around them."""


def load_operators(paths: Sequence[Path]) -> list[LBO]:
    """The operators of some files, in this order, frozen: a pool for `training.degrade.degrade`.

    Nothing that a file says is run. Raises UnknownModel where one cannot be read, BadModelFile where it is none.
    """
    return [_loaded(path) for path in paths]


def _loaded(path: Path) -> LBO:
    operator, weights = LBO(), checkpoint.read(_read(path), f"'{path}'")
    wanted = {name: tuple(parameter.shape) for name, parameter in operator.state_dict().items()}
    found = {name: array.shape for name, array in weights.items()}
    if found != wanted:
        names = sorted(name for name in {**wanted, **found} if wanted.get(name) != found.get(name))
        first = f"{names[0]} is {found.get(names[0], 'missing')}, wanted {wanted.get(names[0], 'no such tensor')}"
        raise BadModelFile(f"'{path}' is no learned operator: {first}; export one by `python -m training.lbo export`")
    if strange := [name for name, array in weights.items() if not np.isfinite(array).all()]:
        raise BadModelFile(f"'{path}' has numbers in {strange[0]} that are not finite; export the operator again")
    operator.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    operator.to(memory_format=torch.channels_last)  # the processor then takes half as long
    return operator.eval().requires_grad_(False)


def _read(path: Path) -> bytes:
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise BadModelFile(f"'{path}' has {size} bytes; a learned operator has at most {LARGEST}")
        return path.read_bytes()
    except OSError as error:
        wanted = "wanted a file of `python -m training.lbo export`"
        raise UnknownModel(f"'{path}' cannot be read: {error.strerror}; {wanted}") from error
