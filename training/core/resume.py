"""From a checkpoint back into a training, or into the next stage of one."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from training.core import checkpoints, randomness, state
from training.core.folder import Checkpoint
from training.core.learner import Learner, Tools
from training.core.settings import Settings, differences
from training.core.state import State
from vsanimesr.errors import TrainingError

_LOG = logging.getLogger(__name__)


def check(found: Checkpoint, settings: Settings, processes: int, accept: Collection[str] = ()) -> None:
    """Raise TrainingError if what decides results is another than in the checkpoint, but for names in `accept`."""
    told = differences(settings, found.facts.settings)
    if found.facts.processes != processes:
        told["processes"] = f"{found.facts.processes} in the checkpoint, {processes} now"
    refused = [f"{name}: {words}" for name, words in told.items() if name not in accept]
    if refused:
        raise TrainingError(
            f"the training in '{found.path}' had other settings ({'; '.join(refused)}); give it those, begin another "
            "in a new folder, or go on with what differs by --accept NAME"
        )


def restore[B](found: Checkpoint, learner: Learner[B], tools: Tools) -> None:
    """Bring networks, averages, optimisers and random generators to where the checkpoint was; raises TrainingError."""
    saved, rank = found.state(), tools.world.rank
    for kind, there, here in (
        ("networks", saved.networks, learner.networks),
        ("averages", saved.averages, tools.averages),
        ("optimisers", saved.optimisers, learner.optimisers),
    ):
        if set(there) != set(here):
            raise TrainingError(f"'{found.path}' has the {kind} {sorted(there)}, wanted {sorted(here)}")
    for name, network in learner.networks.items():
        _load(network, saved.networks[name], found.path)
    for name, average in tools.averages.items():
        _load(average.network, saved.averages[name], found.path)
        average.updates = found.facts.updates[name]
    for name, optimiser in learner.optimisers.items():
        optimiser.load_state_dict(saved.optimisers[name])
    if rank < len(saved.random):
        randomness.restore(saved.random[rank])
    _tell_versions(found, tools)


def begin_from[B](stages: Mapping[str, Path], learner: Learner[B], tools: Tools) -> None:
    """Give networks the weights that an earlier stage of the training left under the same name.

    stages: for some networks the folder of a training, or of one of its checkpoints. A network gets the raw weights,
    its average the averaged ones and their number of updates, else the raw ones (AnimeSR's code does so). Optimisers
    begin anew. Raises TrainingError.
    """
    for name, path in stages.items():
        found = checkpoints.find(path)
        weights = found.load(f"network-{name}.pt")
        _load(learner.networks[name], weights, found.path)
        if average := tools.averages.get(name):
            has_one = name in found.facts.updates
            _load(average.network, found.load(f"average-{name}.pt") if has_one else weights, found.path)
            average.updates = found.facts.updates.get(name, 0)
        if tools.world.leads:
            _LOG.info("'%s' starts from '%s'", name, found.path)


def captured[B](learner: Learner[B], tools: Tools, random: list[randomness.States]) -> State:
    """What a checkpoint of now holds; the tensors are those of the training, not copies."""
    return State(
        networks={name: network.state_dict() for name, network in learner.networks.items()},
        averages={name: average.network.state_dict() for name, average in tools.averages.items()},
        optimisers={name: optimiser.state_dict() for name, optimiser in learner.optimisers.items()},
        random=random,
    )


def _load(network: nn.Module, weights: Mapping[str, Any], path: Path) -> None:
    there, here = ({name: tuple(each.shape) for name, each in kind.items()} for kind in (weights, network.state_dict()))
    others = sorted(name for name in there | here if there.get(name) != here.get(name))
    if others:
        was, wanted = (kind.get(others[0], "nothing") for kind in (there, here))
        raise TrainingError(
            f"'{path}' is of another network: {len(others)} tensors differ, such as {others[0]}, which is {was} there, "
            f"wanted {wanted}; ask for the network that it was trained with"
        )
    network.load_state_dict(dict(weights))


def _tell_versions(found: Checkpoint, tools: Tools) -> None:
    then, now = found.facts.versions, state.versions(tools.device)
    told = [f"{name} {then.get(name)}, now {value}" for name, value in now.items() if then.get(name) != value]
    if told and tools.world.leads:
        _LOG.warning("'%s' was made by %s: the training may differ in rounding", found.path, "; ".join(told))
