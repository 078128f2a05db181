"""NVIDIA GPUs by CUDA's runtime, through NVIDIA's own Python binding (package cuda-bindings)."""

import ctypes
import importlib
import weakref
from functools import cache
from typing import Any

import numpy as np

from vsanimesr.backends.device import Box, HostBytes
from vsanimesr.errors import BackendUnavailable, DeviceError, OutOfMemory

INSTALL = "pip install vapoursynth-animesr[tensorrt-rtx], or another of the extras (README, NVIDIA GPUs)"


@cache
def runtime() -> Any:
    """The binding; raises BackendUnavailable where it is not installed."""
    try:
        return importlib.import_module("cuda.bindings.runtime")
    except (ImportError, OSError) as error:
        raise BackendUnavailable(f"CUDA's Python binding cannot be loaded: {error}; {INSTALL}") from error


def count() -> int:
    """Number of GPUs, at least 1; raises BackendUnavailable, saying why there is none."""
    cuda = runtime()
    error, found = cuda.cudaGetDeviceCount()
    if error == cuda.cudaError_t.cudaErrorInsufficientDriver:
        wanted, offered = (call()[1] for call in (cuda.cudaRuntimeGetVersion, cuda.cudaDriverGetVersion))
        raise BackendUnavailable(_driver(wanted // 1000, offered))
    if error == cuda.cudaError_t.cudaErrorNoDevice or found == 0:
        raise BackendUnavailable("the NVIDIA driver finds no GPU (is CUDA_VISIBLE_DEVICES set?)")
    if error != cuda.cudaError_t.cudaSuccess:
        raise BackendUnavailable(f"CUDA does not start: {_words(cuda, error)}")
    return int(found)


class CudaDevice:
    """The GPU of that number, of those that CUDA_VISIBLE_DEVICES leaves; raises BackendUnavailable."""

    def __init__(self, number: int) -> None:
        self._cuda, found = runtime(), count()
        if not 0 <= number < found:
            raise BackendUnavailable(f"there is no GPU {number}: CUDA finds {found}, numbered from 0")
        self._number = number
        self._streams: list[CudaStream] = []
        self.activate()
        properties = checked(self._cuda.cudaGetDeviceProperties(number), "asking for the GPU's properties")
        self.name: str = properties.name.decode()
        self.compute_capability = f"{properties.major}.{properties.minor}"

    def activate(self) -> None:
        """Make it the calling thread's device."""
        checked(self._cuda.cudaSetDevice(self._number), "choosing the GPU")

    def memory(self) -> tuple[int, int]:
        """Bytes of the GPU's memory that are free, and all of them."""
        self.activate()
        free, total = checked(self._cuda.cudaMemGetInfo(), "asking for free memory")
        return int(free), int(total)

    def allocate(self, nbytes: int) -> int:
        """Address of new memory, aligned to 256."""
        try:
            return int(checked(self._cuda.cudaMalloc(nbytes), f"allocating {nbytes >> 20} MiB"))
        except OutOfMemory as error:
            free, total = self.memory()
            raise OutOfMemory(f"{error} ({free >> 20} of {total >> 20} MiB are free)") from error

    def free(self, address: int) -> None:
        """Give memory back."""
        checked(self._cuda.cudaFree(address), "freeing memory")

    def free_nbytes(self) -> int:
        """Memory of the GPU that nobody has taken."""
        return self.memory()[0]

    def pin(self, nbytes: int) -> HostBytes:
        """New page-locked memory on the host, freed with the last array that looks at it."""
        cuda = self._cuda
        flags = cuda.cudaHostAllocPortable
        address = int(checked(cuda.cudaHostAlloc(nbytes, flags), f"locking {nbytes >> 20} MiB of host memory"))
        memory = (ctypes.c_uint8 * nbytes).from_address(address)
        # Not at the interpreter's exit: other threads may still copy, and the process's memory goes anyway.
        weakref.finalize(memory, cuda.cudaFreeHost, address).atexit = False
        return np.frombuffer(memory, np.uint8)

    def stream(self) -> "CudaStream":
        """A new stream, which does not wait for the default one."""
        self._streams.append(CudaStream(self._cuda))
        return self._streams[-1]

    def mark(self) -> "CudaMark":
        """A new event."""
        return CudaMark(self._cuda)

    def close(self) -> None:
        """Destroy the streams."""
        while self._streams:
            self._streams.pop().close()


class CudaMark:
    """An event without a clock, whose waiters sleep: the processor's time is the encoder's."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        flags = cuda.cudaEventDisableTiming | cuda.cudaEventBlockingSync
        self.handle = checked(cuda.cudaEventCreateWithFlags(flags), "creating an event")

    @property
    def reached(self) -> bool:
        """Whether it was reached."""
        answer = self._cuda.cudaEventQuery(self.handle)
        if answer[0] == self._cuda.cudaError_t.cudaErrorNotReady:
            return False
        checked(answer, "the GPU's work")
        return True

    def synchronize(self) -> None:
        """Block until it is reached."""
        checked(self._cuda.cudaEventSynchronize(self.handle), "the GPU's work")

    def __del__(self) -> None:
        if handle := getattr(self, "handle", None):
            self._cuda.cudaEventDestroy(handle)


class CudaReplay:
    """An instantiated graph."""

    def __init__(self, cuda: Any, graph: Any) -> None:
        self._cuda = cuda
        try:
            self.handle = checked(cuda.cudaGraphInstantiate(graph, 0), "instantiating a CUDA graph")
        finally:
            cuda.cudaGraphDestroy(graph)

    def __del__(self) -> None:
        if handle := getattr(self, "handle", None):
            self._cuda.cudaGraphExecDestroy(handle)


class CudaStream:
    """A stream that does not wait for the default one."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self._stream = checked(cuda.cudaStreamCreateWithFlags(cuda.cudaStreamNonBlocking), "creating a stream")

    @property
    def handle(self) -> int:
        """CUDA's handle."""
        return int(self._stream)

    def upload(self, target: int, source: HostBytes) -> None:
        """Copy all of `source` to the device."""
        self._copy(target, source.ctypes.data, source.nbytes, self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice)

    def download(self, target: HostBytes, source: int) -> None:
        """Copy from the device as much as `target` holds."""
        self._copy(target.ctypes.data, source, target.nbytes, self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost)

    def copy(self, target: int, source: int, nbytes: int) -> None:
        """Copy within the device."""
        self._copy(target, source, nbytes, self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToDevice)

    def copy_box(self, target: int, source: int, box: Box) -> None:
        """Copy a box within the device."""
        cuda, height = self._cuda, box.layer_pitch // box.row_pitch
        copy = cuda.cudaMemcpy3DParms()
        copy.srcPtr = cuda.make_cudaPitchedPtr(source, box.row_pitch, box.row_nbytes, height)
        copy.dstPtr = cuda.make_cudaPitchedPtr(target, box.row_pitch, box.row_nbytes, height)
        copy.extent = cuda.make_cudaExtent(box.row_nbytes, box.rows, box.layers)
        copy.kind = cuda.cudaMemcpyKind.cudaMemcpyDeviceToDevice
        checked(cuda.cudaMemcpy3DAsync(copy, self._stream), "copying a part of a tensor")

    def clear(self, target: int, nbytes: int) -> None:
        """Fill with zeros."""
        checked(self._cuda.cudaMemsetAsync(target, 0, nbytes, self._stream), "clearing memory")

    def record(self, mark: Any) -> None:
        """Move a mark to here."""
        checked(self._cuda.cudaEventRecord(mark.handle, self._stream), "recording an event")

    def wait(self, mark: Any) -> None:
        """Run nothing that follows before the mark is reached."""
        checked(self._cuda.cudaStreamWaitEvent(self._stream, mark.handle, 0), "waiting for an event")

    def begin_capture(self) -> None:
        """Keep what is enqueued from here on."""
        # Relaxed: what other threads do meanwhile, a garbage collection on this one included, must not spoil it.
        mode = self._cuda.cudaStreamCaptureMode.cudaStreamCaptureModeRelaxed
        checked(self._cuda.cudaStreamBeginCapture(self._stream, mode), "beginning a capture")

    def end_capture(self) -> CudaReplay:
        """Return what was kept."""
        return CudaReplay(self._cuda, checked(self._cuda.cudaStreamEndCapture(self._stream), "ending a capture"))

    def launch(self, replay: Any) -> None:
        """Run a capture's operations."""
        checked(self._cuda.cudaGraphLaunch(replay.handle, self._stream), "launching a CUDA graph")

    def synchronize(self) -> None:
        """Block until everything so far has run."""
        checked(self._cuda.cudaStreamSynchronize(self._stream), "the GPU's work")

    def close(self) -> None:
        """Destroy it."""
        checked(self._cuda.cudaStreamDestroy(self._stream), "destroying a stream")

    def _copy(self, target: int, source: int, nbytes: int, kind: Any) -> None:
        checked(self._cuda.cudaMemcpyAsync(target, source, nbytes, kind, self._stream), "copying")


def checked(answer: tuple[Any, ...], what: str) -> Any:
    """The values of a call's answer (error, values...); raises OutOfMemory or DeviceError if it has an error."""
    cuda = runtime()
    error, *values = answer
    if error != cuda.cudaError_t.cudaSuccess:
        cuda.cudaGetLastError()  # else a later call of somebody else would be blamed for it
        kind = OutOfMemory if error == cuda.cudaError_t.cudaErrorMemoryAllocation else DeviceError
        raise kind(f"{what} failed: {_words(cuda, error)}")
    return values[0] if len(values) == 1 else tuple(values)


def _words(cuda: Any, error: Any) -> str:
    """CUDA's name and text of an error."""
    name, text = (call(error)[1] for call in (cuda.cudaGetErrorName, cuda.cudaGetErrorString))
    return f"{text.decode()} ({name.decode()})"


def _driver(wanted: int, offered: int) -> str:
    """What is wrong, by the major version of CUDA that is wanted and the version offered (12080 is 12.8, 0 none)."""
    if not offered:
        return f"no NVIDIA driver is installed, and CUDA {wanted} needs one; without such a GPU use backend='openvino'"
    found = f"it offers CUDA {offered // 1000}.{offered % 1000 // 10}, wanted {wanted}"
    return (
        f"the NVIDIA driver is too old: {found}; install a newer one, or the extras for CUDA 12 (README, NVIDIA GPUs)"
    )
