"""OpenVINO: processors, and the other devices that OpenVINO has a plugin for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, override

import numpy as np

from vsanimesr.backends import memory, openvino_device, openvino_graphs, staging
from vsanimesr.backends.base import RING, Demand, Planes, Setup
from vsanimesr.backends.openvino_device import HINTS, compile_model, foreign
from vsanimesr.backends.openvino_graphs import KEPT, KEPT_APART
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendUnavailable, DeviceError
from vsanimesr.graphs import LR, NEXT_STATE, STATE, WINDOW, Graphs, compose
from vsanimesr.tiles import Move

APPETITES = {
    "fp32": memory.Appetite(600 * memory.MIB, 3500, 4, 4),
    "bf16": memory.Appetite(600 * memory.MIB, 2000, 2, 4),
    "fp16": memory.Appetite(600 * memory.MIB, 2000, 2, 4),
}
"""Measured on a processor without a matrix unit, as growth of the process's peak from before construction to after four
steps, YUV420P8, at 320x240, 640x480 and 960x720: a line through 753, 1233 and 2074 MiB in bf16, 867, 1813 and 3379 MiB
in fp32, less states, ring and picture. fp16 is taken to be bf16's, and other devices to need what a processor does; but
their states are float32 in every precision."""


@dataclass
class Lane:
    """One recurrence."""

    ring: list[Any]
    """Tensors `lr` of the ingested frames."""
    state: Any
    """Its state; where the next one is written is shared by all lanes."""


class OpenVINO(StreamBackend):
    """Runs the graphs with OpenVINO.

    `device` is one of OpenVINO's names, `CPU` by default; `device_id` picks one of several, such as `GPU.1`. Raises
    BackendUnavailable if the device or the precision is not to be had, ModelError from the composition of the graphs,
    OutOfMemory before anything is compiled.
    """

    name: ClassVar[str] = "openvino"
    precisions: ClassVar[tuple[str, ...]] = tuple(HINTS)
    _ingest: Any
    _step: Any
    _deliver: Any
    _next_state: Any

    def __init__(self, setup: Setup) -> None:
        ov = openvino_device.library()
        core = openvino_device.core()
        self.device = openvino_device.find(core, setup.device, setup.device_id)
        self.precision = openvino_device.choose_precision(core, self.device, setup.precision)
        memory.claim(self.name, self.precision, setup, self.demand(setup))
        self._tensor: Any = ov.Tensor
        graphs = compose(setup.cell(), setup.clip)
        with foreign(BackendUnavailable, "it could not compile the network"):
            self._compile(core, graphs)
            self._allocate(graphs, setup.lanes)
        super().__init__(setup)

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        core = openvino_device.core()
        device = openvino_device.find(core, setup.device, setup.device_id)
        appetite = APPETITES[openvino_device.choose_precision(core, device, setup.precision)]
        if not device.startswith("CPU"):
            appetite = replace(appetite, sample=np.dtype(np.float32).itemsize)
        pictures = setup.slots * memory.picture_nbytes(setup.clip)
        return Demand(appetite.nbytes(setup) + pictures, openvino_device.free_nbytes(core, device))

    @override
    @classmethod
    def version(cls) -> str:
        return f"OpenVINO {openvino_device.library().get_version()}"

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        return tuple(openvino_device.core().available_devices)

    @override
    @property
    def state_nbytes(self) -> int:
        return sum(int(lane.state.get_byte_size()) for lane in self._lanes)

    @override
    def stage(self, planes: Planes) -> Any:
        arrays = staging.stack(planes, self.setup.clip)
        return [self._tensor(array, shared_memory=True) for array in arrays]

    @override
    def run_ingest(self, ring: int, staged: Any, lane: int) -> None:
        with foreign(DeviceError, "a frame could not be converted"):
            for name, tensor in zip(self._frames, staged, strict=True):
                self._ingest.set_tensor(name, tensor)
            self._ingest.set_tensor(LR, self._lanes[lane].ring[ring])
            self._ingest.infer()

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        own = self._lanes[lane]
        with foreign(DeviceError, "a step failed"):
            for name, ring in zip(WINDOW, window, strict=True):
                self._step.set_tensor(name, own.ring[ring])
            self._step.set_tensor(STATE, own.state)
            self._step.set_tensor(NEXT_STATE, self._next_state)
            self._step.infer()
            if slot is not None:
                self._write(slot)
        own.state, self._next_state = self._next_state, own.state

    def _write(self, slot: int) -> None:
        """Make the picture of the last step."""
        self._deliver.set_tensor(KEPT, self._next_state if self._feedback else self._step.get_tensor(KEPT_APART))
        for name, tensor in self._picture(slot).items():
            self._deliver.set_tensor(name, tensor)
        self._deliver.infer()

    @override
    def run_reset(self) -> None:
        for lane in self._lanes:
            lane.state.data[...] = 0

    @override
    def run_exchange(self, moves: Sequence[Move]) -> None:
        states = [self._rectangular(lane.state.data) for lane in self._lanes]
        for move in moves:
            (above, below), (left, right) = move.rows, move.columns
            states[move.target][below, right] = states[move.source][above, left]

    def _rectangular(self, state: Any) -> Any:
        """A state as [height, width, channels]; processors keep it so (`openvino_graphs`)."""
        return state[0] if self.device.startswith("CPU") else state[0].transpose(1, 2, 0)

    @override
    def run_save(self) -> Any:
        # numpy knows no bfloat16 and takes the bits for float16: a copy is a copy
        return [lane.state.data.copy() for lane in self._lanes]

    @override
    def run_restore(self, state: Any) -> None:
        for lane, saved in zip(self._lanes, state, strict=True):
            np.copyto(lane.state.data, saved)

    @override
    def read(self, slot: int) -> Planes:
        return staging.unstack([tensor.data for tensor in self._pictures[slot].values()])

    @override
    def close(self) -> None:
        super().close()
        self._ingest = self._step = self._deliver = self._next_state = None
        self._lanes.clear()
        self._pictures.clear()

    def _compile(self, core: Any, graphs: Graphs) -> None:
        step, deliver = openvino_graphs.for_device(core, graphs, self.device, self.precision)
        self._ingest, self._step, self._deliver = (
            compile_model(core, graph, self.device, precision).create_infer_request()
            for graph, precision in ((graphs.ingest, "fp32"), (step, self.precision), (deliver, "fp32"))
        )

    def _allocate(self, graphs: Graphs, lanes: int) -> None:
        state = self._step.get_compiled_model().input(STATE)
        self._feedback, self._frames, self._made = graphs.spec.feedback, tuple(graphs.frames), graphs.pictures
        self._pictures: dict[int, dict[str, Any]] = {}
        self._lanes = [Lane(self._ring(graphs), self._like(state)) for _ in range(lanes)]
        self._next_state = self._like(state)
        self.run_reset()

    def _ring(self, graphs: Graphs) -> list[Any]:
        return [self._tensor(np.dtype(np.float32), graphs.lr_shape) for _ in range(RING)]

    def _like(self, port: Any) -> Any:
        return self._tensor(port.element_type, port.shape)

    def _picture(self, slot: int) -> dict[str, Any]:
        """The tensors of a slot by name, allocated when first used."""
        if slot not in self._pictures:
            made = self._made.items()
            self._pictures[slot] = {name: self._tensor(tensor.dtype, tensor.shape) for name, tensor in made}
        return self._pictures[slot]
