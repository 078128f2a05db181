"""Ours beside the peer: which of our runs it is compared with, in what ways it runs, and the quotients."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import peer
from benchmarks.combinations import CPU, Combination
from benchmarks.figures import Figure, best
from vsanimesr import models

PEER = "vspipe, peer"
MULTIPLE = 4
"""The peer's graph pads nothing, so the sides of a frame are multiples of this."""
NO_PEER = "vapoursynth-mlrt-ov is not installed; pip install vapoursynth-mlrt-ov"
NO_COUNTERPART = (
    f"it is measured beside openvino on a processor, {models.DEFAULT}, RGBS, sides a multiple of 4; "
    "nothing of the kind ran"
)
OTHER_MODELS = f"it runs the network of {models.DEFAULT} and is compared with that model only"


@dataclass(frozen=True)
class Comparison:
    """The peer's ways, beside the one of our combinations that they are compared with."""

    beside: Combination | None = None
    """The first that runs OpenVINO on a processor and the default model; None where there is no such, or no peer."""
    ways: dict[str, tuple[peer.Way, Path]] = field(default_factory=dict)
    """The peer's settings with their graphs, by the name of the figure."""
    versions: dict[str, str] = field(default_factory=dict)
    """The peer's."""
    missing: dict[str, str] = field(default_factory=dict)
    """Why there is nothing to compare."""
    notes: dict[str, str] = field(default_factory=dict)
    """What else there is to say of it."""


def prepare(combinations: Sequence[Combination], names: Sequence[str], folder: Path) -> Comparison:
    """Find what the peer is compared with, and write its graphs into `folder`; `names` are those of its ways."""
    versions = peer.probe()
    if not versions:
        return Comparison(missing={PEER: NO_PEER})
    beside = next((combination for combination in combinations if _suits(combination)), None)
    if beside is None:
        return Comparison(versions=versions, missing={PEER: NO_COUNTERPART})
    graphs = peer.write_graphs(models.load(beside.model), beside.width, beside.height, folder)
    ways = {figure(way): (way, graphs[way.pruned]) for way in peer.WAYS if way.name in names}
    others = any(combination.model != beside.model for combination in combinations if combination.runs_model)
    return Comparison(beside, ways, versions, notes={PEER: OTHER_MODELS} if others else {})


def figure(way: peer.Way) -> str:
    """The name of the figure of one of the peer's ways."""
    return f"{PEER}, {way.name}"


def winners(figures: dict[str, Figure]) -> dict[str, str]:
    """The name of the peer's figure that counts, for each of its networks; empty without a peer."""
    found = {}
    for network, pruned in (("same network", False), ("pruned network", True)):
        if names := [figure(way) for way in peer.WAYS if way.pruned == pruned and figure(way) in figures]:
            found[f"best peer, {network}"] = best(figures, names)
    return found


def ratios(ours: Figure, figures: dict[str, Figure]) -> dict[str, Figure]:
    """Our frame rate by that of the best peer, for each of its networks, round by round."""
    return {f"ours / {name}": ours.over(figures[winner]) for name, winner in winners(figures).items()}


def _suits(combination: Combination) -> bool:
    asked = (combination.backend, combination.kind, combination.format, combination.model)
    sides = combination.width % MULTIPLE == combination.height % MULTIPLE == 0
    return asked == ("openvino", CPU, "RGBS", models.DEFAULT) and sides
