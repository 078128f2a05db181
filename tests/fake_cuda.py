"""NVIDIA's CUDA runtime as far as the backends call it, on the processor.

Every call is checked against the real binding: its name must exist and its number of arguments fit. What is simulated
is no schedule (`cuda_simulator` does that): each operation is over when the call returns.
"""

import ctypes
import itertools
import re
from collections.abc import Callable
from typing import Any

from cuda.bindings import runtime as real

ERROR = real.cudaError_t
OK = (ERROR.cudaSuccess,)
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
        """Positions and extent are bytes, rows and layers, since no side is an array; a layer has `ysize` rows."""
        extent, sides = copy.extent, [(copy.srcPtr, copy.srcPos), (copy.dstPtr, copy.dstPos)]
        if int(copy.srcArray) or int(copy.dstArray) or not all(pointer.ptr for pointer, _ in sides):
            return (ERROR.cudaErrorInvalidValue,)
        if copy.kind not in (real.cudaMemcpyKind.cudaMemcpyDeviceToDevice, real.cudaMemcpyKind.cudaMemcpyDefault):
            return (ERROR.cudaErrorInvalidMemcpyDirection,)
        for pointer, at in sides:
            if at.x + extent.width > pointer.pitch:
                return (ERROR.cudaErrorInvalidPitchValue,)
            if extent.depth > 1 and at.y + extent.height > pointer.ysize:
                return (ERROR.cudaErrorInvalidValue,)
        sources, targets = (_rows(pointer, at, extent) for pointer, at in sides)
        assert all(map(self._allocated, (*sources, *targets), itertools.repeat(extent.width)))

        def run() -> None:
            for source, target in zip(sources, targets, strict=True):
                ctypes.memmove(target, source, extent.width)

        return self.put(stream, run)

    def _allocated(self, address: int, nbytes: int) -> bool:
        """Whether that is memory on the device."""
        ends = [(start, start + len(block) - ALIGNED) for start, block in self.blocks.items()]
        return any(start <= address and address + nbytes <= end for start, end in ends)

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


def _rows(pointer: Any, at: Any, extent: Any) -> list[int]:
    """Where each row of a region of memory begins."""
    first = int(pointer.ptr) + at.x
    layers = (pointer.ysize * (at.z + layer) + at.y for layer in range(extent.depth))
    return [first + pointer.pitch * (layer + row) for layer in layers for row in range(extent.height)]
