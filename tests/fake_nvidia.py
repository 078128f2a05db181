"""NVIDIA's libraries as far as the backends call them, on the processor: the CUDA runtime of `fake_cuda`, and engines.

The engines are really built, and run by ONNX Runtime.
"""

import ctypes
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.fake_cuda import ALIGNED, ERROR, FakeRuntime, Properties
from vsanimesr.backends import cuda
from vsanimesr.engines import Library
from vsanimesr.graphs import tensors

__all__ = ["ALIGNED", "ERROR", "FakeCache", "FakeContext", "FakeEngine", "FakeRuntime", "Nvidia", "Properties"]

SCRATCH = 1000


class FakeEngine:
    """What the library's `deserialize_cuda_engine` returns: it runs the graph with ONNX Runtime."""

    device_memory_size_v2 = SCRATCH

    def __init__(self, module: Any, fake: FakeRuntime, graph: onnx.ModelProto) -> None:
        self.module, self.fake, self.graph = module, fake, graph
        self.tensors = tensors(graph)
        self.inputs = [value.name for value in graph.graph.input]
        self.num_io_tensors = len(self.tensors)
        self.session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
        self.configs: list[Any] = []

    def get_tensor_name(self, number: int) -> str:
        return list(self.tensors)[number]

    def get_tensor_mode(self, name: str) -> Any:
        return self.module.TensorIOMode.INPUT if name in self.inputs else self.module.TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> Any:
        kinds = self.module.DataType
        return {"float16": kinds.HALF, "float32": kinds.FLOAT, "uint8": kinds.UINT8}[self.tensors[name].dtype.name]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def create_runtime_config(self) -> "FakeConfig":
        self.configs.append(FakeConfig())
        return self.configs[-1]

    def create_execution_context(self, how: Any) -> "FakeContext":
        strategy = how.strategy if isinstance(how, FakeConfig) else how
        assert strategy == self.module.ExecutionContextAllocationStrategy.USER_MANAGED
        return FakeContext(self)


class FakeConfig:
    """An IRuntimeConfig."""

    strategy: Any = None
    cache: Any = None
    dynamic_shapes_kernel_specialization_strategy: Any = None

    def set_execution_context_allocation_strategy(self, strategy: Any) -> None:
        self.strategy = strategy

    def create_runtime_cache(self) -> "FakeCache":
        return FakeCache()

    def set_runtime_cache(self, cache: "FakeCache") -> bool:
        self.cache = cache
        return True


class FakeCache:
    """An IRuntimeCache: it takes what it wrote itself."""

    content, taken = b"compiled here", False

    def deserialize(self, data: bytes) -> bool:
        self.taken = bytes(data) == self.content
        return self.taken

    def serialize(self) -> bytes:
        return self.content


class FakeContext:
    """An IExecutionContext."""

    capturable, runs = True, True

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        self.shapes: dict[str, Any] = {}
        self.addresses: dict[str, int] = {}
        self.scratch: tuple[int, int] | None = None

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shapes[name] = shape
        return shape == self.engine.tensors[name].shape

    def update_device_memory_size_for_shapes(self) -> int:
        assert list(self.shapes) == self.engine.inputs
        return SCRATCH

    def set_device_memory(self, memory: int, size: int) -> None:
        assert memory % ALIGNED == 0
        assert size >= SCRATCH
        self.scratch = memory, size

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def is_stream_capturable(self, stream: int) -> bool:
        assert stream in self.engine.fake.streams
        return self.capturable

    def execute_async_v3(self, stream: int) -> bool:
        assert self.scratch
        if not self.runs:
            return False
        bound = {name: _at(self.addresses[name], tensor) for name, tensor in self.engine.tensors.items()}

        def work() -> None:
            outputs = [name for name in bound if name not in self.engine.inputs]
            feeds = {name: bound[name] for name in self.engine.inputs}
            for name, value in zip(outputs, self.engine.session.run(outputs, feeds), strict=True):
                bound[name][...] = value

        self.engine.fake.put(stream, work)
        return True


def _at(address: int, tensor: Any) -> np.ndarray:
    memory = (ctypes.c_uint8 * tensor.nbytes).from_address(address)
    return np.frombuffer(memory, tensor.dtype).reshape(tensor.shape)


class Nvidia:
    """A machine with a GPU: `runtime` and every engine that was loaded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: int) -> None:
        self.runtime = FakeRuntime(**settings)
        self.engines: list[FakeEngine] = []
        built: dict[bytes, onnx.ModelProto] = {}
        build = Library.build

        def remember(library: Library, graph: onnx.ModelProto, *arguments: Any) -> bytes:
            engine = build(library, graph, *arguments)
            built[engine] = graph
            return engine

        def load(library: Library, engine: bytes) -> FakeEngine:
            self.engines.append(FakeEngine(library.module, self.runtime, built[engine]))
            return self.engines[-1]

        monkeypatch.setattr(cuda, "runtime", lambda: self.runtime)
        monkeypatch.setattr(Library, "build", remember)
        monkeypatch.setattr(Library, "load", load)
