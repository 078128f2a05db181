"""Small trainings for the tests of the training core, in this process and as a program of their own.

    python -m tests.train_core FOLDER KILLED_AT KIND:STEPS[,STEPS...]...

trains each KIND of learner in FOLDER until so many steps are done, again and again, and saves what came of it. The
process kills itself at the sync of a file or folder to the disk of the number KILLED_AT, counted from 1; 0: never.
"""

import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from training.core import (
    Constant,
    Cosine,
    Learner,
    Settings,
    Tools,
    Trainer,
    World,
    charbonnier,
    joined,
    l1,
    seed,
    unroll,
)  # fmt: skip
from training.core.progress import Progress

HIDDEN = 8


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """PyTorch on one thread, whose sums are always in the same order; imported to be used."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Small(nn.Module):
    """A recurrent network of AnimeSR's form with two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(9 + HIDDEN, 24, 3, padding=1)
        self.last = nn.Conv2d(24, 48 + HIDDEN, 3, padding=1)

    def initial_state(self, n: int, h: int, w: int) -> Tensor:
        return torch.zeros(n, HIDDEN, h, w)

    def forward(self, window: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        features = self.last(F.leaky_relu(self.first(torch.cat([window, state], 1)), 0.1))
        near = F.interpolate(window[:, 3:6], scale_factor=4.0, mode="nearest")
        return F.pixel_shuffle(features[:, :48], 4) + near, torch.tanh(features[:, 48:])


@dataclass(frozen=True)
class Batch:
    """Clips [B, T, 3, h, w] and [B, T, 3, 4h, 4w]."""

    low: Tensor
    truth: Tensor


def sample(number: int, frames: int = 3, side: int = 8) -> tuple[Tensor, Tensor]:
    """A clip of moving squares, small and large, which follows from its number."""
    draw = np.random.default_rng([7, number])
    squares = torch.from_numpy(draw.random((3, side // 2, side // 2), np.float32))
    picture = squares.repeat_interleave(8, 1).repeat_interleave(8, 2)
    truth = torch.stack([picture.roll(4 * n, -1) for n in range(frames)])
    return F.avg_pool2d(truth, 4), truth


def batches(settings: Settings, world: World | None = None, frames: int = 3):
    """The factory of batches that a trainer wants."""

    def make(first: int) -> Iterator[Batch]:
        for numbers in (world or World()).numbers(first, settings.batch):
            low, truth = zip(*(sample(number, frames) for number in numbers), strict=True)
            yield Batch(torch.stack(low), torch.stack(truth))

    return make


class Net(Learner[Batch]):
    """One network; its loss has noise of every generator, so that a resumed run needs all of them."""

    def __init__(self, noise: float = 0.1, steps: int = 100, lr: float = 1e-3) -> None:
        self.net, self.noise = Small(), noise
        self.networks = {"net": self.net}
        self.optimisers = {"net": torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))}
        self.schedules = {"net": Cosine(lr, steps)}
        self.decays = {"net": 0.999}

    def step(self, batch: Batch, tools: Tools) -> None:
        drawn = random.random() + np.random.rand() + torch.rand(batch.truth.shape)
        with tools.autocast():
            pictures = unroll(tools["net"], batch.low)
        tools.descend("net", {"charbonnier": charbonnier(pictures, batch.truth + self.noise * drawn)})

    def samples(self, tools: Tools) -> dict[str, Tensor]:
        torch.rand(3)  # leaves no trace
        pictures = unroll(tools.average("net"), sample(0)[0][None])[0]
        return {"picture": pictures, "brightness": pictures.mean()}


class Against(Learner[Batch]):
    """A network, every second step of which is recomputed, and one that judges it: two optimisers, passes of both kinds
    through the judge, and buffers that begin at random and change with each pass."""

    def __init__(self) -> None:
        judge = nn.Sequential(spectral_norm(nn.Conv2d(3, 4, 4, 2)), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
        self.networks = {"net": Small(), "judge": judge}
        self.optimisers = {name: torch.optim.Adam(each.parameters()) for name, each in self.networks.items()}
        self.schedules = {"net": Constant(1e-3), "judge": Constant(1e-3)}
        self.decays = {"net": 0.9}

    def step(self, batch: Batch, tools: Tools) -> None:
        pictures = unroll(tools["net"], batch.low, recompute=tools.step % 2 == 1)
        truth = batch.truth.flatten(0, 1)
        with tools.frozen("judge") as judge:
            deceived = (judge(pictures.flatten(0, 1)) - 1).square().mean()
        tools.descend("net", {"l1": l1(pictures, batch.truth), "gan": 0.1 * deceived})
        real, made = tools["judge"](truth), tools["judge"](pictures.detach().flatten(0, 1))
        tools.descend("judge", {"real": (real - 1).square().mean(), "made": made.square().mean()})


class Silent:
    """Keeps the progress that it is shown."""

    def __init__(self) -> None:
        self.shown: list[Progress] = []

    def show(self, progress: Progress, *, last: bool = False) -> None:
        self.shown.append(progress)


def settings_of(steps: int, **changed) -> Settings:
    return Settings(**({"steps": steps, "batch": 2, "save_minutes": 0, "channels_last": False} | changed))


def trainer(path: Path, settings: Settings, learner: Callable[[], Learner[Batch]] = Net, **more):
    """A training of the small network, or of what another learner has."""
    seed(settings.seed)
    return Trainer(path, settings, learner(), batches(settings), view=Silent(), **more)


def weights(learner: Learner[Batch]) -> dict[str, Tensor]:
    """Of all networks of a learner."""
    states = {name: network.state_dict() for name, network in learner.networks.items()}
    return {f"{name}.{key}": value.clone() for name, state in states.items() for key, value in state.items()}


LAST = 9
"""Steps of the trainings below."""


def ended(path: Path, **changed) -> dict[str, Tensor]:
    """The weights of an uninterrupted training."""
    run = trainer(path, settings_of(LAST, **changed))
    run.run()
    return weights(run.learner)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether tensors by name are equal bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def kill_at(number: int) -> None:
    """Let the process die at a sync to the disk, as by a power cut."""
    syncs, real = count(1), os.fsync

    def fsync(file: int) -> None:
        if next(syncs) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        real(file)

    os.fsync = fsync


class Noisy(Net):
    """With one process's own random numbers in its loss."""


class Signalled(Net):
    """The last process gets a SIGTERM in the second step."""

    def step(self, batch: Batch, tools: Tools) -> None:
        if tools.step == 1 and tools.world.rank == tools.world.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        super().step(batch, tools)


LEARNERS: dict[str, Callable[[], Learner[Batch]]] = {"noisy": Noisy, "against": Against, "signalled": Signalled}
EVERY = 2
"""Steps between checkpoints of the trainings below."""


def train(path: Path, kind: str, steps: int, world: World) -> Trainer[Batch]:
    """Train in a folder, in one of several processes or alone."""
    settings = settings_of(steps, save_every=EVERY, batch=4)
    seed(settings.seed, world.rank)
    run = Trainer(path, settings, LEARNERS[kind](), batches(settings, world), world=world, view=Silent())
    run.run()
    return run


def main(root: Path, killed_at: int, jobs: Sequence[str]) -> None:
    torch.set_num_threads(1)
    kill_at(killed_at)
    with joined("cpu") as world:
        for job in jobs:
            kind, _, stops = job.partition(":")
            for stop in stops.split(","):
                run = train(root / job, kind, int(stop), world)
            ends = world.gathered(run.tools.step)
            if world.leads:
                torch.save({"weights": weights(run.learner), "ends": ends}, root / f"{job}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
