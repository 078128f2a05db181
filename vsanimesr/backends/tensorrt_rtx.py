"""TensorRT-RTX: engines that any GPU of a kind runs, built in a second; their kernels are compiled on the device."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, override

import onnx
from onnx import TensorProto, helper

from vsanimesr.backends.cuda import CudaDevice
from vsanimesr.backends.device import Execution
from vsanimesr.backends.parts import Parts
from vsanimesr.backends.tensorrt import DEVICE, Context, TensorRT, open_device
from vsanimesr.engines import files, library
from vsanimesr.engines.key import MULTIPLE
from vsanimesr.engines.library import Library, Options
from vsanimesr.engines.pair import Found
from vsanimesr.errors import BackendUnavailable, DeviceError, EngineNotBuilt
from vsanimesr.graphs import IR_VERSION, OPSET, Tensor


class TensorRTRTX(TensorRT):
    """Runs TensorRT-RTX engines, and keeps what it compiled for this GPU beside them."""

    name: ClassVar[str] = "tensorrt_rtx"

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        rtx, device = library.get(cls.name), open_device(cls.name, device_id)
        target = rtx.targets(device.name, device.compute_capability)[0]
        try:  # which GPUs it serves, only the library knows: it is given a small engine
            rtx.load(rtx.build(_probe(), target.capabilities, Options()))
        except (DeviceError, EngineNotBuilt) as error:
            raise BackendUnavailable(f"{cls.name}: it does not serve this GPU: {error}") from error
        return (DEVICE,)

    @override
    @classmethod
    def _load(
        cls,
        found: Library,
        device: CudaDevice,
        say: Callable[[str], None],
        engine: Found,
        shapes: Mapping[str, Tensor],
    ) -> Execution:
        module, loaded = found.module, found.load(engine[1])
        config = loaded.create_runtime_config()
        config.set_execution_context_allocation_strategy(module.ExecutionContextAllocationStrategy.USER_MANAGED)
        # Lazily compiled kernels would take over in the middle of a clip, and pixels would depend on when they do.
        strategies = module.DynamicShapesKernelSpecializationStrategy
        config.dynamic_shapes_kernel_specialization_strategy = strategies.EAGER
        kernels = Kernels(config, files.cache_path(engine[0].path, device.name), say)
        return RTXContext(found, loaded, config, shapes, kernels)

    @override
    @classmethod
    def _keep(cls, opened: Parts) -> None:
        """Kernels are compiled when a context is made, and in the first runs."""
        for execution in (opened.ingest, opened.step):
            if isinstance(execution, RTXContext) and execution.kernels:
                execution.kernels.keep()


def _probe() -> onnx.ModelProto:
    """A graph of one addition."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 1, MULTIPLE, MULTIPLE)) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "probe", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


class RTXContext(Context):
    """A context that can tell whether it may be captured; `kernels` are what is compiled for its engine."""

    def __init__(
        self, found: Library, engine: Any, how: Any, shapes: Mapping[str, Tensor], kernels: "Kernels | None" = None
    ) -> None:
        super().__init__(found, engine, how, shapes)
        self.kernels = kernels

    @override
    def close(self) -> None:
        """Free the context, then the engine, then what was compiled for it."""
        super().close()
        self.kernels = None

    @override
    @property
    def capturable(self) -> bool:
        """Whether a run may be captured, as the library says of the stream of the last run."""
        return bool(self._context.is_stream_capturable(self._stream.handle))


class Kernels:
    """The kernels that were compiled for an engine, in a file beside it; without that every start compiles them."""

    def __init__(self, config: Any, path: Path, say: Callable[[str], None]) -> None:
        self._path, self._say, self._cache = path, say, config.create_runtime_cache()
        self._known = self._read()
        if self._known:
            self._cache.deserialize(self._known)  # it takes nothing of another GPU, driver or version: then all is new
        config.set_runtime_cache(self._cache)

    def keep(self) -> None:
        """Write the file if there is anything new."""
        memory = self._cache.serialize()
        if memory is None:
            self._say("compiled kernels are not kept, so every start compiles them: the library would not give them")
        elif (data := bytes(memory)) != self._known:
            try:
                files.write(data, self._path)
            except OSError as error:
                self._say(
                    f"compiled kernels are not kept, so every start compiles them: {self._path}: {error.strerror}"
                )

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            self._say(f"kernels that were compiled before cannot be read: {self._path}: {error.strerror}")
            return b""
