"""NVIDIA's two libraries as far as the backends call them, on the processor: a CUDA runtime, and engines that run.

Every call is checked against the real binding: its name must exist and its number of arguments fit. What is simulated
is no schedule (`cuda_simulator` does that): each operation is over when the call returns.
"""

import ctypes
import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from cuda.bindings import runtime as real

from vsanimesr.backends import cuda
from vsanimesr.engines import Library
from vsanimesr.graphs import tensors

ERROR = real.cudaError_t
OK = (ERROR.cudaSuccess,)
SCRATCH = 1000
ALIGNED = 256
"""Bytes; what addresses are multiples of, and what every block has besides."""


class Properties:
    name, major, minor = b"Fake GPU", 8, 9


class FakeRuntime:
    """`cuda.bindings.runtime` with `gpus` GPUs of `memory` bytes; `fails` maps a call's name to an error."""

    def __init__(self, gpus: int = 1, memory: int = 1 << 30) -> None:
        self.gpus, self.memory = gpus, memory
        self.fails: dict[str, Any] = {}
        self.calls: list[str] = []
        self.device: int | None = None
        self.blocks: dict[int, Any] = {}
        self.pinned: dict[int, Any] = {}
        self.streams: set[int] = set()
        self.events: set[int] = set()
        self.graphs: set[int] = set()
        self._captures: dict[int, list[Callable[[], None]]] = {}
        self._kept: dict[int, list[Callable[[], None]]] = {}
        self._numbers = itertools.count(1)

    def __getattr__(self, name: str) -> Any:
        value = getattr(real, name)  # a name that the binding has not fails here
        if isinstance(value, (type, int)) or name.startswith("make_"):
            return value
        call = getattr(type(self), "_" + re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", name), None)
        assert call, f"{name} is not simulated"
        wanted = value.__doc__.split("(", 1)[1].split(")", 1)[0]

        def run(*arguments: Any) -> Any:
            self.calls.append(name)
            assert len(arguments) == len([part for part in wanted.split(",") if part]), (name, arguments)
            return (self.fails[name], None) if name in self.fails else call(self, *arguments)

        return run

    def put(self, stream: int, work: Callable[[], None]) -> tuple[Any]:
        """Do it, or keep it while the stream captures."""
        assert stream in self.streams
        self._captures[stream].append(work) if stream in self._captures else work()
        return OK

    def _cuda_get_device_count(self) -> Any:
        return (*OK, self.gpus) if self.gpus else (ERROR.cudaErrorNoDevice, None)

    def _cuda_set_device(self, number: int) -> Any:
        self.device = number
        return OK

    def _cuda_get_device_properties(self, _: int) -> Any:
        return *OK, Properties

    def _cuda_mem_get_info(self) -> Any:
        return *OK, self.memory - sum(map(len, self.blocks.values())), self.memory

    def _cuda_malloc(self, nbytes: int) -> Any:
        if sum(map(len, self.blocks.values())) + nbytes > self.memory:
            return ERROR.cudaErrorMemoryAllocation, None
        block = (ctypes.c_uint8 * (nbytes + ALIGNED))()
        address = -(-ctypes.addressof(block) // ALIGNED) * ALIGNED
        self.blocks[address] = block
        return *OK, address

    def _cuda_free(self, address: int) -> Any:
        del self.blocks[address]
        return OK

    def _cuda_host_alloc(self, nbytes: int, _: int) -> Any:
        block = (ctypes.c_uint8 * nbytes)()
        self.pinned[ctypes.addressof(block)] = block
        return *OK, ctypes.addressof(block)

    def _cuda_free_host(self, address: int) -> Any:
        del self.pinned[address]
        return OK

    def _new(self, owned: set[int]) -> Any:
        number = next(self._numbers)
        owned.add(number)
        return *OK, number

    def _cuda_stream_create_with_flags(self, flags: int) -> Any:
        assert flags == real.cudaStreamNonBlocking
        return self._new(self.streams)

    def _cuda_stream_destroy(self, stream: int) -> Any:
        self.streams.remove(stream)
        return OK

    def _cuda_event_create_with_flags(self, _: int) -> Any:
        return self._new(self.events)

    def _cuda_event_destroy(self, event: int) -> Any:
        self.events.remove(event)
        return OK

    def _cuda_event_query(self, event: int) -> Any:
        assert event in self.events
        return OK

    def _cuda_event_synchronize(self, event: int) -> Any:
        assert event in self.events
        return OK

    def _cuda_event_record(self, event: int, stream: int) -> Any:
        assert event in self.events
        assert stream in self.streams
        return OK

    def _cuda_stream_wait_event(self, stream: int, event: int, _: int) -> Any:
        return self._cuda_event_record(event, stream)

    def _cuda_stream_synchronize(self, stream: int) -> Any:
        assert stream in self.streams
        assert stream not in self._captures
        return OK

    def _cuda_memcpy_async(self, target: int, source: int, nbytes: int, _: Any, stream: int) -> Any:
        return self.put(stream, lambda: ctypes.memmove(target, source, nbytes) and None)

    def _cuda_memcpy3_d_async(self, copy: Any, stream: int) -> Any:
        source, target, extent = copy.srcPtr, copy.dstPtr, copy.extent
        assert (source.pitch, source.ysize) == (target.pitch, target.ysize)
        starts = [(z * source.ysize + y) * source.pitch for z in range(extent.depth) for y in range(extent.height)]
        places = [(int(target.ptr) + at, int(source.ptr) + at) for at in starts]

        def run() -> None:
            for into, out in places:
                ctypes.memmove(into, out, extent.width)

        return self.put(stream, run)

    def _cuda_memset_async(self, target: int, value: int, nbytes: int, stream: int) -> Any:
        return self.put(stream, lambda: ctypes.memset(target, value, nbytes) and None)

    def _cuda_stream_begin_capture(self, stream: int, mode: Any) -> Any:
        assert mode == real.cudaStreamCaptureMode.cudaStreamCaptureModeRelaxed
        self._captures[stream] = []
        return OK

    def _cuda_stream_end_capture(self, stream: int) -> Any:
        answer = self._new(self.graphs)
        self._kept[answer[1]] = self._captures.pop(stream)
        return answer

    def _cuda_graph_instantiate(self, graph: int, _: int) -> Any:
        answer = self._new(self.graphs)
        self._kept[answer[1]] = self._kept[graph]
        return answer

    def _cuda_graph_destroy(self, graph: int) -> Any:
        self.graphs.remove(graph)
        return OK

    _cuda_graph_exec_destroy = _cuda_graph_destroy

    def _cuda_graph_launch(self, graph: int, stream: int) -> Any:
        assert graph in self.graphs
        for work in self._kept[graph]:
            self.put(stream, work)
        return OK

    def _cuda_get_last_error(self) -> Any:
        return OK

    def _cuda_get_error_name(self, error: Any) -> Any:
        return real.cudaGetErrorName(error)

    def _cuda_get_error_string(self, error: Any) -> Any:
        return real.cudaGetErrorString(error)

    def _cuda_runtime_get_version(self) -> Any:
        return *OK, 13050

    def _cuda_driver_get_version(self) -> Any:
        return *OK, self.driver

    driver = 13000


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
