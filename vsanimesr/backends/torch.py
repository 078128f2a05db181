"""PyTorch: the network as it was written, on a processor or on an NVIDIA GPU."""

import importlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, override

import numpy as np
from onnx import ModelProto, numpy_helper

from vsanimesr.backends import memory, staging
from vsanimesr.backends.base import Demand, Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.backends.torch_graph import TorchGraph
from vsanimesr.errors import BackendUnavailable, DeviceError, OutOfMemory
from vsanimesr.graphs import Graphs, compose
from vsanimesr.spec import ModelSpec
from vsanimesr.tiles import Move

TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""PyTorch's names of the precisions."""
AUTO = {"cpu": "fp32", "cuda": "fp16"}
"""The kinds of device, and what precision 'auto' is on each."""
APPETITES = {
    "fp32": memory.Appetite(250 * memory.MIB, 2600, 4, 4),
    "bf16": memory.Appetite(250 * memory.MIB, 1500, 2, 2),
    "fp16": memory.Appetite(250 * memory.MIB, 1500, 2, 2),
}
"""Measured on a processor with one thread: growth of the process's peak from before construction to after four steps,
YUV420P8, at 320x240, 640x480 and 960x720: a line through 450, 1223 and 2459 MiB in fp32, 298, 719 and 1374 MiB in bf16,
less states, ring and picture. fp16 is taken to be bf16's, and a GPU to need what a processor does: the same tensors."""
CUDA_NBYTES = 500 * memory.MIB
"""What CUDA and cuDNN are estimated to take on a GPU for programs and for what convolutions compute in."""
SETTINGS = threading.Lock()
"""Held while settings of the process are changed."""


