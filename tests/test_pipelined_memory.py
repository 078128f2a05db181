"""What a pipelined backend moves between host and device, and what it takes: nothing but native samples cross."""

from collections.abc import Sequence
from dataclasses import replace
from typing import override

import numpy as np
import pytest

from tests.cuda_simulator import HashEngine, SimulatedDevice, SimulatedPipelined, opened, simulated
from tests.networks import ok
from tests.simulator_engine import Arrays
from tests.simulator_kinds import LANES, small
from tests.simulator_memory import Region
from tests.simulator_programs import nothing_lives
from tests.simulator_schedule import Operation
from vsanimesr.backends import parts
from vsanimesr.backends.base import Demand
from vsanimesr.spec import FORMATS, ClipSpec, Colour


def crossed(trace: Sequence[Operation], label: str) -> list[int]:
    """Bytes of page-locked memory that each operation of that name reads or writes."""
    return [
        sum(access.high - access.low for access in operation.accesses if isinstance(access.space, Region))
        for operation in trace
        if operation.label == label
    ]


class Idle(HashEngine):
    """Writes zeros, which is quick."""

    @override
    def compute(self, inputs: Arrays) -> Arrays:
        return {name: np.zeros(tensor.shape, tensor.dtype) for name, tensor in self.outputs.items()}


@pytest.mark.parametrize(("name", "up", "down"), [("YUV420P8", 460_800, 7_372_800), ("Gray16", 614_400, 9_830_400)])
def test_only_native_samples_cross(name: str, up: int, down: int) -> None:
    clip = ClipSpec(640, 480, 3, FORMATS[name], Colour("709", full=False))
    backend = simulated(replace(small(1), clip=clip), engine=Idle)
    frame = [np.zeros((high, wide), clip.format.dtype) for wide, high in clip.format.plane_sizes(640, 480)]
    for n in range(3):
        backend.ingest(n, frame)
    ok(backend.step((0, 0, 0), None))  # a still before a scene, whose picture nobody wants
    ok(backend.step((0, 1, 2), 0))
    uploads, downloads = (crossed(backend.simulator.trace, label) for label in ("upload", "download"))
    groups = len(clip.format.groups)
    assert len(uploads) == 3 * groups
    assert [sum(uploads[n : n + groups]) for n in range(0, 3 * groups, groups)] == [up] * 3
    assert (len(downloads), sum(downloads)) == (groups, down)
    assert up == clip.format.nbytes(640, 480)
    assert down == sum(plane.nbytes for plane in backend.read(0)) == clip.format.nbytes(2560, 1920)
    backend.close()


def test_the_memory_that_it_demands_is_what_it_takes() -> None:
    made = small(kind=LANES)
    backend = simulated(made, engine=HashEngine)
    taken = backend.simulator.live.nbytes
    backend.close()
    device = SimulatedDevice(memory=taken)
    assert parts.demand(made, opened(made, device, HashEngine)) == Demand(taken, taken)
    nothing_lives(device)
    assert SimulatedPipelined.demand(made).needed == taken
    assert SimulatedPipelined.demand(replace(made, lanes=1)).needed < taken
