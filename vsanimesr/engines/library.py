"""TensorRT and TensorRT-RTX, which have the same interface under two names: a graph goes in, an engine comes out.

Polygraphy's loaders would do for one of them, but which one is decided for the whole process when Polygraphy is
imported (POLYGRAPHY_USE_TENSORRT_RTX), and here both may be asked for. The same lines serve both, so what the tests run
on any machine with TensorRT-RTX is what TensorRT runs.
"""

import importlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import onnx

from vsanimesr.errors import BackendUnavailable, DeviceError, EngineNotBuilt, OutOfMemory
from vsanimesr.graphs import Shape

EXTRAS = {"tensorrt": "tensorrt", "tensorrt_rtx": "tensorrt-rtx"}
"""The libraries by the names of their modules, and the extras of our package that install them."""
TITLES = {"tensorrt": "TensorRT", "tensorrt_rtx": "TensorRT-RTX"}
KEPT = 8
"""Errors of the library that are remembered."""
DIAGNOSES = {
    "VERSION_MISMATCH": "it was built by another version; run: vsanimesr engines clear",
    "UNSUPPORTED_CC": "it does not serve a GPU of this compute capability; use backend='tensorrt' or 'torch'",
    "OLD_CUDA_DRIVER": "the NVIDIA driver is too old for it; install a newer one",
    "OLD_CUDA_RUNTIME": "the CUDA runtime is too old for it; update the packages",
    "INSUFFICIENT_GPU_MEMORY": "the GPU has too little memory for it; use precision='fp16' or a smaller tilesize=",
    "MALFORMED_ENGINE": "it is damaged; run: vsanimesr engines clear",
    "CUDA_ERROR": "CUDA failed",
}
"""Our words for what TensorRT-RTX finds wrong with an engine."""

Profile = Mapping[str, tuple[Shape, Shape, Shape]]
"""The least, the best and the greatest shape of each input that an engine takes, by name."""
NO_PROFILE: Profile = MappingProxyType({})
"""Of a graph that has one size only."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How an engine is built; None leaves it to the library."""

    optimization_level: int | None = None
    """0 to 5: how long the library looks for faster kernels."""
    workspace_mib: int | None = None
    """Most memory on the device that a kernel may use besides its tensors, MiB."""


@dataclass(frozen=True)
class Target:
    """The GPU, or kind of GPU, that an engine is for."""

    device: str = ""
    """The GPU's name where an engine serves no other; '' for every GPU of the capabilities."""
    capabilities: tuple[str, ...] = ()
    """Compute capabilities such as '8.9'; none leaves the choice to the library."""


