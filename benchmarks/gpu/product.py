"""The largest dense product, over and over: `python -m benchmarks.gpu.product JSON FILE`."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import products
from benchmarks.combinations import CUDA
from benchmarks.gpu import child


def measure(*, precisions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """TFLOP/s by precision, of 8192x8192 matrices of random numbers; raises NoProduct."""
    found: dict[str, Any] = {}
    for precision in precisions:
        found[precision] = products.measure(CUDA, precision, products.SIDES[CUDA])
        yield found


if __name__ == "__main__":
    sys.exit(child.serve(measure))
