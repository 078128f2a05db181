"""OpenVINO's library: its devices, what they compute in, and what it raises."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from vsanimesr.backends import memory
from vsanimesr.errors import BackendError, BackendUnavailable
from vsanimesr.graphs import IR_VERSION, OPSET

CAPABILITIES = {"fp32": "FP32", "bf16": "BF16", "fp16": "FP16"}
"""What OpenVINO calls a precision among a device's capabilities."""
HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""What OpenVINO calls a precision in INFERENCE_PRECISION_HINT."""
AUTO = {"CPU": ("bf16",), "GPU": ("fp16",), "NPU": ("fp16",)}
"""By kind of device: the precisions, best first, that 'auto' prefers over fp32 where the device has them."""
MEMORY = {
    "GPU": ("GPU_DEVICE_TOTAL_MEM_SIZE", "GPU_MEMORY_STATISTICS"),
    "NPU": ("NPU_DEVICE_TOTAL_MEM_SIZE", "NPU_DEVICE_ALLOC_MEM_SIZE"),
}
"""By kind of device: the properties that tell its memory and what of it is taken, in all or by its kinds; bytes."""


def library() -> Any:
    """The module; raises BackendUnavailable where it cannot be loaded."""
    try:
        return importlib.import_module("openvino")
    except (ImportError, OSError) as error:
        raise BackendUnavailable(_why_not(error)) from error


def core() -> Any:
    """The one Core of this process; raises BackendUnavailable.

    It is never freed. On Linux its plugin for processors gives the thread that loads it a stack for signals and, freed
    on another thread or after another one, leaves that thread with memory that has gone: the next signal that Python
    handles, such as Ctrl-C, would crash the process.
    """
    return _core(library())


@cache
def _core(library: Any) -> Any:
    return library.Core()


def _why_not(error: Exception) -> str:
    if "versions_compatible" in str(error):  # the libraries have the same name, so the first one serves both
        return (
            "openvino: another plugin, such as vapoursynth-mlrt-ov, loaded its own OpenVINO into this process before;"
            " keep the two in environments of their own, or use another backend"
        )
    return f"openvino: {str(error).strip().splitlines()[0]}; install it with: pip install openvino"


def find(core: Any, name: str, number: int) -> str:
    """OpenVINO's full name of a device that is there; raises BackendUnavailable for another."""
    available = core.available_devices
    name = name or "CPU"
    candidates = [f"{name}.{number}", *([name] if number == 0 else [])]
    for candidate in candidates:
        if candidate in available:
            return candidate
    raise BackendUnavailable(
        f"openvino: no device {candidates[-1]!r} on this machine; available: {', '.join(available)}",
    )


def choose_precision(core: Any, device: str, asked: str) -> str:
    """The precision to run in; 'auto' takes the best that the device computes in by itself.

    Raises BackendUnavailable for one that the device does not compute in.
    """
    capabilities = core.get_property(device, "OPTIMIZATION_CAPABILITIES")
    usable = [name for name, capability in CAPABILITIES.items() if capability in capabilities or name == "fp32"]
    if asked == "auto":
        return next((name for name in AUTO.get(device.partition(".")[0], ()) if name in usable), "fp32")
    if asked not in usable:
        raise BackendUnavailable(
            f"openvino: precision {asked!r} is nothing that {device} computes in; use one of {', '.join(usable)}, auto",
        )
    return asked


def free_nbytes(core: Any, device: str) -> int:
    """Memory that a device has left, bytes.

    A GPU tells its memory and what this process has taken of it, but not what others have; an NPU what is taken in
    all. Without memory of its own it has no more than the machine has available. That is taken for the device's where
    it tells nothing, as processors do.
    """
    told, names = core.get_property(device, "SUPPORTED_PROPERTIES"), MEMORY.get(device.partition(".")[0], ())
    if not names or not all(name in told for name in names):
        return memory.available()
    total, taken = (core.get_property(device, name) for name in names)
    left = max(0, int(total) - int(sum(taken.values()) if isinstance(taken, dict) else taken))
    own = "DEVICE_TYPE" in told and core.get_property(device, "DEVICE_TYPE").name == "DISCRETE"
    return left if own else min(left, memory.available())


def has_matrix_unit(core: Any, device: str, precision: str) -> bool:
    """Whether convolutions run on AMX, where multiplying costs little beside moving.

    Only OpenVINO knows what it uses, so it is given a small convolution and asked.
    """
    weights = numpy_helper.from_array(np.ones((64, 64, 3, 3), np.float32), "weights")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 64, 16, 16)) for name in "xy"]
    conv = helper.make_node("Conv", ["x", "weights"], ["y"], pads=[1, 1, 1, 1])
    graph = helper.make_graph([conv], "probe", values[:1], values[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    nodes = compile_model(core, model, device, precision).get_runtime_model().get_ops()
    return any("amx" in str(node.get_rt_info()["primitiveType"]) for node in nodes)


def compile_model(core: Any, graph: ModelProto, device: str, precision: str) -> Any:
    """A graph, ready to run on a device in a precision, one inference at a time."""
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": HINTS[precision],
    }
    return core.compile_model(core.read_model(graph.SerializeToString()), device, config)


@contextmanager
def foreign(kind: type[BackendError], what: str) -> Iterator[None]:
    """Turn what OpenVINO raises into an error of ours: one line, not the trace of its sources."""
    try:
        yield
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise kind(f"openvino: {what}: {lines[-1] if lines else type(error).__name__}") from error