class Torch(StreamBackend):
    """Runs the network with PyTorch, whose weights it takes from `step`, and the graphs of both ends beside it.

    Colours are float32 whatever the network is computed in. `device` is `cpu` (the default) or `cuda`; `device_id`
    picks one of several GPUs. Raises BackendUnavailable if PyTorch or the device is missing, ModelError from the
    composition of the graphs, OutOfMemory before anything is allocated.
    """

    name: ClassVar[str] = "torch"
    precisions: ClassVar[tuple[str, ...]] = tuple(TYPES)
    _cell: Any
    _ingest: Any
    _deliver: Any
    _states: list[Any]

    def __init__(self, setup: Setup) -> None:
        self._torch = torch = _torch()
        self._device, self.device = _device(torch, setup.device or "cpu", setup.device_id)
        self.precision = _precision(self._device, setup.precision)
        memory.claim(self.name, self.precision, setup, self.demand(setup))
        graphs = compose(setup.cell(), setup.clip)
        with _foreign(torch, "the network could not be set up"):
            self._type = getattr(torch, TYPES[self.precision])
            self._ingest, self._deliver = (TorchGraph(graph, self._device) for graph in (graphs.ingest, graphs.deliver))
            self._cell = _cell(graphs.step, graphs.spec).to(self._device, self._type)
            self._cell = self._cell.to(memory_format=torch.channels_last)
            self._allocate(graphs, setup.lanes)
        super().__init__(setup)

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        torch = _torch()
        device, _ = _device(torch, setup.device or "cpu", setup.device_id)
        network = APPETITES[_precision(device, setup.precision)].nbytes(setup)
        if device.type == "cuda":  # its pictures are on the host
            return Demand(network + CUDA_NBYTES, int(torch.cuda.mem_get_info(device)[0]))
        return Demand(network + setup.slots * memory.picture_nbytes(setup.clip), memory.available())

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
        return sum(int(state.nbytes) for state in self._states)

    @override
    def stage(self, planes: Planes) -> Any:
        return [self._torch.from_numpy(_signed(array)) for array in staging.stack(planes, self.setup.clip)]

    @override
    def run_ingest(self, ring: int, staged: Any, lane: int) -> None:
        torch = self._torch
        with torch.inference_mode(), _foreign(torch, "a frame could not be converted"), self._plain_float32():
            (lr,) = self._ingest.run([tensor.to(self._device) for tensor in staged])
            self._rings[lane][ring] = lr.to(self._type, memory_format=torch.channels_last)

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        torch = self._torch
        with torch.inference_mode(), _foreign(torch, "a step failed"), self._plain_float32():
            frames = torch.cat([self._rings[lane][ring] for ring in window], 1)
            packed, state = self._cell(frames, self._states[lane])
            if slot is not None:
                self._write(packed, self._picture(slot))
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        self._states[lane] = state

    @override
    def run_reset(self) -> None:
        with self._torch.inference_mode(), _foreign(self._torch, "the states could not be cleared"):
            for state in self._states:
                state.zero_()

    @override
    def run_exchange(self, moves: Sequence[Move]) -> None:
        states = self._states
        with self._torch.inference_mode(), _foreign(self._torch, "tiles could not exchange their states"):
            for move in moves:
                (above, below), (left, right) = move.rows, move.columns
                states[move.target][:, :, below, right] = states[move.source][:, :, above, left]

    @override
    def run_save(self) -> Any:
        with _foreign(self._torch, "the states could not be saved"):
            return [state.to("cpu", copy=True) for state in self._states]

    @override
    def run_restore(self, state: Any) -> None:
        with self._torch.inference_mode(), _foreign(self._torch, "the states could not be restored"):
            for own, saved in zip(self._states, state, strict=True):
                own.copy_(saved)

    @override
    def read(self, slot: int) -> Planes:
        sample = self.setup.clip.picture.format.dtype
        return staging.unstack([tensor.numpy().view(sample) for tensor in self._pictures[slot]])

    @override
    def close(self) -> None:
        super().close()
        self._cell = self._ingest = self._deliver = None
        self._states.clear()
        self._rings.clear()
        self._pictures.clear()

    def _allocate(self, graphs: Graphs, lanes: int) -> None:
        torch = self._torch
        settings = {"dtype": self._type, "device": self._device, "memory_format": torch.channels_last}
        self._states = [torch.empty(graphs.state_shape, **settings) for _ in range(lanes)]
        self.run_reset()
        self._rings: list[dict[int, Any]] = [{} for _ in range(lanes)]
        self._pictures: dict[int, list[Any]] = {}
        self._shapes = [tensor.shape for tensor in graphs.pictures.values()]

    @contextmanager
    def _plain_float32(self) -> Iterator[None]:
        """Keep CUDA from multiplying float32 as TF32, the default for convolutions; the setting is the process's."""
        if self._device.type == "cpu":
            yield
            return
        with SETTINGS, self._torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield

    def _write(self, packed: Any, picture: list[Any]) -> None:
        """Make the picture of what the network gave, in host memory."""
        made = self._deliver.run([packed.float().contiguous()])
        for room, tensor in zip(picture, made, strict=True):
            room.copy_(tensor)

    def _picture(self, slot: int) -> list[Any]:
        """The host tensors of a slot, allocated when first used; pinned where a GPU writes to them."""
        if slot not in self._pictures:
            dtype = getattr(self._torch, _signed(np.empty(0, self.setup.clip.picture.format.dtype)).dtype.name)
            settings = {"dtype": dtype, "pin_memory": self._device.type == "cuda"}
            self._pictures[slot] = [self._torch.empty(shape, **settings) for shape in self._shapes]
        return self._pictures[slot]


def _signed(array: Any) -> Any:
    """Samples in a type that PyTorch knows well: uint16 as int16 of the same bits."""
    return array.view(np.int16) if array.dtype == np.uint16 else array


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


def _precision(device: Any, asked: str) -> str:
    return AUTO[device.type] if asked == "auto" else asked


def _cell(step: ModelProto, spec: ModelSpec) -> Any:
    """The network with the weights that a `step` graph holds."""
    torch = _torch()
    nets = importlib.import_module("vsanimesr.nets")
    cell = nets.Cell(spec.feedback, spec.network).eval().requires_grad_(False)
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
        advice = "use precision='fp16', a smaller tilesize=, or close what else uses the GPU"
        raise OutOfMemory(f"torch: {what}: out of memory on the GPU; {advice}") from error
    except RuntimeError as error:
        lines = str(error).strip().splitlines()
        raise DeviceError(f"torch: {what}: {lines[0] if lines else type(error).__name__}") from error
