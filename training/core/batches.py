"""Batches of whatever kind: tensors in tuples, lists, dictionaries and dataclasses."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from itertools import chain, islice
from typing import Any, NoReturn

import torch
from torch import Tensor

from training.core import randomness
from vsanimesr.errors import TrainingError


@contextmanager
def opened[B](make: Callable[[int], Iterable[B]], first: int) -> Generator[Iterator[B], None, None]:
    """The batches from the sample `first` on, closed at the end where they can be.

    Where there is none left the iterator raises TrainingError.
    """
    made = iter(make(first))
    try:
        with randomness.kept():  # a loader draws a seed when it starts, and a resumed run starts one more
            head = list(islice(made, 1))
        yield chain(head, made, iter(_ended, None))
    finally:
        if close := getattr(made, "close", None):
            close()


def _ended() -> NoReturn:
    raise TrainingError("there are no batches left: the factory of batches must make them without end")


def moved[B](batch: B, device: torch.device) -> B:
    """The same batch with every tensor on the device."""
    found: B = _mapped(batch, lambda tensor: tensor.to(device, non_blocking=True))
    return found


def sizes(batch: Any) -> str:
    """The shapes of the tensors of a batch, such as 'low 4x7x3x64x64, truth 4x7x3x256x256'."""
    shapes = [(name, "x".join(map(str, tensor.shape))) for name, tensor in _tensors(batch)]
    return ", ".join(f"{name} {shape}".strip() for name, shape in shapes) or type(batch).__name__


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _mapped(getattr(value, f.name), change) for f in fields(value)})
    if isinstance(value, Mapping):
        return {name: _mapped(each, change) for name, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(each, change) for each in value))
    return type(value)(_mapped(each, change) for each in value) if isinstance(value, tuple | list) else value


def _tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
    elif is_dataclass(value):
        for f in fields(value):
            yield from _tensors(getattr(value, f.name), f.name)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _tensors(each, str(key))
    elif isinstance(value, tuple | list):
        names = getattr(value, "_fields", [name] * len(value))
        for key, each in zip(names, value, strict=True):
            yield from _tensors(each, key)
