"""What times a step on a GPU, tried on a made-up one; the calls are those that the real libraries have."""

import inspect
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from benchmarks.gpu import bound, engine, events, step
from benchmarks.gpu.bound import BoundStep
from benchmarks.gpu.variants import PLAIN, VARIANTS, Current, Formatted, Variant
from benchmarks.pattern import draw
from tests.networks import network
from vsanimesr import backends
from vsanimesr.backends import cuda
from vsanimesr.engines import library
from vsanimesr.engines.library import Options, Target
from vsanimesr.engines.recipe import compose
from vsanimesr.errors import ArgumentError, DeviceError, EngineNotBuilt
from vsanimesr.graphs import NEXT_STATE, PICTURE, STATE, tensors
from vsanimesr.spec import RGBH, ClipSpec

CLIP = ClipSpec(32, 16, 2, RGBH)
SHAPES = tensors(compose(network(), CLIP, "fp16").step)
TICK = 0.5
"""Milliseconds that each step takes on the made-up GPU."""

runtime = pytest.importorskip("cuda.bindings.runtime")


class Stream:
    """Runs everything at once; its clock goes on by TICK for each step."""

    def __init__(self, memory: dict[int, np.ndarray]) -> None:
        self.memory, self.now, self.recorded = memory, 0.0, {}
        self.capturing: list[Callable[[], None]] | None = None

    def run(self, work: Callable[[], None]) -> None:
        if self.capturing is None:
            work()
        else:
            self.capturing.append(work)

    def record(self, mark: Any) -> None:
        self.recorded[mark.handle] = self.now

    def upload(self, target: int, source: np.ndarray) -> None:
        self.memory[target][: source.nbytes] = source

    def download(self, target: np.ndarray, source: int) -> None:
        target[:] = self.memory[source][: target.nbytes]

    def clear(self, target: int, nbytes: int) -> None:
        self.memory[target][:nbytes] = 0

    def synchronize(self) -> None:
        pass

    def begin_capture(self) -> None:
        self.capturing = []

    def end_capture(self) -> list[Callable[[], None]]:
        kept, self.capturing = self.capturing, None
        return kept or []

    def launch(self, replay: list[Callable[[], None]]) -> None:
        for work in replay:
            work()


class Device:
    """Memory by number."""

    def __init__(self) -> None:
        self.memory: dict[int, np.ndarray] = {}
        self.made = Stream(self.memory)
        self.closed = False

    def allocate(self, nbytes: int) -> int:
        self.memory[len(self.memory) + 1] = np.full(nbytes, 255, np.uint8)
        return len(self.memory)

    def free(self, address: int) -> None:
        assert self.memory[address] is not None
        self.memory[address] = None  # type: ignore[assignment]

    def stream(self) -> Stream:
        return self.made

    def close(self) -> None:
        self.closed = True


