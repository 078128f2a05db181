"""OpenVINO: processors, and the other devices that OpenVINO has a plugin for."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, override

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from vsanimesr import rewrite
from vsanimesr.backends.base import RING, Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendError, BackendUnavailable, DeviceError
from vsanimesr.graphs import IR_VERSION, NEXT_STATE, OPSET, PICTURE, STATE, WINDOW, Graphs, compose

CAPABILITIES = {"fp32": "FP32", "bf16": "BF16", "fp16": "FP16"}
"""What OpenVINO calls a precision among a device's capabilities."""
HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""What OpenVINO calls a precision in INFERENCE_PRECISION_HINT."""
STATE_TYPES = {"fp32": TensorProto.FLOAT, "bf16": TensorProto.BFLOAT16, "fp16": TensorProto.FLOAT16}
"""What a processor keeps the state as: what the network computes in anyway."""
AUTO = {"CPU": ("bf16",), "GPU": ("fp16",), "NPU": ("fp16",)}
"""By kind of device: the precisions, best first, that 'auto' prefers over fp32 where the device has them."""


class OpenVINO(StreamBackend):
    """Runs the graphs with OpenVINO.

    `device` is one of OpenVINO's names, `CPU` by default; `device_id` picks one of several, such as `GPU.1`. Raises
    BackendUnavailable if the device or the precision is not to be had, ModelError from the composition of the graphs.
    """

    name: ClassVar[str] = "openvino"
    precisions: ClassVar[tuple[str, ...]] = tuple(HINTS)
    _ingest: Any
    _step: Any
    _state: Any
    _next_state: Any

    def __init__(self, setup: Setup) -> None:
        ov = _openvino()
        core = ov.Core()
        self.device = _device(core, setup.device, setup.device_id)
        self.precision = _precision(core, self.device, setup.precision)
        self._tensor: Any = ov.Tensor
        graphs = compose(setup.cell(), setup.clip)
        with _foreign(BackendUnavailable, "it could not compile the network"):
            self._ingest = _compile(core, graphs.ingest, self.device, "fp32").create_infer_request()
            step = _step_for(core, graphs, self.device, self.precision)
            self._step = _compile(core, step, self.device, self.precision).create_infer_request()
            self._allocate(graphs)
        super().__init__(setup)

    @override
    @classmethod
    def version(cls) -> str:
        return f"OpenVINO {_openvino().get_version()}"

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        return tuple(_openvino().Core().available_devices)

    @override
    @property
    def state_nbytes(self) -> int:
        return int(self._state.get_byte_size())

    @override
    def stage(self, planes: Planes) -> Any:
        return self._tensor(np.stack(planes)[None], shared_memory=True)

    @override
    def run_ingest(self, ring: int, staged: Any) -> None:
        with _foreign(DeviceError, "a frame could not be converted"):
            self._ingest.set_input_tensor(0, staged)
            self._ingest.set_output_tensor(0, self._ring[ring])
            self._ingest.infer()

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None) -> None:
        with _foreign(DeviceError, "a step failed"):
            for name, ring in zip(WINDOW, window, strict=True):
                self._step.set_tensor(name, self._ring[ring])
            self._step.set_tensor(STATE, self._state)
            self._step.set_tensor(NEXT_STATE, self._next_state)
            self._step.set_tensor(PICTURE, self._picture(slot))
            self._step.infer()
        self._state, self._next_state = self._next_state, self._state

    @override
    def run_reset(self) -> None:
        self._state.data[...] = 0

    @override
    def run_save(self) -> Any:
        return self._state.data.copy()  # numpy knows no bfloat16 and takes the bits for float16: a copy is a copy

    @override
    def run_restore(self, state: Any) -> None:
        np.copyto(self._state.data, state)

    @override
    def read(self, slot: int) -> Planes:
        return list(self._pictures[slot].data[0])

    @override
    def close(self) -> None:
        super().close()
        self._ingest = self._step = self._state = self._next_state = None
        self._ring.clear()
        self._pictures.clear()

    def _allocate(self, graphs: Graphs) -> None:
        float32 = np.dtype(np.float32)
        self._ring = [self._tensor(float32, graphs.lr_shape) for _ in range(RING)]
        self._state = self._tensor(self._step.get_tensor(STATE).element_type, self._step.get_tensor(STATE).shape)
        self._next_state = self._tensor(self._state.element_type, self._state.shape)
        self._pictures: dict[int | None, Any] = {}
        self._picture_of = graphs.clip.format.dtype, graphs.picture_shape
        self.run_reset()

    def _picture(self, slot: int | None) -> Any:
        """The tensor of a slot, allocated when first used; pictures that nobody wants share one."""
        if slot not in self._pictures:
            self._pictures[slot] = self._tensor(*self._picture_of)
        return self._pictures[slot]


def _openvino() -> Any:
    try:
        return importlib.import_module("openvino")
    except (ImportError, OSError) as error:
        raise BackendUnavailable(_why_not(error)) from error


def _why_not(error: Exception) -> str:
    if "versions_compatible" in str(error):  # the libraries have the same name, so the first one serves both
        return (
            "openvino: another plugin, such as vapoursynth-mlrt-ov, loaded its own OpenVINO into this process before;"
            " keep the two in environments of their own, or use another backend"
        )
    return f"openvino: {str(error).strip().splitlines()[0]}; install it with: pip install openvino"


def _device(core: Any, name: str, number: int) -> str:
    """OpenVINO's full name of a device that is there."""
    available = core.available_devices
    name = name or "CPU"
    candidates = [f"{name}.{number}", *([name] if number == 0 else [])]
    for candidate in candidates:
        if candidate in available:
            return candidate
    raise BackendUnavailable(
        f"openvino: no device {candidates[-1]!r} on this machine; available: {', '.join(available)}",
    )