class Library:
    """One of the two; raises BackendUnavailable if it is not installed."""

    def __init__(self, name: str) -> None:
        self.name, self.title = name, TITLES[name]
        try:
            self.module: Any = importlib.import_module(name)
        except (ImportError, OSError) as error:
            how = f"pip install vapoursynth-animesr[{EXTRAS[name]}]"
            raise BackendUnavailable(f"{name}: {error}; install it with: {how}") from error
        self.log = _make_log(self.module)
        self.version: str = self.module.__version__

    def known_capabilities(self) -> tuple[str, ...]:
        """The compute capabilities, such as '8.9', that an engine can be built for without a GPU of that kind."""
        names = getattr(getattr(self.module, "ComputeCapability", None), "__members__", {})
        digits = [name.removeprefix("SM") for name in names if name.startswith("SM")]
        return tuple(f"{number[:-1]}.{number[-1]}" for number in digits)

    def targets(self, device: str, capability: str) -> tuple[Target, ...]:
        """What engines may be built for that serve a GPU, by its name and compute capability; best first.

        TensorRT's serve no other GPU; TensorRT-RTX's serve the capability, or whatever it chooses by itself, which
        includes GPUs that are later than itself.
        """
        known = self.known_capabilities()
        if not known:
            return (Target(device, (capability,)),)
        return (*((Target(capabilities=(capability,)),) if capability in known else ()), Target())

    def build(
        self, graph: onnx.ModelProto, capabilities: Sequence[str], options: Options, profile: Profile = NO_PROFILE
    ) -> bytes:
        """The engine of a graph; raises EngineNotBuilt, or OutOfMemory, with the library's own words.

        `capabilities` are those of the GPUs it should run on, of `known_capabilities`; none leaves it to the library.
        A graph of any size needs a profile, one of static shapes none.
        """
        heard = self.log.heard
        builder = self.module.Builder(self.log)
        network = builder.create_network(1 << int(self.module.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = self.module.OnnxParser(network, self.log)
        if not parser.parse(graph.SerializeToString()):
            errors = (parser.get_error(number) for number in range(parser.num_errors))
            told = [f"{error.node_operator()} {error.node_name()!r}: {error.desc()}" for error in errors]
            raise EngineNotBuilt(f"{self.title} {self.version} does not take the graph: {'; '.join(told)}")
        config = self._config(builder, network, capabilities, options)
        if profile:
            config.add_optimization_profile(self._profile(builder, network, profile))
        engine = builder.build_serialized_network(network, config)
        if engine is None:
            failure = self.failure("did not build the engine", heard)
            if isinstance(failure, OutOfMemory):
                raise OutOfMemory(f"{failure}; or build it with: vsanimesr engines build --workspace MIB")
            raise EngineNotBuilt(str(failure))
        return bytes(engine)

    def load(self, engine: bytes) -> Any:
        """The engine on the calling thread's device; raises OutOfMemory, DeviceError with the library's words."""
        heard = self.log.heard
        loaded = self._runtime.deserialize_cuda_engine(engine)
        if loaded is None:
            raise self.failure("does not load the engine", heard, *self._diagnosed(engine))
        return loaded

    def failure(self, what: str, heard: int, *reasons: str) -> DeviceError:
        """The error to raise when a call failed: what was said since `heard` of the log, after reasons of ours."""
        said = self.log.since(heard)
        if _lacks_memory(said):
            reasons = (*reasons, "use precision='fp16', a smaller tilesize=, or close what else uses the GPU")
        kind = OutOfMemory if _lacks_memory(said) else DeviceError
        return kind(f"{self.title} {self.version} {what}: {'; '.join((*reasons, said))}")

    @cached_property
    def _runtime(self) -> Any:
        return self.module.Runtime(self.log)

    def _diagnosed(self, engine: bytes) -> list[str]:
        """What the library finds wrong with an engine on this GPU, in our words; only TensorRT-RTX looks for it."""
        if not hasattr(self._runtime, "get_engine_validity"):
            return []
        _, flags = self._runtime.get_engine_validity(engine)
        kinds = self.module.EngineInvalidityDiagnostics.__members__.items()
        return [DIAGNOSES.get(name, name) for name, kind in kinds if flags & int(kind)]

    def _config(self, builder: Any, network: Any, capabilities: Sequence[str], options: Options) -> Any:
        """What is set here and follows from no field of a key needs another `key.VERSION` when it changes."""
        config = builder.create_builder_config()
        config.clear_flag(self.module.BuilderFlag.TF32)  # fp32 means fp32
        if hasattr(self.module.BuilderFlag, "REQUIRE_USER_ALLOCATION"):  # TensorRT-RTX; what allocates is not captured
            config.set_flag(self.module.BuilderFlag.REQUIRE_USER_ALLOCATION)
        if options.optimization_level is not None:
            config.builder_optimization_level = options.optimization_level
        if options.workspace_mib is not None:
            config.set_memory_pool_limit(self.module.MemoryPoolType.WORKSPACE, options.workspace_mib << 20)
        if capabilities and self.known_capabilities():  # TensorRT builds for the GPU at hand and takes none
            config.num_compute_capabilities = len(capabilities)
            for number, capability in enumerate(capabilities):
                kind = getattr(self.module.ComputeCapability, f"SM{capability.replace('.', '')}")
                config.set_compute_capability(kind, number)
        return config

    @staticmethod
    def _profile(builder: Any, network: Any, profile: Profile) -> Any:
        made = builder.create_optimization_profile()
        for number in range(network.num_inputs):
            name = network.get_input(number).name
            made.set_shape(name, *profile[name])
        return made


def _lacks_memory(said: str) -> bool:
    return "out of memory" in said.lower() or "outofmemory" in said.lower()


@cache
def get(name: str) -> Library:
    """The library of that name; one for the process, since it takes one logger."""
    return Library(name)


def _make_log(module: Any) -> Any:
    """A logger of the library's own class; it prints nothing, what it hears goes into errors."""

    class Log(module.ILogger):  # type: ignore[misc]  # a class of the library's own
        def __init__(self) -> None:
            super().__init__()
            self.heard = 0
            self._last: deque[str] = deque(maxlen=KEPT)

        def log(self, severity: Any, message: str) -> None:
            if severity <= module.ILogger.Severity.ERROR:
                self._last.append(message.strip())
                self.heard += 1

        def since(self, heard: int) -> str:
            """The errors since `heard` was as it was then, in one line."""
            new = list(self._last)[-(self.heard - heard) :] if self.heard > heard else []
            return " | ".join(dict.fromkeys(new)) or "it did not say why"

    return Log()