class Execution:
    """A step whose next state is its state and one more, and whose picture is drawn out of both and the frames."""

    scratch_nbytes, capturable = 0, True

    def __init__(self, memory: dict[int, np.ndarray], broken: bool = False) -> None:
        self.memory, self.bound, self.broken, self.closed = memory, {}, broken, False

    def use_scratch(self, address: int, nbytes: int) -> None:
        assert nbytes == self.scratch_nbytes

    def bind(self, name: str, address: int) -> None:
        self.bound[name] = address

    def enqueue(self, stream: Stream) -> None:
        at = dict(self.bound)

        def work() -> None:
            read = self.memory[at[STATE]]
            self.memory[at[NEXT_STATE]][:] = read + 1
            seen = np.resize(self.memory[at["current"]].view(np.float32), SHAPES[PICTURE].nbytes // 2)
            drawn = (seen + read[0] / 256).astype(np.float16)
            self.memory[at[PICTURE]][:] = 0 if self.broken else drawn.view(np.uint8)
            stream.now += TICK

        stream.run(work)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    """A made-up GPU whose events are those of its only stream."""
    device, handles = Device(), iter(range(1, 10_000))
    ok = runtime.cudaError_t.cudaSuccess
    calls = {
        "cudaEventCreate": lambda: (ok, next(handles)),
        "cudaEventSynchronize": lambda event: (ok,),
        "cudaEventElapsedTime": lambda start, end: (ok, device.made.recorded[end] - device.made.recorded[start]),
        "cudaEventDestroy": lambda event: (ok,),
    }
    monkeypatch.setattr(events, "runtime", lambda: SimpleNamespace(**calls))
    for name, call in calls.items():
        assert parameters(getattr(runtime, name)) == list(inspect.signature(call).parameters), name
    return device


def parameters(real: Any) -> list[str]:
    """Names of the parameters of a function of cuda.bindings, as its text tells them."""
    inside = re.match(r"\w+\((.*?)\)", real.__doc__)[1]
    return [word.split()[-1] for word in inside.split(",") if word.strip()]


@pytest.fixture
def made(device: Device) -> BoundStep:
    """A step on it."""
    return BoundStep(device, Execution(device.memory), SHAPES)  # type: ignore[arg-type]


def test_rounds_are_timed_by_the_gpus_clock(device: Device, made: BoundStep) -> None:
    ran: list[int] = []

    def enqueue(n: int) -> None:
        ran.append(n)
        made.enqueue(n)

    assert events.rounds(made.stream, enqueue, count=3, repeats=4) == [TICK] * 4
    assert ran == [0, 1, 2] * 4


def test_frames_are_pictures_and_states_take_turns(device: Device, made: BoundStep) -> None:
    execution: Any = made.execution
    lr = device.memory[execution.bound["next"]].view(np.float32).reshape(3, 16, 32)
    np.testing.assert_array_equal(lr, np.stack(draw(32, 16, 2)))
    bound_to = []
    for n in range(4):
        made.enqueue(n)
        bound_to.append((execution.bound[STATE], execution.bound[NEXT_STATE]))
    (first, second), *_ = bound_to
    assert first != second
    assert bound_to == [(first, second), (second, first)] * 2
    assert device.memory[first][0] == 4
    made.close()
    assert device.closed
    assert execution.closed
    assert set(map(type, device.memory.values())) == {type(None)}, "everything is freed"


def test_a_captured_step_runs_what_was_bound(made: BoundStep) -> None:
    wanted = step._picture_after(made, made.enqueue)
    replays = made.capture()
    assert made.stream.now == step.CHECKED * TICK, "nothing runs while it is captured"  # type: ignore[attr-defined]
    assert step._picture_after(made, lambda n: made.stream.launch(replays[n % 2])).tobytes() == wanted.tobytes()
    assert step._picture_after(made, lambda n: made.stream.launch(replays[0])).tobytes() != wanted.tobytes()


def test_plain_and_captured_steps_are_measured(made: BoundStep) -> None:
    found = step._captured(made, count=4, repeats=3)
    assert found["captured"] == {"median": TICK, "rounds": [TICK] * 3, "unit": "ms"}
    assert found["captured_same_bits"] is True


def test_a_step_that_may_not_be_captured_is_told(made: BoundStep, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DeviceError("beginning a capture failed: not now")

    monkeypatch.setattr(made.stream, "begin_capture", fail)
    assert step._captured(made, 4, 3) == {"capture_error": "DeviceError: beginning a capture failed: not now"}
    monkeypatch.setattr(Execution, "capturable", False)
    assert "may not be captured" in step._captured(made, 4, 3)["capture_error"]


@pytest.mark.parametrize("samples", [np.zeros(12), np.full(12, np.nan), np.array([0.0, np.inf])])
def test_times_of_a_picture_that_cannot_be_right_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(DeviceError, match="wanted a picture"):
        step.describe(samples)
    assert step.describe(np.array([0.0, 1.0])) == {"least": 0, "mean": 0.5, "most": 1, "deviation": 0.5}


def test_the_broken_network_is_noticed(device: Device) -> None:
    made = BoundStep(device, Execution(device.memory, broken=True), SHAPES)  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match="wanted a picture"):
        step.describe(step._picture_after(made, made.enqueue))


def test_a_layout_of_the_state_goes_into_the_engine() -> None:
    pytest.importorskip("tensorrt_rtx")
    seen: dict[str, int] = {}

    class Spy(Formatted):
        def _config(self, builder: Any, network: Any, *rest: Any) -> Any:
            config = super()._config(builder, network, *rest)
            ends = [network.get_input(n) for n in range(network.num_inputs)]
            ends += [network.get_output(n) for n in range(network.num_outputs)]
            seen.update({tensor.name: tensor.allowed_formats for tensor in ends})
            return config

    graph = compose(network(), CLIP, "fp16").step
    variant = Variant.of("state channels last")
    spied = Spy("tensorrt_rtx", variant.formats).build(graph, ("8.9",), variant.options)
    plain = library.get("tensorrt_rtx").build(graph, ("8.9",), Options())
    layout = 1 << int(library.get("tensorrt_rtx").module.TensorFormat.HWC8)
    assert {name for name, formats in seen.items() if formats == layout} == {STATE, NEXT_STATE}
    assert spied != plain
    assert isinstance(variant.library("tensorrt_rtx"), Formatted)


@pytest.mark.skipif(backends.count_nvidia_gpus() > 0, reason="there is a GPU here")
def test_an_engine_for_the_gpu_at_hand_needs_one() -> None:
    pytest.importorskip("tensorrt_rtx")
    current = Variant.of("engine of the GPU at hand").library("tensorrt_rtx")
    assert isinstance(current, Current)
    with pytest.raises(EngineNotBuilt, match="did not build"):
        current.build(compose(network(), CLIP, "fp16").step, ("8.9",), Options())


def test_every_variant_differs_from_the_plain_one_and_from_the_others() -> None:
    plain, *others = VARIANTS.values()
    assert plain.name == PLAIN
    assert plain.library("tensorrt_rtx") is None
    targets = (Target(capabilities=("8.9",)), Target())
    built = [
        (v.formats, v.options, v.target(targets), v.current, v.graph_by_library, v.split_head)
        for v in VARIANTS.values()
    ]
    assert all(a != b for n, a in enumerate(built) for b in built[:n])
    assert [v.suits("tensorrt") for v in others].count(False) == 3
    with pytest.raises(ArgumentError, match="variant 'odd' is not known"):
        Variant.of("odd")


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_reading_window_and_state_one_by_one_is_the_same_network(precision: str) -> None:
    pytest.importorskip("tensorrt_rtx")
    variant, plain = Variant.of("window and state read one by one"), compose(network(), CLIP, precision).step
    split = variant.step(network(), CLIP, precision)
    assert Variant.of(PLAIN).step(network(), CLIP, precision) is None
    assert library.get("tensorrt_rtx").build(split, (), Options())
    assert tensors(split) == tensors(plain)
    dice = np.random.default_rng(1)
    feeds = {
        value.name: dice.random(tensors(plain)[value.name].shape).astype(tensors(plain)[value.name].dtype)
        for value in plain.graph.input
    }
    results = [
        onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds)
        for graph in (plain, split)
    ]
    near = 1e-3 if precision == "fp32" else 2e-2  # the picture is FP16 in both
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one.astype(np.float32), other.astype(np.float32), atol=near)


