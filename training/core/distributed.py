"""Several processes that train one network, started by torchrun.

    torchrun --nproc-per-node 4 -m training.RECIPE ...

Each computes its share of a batch; DistributedDataParallel averages the gradients, so that together they do what one
process does with the whole batch. Process 0 alone writes files and draws progress.
"""

import inspect
import os
import random
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from vsanimesr.errors import TrainingError

_OPTIONS = inspect.signature(DistributedDataParallel).parameters
SYNC = "forward_sync_buffers" if "forward_sync_buffers" in _OPTIONS else "broadcast_buffers"
"""What PyTorch calls the option to copy buffers between processes before each pass; the latter is its older name."""


@dataclass(frozen=True)
class World:
    """This process among those of the run; by default it is alone."""

    device: torch.device = torch.device("cpu")  # noqa: RUF009  # a device never changes
    """Where it computes."""
    rank: int = 0
    """Its number, from 0."""
    size: int = 1
    """How many there are."""

    @property
    def leads(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """How many samples of a batch are its own; raises TrainingError if they cannot be divided equally."""
        if batch % self.size:
            raise TrainingError(f"a batch of {batch} for {self.size} processes, wanted a multiple of {self.size}")
        return batch // self.size

    def numbers(self, first: int, batch: int) -> Iterator[range]:
        """Yield the numbers of its samples, step by step, of a run whose next sample is `first`; without end.

        All processes together have `first` to `first + batch - 1` in a step, as one alone would. Raises as `share`.
        """
        own = self.share(batch)
        start = first + self.rank * own
        while True:
            yield range(start, start + own)
            start += batch

    def wrapped(self, network: nn.Module) -> nn.Module:
        """The network, whose gradients are averaged over the processes; it starts as process 0 has it.

        It may be called several times before the one backward pass, as recurrent networks are. Buffers are each
        process's own from then on, so they must follow from the weights, as a spectral norm's do, or be constant.
        """
        if self.size == 1:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        for buffer in network.buffers():
            dist.broadcast(buffer, 0)
        alone: dict[str, Any] = {SYNC: False}
        return DistributedDataParallel(network, device_ids=ids, **alone)

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag, whether it is set in any process; all of them must ask."""
        if self.size == 1:
            return flags
        asked = torch.tensor([float(flag) for flag in flags], device=self.device)
        dist.all_reduce(asked, dist.ReduceOp.MAX)
        return tuple(bool(flag) for flag in asked.tolist())

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean over the processes of values under the same names; all of them must ask."""
        if self.size == 1 or not values:
            return dict(values)
        total = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return dict(zip(values, (total / self.size).tolist(), strict=True))

    def gathered(self, thing: Any) -> list[Any]:
        """What each process has, by rank; all of them must ask."""
        if self.size == 1:
            return [thing]
        things: list[Any] = [None] * self.size
        dist.all_gather_object(things, thing)
        return things


@contextmanager
def joined(device: str = "") -> Generator[World, None, None]:
    """The processes of torchrun find each other; without torchrun there is one.

    device: 'cpu', 'cuda' or 'cuda:1', by default CUDA where there is any; of several processes each takes the GPU of
    its number. They talk by NCCL on CUDA and by Gloo elsewhere. Raises TrainingError for a
    device that is none or not there.
    """
    here = _device(device)
    if "RANK" not in os.environ:
        yield World(here)
        return
    if here.type == "cuda":
        torch.cuda.set_device(here)
    dist.init_process_group("nccl" if here.type == "cuda" else "gloo")
    try:
        yield World(here, dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def _device(name: str) -> torch.device:
    if name and not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise TrainingError(f"the device {name!r}, wanted cpu, cuda or one GPU such as cuda:1")
    device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    if device.type != "cuda":
        return device
    index = device.index if device.index is not None else int(os.environ.get("LOCAL_RANK", "0"))
    if index >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise TrainingError(f"there are {count} GPUs, and none is number {index}: start fewer processes or use cpu")
    return torch.device("cuda", index)


def seed(number: int, rank: int = 0) -> None:
    """Start the global generators of Python, NumPy and PyTorch, other ones for each process of a run.

    Call it before networks are made: those of process 0 are then the ones that a single process would make.
    """
    words = np.random.SeedSequence([number, rank]).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(int(words[1]))  # whatever uses the global one is meant
    torch.manual_seed(int(words[2]))