def _precision(core: Any, device: str, asked: str) -> str:
    """The precision to run in; 'auto' takes the best that the device computes in by itself."""
    capabilities = core.get_property(device, "OPTIMIZATION_CAPABILITIES")
    usable = [name for name, capability in CAPABILITIES.items() if capability in capabilities or name == "fp32"]
    if asked == "auto":
        return next((name for name in AUTO.get(device.partition(".")[0], ()) if name in usable), "fp32")
    if asked not in usable:
        raise BackendUnavailable(
            f"openvino: precision {asked!r} is nothing that {device} computes in; use one of {', '.join(usable)}, auto",
        )
    return asked


def _step_for(core: Any, graphs: Graphs, device: str, precision: str) -> ModelProto:
    """The `step` graph as it suits the device; only processors were measured, others get it as it is."""
    if not device.startswith("CPU"):
        return graphs.step
    split_rows = not _has_matrix_unit(core, device, precision)
    return rewrite.for_processor(graphs.step, STATE_TYPES[precision], split_rows=split_rows)


def _has_matrix_unit(core: Any, device: str, precision: str) -> bool:
    """Whether convolutions run on AMX, where multiplying costs little beside moving.

    Only OpenVINO knows what it uses, so it is given a small convolution and asked.
    """
    weights = numpy_helper.from_array(np.ones((64, 64, 3, 3), np.float32), "weights")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 64, 16, 16)) for name in "xy"]
    conv = helper.make_node("Conv", ["x", "weights"], ["y"], pads=[1, 1, 1, 1])
    graph = helper.make_graph([conv], "probe", values[:1], values[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    nodes = _compile(core, model, device, precision).get_runtime_model().get_ops()
    return any("amx" in str(node.get_rt_info()["primitiveType"]) for node in nodes)


def _compile(core: Any, graph: ModelProto, device: str, precision: str) -> Any:
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": HINTS[precision],
    }
    return core.compile_model(core.read_model(graph.SerializeToString()), device, config)


@contextmanager
def _foreign(kind: type[BackendError], what: str) -> Iterator[None]:
    """Turn what OpenVINO raises into an error of ours: one line, not the trace of its sources."""
    try:
        yield
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise kind(f"openvino: {what}: {lines[-1] if lines else type(error).__name__}") from error