def test_the_library_is_asked_what_it_really_answers() -> None:
    """Without a GPU TensorRT-RTX tells what is wrong with an engine, and hears itself say so."""
    module = pytest.importorskip("tensorrt_rtx")
    kind = library.Library("tensorrt_rtx")
    lines = engine.listen(kind)
    answer = engine.validity(kind, b"no engine at all")
    assert answer["answer"] == "INVALID"
    assert "MALFORMED_ENGINE" in answer["diagnostics"]
    kind.log.log(module.ILogger.Severity.WARNING, " a warning ")
    kind.log.log(module.ILogger.Severity.ERROR, "an error")
    assert lines[-2:] == ["WARNING: a warning", "ERROR: an error"]
    assert kind.log.since(kind.log.heard - 1) == "an error"


def test_contexts_are_made_with_settings_that_the_library_has() -> None:
    module = pytest.importorskip("tensorrt_rtx")
    assert hasattr(module.IRuntimeConfig, "cuda_graph_strategy")
    assert hasattr(module.CudaGraphStrategy, "WHOLE_GRAPH_CAPTURE")
    assert hasattr(module.ExecutionContextAllocationStrategy, "USER_MANAGED")
    assert hasattr(module.ICudaEngine, "create_runtime_config")
    assert hasattr(module.ComputeCapability, "CURRENT")
    used = re.findall(r"_cuda\.(cuda\w+)|cuda\.(cuda\w+)|runtime\(\)\.(cuda\w+)", inspect.getsource(events))
    names = {name for match in used for name in match if name}
    assert len(names) == 4
    assert all(hasattr(runtime, name) for name in names)
    assert cuda.runtime() is runtime
    assert bound.Asked("tensorrt_rtx", 640, 480, "RGBH").clip.frames == 2
