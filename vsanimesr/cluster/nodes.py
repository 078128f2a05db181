"""The nodes of a cluster, how many can work on each, and whether one computes what this machine would."""

from dataclasses import dataclass
from typing import Any, Self

from vsanimesr.jobs.kind import Kind


@dataclass(frozen=True)
class Place:
    """Room for one that renders: a GPU, or a whole node whose processor computes."""

    node: str
    """Ray's number of the node."""
    number: int
    """Of the place there, from 0 on."""
    name: str
    """The node, for people."""
    resources: tuple[tuple[str, float], ...]
    """What Ray is asked for: num_cpus, num_gpus."""

    @classmethod
    def all(cls, nodes: list[dict[str, Any]], *, gpu: bool, mixed: bool) -> list[Self]:
        """Those of the nodes that are alive, as `ray.nodes()` tells them.

        With `gpu` a place for each GPU, else one for each node. With `mixed` nodes without a GPU have theirs as well,
        and GPUs are used where there are some.
        """
        return [place for node in nodes if node["Alive"] for place in cls._of(node, gpu=gpu, mixed=mixed)]

    @classmethod
    def _of(cls, node: dict[str, Any], *, gpu: bool, mixed: bool) -> list[Self]:
        number, resources = node["NodeID"], node["Resources"]
        name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']}, {number[:8]})"
        gpus, cpus = int(resources.get("GPU", 0)), resources.get("CPU", 0)
        if gpus and (gpu or mixed):
            each = (("num_cpus", 0), ("num_gpus", 1))
            return [cls(number, one, name, each) for one in range(gpus)]
        if cpus and (mixed or not gpu):
            return [cls(number, 0, name, (("num_cpus", cpus), ("num_gpus", 0)))]
        return []


def differences(here: Kind, there: Kind) -> list[str]:
    """What makes other pixels or files there, each in a few words; [] where they are the same."""
    ours, theirs = _named(here), _named(there)
    return [
        f"{name} is {theirs.get(name, 'missing')}, here {ours.get(name, 'missing')}"
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]


def _named(kind: Kind) -> dict[str, str]:
    own = {"the backend": kind.backend, "the kind of device": kind.device, "the model": kind.model[:12]}
    return own | kind.versions


def needs_gpu(kind: Kind) -> bool:
    """Whether its backend computes by CUDA."""
    return kind.backend.startswith("tensorrt") or kind.where.startswith("cuda")
