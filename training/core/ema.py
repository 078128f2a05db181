"""Exponential moving averages of weights."""

import copy

import torch
from torch import nn


def decay_at(updates: int, decay: float) -> float:
    """The decay of the update after `updates` others: min(decay, (1 + n) / (10 + n)).

    So the average follows quickly while there is little to average, and forgets the random start, which matters to
    short trainings; AnimeSR's has its full decay from the first step on, as this one has from the 9,000th.
    """
    return min(decay, (1 + updates) / (10 + updates))


class Average:
    """The moving average of a network's weights: average = d average + (1 - d) weights, after every step.

    decay: from 0 to 1; AnimeSR has 0.999. Buffers are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take the weights after a step in."""
        weight = 1 - decay_at(self.updates, self.decay)
        own, new = ([parameter.detach() for parameter in each.parameters()] for each in (self.network, network))
        torch._foreach_lerp_(own, new, weight)
        for kept, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            kept.copy_(buffer)
        self.updates += 1
