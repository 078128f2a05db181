"""What the benchmarks measure in processes of their own: bare steps, ceilings, memory of a device."""

import itertools
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ceilings, children, copies, device_memory, memory, products, stages, steps
from benchmarks.ceilings import Size
from benchmarks.children import ChildFailed
from benchmarks.combinations import Combination
from benchmarks.device_memory import NoDeviceMemory, Watch, Watched
from benchmarks.steps import measure_bare
from vsanimesr.backends.base import Event, Planes, Setup
from vsanimesr.backends.fake import Fake
from vsanimesr.errors import ArgumentError, DeviceError

pytestmark = pytest.mark.slow  # processes of their own

FAKE = Combination(32, 16, "RGBS", "fake", "", "fp32")
TINY = Size({"CPU": (64, 128), "CUDA": (256,)}, 1 << 20)
# Says what is in FREE, one value a call, then the last one again and again.
FAKE_BINDING = """
import itertools, json, os
values = json.loads(os.environ["FREE"])
following = itertools.chain(values, itertools.repeat(values[-1]))
class Error(int):
    name = "cudaErrorOdd"
def cudaMemGetInfo():
    free = next(following)
    return Error(free < 0), free, 1 << 40
"""


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")


@pytest.fixture
def gpu() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")


def test_bare_steps_run_in_a_process_of_their_own() -> None:
    found = measure_bare(FAKE, frames=5)
    assert found.milliseconds > 0
    assert found.ran == {"precision": "fp32", "device": "hash", "version": "for tests"}
    assert found.stages.keys() == set(stages.STAGES)


@pytest.mark.parametrize("format_", ["RGBS", "RGBH", "YUV420P10", "Gray8"])
@pytest.mark.slow
@pytest.mark.usefixtures("official_v2")
def test_bare_steps_of_a_network(format_: str) -> None:
    found = measure_bare(Combination(32, 18, format_, "openvino", "", "fp32"), frames=2, warm_up=1)
    assert found.milliseconds > 0
    assert found.precision == "fp32"
    assert found.version.startswith("OpenVINO ")


def test_a_step_takes_the_time_between_the_ends_of_those_that_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()  # a second passes from the end of one step to that of the next
    monkeypatch.setattr(steps.time, "perf_counter", lambda: float(next(clock)))
    assert steps.measure(FAKE, frames=7, warm_up=2).milliseconds == pytest.approx(1000)


def test_each_part_of_the_work_is_timed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.0]
    monkeypatch.setattr(stages.time, "perf_counter", lambda: seconds[0])

    class Timed(Fake):
        def ingest(self, ring: int, planes: Planes, lane: int = 0) -> None:
            seconds[0] += 0.002
            super().ingest(ring, planes, lane)

        def step(self, window: tuple[int, int, int], slot: int | None, lane: int = 0) -> Event:
            seconds[0] += 0.010 if slot is None else 0.013
            return super().step(window, slot, lane)

        def copy(self, slot: int, target: Planes) -> None:
            seconds[0] += 0.001
            super().copy(slot, target)

    clip = Combination(32, 16, "YUV420P8", "fake", "", "fp32").clip(4)
    backend = Timed(Setup(clip, 1, "fp32", "", 0, lambda: None))
    frame = [np.zeros((height, width), np.uint8) for width, height in clip.format.plane_sizes(32, 16)]
    found = stages.measure(backend, clip, [frame], frames=3)
    assert [round(found[name], 6) for name in (stages.INGEST, stages.STEP, stages.PICTURE, stages.COPY)] == [
        2,
        10,
        3,
        1,
    ]


@pytest.mark.parametrize(
    ("device", "precision", "says"),
    [("fail=3", "fp32", "simulated failure at frame 3"), ("", "bf16", "fake: no precision 'bf16'; use auto or fp32")],
)
def test_the_reason_of_a_failure_is_what_the_backend_said(device: str, precision: str, says: str) -> None:
    with pytest.raises(ChildFailed) as failure:
        measure_bare(Combination(32, 16, "RGBS", "fake", device, precision), frames=5)
    assert failure.value.reason == says


def test_in_this_process_the_errors_are_the_backends() -> None:
    with pytest.raises(DeviceError, match="simulated failure"):
        steps.measure(Combination(32, 16, "RGBS", "fake", "fail=1", "fp32"), frames=2, warm_up=1)
    with pytest.raises(ArgumentError, match="no precision 'int8'"):
        steps.measure(Combination(32, 16, "RGBS", "fake", "", "int8"), frames=2, warm_up=1)


@pytest.mark.slow
@pytest.mark.usefixtures("no_gpu")
def test_ceilings_are_measured_or_missing_with_a_reason() -> None:
    lines: list[str] = []
    asked = [FAKE, *(Combination(32, 32, "RGBS", "torch", device, "fp32") for device in ("", "cuda"))]
    found, missing = ceilings.measure(asked, lines.append, TINY)
    cpu = {ceilings.product("CPU", precision) for precision in ("fp32", "bf16")}
    assert found.keys() == {*cpu, copies.HOST}
    assert {found[name].unit for name in cpu} == {"TFLOP/s"}
    assert found[copies.HOST].unit == "GB/s"
    assert all(figure.median > 0 for figure in found.values())
    cuda = {f"dense product, {precision}, CUDA" for precision in ("fp32", "bf16", "fp16")}
    assert missing.keys() == cuda | {copies.DEVICE, copies.UP, copies.DOWN}
    assert all("finds no CUDA device" in why for why in missing.values())
    assert len(lines) == len(found)


