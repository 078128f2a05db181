"""TensorRT on an NVIDIA GPU: engines from the cache, or built now, run by the pipelined stream."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, override

import numpy as np

from vsanimesr.backends import cuda, parts
from vsanimesr.backends.base import Demand, EngineSetup, Setup
from vsanimesr.backends.cuda import CudaDevice
from vsanimesr.backends.device import Execution, Stream
from vsanimesr.backends.parts import Parts
from vsanimesr.backends.pipelined import Pipelined
from vsanimesr.engines import library, mention, pair, store
from vsanimesr.engines.library import Library
from vsanimesr.engines.pair import Found, Place
from vsanimesr.engines.recipe import PRECISIONS, Wanted, compose
from vsanimesr.errors import BackendUnavailable, DeviceError, OutOfMemory
from vsanimesr.graphs import Tensor, tensors

DEVICE = "cuda"
"""The only kind of device."""
PATIENCE = 15
"""Seconds between two lines about a build that lasts."""
LEAST_CAPABILITY = (7, 5)
"""Compute capability of Turing, the oldest that either library serves."""


class TensorRT(Pipelined):
    """Runs TensorRT engines; `device_id` picks one of several GPUs.

    Raises BackendUnavailable if the library, the driver or the GPU is missing or too old, EngineMissing if there is no
    engine and none may be built, EngineNotBuilt, ModelError from the model, OutOfMemory, DeviceError.
    """

    name: ClassVar[str] = "tensorrt"
    precisions: ClassVar[tuple[str, ...]] = PRECISIONS

    def __init__(self, setup: Setup) -> None:
        self.precision = _precision(setup)
        opened = self._open(setup)
        self.device, self.engines = f"{DEVICE}:{setup.device_id} {opened.device.name}", opened.engines
        super().__init__(setup, opened)
        self._keep(opened)

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        try:
            opened = cls._open(setup)
        except OutOfMemory:  # the engines alone, or building them: what they need besides cannot be asked
            free = open_device(cls.name, setup.device_id).free_nbytes()
            return Demand(free + 1, free, known=False)
        cls._keep(opened)
        return parts.demand(setup, opened)

    @override
    @classmethod
    def version(cls) -> str:
        found = library.get(cls.name)
        with _named(cls.name):
            cuda.count()
        return f"{found.title} {found.version}"

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        library.get(cls.name)
        open_device(cls.name, device_id)
        return (DEVICE,)

    @classmethod
    def _open(cls, setup: Setup) -> Parts:
        """The GPU, and the engines on it; missing ones are built."""
        found = library.get(cls.name)
        if setup.device not in ("", DEVICE):
            raise BackendUnavailable(f"{cls.name}: no device {setup.device!r}; it runs on {DEVICE} only")
        device = open_device(cls.name, setup.device_id)
        cell, precision = setup.cell(), _precision(setup)
        graphs = compose(cell, setup.clip, precision)
        wanted = Wanted(cell=cell, clip=setup.clip, precision=precision, library=found)
        targets = found.targets(device.name, device.compute_capability)
        engines = pair.obtain(wanted, targets, _place(setup.engines))
        shapes = tensors(graphs.ingest), tensors(graphs.step)
        load = partial(cls._load, found, device, setup.engines.say)
        ingest, step = (load(engine, tensor) for engine, tensor in zip(engines, shapes, strict=True))
        return Parts(graphs, device, ingest, step, mention.digest(engine for engine, _ in engines))

    @classmethod
    def _load(
        cls,
        found: Library,
        device: CudaDevice,
        say: Callable[[str], None],
        engine: Found,
        shapes: Mapping[str, Tensor],
    ) -> Execution:
        """An engine on the device, which is the current one."""
        return Context(
            found, found.load(engine[1]), found.module.ExecutionContextAllocationStrategy.USER_MANAGED, shapes
        )

    @classmethod
    def _keep(cls, opened: Parts) -> None:
        """Keep what the library found out on this GPU, where it lets us."""


class Context:
    """An engine with a context of its own; raises OutOfMemory, DeviceError, also if it is of another graph.

    `how` is what `create_execution_context` takes: a strategy or a configuration by which we give it its memory.
    """

    def __init__(self, found: Library, engine: Any, how: Any, shapes: Mapping[str, Tensor]) -> None:
        heard = found.log.heard
        self._library, self._engine, self._context = found, engine, engine.create_execution_context(how)
        if self._context is None:
            raise found.failure("made no context of the engine", heard)
        self._check(shapes)
        self._static = all(-1 not in tuple(engine.get_tensor_shape(name)) for name in shapes)
        mode = found.module.TensorIOMode.INPUT
        for name, tensor in shapes.items():
            if engine.get_tensor_mode(name) == mode and not self._context.set_input_shape(name, tensor.shape):
                raise DeviceError(f"{found.title} does not take {name} as {tensor.shape}")

    @property
    def scratch_nbytes(self) -> int:
        """What it needs at these shapes."""
        nbytes = int(self._context.update_device_memory_size_for_shapes())
        return max(nbytes, int(self._engine.device_memory_size_v2)) if self._static else nbytes

    @property
    def capturable(self) -> bool:
        """Whether a run may be captured; TensorRT itself does not tell, and can once it has run."""
        return True

    def use_scratch(self, address: int, nbytes: int) -> None:
        """Say where its memory is; raises DeviceError if that will not do."""
        heard = self._library.log.heard
        self._context.set_device_memory(address, nbytes)
        if self._library.log.heard != heard:  # it returns nothing
            raise self._library.failure("does not take its memory", heard)

    def bind(self, name: str, address: int) -> None:
        """Say where a tensor is."""
        self._context.set_tensor_address(name, address)

    def enqueue(self, stream: Stream) -> None:
        """Run once."""
        self._stream, heard = stream, self._library.log.heard
        if not self._context.execute_async_v3(stream.handle):
            raise self._library.failure("did not run", heard)

    def close(self) -> None:
        """Free the context, then the engine."""
        self._context = self._engine = None

    def _check(self, shapes: Mapping[str, Tensor]) -> None:
        engine, nptype = self._engine, self._library.module.nptype
        names = {engine.get_tensor_name(number) for number in range(engine.num_io_tensors)}
        types = {name: np.dtype(nptype(engine.get_tensor_dtype(name))) for name in names}
        wanted = {name: tensor.dtype for name, tensor in shapes.items()}
        if types != wanted:
            raise DeviceError(f"the engine has {types}, wanted {wanted}; run: vsanimesr engines clear")


def _precision(setup: Setup) -> str:
    return PRECISIONS[0] if setup.precision == "auto" else setup.precision


def _place(engines: EngineSetup) -> Place:
    def tick(seconds: float) -> None:
        if seconds % PATIENCE == 0:
            engines.say(f"still building the engine, {seconds:.0f} s so far")

    return Place(store.folder(engines.folder), engines.build, engines.say, tick)


def open_device(name: str, number: int) -> CudaDevice:
    """The GPU of that number, for the backend of that name; raises BackendUnavailable if it is none for it."""
    with _named(name):
        device = CudaDevice(number)
    if tuple(map(int, device.compute_capability.split("."))) < LEAST_CAPABILITY:
        least = ".".join(map(str, LEAST_CAPABILITY))
        raise BackendUnavailable(
            f"{name}: {device.name} has compute capability {device.compute_capability}, wanted {least} or later; "
            "use backend='torch', device='cuda'"
        )
    return device


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the backend's name before what CUDA says."""
    try:
        yield
    except BackendUnavailable as error:
        raise BackendUnavailable(f"{name}: {error}") from error
