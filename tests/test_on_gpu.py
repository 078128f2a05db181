"""The essentials of the contract on a real GPU, for every backend that runs on one.

Needs no conftest.py, so that it runs where little is installed. A backend that does not work here is skipped, with its
reason, unless VSANIMESR_GPU names it: VSANIMESR_GPU=tensorrt_rtx,torch makes that a failure.
"""

import gc
import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pattern import draw
from tests.networks import HEIGHT, WIDTH, feed, feed_planes, frames, ok, same, setup
from vsanimesr import backends, models
from vsanimesr.backends.base import Backend, EngineSetup
from vsanimesr.backends.cuda import CudaDevice
from vsanimesr.backends.pipelined import Pipelined
from vsanimesr.backends.tiled import Tiled
from vsanimesr.errors import BackendUnavailable, DeviceError
from vsanimesr.spec import RGBH, RGBS, PixelFormat
from vsanimesr.tiles import DEFAULT_OVERLAP, Move, Tiling

pytestmark = pytest.mark.gpu

DEVICES = {"tensorrt": "", "tensorrt_rtx": "", "torch": "cuda"}
"""The backends that run on a GPU, and what they call it."""
FLOOR = 50.0
"""PSNR in dB that every picture has in fp16."""
SAME = 90.0
"""PSNR in dB of what differs by the rounding of float32 only."""
MIB = 1 << 20
LEFT = 512 * MIB
"""Free memory of a GPU that is nearly full."""
SLACK = 64 * MIB
"""Memory that a library may keep after its first use."""

Make = Callable[..., Backend]


@cache
def obstacle(name: str) -> str:
    """Why a backend does not work here; '' if it does."""
    try:
        devices = backends.get(name).devices()
    except BackendUnavailable as error:
        return str(error)
    return "" if "cuda" in devices else f"{name} finds {', '.join(devices)} only"


def usable(name: str) -> str:
    """The name of a backend that works; else the test is skipped, or fails if this backend was to be tested."""
    if reason := obstacle(name):
        demanded = name in os.environ.get("VSANIMESR_GPU", "").split(",")
        (pytest.fail if demanded else pytest.skip)(reason)
    return name


@pytest.fixture(params=list(DEVICES))
def name(request: pytest.FixtureRequest) -> str:
    """Every backend in its turn."""
    return usable(request.param)


