"""How fast memory is copied here, by bytes that arrive: `python -m benchmarks.copies JSON`."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from benchmarks import products
from benchmarks.combinations import CUDA

NBYTES = 512 << 20
"""What is copied: more than any cache holds."""
HOST, DEVICE, UP, DOWN = "host copy", "device copy, CUDA", "host to device, CUDA", "device to host, CUDA"


def host(nbytes: int) -> float:
    """GB/s of a copy in host memory by NumPy, a thread for each processor."""
    threads = os.cpu_count() or 1
    source = [np.ones(nbytes // threads, np.uint8) for _ in range(threads)]
    target = [np.empty_like(part) for part in source]
    with ThreadPoolExecutor(threads) as pool:
        seconds = products.fastest(None, HOST, lambda: list(pool.map(np.copyto, target, source)))
    return nbytes / seconds / 1e9


def cuda(nbytes: int) -> dict[str, float]:
    """GB/s of copies on the device, and between it and page-locked host memory; raises NoProduct."""
    torch = products.load(CUDA)
    here = torch.ones(nbytes, dtype=torch.uint8, pin_memory=True)
    there, other = (torch.empty(nbytes, dtype=torch.uint8, device="cuda") for _ in range(2))
    ways = {DEVICE: (other, there), UP: (there, here), DOWN: (here, there)}
    found = {}
    for name, (target, source) in ways.items():
        seconds = products.fastest(torch, CUDA, partial(target.copy_, source, non_blocking=True))
        found[name] = nbytes / seconds / 1e9
    return found


def main(arguments: str) -> int:
    """Measure what the JSON object `arguments` says and print GB/s by name; returns the exit code."""
    asked = json.loads(arguments)
    try:
        print(json.dumps(cuda(asked["nbytes"]) if asked["kind"] == CUDA else {HOST: host(asked["nbytes"])}))
    except products.NoProduct as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
