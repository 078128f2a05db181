"""The same network in PyTorch, by the GPU's own clock: `python -m benchmarks.gpu.torch_peers JSON FILE`."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import products
from benchmarks.combinations import CUDA
from benchmarks.gpu import child
from benchmarks.gpu.events import figure
from benchmarks.pattern import draw
from vsanimesr import models
from vsanimesr.errors import ArgumentError

EAGER, GRAPH = "eager", "CUDA graph of eager"
COMPILED = {
    "compiled, max-autotune-no-cudagraphs": "max-autotune-no-cudagraphs",
    "compiled, reduce-overhead": "reduce-overhead",
}
"""Ways of torch.compile, and its names of them."""
MODES = (EAGER, GRAPH, *COMPILED)
WARM_UP = 5


class Recurrence:
    """The network from step to step, FP16 and channels last, each picture clamped, shuffled, and left on the GPU."""

    def __init__(self, torch: Any, width: int, height: int, device: str = "cuda") -> None:
        from export.recurrence import network_of  # noqa: PLC0415  # it imports PyTorch, which `main` answers for

        self.torch = torch
        options = {"device": device, "dtype": torch.float16}
        last = torch.channels_last
        network = network_of(models.load(models.DEFAULT))
        self.network = network.to(**options).requires_grad_(False).to(memory_format=last)
        planes = np.concatenate([np.stack(draw(width, height, n)) for n in range(3)])[None]
        self._window = torch.from_numpy(planes).to(**options).to(memory_format=last)
        self.state = network.initial_state(1, height, width).to(memory_format=last)
        self.forward: Callable[..., Any] = self.network

    def step(self) -> Any:
        """One step; returns the picture."""
        picture, state = self.forward(self._window, self.state)
        self.state.copy_(state)  # where it lies must not change: a captured graph reads it from there
        return picture.clamp(0, 1)


def measure(*, mode: str, width: int, height: int, count: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Milliseconds per step in one of MODES, and the seconds that preparing it took; raises what PyTorch raises."""
    if mode not in MODES:
        raise ArgumentError(f"mode {mode!r} is not known; use one of {', '.join(MODES)}")
    torch = products.load(CUDA)
    found: dict[str, Any] = {"version": torch.__version__, "gpu": torch.cuda.get_device_name(0)}
    torch.backends.cudnn.benchmark = True
    with torch.inference_mode():
        recurrence = Recurrence(torch, width, height)
        start = time.monotonic()
        work = _prepare(recurrence, mode)
        torch.cuda.synchronize()
        found["prepare_seconds"] = time.monotonic() - start
        yield found
        found["step"] = figure([_round(torch, work, count) for _ in range(repeats)])
        found["picture_deviation"] = float(recurrence.step().float().std())
        yield found


def _prepare(recurrence: Recurrence, mode: str) -> Callable[[], Any]:
    """What runs one step, warm."""
    if mode in COMPILED:
        recurrence.forward = recurrence.torch.compile(recurrence.network, mode=COMPILED[mode])
    for _ in range(WARM_UP):
        recurrence.step()
    return _captured(recurrence) if mode == GRAPH else recurrence.step


def _captured(recurrence: Recurrence) -> Callable[[], Any]:
    torch = recurrence.torch
    stream = torch.cuda.Stream()  # PyTorch wants the run before a capture on another stream than the default one
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        recurrence.step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        recurrence.step()
    replay: Callable[[], Any] = graph.replay
    return replay


def _round(torch: Any, work: Callable[[], Any], count: int) -> float:
    """Milliseconds per step, the steps without a gap."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(count):
        work()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) / count


if __name__ == "__main__":
    sys.exit(child.serve(measure))