@pytest.fixture(params=["tensorrt", "tensorrt_rtx"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Those that run engines."""
    return usable(request.param)


@pytest.fixture(scope="session")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of engines, for all tests together."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture
def make(engine_folder: Path) -> Iterator[Make]:
    """Makes backends by name, and closes them at the end."""
    made: list[Backend] = []

    def start(name: str, *size: int, official: bool = False, **settings: object) -> Backend:
        asked = setup(*size, device=DEVICES[name], **settings)
        if official:
            asked = replace(asked, cell=lambda: models.load(models.DEFAULT))
        made.append(backends.get(name)(replace(asked, engines=EngineSetup(engine_folder))))
        return made[-1]

    yield start
    for backend in made:
        backend.close()


def pictures_of(width: int, height: int, count: int, format_: PixelFormat = RGBS) -> list[np.ndarray]:
    """Frames of a moving picture."""
    return [np.stack(draw(width, height, n)).astype(format_.dtype) for n in range(count)]


def reference(source: list[np.ndarray]) -> list[np.ndarray]:
    """The official network in PyTorch, float32, on the processor."""
    from export import recurrence

    return list(recurrence.reference(source, models.load(models.DEFAULT)))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(a.astype(np.float64) - b).mean() + 1e-30))


def test_it_says_what_it_is(make: Make, name: str) -> None:
    backend = make(name, precision="auto")
    assert (backend.name, backend.precision) == (name, "fp16")
    assert backend.device.startswith("cuda:0 ")
    assert backend.version()


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_reset_save_and_restore_are_bit_identical(make: Make, name: str, precision: str) -> None:
    source = frames(6, WIDTH, HEIGHT)
    backend, other = (make(name, WIDTH, HEIGHT, precision=precision) for _ in range(2))
    first = feed(backend, source)
    backend.reset()
    feed(backend, source[:3])
    checkpoint = backend.save()
    on = feed(backend, source, 3)
    ok(checkpoint.event)
    assert checkpoint.nbytes == backend.state_nbytes
    feed(other, source[:3])
    for restored in (backend, other, backend):
        restored.restore(checkpoint)
        same(feed(restored, source, 3), on)
    backend.reset()
    same(feed(backend, source), first)


@pytest.mark.slow
@pytest.mark.parametrize("format_", [RGBS, RGBH], ids=["RGBS", "RGBH"])
@pytest.mark.parametrize("size", [(160, 120), (50, 34)], ids=["even", "padded"])
def test_fp16_equals_the_network(make: Make, name: str, format_: PixelFormat, size: tuple[int, int]) -> None:
    source = pictures_of(*size, 6, format_)
    got = feed(make(name, *size, format_, precision="fp16", official=True), source)
    right = reference([frame.astype(np.float32) for frame in source])
    assert {picture.dtype for picture in got} == {format_.dtype}
    assert min(psnr(a, b) for a, b in zip(got, right, strict=True)) >= FLOOR


@pytest.mark.slow
def test_fp32_equals_the_network(make: Make, name: str) -> None:
    source = pictures_of(50, 34, 6)
    got = feed(make(name, 50, 34, precision="fp32", official=True), source)
    np.testing.assert_allclose(np.stack(got), np.stack(reference(source)), atol=1e-3)


def test_two_on_one_device_do_not_disturb_each_other(make: Make, name: str) -> None:
    one, two = (make(name, WIDTH, HEIGHT, precision="fp16") for _ in range(2))
    sources = [frames(5, WIDTH, HEIGHT, seed=seed) for seed in (1, 2)]
    alone = [feed(backend, source) for backend, source in zip((one, two), sources, strict=True)]
    for backend in (one, two):
        backend.reset()
        backend.ingest(0, sources[backend is two][0])
    beside: list[list[np.ndarray]] = [[], []]
    for n in range(5):
        events = []
        for backend, source in zip((one, two), sources, strict=True):
            if n < 4:
                backend.ingest((n + 1) % 3, source[n + 1])
            events.append(backend.step((max(0, n - 1) % 3, n % 3, min(4, n + 1) % 3), 0))
        for k, (backend, event) in enumerate(zip((one, two), events, strict=True)):
            ok(event)
            beside[k].append(np.stack(backend.read(0)))
    for found, wanted in zip(beside, alone, strict=True):
        same(found, wanted)


@pytest.mark.slow
def test_seeking_in_any_order_gives_the_same_pictures(name: str, engine_folder: Path) -> None:
    from tests.clips import core, in_flight, linear, numbered

    settings = {"backend": name, "device": DEVICES[name], "precision": "fp16", "engine_dir": str(engine_folder)}
    clip = numbered(40)
    wanted = linear(core.animesr.Upscale(clip, **settings))
    assert len(set(wanted)) == len(wanted)
    order = random.Random(3).choices(range(40), k=80)
    found = in_flight(core.animesr.Upscale(clip, **settings), order, limit=20)
    assert [found[k] == wanted[n] for k, n in enumerate(order)] == [True] * len(order)


def test_a_captured_step_is_bit_identical_to_a_plain_one(make: Make, engine_name: str) -> None:
    source = frames(6, WIDTH, HEIGHT)
    captured, plain = (make(engine_name, WIDTH, HEIGHT, precision="fp16") for _ in range(2))
    assert isinstance(captured, Pipelined)
    assert isinstance(plain, Pipelined)
    plain._captures._usable = False
    same(feed(captured, source), feed(plain, source))
    assert captured._captures._replays, "nothing was captured, so nothing was compared"
    assert not plain._captures._replays


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_a_lane_that_takes_over_a_state_in_parts_goes_on_as_the_one_that_had_it(
    make: Make, name: str, precision: str
) -> None:
    source, backend = frames(6, WIDTH, HEIGHT), make(name, WIDTH, HEIGHT, precision=precision, lanes=2)

    def begin() -> None:
        backend.reset()
        feed_planes(backend, source[:3], lane=0)
        feed_planes(backend, source[1:3], lane=1)

    begin()
    wanted, apart = (feed_planes(backend, source, 3, lane=lane) for lane in range(2))
    assert wanted[-1][0].tobytes() != apart[-1][0].tobytes()
    begin()
    backend.exchange([Move(0, 1, rows, columns) for rows in halves(HEIGHT) for columns in halves(WIDTH)])
    same([np.stack(planes) for planes in feed_planes(backend, source, 3, lane=1)], [np.stack(p) for p in wanted])


def halves(side: int) -> list[tuple[slice, slice]]:
    """Two parts of a side, each in the same place of two states."""
    parts = slice(0, side // 2 - 1), slice(side // 2 - 1, side)
    return [(part, part) for part in parts]


@pytest.mark.parametrize(("precision", "floor"), [("fp16", FLOOR), ("fp32", SAME)])
def test_tiles_give_the_pictures_of_the_whole_frame(make: Make, name: str, precision: str, floor: float) -> None:
    size, source = (118, 102), frames(8, 118, 102)
    tiling = Tiling.of_count(size, (2, 2), (DEFAULT_OVERLAP, DEFAULT_OVERLAP))
    whole = feed(make(name, *size, precision=precision), source)
    lanes = make(name, *tiling.size, precision=precision, lanes=len(tiling), slots=3 * len(tiling))
    tiled = Tiled(lanes, setup(*size).clip, tiling)
    assert min(psnr(a, b) for a, b in zip(feed(tiled, source), whole, strict=True)) >= floor
    tiled.reset()
    tiled._moves = ()
    assert psnr(feed(tiled, source)[-1], whole[-1]) < SAME, "without what they exchange they are no worse"


@pytest.mark.slow
def test_a_full_device_says_so(make: Make, name: str) -> None:
    first = make(name, 1920, 1080, precision="fp16")  # to build and what the library takes once must not be at issue
    feed(first, frames(1, 1920, 1080))
    first.close()
    _release(name)
    with closing(CudaDevice(0)) as device:
        taken = device.allocate(device.memory()[0] - LEFT)
        try:
            with pytest.raises(DeviceError, match=r"(?i)memory.*(precision|smaller)"):
                feed(make(name, 1920, 1080, precision="fp16"), frames(1, 1920, 1080))
        finally:
            device.free(taken)
    feed(make(name, 1920, 1080, precision="fp16"), frames(1, 1920, 1080))


def test_close_in_flight_ends_every_event(make: Make, name: str) -> None:
    backend = make(name, 320, 240, precision="fp16")
    backend.ingest(0, frames(1, 320, 240)[0])
    events = [backend.step((0, 0, 0), n % 3) for n in range(30)]
    backend.close()
    backend.close()
    for event in events:
        event.wait()
        assert event.done
        assert event.error is None or isinstance(event.error, DeviceError)
    assert isinstance(backend.step((0, 0, 0), 0).error, DeviceError)


def test_memory_comes_back_after_close(make: Make, name: str) -> None:
    def used() -> None:
        backend = make(name, 640, 480, precision="fp16")
        feed(backend, frames(2, 640, 480))
        assert before - free() > backend.state_nbytes, "it does not even take its state"
        backend.close()

    def free() -> int:
        return device.memory()[0]

    with closing(CudaDevice(0)) as device:
        before = free()
        used()  # the first one pays for what the library keeps for good
        _release(name)
        before = free()
        for _ in range(3):
            used()
            _release(name)
        assert before - free() < SLACK


def _release(name: str) -> None:
    """Have the garbage collected, and PyTorch give back what it keeps for the next tensors."""
    gc.collect()
    if name == "torch":
        import torch

        torch.cuda.empty_cache()
