"""Engines on a simulated GPU: one runs an ONNX graph on the processor, the other only hashes, which is quick."""

import zlib
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Any, override

import numpy as np
import onnxruntime
from onnx import ModelProto

from tests.simulator_memory import ALIGNMENT, POISON, Access, Misuse
from vsanimesr.errors import DeviceError
from vsanimesr.graphs import Tensor, tensors

if TYPE_CHECKING:
    from tests.cuda_simulator import SimulatedDevice, SimulatedStream
    from tests.simulator_gpu import SimulatedGPU

SCRATCH = 4100
"""Bytes; no multiple of the alignment, as of a real engine."""
Arrays = dict[str, np.ndarray[Any, Any]]


class Engine(ABC):
    """An Execution whose runs read and write the memory that is bound when they are enqueued."""

    def __init__(self, device: "SimulatedDevice", graph: ModelProto) -> None:
        self._device, self.gpu = device, device.gpu
        found = tensors(graph)
        self.inputs = {value.name: found[value.name] for value in graph.graph.input}
        self.outputs = {value.name: found[value.name] for value in graph.graph.output}
        self._bound: dict[str, int] = {}
        self._scratch: tuple[int, int] | None = None
        self._enqueued = self._closed = False
        self.gpu.owned["engines"].add(self)

    @abstractmethod
    def compute(self, inputs: Arrays) -> Arrays:
        """Outputs of the graph for its inputs."""

    @property
    def scratch_nbytes(self) -> int:
        return SCRATCH

    @property
    def capturable(self) -> bool:
        if not self._enqueued:
            self.gpu.misused("capturable before the first run")
        return self._device.capturable

    def use_scratch(self, address: int, nbytes: int) -> None:
        with self._call("use_scratch"):
            self._aligned("scratch", address)
            if self._enqueued or nbytes < SCRATCH:
                raise Misuse(f"{nbytes} bytes of scratch, wanted {SCRATCH}, before the first run")
            self._scratch = address, nbytes

    def bind(self, name: str, address: int) -> None:
        with self._call("bind"):
            self._aligned(name, address)
            if name not in self.inputs | self.outputs:
                raise Misuse(f"no tensor {name!r}")
            self._bound[name] = address

    def enqueue(self, stream: "SimulatedStream") -> None:
        if stream.gpu is not self.gpu:
            self.gpu.misused("an engine enqueued on another GPU's stream")
        with self._call("enqueue"), stream.call("enqueue"):
            if self.gpu.enqueues.hit():
                stream.spoilt = True
                raise DeviceError("simulated: an engine could not be enqueued")
            if stream.captures and not (self._enqueued and self._device.capturable):
                raise Misuse("a capture of an engine that cannot be captured, or not yet")
            self._enqueued = True
            stream.put(self._run())

    def close(self) -> None:
        """On a GPU that failed, too."""
        with self.gpu.lock:
            if self._closed:
                self.gpu.misused("close of an engine that is closed")
            if user := self.gpu.schedule.user(self._itself):
                self.gpu.misused(f"an engine is closed, but the host does not know that {user} is over")
            self._closed = True
            self.gpu.owned["engines"].discard(self)

    @property
    def _itself(self) -> Access:
        """An engine can only do one thing at a time."""
        return Access(self, 0, 1, write=True)

    def _run(self) -> "Run":
        unbound = [name for name in self.inputs | self.outputs if name not in self._bound]
        if unbound or self._scratch is None:
            raise Misuse(f"a run without {', '.join(unbound) or 'scratch'}")
        return Run(self, dict(self._bound), self._scratch, self._itself)

    def _call(self, what: str) -> Any:
        if self._closed:
            self.gpu.misused(f"{what} of an engine that is closed")
        return self.gpu.call(what)

    def _aligned(self, name: str, address: int) -> None:
        if address % ALIGNMENT:
            raise Misuse(f"{name} at {address:#x}, which is no multiple of {ALIGNMENT}")


class Run:
    """One run, on the memory that was bound at its enqueue."""

    def __init__(self, engine: Engine, bound: dict[str, int], scratch: tuple[int, int], itself: Access) -> None:
        self._engine, self._bound, self._scratch = engine, bound, scratch
        self._gpu: SimulatedGPU = engine.gpu
        self.label = f"run of {', '.join(engine.outputs)}"
        memory = self._gpu.memory
        reads = [memory.access(bound[name], t.nbytes, write=False) for name, t in engine.inputs.items()]
        writes = [memory.access(bound[name], t.nbytes, write=True) for name, t in engine.outputs.items()]
        writes.append(memory.access(*scratch, write=True))
        self.accesses = [*reads, *writes, itself]
        for k, access in enumerate(writes):
            if any(access.overlaps(other) for other in (*reads, *writes[:k])):
                raise Misuse(f"a {self.label} writes to where it reads, or twice: {self.accesses}")

    def submitted(self) -> None:
        """Nothing of the host's is used."""

    def seen(self) -> None:
        """Nothing of the host's is used."""

    def run(self) -> None:
        engine, memory = self._engine, self._gpu.memory
        memory.view(*self._scratch)[:] = POISON
        written = {name: memory.view(self._bound[name], tensor.nbytes) for name, tensor in engine.outputs.items()}
        for target in written.values():
            target[:] = POISON
        if self._gpu.runs.hit():
            raise DeviceError("simulated: an illegal memory access was encountered")
        inputs = {name: self._array(name, tensor) for name, tensor in engine.inputs.items()}
        for name, value in engine.compute(inputs).items():
            written[name][:] = np.ascontiguousarray(value).reshape(-1).view(np.uint8)

    def _array(self, name: str, tensor: Tensor) -> np.ndarray[Any, Any]:
        return self._gpu.memory.view(self._bound[name], tensor.nbytes).view(tensor.dtype).reshape(tensor.shape)


class SimulatedEngine(Engine):
    """Runs the graph with ONNX Runtime, on one thread."""

    def __init__(self, device: "SimulatedDevice", graph: ModelProto) -> None:
        super().__init__(device, graph)
        self._session = _session(graph.SerializeToString())

    @override
    def compute(self, inputs: Arrays) -> Arrays:
        names = list(self.outputs)
        return dict(zip(names, self._session.run(names, inputs), strict=True))


class HashEngine(Engine):
    """Every sample of every output depends on every bit of every input, and on where it is: in [0, 1), not smooth."""

    @override
    def compute(self, inputs: Arrays) -> Arrays:
        return hashes(inputs, self.outputs)


def hashes(inputs: Arrays, outputs: dict[str, Tensor]) -> Arrays:
    """What a HashEngine computes."""
    value = 1
    for name in sorted(inputs):
        value = zlib.crc32(np.ascontiguousarray(inputs[name]), zlib.crc32(name.encode(), value))
    return {name: _pattern(zlib.crc32(name.encode(), value), tensor) for name, tensor in outputs.items()}


def _pattern(value: int, tensor: Tensor) -> np.ndarray[Any, Any]:
    count = int(np.prod(tensor.shape))
    mixed = _positions(count) ^ np.uint32(value)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):  # the finaliser of MurmurHash3
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    dtype = np.dtype(tensor.dtype)
    if dtype.kind == "u":
        samples = (mixed >> np.uint32(16)).astype(dtype)
    else:
        samples = (mixed >> np.uint32(21)).astype(dtype) / dtype.type(2048)
    return samples.reshape(tensor.shape)


@cache
def _positions(count: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    return np.arange(count, dtype=np.uint32) * np.uint32(40503)


@cache
def _session(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
