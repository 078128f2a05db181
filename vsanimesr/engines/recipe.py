"""What an engine is made of: a graph in the right types and shapes, and the key that says all of it."""

import hashlib
import platform
from dataclasses import dataclass, field

import onnx

from vsanimesr import graphs
from vsanimesr.engines.key import EngineKey, Shapes
from vsanimesr.engines.library import Library, Options, Target
from vsanimesr.graphs import Cell, Graphs
from vsanimesr.half import half
from vsanimesr.spec import ClipSpec, PixelFormat

PRECISIONS = ("fp16", "fp32")
"""What an engine can compute in."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What engines should compute, and with what."""

    cell: Cell
    """The model."""
    format: PixelFormat
    """The clip's sample layout."""
    precision: str
    """One of PRECISIONS."""
    library: Library
    """What builds and runs them."""
    options: Options = field(default_factory=Options)
    """How they are built."""


@dataclass(frozen=True)
class Recipe:
    """One engine that can be built."""

    key: EngineKey
    """What it is."""
    graph: onnx.ModelProto
    """What it is made of."""
    options: Options
    """How."""

    def build(self, library: Library) -> bytes:
        """The engine; raises EngineNotBuilt."""
        return library.build(self.graph, self.key.shapes, self.key.compute_capabilities, self.options)


def compose(cell: Cell, clip: ClipSpec, precision: str) -> Graphs:
    """The graphs of the padded clip in a precision of PRECISIONS."""
    composed = graphs.compose(cell, graphs.padded_clip(cell.spec, clip))
    return half(composed) if precision == "fp16" else composed


def recipes(wanted: Wanted, shapes: Shapes, target: Target) -> tuple[Recipe, Recipe]:
    """The recipes of `ingest` and `step`."""
    height, width = shapes.best
    composed = compose(wanted.cell, ClipSpec(width, height, 1, wanted.format), wanted.precision)
    if not shapes.static:
        composed = graphs.dynamic(composed)
    ingest, step = (
        Recipe(_key(wanted, shapes, target, name, graph), graph, wanted.options)
        for name, graph in (("ingest", composed.ingest), ("step", composed.step))
    )
    return ingest, step


def _key(wanted: Wanted, shapes: Shapes, target: Target, name: str, graph: onnx.ModelProto) -> EngineKey:
    return EngineKey(
        model=wanted.cell.spec.name,
        weights_sha256=wanted.cell.spec.weights_sha256,
        graph=name,
        graph_sha256=hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest(),
        format=wanted.format.name,
        precision=wanted.precision,
        shapes=shapes,
        library=wanted.library.name,
        library_version=wanted.library.version,
        platform=f"{platform.system().lower()}-{platform.machine().lower()}",
        device=target.device,
        compute_capabilities=target.capabilities,
        optimization_level=wanted.options.optimization_level,
        workspace_mib=wanted.options.workspace_mib,
    )