def test_the_fastest_product_counts_and_what_would_take_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    seconds = {64: 0.1, 128: 0.2, 192: 0.9}  # 1024 would take minutes, and has no entry
    monkeypatch.setattr(products, "_seconds", lambda torch, kind, dtype, side: seconds[side])
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    assert products.measure("CPU", "fp32", (64, 128, 192, 1024)) == pytest.approx(2 * 128**3 / 0.2 / 1e12)


def test_the_fastest_run_of_several_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 3.0, 10.0, 11.0, 20.0, 24.0, 30.0, 32.0])
    monkeypatch.setattr(products.time, "perf_counter", lambda: next(ticks))
    runs: list[int] = []
    assert products.fastest(None, "CPU", lambda: runs.append(1)) == 1.0
    assert len(runs) == 1 + products.REPEATS


def test_a_copy_arrives_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []
    monkeypatch.setattr(copies.np, "copyto", lambda target, source: copied.append(target.nbytes))
    monkeypatch.setattr(products, "fastest", lambda _, __, work: len(work()))
    monkeypatch.setattr(copies.os, "cpu_count", lambda: 4)
    assert copies.host(4096) == pytest.approx(4096 / 4 / 1e9)
    assert copied == [1024] * 4


def test_free_memory_is_watched_until_the_end() -> None:
    ended, values = threading.Event(), iter([100, 70, 40, 60, 100])

    def free() -> int:
        value = next(values)
        if value == 60:
            ended.set()
        return value

    seen = device_memory.watch(free, ended)
    assert seen == Watched(before=100, least=40, after=100)
    assert seen.peak == 60
    assert not seen.disturbed


def test_what_was_taken_when_it_ended_counts_as_well() -> None:
    ended = threading.Event()
    ended.set()
    values = iter([1 << 30, 1 << 28])
    seen = device_memory.watch(lambda: next(values), ended)
    assert seen.peak == (1 << 30) - (1 << 28)
    assert seen.disturbed


@pytest.fixture
def binding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A `cuda.bindings` for child processes that says what the variable FREE holds."""
    package = tmp_path / "cuda" / "bindings"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "runtime.py").write_text(FAKE_BINDING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return monkeypatch


def test_a_process_of_its_own_polls_the_device(binding: pytest.MonkeyPatch) -> None:
    binding.setenv("FREE", json.dumps([1000, 1000, 1000, 400, 900]))  # the first two only make the context
    with Watch() as watch:
        pass
    assert watch.result().peak == 600


def test_a_device_that_fails_meanwhile_is_told(binding: pytest.MonkeyPatch) -> None:
    binding.setenv("FREE", json.dumps([1000, 1000, 1000, -1]))
    with Watch() as watch:
        pass
    with pytest.raises(NoDeviceMemory, match="cudaMemGetInfo says cudaErrorOdd"):
        watch.result()


@pytest.mark.usefixtures("no_gpu")
def test_without_a_device_the_reasons_are_told_and_the_host_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    run = [children.Stamp(float(n), 1 << 20, 1 << 20) for n in range(4)]
    monkeypatch.setattr(children, "stamps", lambda *_, **__: run)
    asked = Combination(32, 32, "RGBS", "torch", "cuda", "fp16")
    (case,) = memory.measure(memory.Settings((asked,), 4, 4), {}, lambda _: None).cases
    assert case.missing.keys() == {memory.DEVICE_PEAK}
    assert case.missing[memory.DEVICE_PEAK].startswith("free memory of the CUDA device: ")
    assert case.figures[memory.PEAK].median == 1


def test_memory_of_the_device_is_in_the_case(monkeypatch: pytest.MonkeyPatch, binding: pytest.MonkeyPatch) -> None:
    binding.setenv("FREE", json.dumps([900 << 20, 900 << 20, 900 << 20, 400 << 20]))
    run = [children.Stamp(float(n), 1 << 20, 1 << 20) for n in range(4)]
    monkeypatch.setattr(children, "stamps", lambda *_, **__: run)
    asked = Combination(32, 32, "RGBS", "tensorrt", "", "fp16")
    report = memory.measure(memory.Settings((asked,), 4, 4), {}, lambda _: None)
    assert report.cases[0].figures[memory.DEVICE_PEAK].median == 500
    assert "others took or gave" in report.notes[asked.label]


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.usefixtures("gpu")
def test_a_gpu_has_ceilings_and_memory() -> None:
    asked = [Combination(32, 32, "RGBS", "torch", "cuda", "fp16")]
    found, missing = ceilings.measure(asked, lambda _: None, TINY)
    assert missing == {}
    assert len(found) == 8
    take = "import torch; torch.ones(256 << 20, dtype=torch.uint8, device='cuda').sum().item(); print(0)"
    with Watch() as watch:
        children.python(["-c", take])
    assert watch.result().peak >= 256 << 20
