"""What the machine can do at most, measured before anything else: dense products and copies."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import children, copies, products
from benchmarks.children import ChildFailed
from benchmarks.combinations import CPU, CUDA, Combination
from benchmarks.figures import Figure

TFLOPS, GBS = "TFLOP/s", "GB/s"
PRECISIONS = {CPU: ("fp32", "bf16"), CUDA: ("fp32", "bf16", "fp16")}
"""Always measured where anything runs on such a device, as 'auto' may come to any of them."""
COPIES = {"": (copies.HOST,), CUDA: (copies.DEVICE, copies.UP, copies.DOWN)}
"""The names of the copies, by kind of device; '' is the host's memory."""


@dataclass(frozen=True)
class Size:
    """How much is computed and copied."""

    sides: dict[str, tuple[int, ...]]
    """Sides of the matrices, by kind of device."""
    nbytes: int
    """Bytes of a copy."""


FULL = Size(products.SIDES, copies.NBYTES)


def product(kind: str, precision: str) -> str:
    """The name of the ceiling of products."""
    return f"dense product, {precision}, {kind}"


def measure(
    combinations: Iterable[Combination], say: Callable[[str], None], size: Size = FULL
) -> tuple[dict[str, Figure], dict[str, str]]:
    """The ceilings that these combinations have, and those that could not be measured with the reason."""
    found: dict[str, Figure] = {}
    missing: dict[str, str] = {}
    for names, unit, module, asked in _wanted(list(combinations), size):
        try:
            values: Any = children.python(["-m", module, json.dumps(asked)])
        except ChildFailed as error:
            missing |= dict.fromkeys(names, error.reason)
            continue
        by_name = values if isinstance(values, dict) else {names[0]: values}
        found |= {name: Figure((value,), unit) for name, value in by_name.items()}
        for name, value in by_name.items():
            say(f"ceiling: {name}: {value:.3f} {unit}")
    return found, missing


def _wanted(combinations: list[Combination], size: Size) -> Iterator[tuple[tuple[str, ...], str, str, dict[str, Any]]]:
    """Names, unit, module and arguments of each child process."""
    kinds = {combination.kind for combination in combinations}
    for kind in (kind for kind in PRECISIONS if kind in kinds):
        asked = {combination.precision for combination in combinations if combination.kind == kind}
        for precision in dict.fromkeys((*PRECISIONS[kind], *sorted(asked & products.TYPES.keys()))):
            arguments = {"kind": kind, "precision": precision, "sides": size.sides[kind]}
            yield (f"dense product, {precision}, {kind}",), TFLOPS, "benchmarks.products", arguments
    for kind in (kind for kind in COPIES if not kind or kind in kinds):
        yield COPIES[kind], GBS, "benchmarks.copies", {"kind": kind, "nbytes": size.nbytes}
