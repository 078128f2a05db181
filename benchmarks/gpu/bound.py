"""A step's engine on the GPU, with everything bound that it reads and writes: what a filter's step is, bare.

The two states take turns, as they do in the filter, and the frames are pictures: power, and with it the clock, depends
on what is multiplied.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.combinations import Combination
from benchmarks.gpu.variants import PLAIN, Variant
from benchmarks.pattern import draw
from vsanimesr import models
from vsanimesr.backends.cuda import CudaDevice, CudaReplay, CudaStream
from vsanimesr.backends.tensorrt import Context
from vsanimesr.backends.tensorrt_rtx import RTXContext
from vsanimesr.engines import library, pair, store
from vsanimesr.engines.key import Shapes
from vsanimesr.engines.library import Library
from vsanimesr.engines.pair import Place
from vsanimesr.engines.recipe import Recipe, Wanted, compose, recipes
from vsanimesr.graphs import NEXT_STATE, PICTURE, STATE, WINDOW, Tensor, padded_clip, tensors
from vsanimesr.spec import ClipSpec


@dataclass(frozen=True)
class Asked:
    """Which step."""

    backend: str
    """'tensorrt' or 'tensorrt_rtx'."""
    width: int
    """Of the frames, samples."""
    height: int
    """Likewise."""
    format: str
    """The clip's."""
    precision: str = "fp16"
    """'fp16' or 'fp32'."""
    variant: str = PLAIN
    """A name of `variants.VARIANTS`."""

    @property
    def clip(self) -> ClipSpec:
        """Two frames of it."""
        return Combination(self.width, self.height, self.format, self.backend, "", self.precision).clip(2)


class BoundStep:
    """A step that can be enqueued at once. Closed by `opened`."""

    def __init__(self, device: CudaDevice, execution: Context, shapes: dict[str, Tensor]) -> None:
        self.stream: CudaStream = device.stream()
        self.execution, self._device, self._shapes = execution, device, shapes
        self._pictures = [name for name in shapes if name.startswith(PICTURE)]
        self._memory: dict[str, int] = {}
        for name, tensor in shapes.items():
            self._memory[name] = device.allocate(tensor.nbytes)
        scratch = execution.scratch_nbytes
        self._memory["scratch"] = device.allocate(max(1, scratch))
        execution.use_scratch(self._memory["scratch"], scratch)
        self._bind_frames()
        self.clear()

    def _bind_frames(self) -> None:
        for n, name in enumerate(WINDOW):
            tensor = self._shapes[name]
            planes = np.stack(draw(tensor.shape[3], tensor.shape[2], n)).astype(tensor.dtype)
            self.stream.upload(self._memory[name], planes.reshape(-1).view(np.uint8))
            self.stream.synchronize()  # `planes` must live until it was copied
            self.execution.bind(name, self._memory[name])
        for name in self._pictures:
            self.execution.bind(name, self._memory[name])

    def clear(self) -> None:
        """Set the state to zeros, and the picture."""
        for name in (STATE, NEXT_STATE, *self._pictures):
            self.stream.clear(self._memory[name], self._shapes[name].nbytes)

    def enqueue(self, n: int) -> None:
        """Enqueue step n: what it reads as state is what step n - 1 wrote."""
        states = (self._memory[STATE], self._memory[NEXT_STATE])
        self.execution.bind(STATE, states[n % 2])
        self.execution.bind(NEXT_STATE, states[1 - n % 2])
        self.execution.enqueue(self.stream)

    def capture(self) -> list[CudaReplay]:
        """An even and an odd step, ready to be launched; raises DeviceError where it cannot be captured."""
        replays = []
        for n in range(2):
            self.stream.begin_capture()
            try:
                self.enqueue(n)
            finally:
                replays.append(self.stream.end_capture())
        return replays

    def picture(self) -> NDArray[Any]:
        """The first tensor of the last step's picture, [1, planes, height, width]."""
        tensor = self._shapes[PICTURE]
        host = np.empty(tensor.nbytes, np.uint8)
        self.stream.download(host, self._memory[PICTURE])
        self.stream.synchronize()
        return host.view(tensor.dtype).reshape(tensor.shape)

    def close(self) -> None:
        """Free everything."""
        self.execution.close()
        for address in self._memory.values():
            self._device.free(address)
        self._device.close()


@contextmanager
def opened(asked: Asked, found: dict[str, Any]) -> Iterator[BoundStep]:
    """A step, ready to run; what it took is put into `found` on the way, in seconds and bytes.

    Raises BackendUnavailable, EngineNotBuilt, DeviceError, OutOfMemory.
    """
    variant = Variant.of(asked.variant)
    kind = variant.library(asked.backend) or library.get(asked.backend)
    device = CudaDevice(0)
    cell = models.load(models.DEFAULT)
    clip = padded_clip(cell.spec, asked.clip)
    wanted = Wanted(cell=cell, clip=clip, precision=asked.precision, library=kind, options=variant.options)
    target = variant.target(kind.targets(device.name, device.compute_capability))
    recipe = recipes(wanted, Shapes.of(clip.height, clip.width), target)[1]
    if graph := variant.step(cell, clip, asked.precision):
        recipe = replace(recipe, graph=graph)
    found |= {"gpu": device.name, "compute_capability": device.compute_capability, "library": kind.version}
    found |= {"engine_for": list(target.capabilities) or "as the library decides"}
    start = time.monotonic()
    data = _built(recipe, kind, kept=variant.name == PLAIN)
    found |= {"build_seconds": time.monotonic() - start, "engine_nbytes": len(data)}
    start = time.monotonic()
    execution = load(kind, data, tensors(compose(cell, clip, asked.precision).step), variant)
    found |= {"load_seconds": time.monotonic() - start, "scratch_nbytes": execution.scratch_nbytes}
    step = BoundStep(device, execution, tensors(recipe.graph))
    try:
        yield step
    finally:
        step.close()


def _built(recipe: Recipe, kind: Library, *, kept: bool) -> bytes:
    """The filter's own engines are kept beside its others; those of a variant serve nobody else."""
    if not kept:
        return recipe.build(kind)
    place = Place(store.folder(None), True, lambda _: None, lambda _: None)
    (_, data), _ = pair.build(recipe, kind, place)
    return data


def load(kind: Library, data: bytes, shapes: dict[str, Tensor], variant: Variant) -> Context:
    """An engine on the current device, with a context whose memory is ours; raises DeviceError."""
    engine, module = kind.load(data), kind.module
    managed = module.ExecutionContextAllocationStrategy.USER_MANAGED
    if kind.name == "tensorrt":
        return Context(kind, engine, managed, shapes)
    config = engine.create_runtime_config()
    config.set_execution_context_allocation_strategy(managed)
    if variant.graph_by_library:
        config.cuda_graph_strategy = module.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
    return RTXContext(kind, engine, config, shapes)
