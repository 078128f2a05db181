"""TensorRT-RTX: engines that any GPU of a kind runs, built in a second; their kernels are compiled on the device."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, override

import onnx
from onnx import TensorProto, helper

from vsanimesr.backends.base import Setup
from vsanimesr.backends.device import Execution
from vsanimesr.backends.tensorrt import DEVICE, Context, TensorRT, open_device
from vsanimesr.engines import files, library
from vsanimesr.engines.engine import Engine
from vsanimesr.engines.key import MULTIPLE, Shapes
from vsanimesr.engines.library import Options
from vsanimesr.errors import BackendUnavailable, DeviceError, EngineNotBuilt
from vsanimesr.graphs import IR_VERSION, OPSET, Tensor


class TensorRTRTX(TensorRT):
    """Runs TensorRT-RTX engines, and keeps what it compiled for this GPU beside them."""

    name: ClassVar[str] = "tensorrt_rtx"

    def __init__(self, setup: Setup) -> None:
        self._kernels: list[Kernels] = []
        self._say = setup.engines.say
        super().__init__(setup)
        for kernels in self._kernels:  # the first runs are over, which is when they are compiled
            kernels.keep()

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        rtx, device = library.get(cls.name), open_device(cls.name, device_id)
        target = rtx.targets(device.name, device.compute_capability)[0]
        try:  # which GPUs it serves, only the library knows: it is given a small engine
            rtx.load(rtx.build(_probe(), Shapes.of(MULTIPLE, MULTIPLE), target.capabilities, Options()))
        except (DeviceError, EngineNotBuilt) as error:
            raise BackendUnavailable(f"{cls.name}: it does not serve this GPU: {error}") from error
        return (DEVICE,)

    @override
    def _load(self, engine: Engine, data: bytes, shapes: Mapping[str, Tensor]) -> Execution:
        module, loaded = self._library.module, self._library.load(data)
        config = loaded.create_runtime_config()
        config.set_execution_context_allocation_strategy(module.ExecutionContextAllocationStrategy.USER_MANAGED)
        # Lazily compiled kernels would take over in the middle of a clip, and pixels would depend on when they do.
        strategies = module.DynamicShapesKernelSpecializationStrategy
        config.dynamic_shapes_kernel_specialization_strategy = strategies.EAGER
        path = files.cache_path(engine.path, self.device.partition(" ")[2])
        self._kernels.append(Kernels(config, path, self._say))
        return RTXContext(self._library, loaded, config, shapes)


def _probe() -> onnx.ModelProto:
    """A graph of one addition."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 1, MULTIPLE, MULTIPLE)) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "probe", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


class RTXContext(Context):
    """A context that can tell whether it may be captured."""

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
