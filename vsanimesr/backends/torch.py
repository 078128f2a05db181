"""PyTorch: the network as it was written, on a processor or on an NVIDIA GPU."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, override

import numpy as np
from onnx import ModelProto, numpy_helper

from vsanimesr.backends.base import Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendUnavailable, DeviceError
from vsanimesr.graphs import Graphs, compose

TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""PyTorch's names of the precisions."""
AUTO = {"cpu": "fp32", "cuda": "fp16"}
"""The kinds of device, and what precision 'auto' is on each."""


SETTINGS = threading.Lock()
"""Held while settings of the process are changed."""


class Torch(StreamBackend):
    """Runs the network with PyTorch, without the ONNX graphs, whose weights it takes.

    `device` is `cpu` (the default) or `cuda`; `device_id` picks one of several GPUs. Raises BackendUnavailable if
    PyTorch or the device is missing, ModelError from the composition of the graphs.
    """

    name: ClassVar[str] = "torch"
    precisions: ClassVar[tuple[str, ...]] = tuple(TYPES)
    _cell: Any
    _state: Any
    _zeros: Any
    _ring: dict[int, Any]
    _pictures: dict[int, Any]

    def __init__(self, setup: Setup) -> None:
        self._torch = torch = _torch()
        self._device, self.device = _device(torch, setup.device or "cpu", setup.device_id)
        self.precision = AUTO[self._device.type] if setup.precision == "auto" else setup.precision
        graphs = compose(setup.cell(), setup.clip)
        with _foreign(torch, "the network could not be set up"):
            self._type = getattr(torch, TYPES[self.precision])
            self._cell = _cell(graphs.step, graphs.spec.feedback).to(self._device, self._type)
            self._cell = self._cell.to(memory_format=torch.channels_last)
            self._allocate(graphs)
        super().__init__(setup)

    @override
    @classmethod
    def version(cls) -> str:
        return f"PyTorch {_torch().__version__}"

    @override
    @classmethod
    def devices(cls, device_id: int = 0) -> tuple[str, ...]:
        return ("cpu", "cuda") if _torch().cuda.device_count() else ("cpu",)

    @override
    @property
    def state_nbytes(self) -> int:
        return int(self._zeros.nbytes)

    @override
    def stage(self, planes: Planes) -> Any:
        return self._torch.from_numpy(np.stack(planes)[None])

    @override
    def run_ingest(self, ring: int, staged: Any) -> None:
        torch = self._torch
        with torch.inference_mode(), _foreign(torch, "a frame could not be converted"):
            frame = staged.to(self._device).float().nan_to_num(nan=0.0).clamp(0, 1)
            frame = torch.nn.functional.pad(frame, self._padding, mode="replicate")
            self._ring[ring] = frame.to(self._type, memory_format=torch.channels_last)

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None) -> None:
        torch = self._torch
        with torch.inference_mode(), _foreign(torch, "a step failed"):
            with self._plain_float32():
                packed, state = self._cell(torch.cat([self._ring[ring] for ring in window], 1), self._state)
            if slot is not None:
                self._write(packed, self._picture(slot))
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        self._state = state

    @override
    def run_reset(self) -> None:
        self._state = self._zeros

    @override
    def run_save(self) -> Any:
        return self._state.to("cpu", copy=True)

    @override
    def run_restore(self, state: Any) -> None:
        self._state = state.to(self._device)

    @override
    def read(self, slot: int) -> Planes:
        return list(self._pictures[slot].numpy())

    @override
    def close(self) -> None:
        super().close()
        self._cell = self._state = self._zeros = None
        self._ring.clear()
        self._pictures.clear()

    def _allocate(self, graphs: Graphs) -> None:
        torch, clip = self._torch, graphs.clip
        self._scale, self._shape = graphs.spec.scale, graphs.picture_shape[1:]
        self._padding = (0, graphs.lr_shape[3] - clip.width, 0, graphs.lr_shape[2] - clip.height)
        self._sample = getattr(torch, clip.format.dtype.name)
        self._zeros = torch.zeros(graphs.state_shape, dtype=self._type, device=self._device)
        self._zeros = self._zeros.to(memory_format=torch.channels_last)
        self._state, self._ring, self._pictures = self._zeros, {}, {}

    @contextmanager
    def _plain_float32(self) -> Iterator[None]:
        """Keep CUDA from multiplying float32 as TF32, the default for convolutions; the setting is the process's."""
        if self._device.type == "cpu" or self.precision != "fp32":
            yield
            return
        with SETTINGS, self._torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield

    def _write(self, packed: Any, picture: Any) -> None:
        """Clamp and convert while small, then shuffle and crop into host memory."""
        packed = packed.clamp(0, 1).to(self._sample).contiguous()
        full = self._torch.nn.functional.pixel_shuffle(packed, self._scale)
        picture.copy_(full[0, :, : self._shape[1], : self._shape[2]])

    def _picture(self, slot: int) -> Any:
        """The host tensor of a slot, allocated when first used; pinned where a GPU writes to it."""
        if slot not in self._pictures:
            pinned = self._device.type == "cuda"
            self._pictures[slot] = self._torch.empty(self._shape, dtype=self._sample, pin_memory=pinned)
        return self._pictures[slot]


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except (ImportError, OSError) as error:
        raise BackendUnavailable(f"torch: {error}; install it with: pip install vapoursynth-animesr[torch]") from error


def _device(torch: Any, kind: str, number: int) -> tuple[Any, str]:
    """PyTorch's device, and its name in words."""
    if kind not in AUTO:
        raise BackendUnavailable(f"torch: no device {kind!r}; it runs on: {', '.join(AUTO)}")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if not 0 <= number < count:
        raise BackendUnavailable(f"torch: no device {kind}:{number}; PyTorch {torch.__version__} finds {count} {kind}")
    device = torch.device(kind, number)
    return device, f"{kind}:{number} {torch.cuda.get_device_name(device)}" if kind == "cuda" else kind


def _cell(step: ModelProto, feedback: bool) -> Any:
    """The network with the weights that a `step` graph holds."""
    torch = _torch()
    nets = importlib.import_module("vsanimesr.nets")
    cell = nets.Cell(feedback).eval().requires_grad_(False)
    names = set(cell.state_dict())
    weights = {tensor.name: tensor for tensor in step.graph.initializer if tensor.name in names}
    cell.load_state_dict({name: torch.tensor(numpy_helper.to_array(tensor)) for name, tensor in weights.items()})
    return cell


@contextmanager
def _foreign(torch: Any, what: str) -> Iterator[None]:
    """Turn what PyTorch raises while it runs into a DeviceError of one line."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceError(f"torch: {what}: out of memory on the GPU; try precision='fp16' or a smaller clip") from error
    except RuntimeError as error:
        lines = str(error).strip().splitlines()
        raise DeviceError(f"torch: {what}: {lines[0] if lines else type(error).__name__}") from error
