"""States of lanes: an exchange takes no memory for them, a checkpoint is a copy, and a failure leaves until a reset."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch.autograd.profiler import profile

from export.onnxruntime_backend import OnnxRuntime
from tests.networks import HEIGHT, WIDTH, feed, feed_planes, frames, ok, same, setup
from vsanimesr import backends
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import DeviceError, OutOfMemory
from vsanimesr.tiles import Move

LANES = 3
MOVES = [
    Move(0, 1, (slice(0, 8), slice(4, 12)), (slice(0, 20), slice(4, 24))),
    Move(1, 2, (slice(16, 20), slice(0, 4)), (slice(0, 24), slice(0, 24))),
]
Start = Callable[..., StreamBackend]


@pytest.fixture(params=["torch", *(pytest.param(name, marks=pytest.mark.slow) for name in ("openvino", "onnxruntime"))])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts a backend of lanes, and closes it at the end."""
    made: list[StreamBackend] = []
    cls = OnnxRuntime if request.param == "onnxruntime" else backends.get(request.param)

    def begin(**settings: Any) -> StreamBackend:
        made.append(cls(setup(**{"lanes": LANES, **settings})))
        return made[-1]

    yield begin
    for backend in made:
        backend.close()


def begun(backend: StreamBackend) -> None:
    """Every lane has seen something of its own."""
    for lane in range(LANES):
        feed_planes(backend, frames(2, WIDTH, HEIGHT, seed=lane), slot=None, lane=lane)


def goes_on(backend: StreamBackend) -> list[np.ndarray]:
    """A picture of each lane, all of the same frames."""
    source = frames(2, WIDTH, HEIGHT, seed=9)
    return [np.stack(feed_planes(backend, source, lane=lane)[-1]) for lane in range(LANES)]


@contextmanager
def measured(taken: list[int]) -> Iterator[None]:
    """Appends the bytes that PyTorch and NumPy take meanwhile."""
    tracemalloc.start()
    try:
        with profile(profile_memory=True) as profiled:
            yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    taken.append(peak + sum(max(0, event.self_cpu_memory_usage) for event in profiled.key_averages()))


def test_an_exchange_takes_no_memory_for_states(start: Start) -> None:
    backend, taken = start(width=128, height=128), list[int]()
    one = backend.state_nbytes // LANES
    with measured(taken):
        backend.run_exchange(MOVES)
    with measured(taken):
        kept = torch.zeros(one // 4), np.zeros(one // 4, np.float32)
    assert taken[0] < one / 2
    assert taken[1] >= 2 * one, kept


def test_a_checkpoint_is_a_copy_and_stays_one(start: Start) -> None:
    backend = start()
    begun(backend)
    checkpoint = backend.save()
    wanted = goes_on(backend)
    for _ in range(2):
        backend.restore(checkpoint)
        backend.exchange(MOVES)
        assert not all(np.array_equal(a, b) for a, b in zip(goes_on(backend), wanted, strict=True))
        backend.reset()
    backend.restore(checkpoint)
    same(goes_on(backend), wanted)


def test_an_exchange_that_fails_fails_what_follows_until_a_reset(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, source = start(), frames(3, WIDTH, HEIGHT)
    wanted = feed(backend, source)
    exchange = backend.run_exchange

    def halfway(moves: list[Move]) -> None:
        exchange(moves[:1])
        raise DeviceError("the second move failed")

    monkeypatch.setattr(backend, "run_exchange", halfway)
    begun(backend)
    checkpoint = backend.save()
    backend.exchange(MOVES)
    for event in (backend.step((0, 1, 2), 0), backend.save().event):
        event.wait()
        assert str(event.error) == "the second move failed"
    assert str(backend.error) == "the second move failed"
    backend.restore(checkpoint)
    ok(backend.step((0, 1, 2), 0))
    backend.exchange(MOVES)
    backend.reset()
    same(feed(backend, source), wanted)
    assert backend.error is None


@pytest.mark.parametrize(("what", "method"), [("saved", "to"), ("restored", "copy_"), ("cleared", "zero_")])
def test_a_gpu_without_memory_for_states_is_out_of_memory(
    monkeypatch: pytest.MonkeyPatch, what: str, method: str
) -> None:
    def none(*_: object, **__: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    backend = backends.get("torch")(setup())
    checkpoint = backend.save()
    ok(checkpoint.event)
    with monkeypatch.context() as patched:
        patched.setattr(torch.Tensor, method, none)
        {"saved": backend.save, "restored": lambda: backend.restore(checkpoint), "cleared": backend.clear}[what]()
        backend.drain()
    assert isinstance(backend.error, OutOfMemory)
    words = "out of memory on the GPU; use precision='fp16', a smaller tilesize="
    assert f"the states could not be {what}: {words}" in str(backend.error)
    backend.close()
