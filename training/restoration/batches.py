"""A loader's batches for one process of several."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from training.core import World
from training.data import Batches, Loader, Plan


def shared(plan: Plan, world: World, workers: int) -> Callable[[int], Batches]:
    """What makes a process's part of a plan's batches, from the number of the next sample of all processes on.

    Each process draws samples of its own, from a seed that follows from the plan's, so it makes the clips for its own
    samples only. One process alone has the plan's samples as they are.
    """
    if world.size > 1:
        (seed,) = np.random.SeedSequence([plan.seed, world.rank]).generate_state(1)
        plan = replace(plan, batch=world.share(plan.batch), seed=int(seed))
    loader = Loader(plan, workers)
    return lambda first: loader(first // world.size)
