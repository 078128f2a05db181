"""Other ways to build and run the step's engine, to know whether the filter's own way is the best one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, override

from onnx import ModelProto

from vsanimesr.engines.library import Library, Options, Target
from vsanimesr.errors import ArgumentError
from vsanimesr.graphs import NEXT_STATE, STATE, Cell, compose
from vsanimesr.half import half
from vsanimesr.rewrite import head_split
from vsanimesr.spec import ClipSpec

PLAIN = "as the filter runs it"
CHANNELS_LAST = {STATE: "HWC8", NEXT_STATE: "HWC8"}
"""Layout of the state that convolutions on tensor cores read without a change; FP16 only."""


class Formatted(Library):
    """A library whose networks have some inputs and outputs in a layout of our choice."""

    def __init__(self, name: str, formats: Mapping[str, str]) -> None:
        super().__init__(name)
        self._formats = formats

    @override
    def _config(self, builder: Any, network: Any, capabilities: Sequence[str], options: Options) -> Any:
        ends = [network.get_input(n) for n in range(network.num_inputs)]
        for tensor in [*ends, *(network.get_output(n) for n in range(network.num_outputs))]:
            if layout := self._formats.get(tensor.name):
                tensor.allowed_formats = 1 << int(self.module.TensorFormat.__members__[layout])
        return super()._config(builder, network, capabilities, options)


class Current(Library):
    """TensorRT-RTX, building for the GPU at hand, also where its capability is none that it lists."""

    @override
    def _config(self, builder: Any, network: Any, capabilities: Sequence[str], options: Options) -> Any:
        config = super()._config(builder, network, (), options)
        config.num_compute_capabilities = 1
        config.set_compute_capability(self.module.ComputeCapability.CURRENT, 0)
        return config


@dataclass(frozen=True)
class Variant:
    """One way."""

    name: str
    """For people."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """Layouts of inputs and outputs, by name; the others stay linear."""
    options: Options = field(default_factory=Options)
    """Of the builder."""
    default_target: bool = False
    """Whether the library chooses which GPUs the engine serves, instead of the GPU's own capability."""
    current: bool = False
    """Whether TensorRT-RTX builds for the GPU at hand, whatever its capability."""
    graph_by_library: bool = False
    """Whether TensorRT-RTX captures the step by itself."""
    split_head: bool = False
    """Whether the first convolution reads the window and the state one by one, which are then not joined in memory."""

    @classmethod
    def of(cls, name: str) -> Self:
        """The variant of that name; raises ArgumentError."""
        if name not in VARIANTS:
            raise ArgumentError(f"variant {name!r} is not known; use one of {', '.join(VARIANTS)}")
        found = VARIANTS[name]
        assert isinstance(found, cls), found
        return found

    def library(self, backend: str) -> Library | None:
        """The library that builds it, where it is not the backend's own."""
        if self.current:
            return Current(backend)
        return Formatted(backend, self.formats) if self.formats else None

    def step(self, cell: Cell, clip: ClipSpec, precision: str) -> ModelProto | None:
        """The graph, where it is not the filter's own; of a padded clip."""
        if not self.split_head:
            return None
        composed = compose(cell, clip, roomy=True, bytes_only=True)
        split = replace(composed, step=head_split(composed.step))
        return half(split).step if precision == "fp16" else split.step

    def target(self, targets: Sequence[Target]) -> Target:
        """What the engine is built for, of what serves the GPU."""
        return targets[-1] if self.default_target else targets[0]

    def suits(self, backend: str) -> bool:
        """Whether it differs from the plain way there."""
        return backend == "tensorrt_rtx" or not (self.default_target or self.current or self.graph_by_library)


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(PLAIN),
        Variant("state channels last", formats=CHANNELS_LAST),
        Variant("window and state read one by one", split_head=True),
        Variant("optimization level 5", options=Options(optimization_level=5)),
        Variant("engine of the default capabilities", default_target=True),
        Variant("engine of the GPU at hand", current=True),
        Variant("CUDA graph by the library", graph_by_library=True),
    )
}
"""All of them by name."""
