"""The largest rate of dense products that PyTorch reaches here: `python -m benchmarks.products JSON`."""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.combinations import CUDA

SIDES = {"CPU": (1024, 2048, 4096), CUDA: (8192,)}
"""Sides of the square matrices; on processors no single one is the best everywhere."""
TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""PyTorch's names of the precisions."""
REPEATS = 4
PATIENCE = 2.0
"""Seconds that one product may be expected to take; a processor that emulates a precision gets small ones only."""


class NoProduct(Exception):
    """PyTorch or the device is not there."""


def measure(kind: str, precision: str, sides: Sequence[int]) -> float:
    """TFLOP/s of the fastest product of square matrices of random numbers; raises NoProduct.

    On processors with all threads, and with as many as PyTorch takes by itself: the faster counts.
    """
    torch = load(kind)
    torch.set_float32_matmul_precision("highest")  # no TF32: our backends switch it off too
    return max(_rates(torch, kind, getattr(torch, TYPES[precision]), sides))


def load(kind: str) -> Any:
    """PyTorch, where it can use such a device; raises NoProduct."""
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:
        raise NoProduct(f"{error}; this is measured by PyTorch: pip install torch") from error
    if kind == CUDA and not torch.cuda.is_available():
        raise NoProduct(f"PyTorch {torch.__version__} finds no CUDA device")
    return torch


def _rates(torch: Any, kind: str, dtype: Any, sides: Sequence[int]) -> Iterator[float]:
    for threads in {torch.get_num_threads(), os.cpu_count()} if kind != CUDA else {1}:
        torch.set_num_threads(threads)
        before = 0.0
        for n, side in enumerate(sides):
            if n and before * (side / sides[n - 1]) ** 3 > PATIENCE:
                break
            before = _seconds(torch, kind, dtype, side)
            yield 2 * side**3 / before / 1e12


def _seconds(torch: Any, kind: str, dtype: Any, side: int) -> float:
    """The shortest of REPEATS products, after one that does not count."""
    device = "cuda" if kind == CUDA else "cpu"
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    product = torch.empty_like(a)
    return fastest(torch, kind, lambda: torch.mm(a, b, out=product))


def fastest(torch: Any, kind: str, work: Callable[[], Any]) -> float:
    """Seconds of the shortest of REPEATS runs, after one that does not count; by CUDA's own clock where it is CUDA."""
    work()
    return min(_on_device(torch, work) if kind == CUDA else _on_host(work) for _ in range(REPEATS))


def _on_host(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _on_device(torch: Any, work: Callable[[], Any]) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    work()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) / 1e3


def main(arguments: str) -> int:
    """Measure what the JSON object `arguments` says and print the rate; returns the exit code."""
    try:
        print(json.dumps(measure(**json.loads(arguments))))
    except NoProduct as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
