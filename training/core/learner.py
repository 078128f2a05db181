"""What a recipe gives the trainer, and what the trainer lends a recipe."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from training.core import guard, precision
from training.core.distributed import World
from training.core.ema import Average
from training.core.schedule import Schedule, set_rate
from training.core.settings import Settings
from vsanimesr.errors import TrainingError


class Learner[B](ABC):
    """The networks of a training and one step of it, from a batch B.

    class Net(Learner[Batch]):
        def __init__(self):
            self.networks = {"net": AnimeSR()}
            self.optimisers = {"net": Adam(self.networks["net"].parameters(), betas=(0.9, 0.99))}
            self.schedules = {"net": Constant(2e-4)}
            self.decays = {"net": 0.999}

        def step(self, batch, tools):
            with tools.autocast():
                pictures = unroll(tools["net"], batch.low)
            tools.descend("net", {"l1": l1(pictures, batch.truth)})

    An adversarial one has two networks, two optimisers, and descends twice, with `tools.frozen("discriminator")` for
    the generator's loss. Every parameter of a network in `networks` is trained. Others, such as a teacher, are no
    business of the trainer's: a learner keeps them, on the device, by itself.
    """

    networks: Mapping[str, nn.Module]
    """Those that are trained."""
    optimisers: Mapping[str, Optimizer]
    """Over their parameters; a parameter group's 'lr_scale' multiplies its learning rate."""
    schedules: Mapping[str, Schedule]
    """Of each optimiser."""
    decays: Mapping[str, float] = {}
    """Of networks that have a moving average."""

    @abstractmethod
    def step(self, batch: B, tools: "Tools") -> None:
        """Do one step with a batch, which is on the device already; each optimiser descends once at most."""

    def samples(self, tools: "Tools") -> Mapping[str, Tensor]:  # others need it
        """Pictures [N, 3, H, W] from 0 to 1 and numbers (tensors of one value) to look at, made by process 0 now and
        then without gradients; use `tools.average` and the bare networks. What it draws at random leaves no trace.
        """
        return {}


class Tools:
    """Networks that are ready for the device and the processes, their averages, and the way down a gradient."""

    def __init__[B](self, learner: Learner[B], settings: Settings, world: World) -> None:
        self.world, self.settings = world, settings
        self.step = 0
        """Steps done."""
        self.values: dict[str, float] = {}
        """The numbers of the step: terms of losses, lengths of gradients, learning rates, and what was recorded."""
        self._learner = learner
        _check(learner)
        for network in learner.networks.values():
            precision.place(network, world.device, channels_last=settings.channels_last)
        self._wrapped = {name: world.wrapped(network) for name, network in learner.networks.items()}
        self.averages = {name: Average(learner.networks[name], decay) for name, decay in learner.decays.items()}
        for network in learner.networks.values():
            precision.compile_network(network, settings.compilation, world.device)

    def __getitem__(self, name: str) -> nn.Module:
        """The network to call where gradients for its own optimiser are wanted."""
        return self._wrapped[name]

    @property
    def device(self) -> torch.device:
        """Where batches are."""
        return self.world.device

    def average(self, name: str) -> nn.Module:
        """A network with the moving average of its weights."""
        return self.averages[name].network

    @contextmanager
    def frozen(self, name: str) -> Generator[nn.Module, None, None]:
        """Lend a network to judge others with: what it is called with inside gets gradients, its parameters do not."""
        network = self._learner.networks[name]
        network.requires_grad_(False)
        try:
            yield network
        finally:
            network.requires_grad_(True)

    def autocast(self) -> torch.autocast:
        """Enter it for the forward pass of the networks; losses belong outside."""
        return precision.autocast(self.settings.precision, self.device)

    def record(self, name: str, value: float | Tensor) -> None:
        """Another number for the log, the mean of which over the steps is written."""
        self.values[name] = float(value)

    def descend(self, name: str, terms: Mapping[str, Tensor]) -> None:
        """One step of the optimiser `name` down the gradient of the sum of the terms, which are scalars.

        The gradient is shortened to the settings' `clip`. Raises guard.Stopped, before anything has changed, if a
        term or the gradient is not finite.
        """
        optimiser, rate = self._learner.optimisers[name], self._learner.schedules[name].at(self.step)
        parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        optimiser.zero_grad()
        torch.autograd.backward(sum(terms.values(), torch.zeros((), device=self.device)))
        length = self._shortened(parameters)
        found = {term: float(value.detach()) for term, value in terms.items()}
        guard.check(name, found, length)
        set_rate(optimiser, rate)
        optimiser.step()
        found |= {"loss": sum(found.values()), "gradient": length, "lr": rate}
        self.values |= {f"{name}/{key}": value for key, value in found.items()}

    def _shortened(self, parameters: list[nn.Parameter]) -> float:
        """Shorten the gradient to the settings' `clip`; its length before, which is the same in all processes."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        length = nn.utils.get_total_norm(gradients)
        if self.settings.clip:
            nn.utils.clip_grads_with_norm_(parameters, self.settings.clip, length)
        return float(length)


def _check[B](learner: Learner[B]) -> None:
    """Raise TrainingError unless every optimiser has a schedule and every average a network."""
    if set(learner.optimisers) != set(learner.schedules):
        raise TrainingError(f"optimisers {sorted(learner.optimisers)} have the schedules {sorted(learner.schedules)}")
    if strange := set(learner.decays) - set(learner.networks):
        raise TrainingError(f"averages of {sorted(strange)}, but the networks are {sorted(learner.networks)}")
