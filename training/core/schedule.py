"""Learning rates as pure functions of the number of steps done, so that a checkpoint need not hold any."""

import math
from dataclasses import dataclass
from typing import Protocol

from torch.optim import Optimizer

SCALE = "lr_scale"
"""A parameter group with this key has its learning rate multiplied by the value."""


class Schedule(Protocol):
    """What gives the learning rate of a step."""

    def at(self, step: int) -> float:
        """The learning rate of the step after `step` others."""


@dataclass(frozen=True)
class Constant:
    """Always the same (AnimeSR, section 5: 2e-4 for the L1 stage, 1e-4 for the adversarial ones)."""

    lr: float
    """The learning rate."""

    def at(self, step: int) -> float:
        """The learning rate of the step after `step` others."""
        return self.lr


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from `lr` to `last` over `steps`, after a linear warm-up (Loshchilov and Hutter, ICLR 2017)."""

    lr: float
    """The highest learning rate."""
    steps: int
    """After so many steps, those of the warm-up among them, the rate is and stays `last`."""
    last: float = 0.0
    """The lowest learning rate."""
    warm_up: int = 0
    """Over so many steps the rate grows from lr / warm_up to `lr`."""

    def at(self, step: int) -> float:
        """The learning rate of the step after `step` others."""
        if step < self.warm_up:
            return self.lr * (step + 1) / self.warm_up
        done = min(1.0, (step - self.warm_up) / max(1, self.steps - self.warm_up))
        return self.last + (self.lr - self.last) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class MultiStep:
    """Multiplied by `factor` at each of some steps (APISR, section 5: by 0.5 every 100k)."""

    lr: float
    """The first learning rate."""
    milestones: tuple[int, ...]
    """After so many steps the next factor counts; ascending."""
    factor: float = 0.5
    """What the rate is multiplied by."""

    def at(self, step: int) -> float:
        """The learning rate of the step after `step` others."""
        return self.lr * self.factor ** sum(step >= milestone for milestone in self.milestones)


def set_rate(optimiser: Optimizer, lr: float) -> None:
    """Give every parameter group the rate, multiplied by its own `lr_scale` where it has one."""
    for group in optimiser.param_groups:
        group["lr"] = lr * group.get(SCALE, 1.0)
