"""ONNX Runtime on a processor: a second implementation of the graphs, for checks and tests of what is exported."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, override

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from export.fp16_emulation import emulate
from vsanimesr.backends import memory, staging
from vsanimesr.backends.base import Demand, Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendError, BackendUnavailable, DeviceError
from vsanimesr.graphs import LR, NEXT_STATE, STATE, WINDOW, Graphs, compose
from vsanimesr.half import half
from vsanimesr.tiles import Move

PROVIDER = "CPUExecutionProvider"
APPETITES = {
    "fp32": memory.Appetite(60 * memory.MIB, 5500, 4, 4),
    "fp16": memory.Appetite(60 * memory.MIB, 7400, 2, 4),
}
"""Measured with one thread: growth of the process's peak from before construction to after four steps, YUV420P8, at
320x240, 640x480 and 960x720: near a line through 491, 1980 and 4177 MiB in fp32, through the first two, 635 and 2385
MiB, in fp16, less states, ring and picture."""
ERRORS_ONLY = 3
"""ONNX Runtime's level of what it logs."""


class OnnxRuntime(StreamBackend):
    """Runs the graphs with ONNX Runtime on the processor.

    fp16 runs the FP16 graph that GPUs get, with FP32 arithmetic and each result rounded to FP16 (`fp16_emulation`); it
    is slower than fp32. 'auto' is fp32. Raises BackendUnavailable for a device or a precision that it has not and for
    integers of more than 8 bits, which ONNX Runtime does not move; ModelError and FormatError from the composition of
    the graphs; OutOfMemory before anything is allocated.
    """

    name: ClassVar[str] = "onnxruntime"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16")
    single: ClassVar[Collection[str] | None] = None
    """What stays FP32 in fp16, by names of values; None for what GPUs get."""
    _ingest: Any
    _step: Any

    def __init__(self, setup: Setup) -> None:
        self.device = _device(setup.device, setup.device_id)
        self.precision = _precision(setup.precision)
        memory.claim(self.name, self.precision, setup, self.demand(setup))
        graphs = compose(setup.cell(), setup.clip)
        self._frames, self._made = tuple(graphs.frames), tuple(graphs.pictures)
        self._ingest = _session(graphs.ingest)
        if self.precision == "fp16":
            graphs = half(graphs, self.single)
            self._step = _session(emulate(graphs.step), optimise=False)  # the optimiser takes casts out that round
        else:
            self._step = _session(graphs.step)
        self._rings: list[dict[int, NDArray[Any]]] = [{} for _ in range(setup.lanes)]
        self._states = [np.zeros(graphs.state_shape, _type(graphs, STATE)) for _ in range(setup.lanes)]
        self._pictures: dict[int, list[NDArray[Any]]] = {}
        super().__init__(setup)

    @override
    @classmethod
    def version(cls) -> str:
        return f"ONNX Runtime {onnxruntime.__version__}"

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        return ("CPU",)

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        pictures = setup.slots * memory.picture_nbytes(setup.clip)
        return Demand(APPETITES[_precision(setup.precision)].nbytes(setup) + pictures, memory.available())

    @override
    def run_exchange(self, moves: Sequence[Move]) -> None:
        for move in moves:
            (above, below), (left, right) = move.rows, move.columns
            self._states[move.target][:, :, below, right] = self._states[move.source][:, :, above, left]

    @override
    @property
    def state_nbytes(self) -> int:
        return sum(state.nbytes for state in self._states)

    @override
    def stage(self, planes: Planes) -> Any:
        return staging.stack(planes, self.setup.clip)

    @override
    def run_ingest(self, ring: int, staged: Any, lane: int) -> None:
        with _foreign(DeviceError, "a frame could not be converted"):
            (self._rings[lane][ring],) = self._ingest.run([LR], dict(zip(self._frames, staged, strict=True)))

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        feed = {name: self._rings[lane][ring] for name, ring in zip(WINDOW, window, strict=True)}
        with _foreign(DeviceError, "a step failed"):
            *made, state = self._step.run([*self._made, NEXT_STATE], {**feed, STATE: self._states[lane]})
        self._states[lane] = state
        if slot is not None:
            self._pictures[slot] = made

    @override
    def run_reset(self) -> None:
        for state in self._states:
            state.fill(0)

    @override
    def run_save(self) -> Any:
        return [state.copy() for state in self._states]

    @override
    def run_restore(self, state: Any) -> None:
        for own, saved in zip(self._states, state, strict=True):
            np.copyto(own, saved)

    @override
    def read(self, slot: int) -> Planes:
        return staging.unstack(self._pictures[slot])

    @override
    def close(self) -> None:
        super().close()
        self._ingest = self._step = None
        self._states.clear()
        self._rings.clear()
        self._pictures.clear()


def _device(name: str, number: int) -> str:
    if name not in ("", "CPU") or number:
        raise BackendUnavailable(f"onnxruntime: no device {name or 'CPU'}.{number}; it runs on CPU, device_id 0, only")
    return "CPU"


def _precision(asked: str) -> str:
    if asked not in ("auto", *OnnxRuntime.precisions):
        known = ", ".join(OnnxRuntime.precisions)
        raise BackendUnavailable(f"onnxruntime: precision {asked!r} is none that it computes in; use auto or {known}")
    return "fp32" if asked == "auto" else asked


def _session(model: onnx.ModelProto, *, optimise: bool = True) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    with _foreign(BackendUnavailable, "it could not set up the network"):
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=[PROVIDER])


def _type(graphs: Graphs, name: str) -> np.dtype[Any]:
    """Sample type of one of `step`'s inputs."""
    value = next(value for value in graphs.step.graph.input if value.name == name)
    return helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)


@contextmanager
def _foreign(kind: type[BackendError], what: str) -> Iterator[None]:
    """Turn what ONNX Runtime raises into an error of ours, of one line."""
    try:
        yield
    except Exception as error:  # its errors have no class in common but this
        raise kind(f"onnxruntime: {what}: {str(error).strip().splitlines()[0]}") from error
