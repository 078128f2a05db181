"""What should stay FP32 in the FP16 graph: the measurement that `vsanimesr.half` stands on.

    python -m export.fp16_choice --clip FILE --first N --frames 30 --size 320x240

Runs the recurrence with more and more of the picture's path in FP32, by ONNX Runtime with FP16 storage, against PyTorch
in float32, and prints a table.
"""

import sys
from collections.abc import Collection, Sequence

import onnx

from export import recurrence, verify_options
from export.fidelity import compare, summary
from export.frames import Clip, Image
from export.onnxruntime_backend import OnnxRuntime
from vsanimesr import models
from vsanimesr.backends.base import Setup
from vsanimesr.errors import AnimeSRError
from vsanimesr.graphs import CLAMPED, PACKED, compose
from vsanimesr.half import single_values
from vsanimesr.spec import FORMATS, ClipSpec

LAST = "fusion.2.weight"
HEADER = f"{'what is FP32':<44}  first dB   last dB    min dB  differ at 10 bits"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; returns the exit code. The options are those of `export.verify`, as far as they matter here."""
    options = verify_options.parse(arguments)
    width, height = options.size
    spec = ClipSpec(width, height, options.frames, FORMATS[options.format])
    try:
        artifact, clip = models.load(options.model), Clip(options.clip, options.first, spec)
        right = list(recurrence.reference(clip, artifact))
        setup = Setup(spec, 1, "fp16", "", 0, lambda: artifact)
        print(HEADER)
        for name, single in variants(compose(artifact, spec).step).items():
            steps = [
                compare(n, *both) for n, both in enumerate(zip(_pictures(setup, clip, single), right, strict=True))
            ]
            found = summary(steps)
            ends = f"{found.first:8.2f}  {found.last:8.2f}  {found.minimum:8.2f}"
            print(f"{name:<44}  {ends}  {found.differ_10:17.2%}", flush=True)
    except AnimeSRError as error:
        print(f"fp16_choice: {error}", file=sys.stderr)
        return 1
    return 0


def variants(step: onnx.ModelProto) -> dict[str, Collection[str]]:
    """Names of the values that stay FP32, by what that is; each holds those of the one before."""
    chosen, nodes = single_values(step), step.graph.node
    last = next(node for node in nodes if LAST in node.input)
    split = next(node for node in nodes if last.output[0] in node.input)
    return {
        "nothing": (),
        "the sum": (PACKED, CLAMPED),
        "residual, sum and frames (chosen)": chosen,
        "the last convolution too": chosen | {last.output[0], split.output[0]},
    }


def _pictures(setup: Setup, clip: Clip, single: Collection[str]) -> list[Image]:
    kind = type("Variant", (OnnxRuntime,), {"single": single})
    backend = kind(setup)
    try:
        return list(recurrence.pictures(backend, setup, clip))
    finally:
        backend.close()


if __name__ == "__main__":
    sys.exit(main())
