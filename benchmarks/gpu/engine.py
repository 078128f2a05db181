"""What a library says of an engine on this GPU, step by step: `python -m benchmarks.gpu.engine JSON FILE`."""

import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.gpu import bound, child
from benchmarks.gpu.variants import PLAIN, Current, Variant
from vsanimesr import models
from vsanimesr.backends.cuda import CudaDevice
from vsanimesr.engines import library
from vsanimesr.engines.key import Shapes
from vsanimesr.engines.library import Library, Options, Target
from vsanimesr.engines.recipe import Wanted, compose, recipes
from vsanimesr.graphs import tensors
from vsanimesr.spec import FORMATS, ClipSpec

LINES = 200
"""Lines of a library's log that are kept."""
CLIP = ClipSpec(320, 240, 2, FORMATS["RGBH"])
OWN, DEFAULT = "the GPU's own capability", "the default capabilities"
TARGETS = (OWN, DEFAULT)


def listen(found: Library) -> list[str]:
    """Have a library's logger keep everything that it hears, in the list; before anything is made with it."""
    lines: list[str] = []

    class Recorder(type(found.log)):  # type: ignore[misc]  # the library's own class
        def log(self, severity: Any, message: str) -> None:
            super().log(severity, message)
            if len(lines) < LINES:
                lines.append(f"{severity.name}: {message.strip()}")

    found.log = Recorder()
    return lines


def examine(backend: str, target: str) -> Iterator[dict[str, Any]]:
    """Build the step's engine for one target, and take it as far as it goes; raises AnimeSRError where that ends."""
    kind = library.get(backend)
    found: dict[str, Any] = {"library": kind.version, "log": listen(kind)}
    found["known_capabilities"] = kind.known_capabilities()
    yield found
    device = CudaDevice(0)
    found |= {"gpu": device.name, "compute_capability": device.compute_capability}
    chosen = Target() if target == DEFAULT else Target(capabilities=(device.compute_capability,))
    found["built_for"] = chosen.capabilities or "as the library decides"
    yield found
    data = _build(kind, chosen, found)
    yield found
    found["validity"] = validity(kind, data)
    yield found
    yield from _run(kind, data, device, found)


def _build(kind: Library, target: Target, found: dict[str, Any]) -> bytes:
    if target.capabilities and kind.name == "tensorrt_rtx":
        unknown = set(target.capabilities) - set(kind.known_capabilities())
        found["unknown_capabilities"] = sorted(unknown)
    wanted = Wanted(cell=models.load(models.DEFAULT), clip=CLIP, precision="fp16", library=kind)
    recipe = recipes(wanted, Shapes.of(CLIP.height, CLIP.width), target)[1]
    start = time.monotonic()
    # TensorRT builds for the GPU at hand and takes no capability; so does RTX for CURRENT, which Library has not.
    data = _for_current(kind, recipe.graph) if found.get("unknown_capabilities") else recipe.build(kind)
    found |= {"build_seconds": time.monotonic() - start, "engine_nbytes": len(data)}
    return data


def _for_current(kind: Library, graph: Any) -> bytes:
    current = Current(kind.name)
    current.log = kind.log
    return current.build(graph, (), Options())


def validity(kind: Library, data: bytes) -> dict[str, Any]:
    """What the library itself says of an engine on this GPU; only TensorRT-RTX tells."""
    runtime = kind.module.Runtime(kind.log)
    if not hasattr(runtime, "get_engine_validity"):
        return {"answer": f"{kind.title} has no such question"}
    answer, flags = runtime.get_engine_validity(data)
    kinds = kind.module.EngineInvalidityDiagnostics.__members__.items()
    return {"answer": answer.name, "diagnostics": [name for name, bit in kinds if flags & int(bit)]}


def _run(kind: Library, data: bytes, device: CudaDevice, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    start = time.monotonic()
    shapes = tensors(compose(models.load(models.DEFAULT), CLIP, "fp16").step)
    execution = bound.load(kind, data, shapes, Variant.of(PLAIN))
    found |= {"context_seconds": time.monotonic() - start, "scratch_nbytes": execution.scratch_nbytes}
    yield found
    step = bound.BoundStep(device, execution, shapes)
    try:
        found["runs_seconds"] = [_seconds(step, n) for n in range(4)]
        found["capturable"] = execution.capturable
        yield found
        replays = step.capture()
        step.stream.launch(replays[0])
        step.stream.synchronize()
        found["captured"] = True
        yield found
    finally:
        step.close()


def _seconds(step: bound.BoundStep, n: int) -> float:
    """Of a whole step; the first one compiles kernels."""
    start = time.monotonic()
    step.enqueue(n)
    step.stream.synchronize()
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(child.serve(examine))
