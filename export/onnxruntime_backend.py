"""ONNX Runtime on a processor: a second implementation of the graphs, for checks and tests of what is exported."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, override

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from export.fp16_emulation import emulate
from vsanimesr.backends.base import Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendError, BackendUnavailable, DeviceError
from vsanimesr.graphs import FRAME, LR, NEXT_STATE, PICTURE, STATE, WINDOW, Graphs, compose
from vsanimesr.half import half

PROVIDER = "CPUExecutionProvider"
ERRORS_ONLY = 3
"""ONNX Runtime's level of what it logs."""


class OnnxRuntime(StreamBackend):
    """Runs the graphs with ONNX Runtime on the processor.

    fp16 runs the FP16 graph that GPUs get, with FP32 arithmetic and each result rounded to FP16 (`fp16_emulation`); it
    is slower than fp32. 'auto' is fp32. Raises BackendUnavailable for a device or a precision that it has not,
    ModelError from the composition of the graphs.
    """

    name: ClassVar[str] = "onnxruntime"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16")
    single: ClassVar[Collection[str] | None] = None
    """What stays FP32 in fp16, by names of values; None for what GPUs get."""
    _ingest: Any
    _step: Any
    _state: NDArray[Any]

    def __init__(self, setup: Setup) -> None:
        self.device = _device(setup.device, setup.device_id)
        self.precision = _precision(setup.precision)
        graphs = compose(setup.cell(), setup.clip)
        self._ingest = _session(graphs.ingest)
        if self.precision == "fp16":
            graphs = half(graphs, self.single)
            self._step = _session(emulate(graphs.step), optimise=False)  # the optimiser takes casts out that round
        else:
            self._step = _session(graphs.step)
        self._zeros = np.zeros(graphs.state_shape, _type(graphs, STATE))
        self._ring: dict[int, NDArray[Any]] = {}
        self._pictures: dict[int, NDArray[Any]] = {}
        self.run_reset()
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
    @property
    def state_nbytes(self) -> int:
        return self._zeros.nbytes

    @override
    def stage(self, planes: Planes) -> Any:
        return np.stack(planes)[None]

    @override
    def run_ingest(self, ring: int, staged: Any) -> None:
        with _foreign(DeviceError, "a frame could not be converted"):
            (self._ring[ring],) = self._ingest.run([LR], {FRAME: staged})

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None) -> None:
        feed = {name: self._ring[ring] for name, ring in zip(WINDOW, window, strict=True)}
        with _foreign(DeviceError, "a step failed"):
            picture, self._state = self._step.run([PICTURE, NEXT_STATE], {**feed, STATE: self._state})
        if slot is not None:
            self._pictures[slot] = picture[0]

    @override
    def run_reset(self) -> None:
        self._state = self._zeros

    @override
    def run_save(self) -> Any:
        return self._state  # every step makes a new one

    @override
    def run_restore(self, state: Any) -> None:
        self._state = state

    @override
    def read(self, slot: int) -> Planes:
        return list(self._pictures[slot])

    @override
    def close(self) -> None:
        super().close()
        self._ingest = self._step = None
        self._ring.clear()
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
