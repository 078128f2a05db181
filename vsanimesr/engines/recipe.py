"""What an engine is made of: a graph in the right types and shapes, and the key that says all of it."""

import hashlib
import platform
from dataclasses import dataclass, field

import onnx

from vsanimesr import graphs
from vsanimesr.engines.key import EngineKey, Shapes, Size
from vsanimesr.engines.label import label
from vsanimesr.engines.library import Library, Options, Profile, Target
from vsanimesr.graphs import Cell, Graphs, tensors
from vsanimesr.half import half
from vsanimesr.spec import ClipSpec, padded

PRECISIONS = ("fp16", "fp32")
"""What an engine can compute in."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What engines should compute, and with what."""

    cell: Cell
    """The model."""
    clip: ClipSpec
    """Format, colour and picture; of its size counts by how much it is less than a multiple of the network's."""
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
    wanted: Wanted
    """What for, and how."""

    def build(self, library: Library) -> bytes:
        """The engine; raises EngineNotBuilt."""
        return library.build(self.graph, self.key.compute_capabilities, self.wanted.options, self.profile())

    def profile(self) -> Profile:
        """The shapes of every input, where it takes more than one size: chroma has sides of its own."""
        shapes = self.key.shapes
        if shapes.static:
            return {}
        sizes = (shapes.least, shapes.best, shapes.most)
        composed = [compose(self.wanted.cell, sized(self.wanted, size), self.wanted.precision) for size in sizes]
        least, best, most = (tensors(getattr(both, self.key.graph)) for both in composed)
        names = [value.name for value in self.graph.graph.input]
        return {name: (least[name].shape, best[name].shape, most[name].shape) for name in names}


def compose(cell: Cell, clip: ClipSpec, precision: str) -> Graphs:
    """The graphs of a clip as GPUs run them, in a precision of PRECISIONS: the host pads, and integers are bytes."""
    composed = graphs.compose(cell, clip, roomy=True, bytes_only=True)
    return half(composed) if precision == "fp16" else composed


def recipes(wanted: Wanted, shapes: Shapes, target: Target) -> tuple[Recipe, Recipe]:
    """The recipes of `ingest` and `step`, for clips that are as much less than the shapes as the wanted one is."""
    composed = compose(wanted.cell, sized(wanted, shapes.best), wanted.precision)
    if not shapes.static:
        composed = graphs.dynamic(composed)
    ingest, step = (
        Recipe(_key(wanted, shapes, target, name, graph), graph, wanted)
        for name, graph in (("ingest", composed.ingest), ("step", composed.step))
    )
    return ingest, step


def sized(wanted: Wanted, size: Size) -> ClipSpec:
    """The wanted clip in another size, of which `size` is what the network takes; the rest is the same on each side."""
    multiple, clip = wanted.cell.spec.multiple, wanted.clip
    height, width = (
        side - (padded(had, multiple) - had) for side, had in zip(size, (clip.height, clip.width), strict=True)
    )
    return clip.resized(width, height)


def _key(wanted: Wanted, shapes: Shapes, target: Target, name: str, graph: onnx.ModelProto) -> EngineKey:
    return EngineKey(
        model=wanted.cell.spec.name,
        weights_sha256=wanted.cell.spec.weights_sha256,
        graph=name,
        graph_sha256=hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest(),
        format=label(wanted.clip),
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
