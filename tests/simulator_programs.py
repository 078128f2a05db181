"""Programs of calls of a backend, and the contract that they are held to: the same calls, computed one by one."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.cuda_simulator import HashEngine, Live, SimulatedDevice, SimulatedPipelined, composed, simulated
from tests.networks import frames, setup
from tests.simulator_engine import Arrays, hashes
from vsanimesr.backends.base import RING, Backend, Checkpoint, Event, Setup
from vsanimesr.errors import DeviceError
from vsanimesr.graphs import FRAME, LR, NEXT_STATE, PICTURE, STATE, WINDOW, tensors

WIDTH, HEIGHT, SLOTS = 18, 17, 3
"""Not what the network takes, so that there is padding."""
CLIP = frames(12, WIDTH, HEIGHT)
STEPS = 6
"""Of `drive`."""
WAIT = 60

Call = tuple[Any, ...]
rings = st.integers(0, RING - 1)
windows = st.tuples(rings, rings, rings)
slots = st.integers(0, SLOTS - 1)
calls = st.one_of(
    st.tuples(st.just("ingest"), rings, st.integers(0, len(CLIP) - 1)),
    st.tuples(st.just("step"), windows, st.one_of(slots, st.none())),
    st.tuples(st.just("step"), windows, slots),
    st.tuples(st.just("read"), slots),
    st.tuples(st.just("lend"), slots),
    st.tuples(st.just("poll"), slots),
    st.tuples(st.just("save")),
    st.tuples(st.just("restore"), st.integers(0, 3)),
    st.tuples(st.just("forget"), st.integers(0, 3)),
    st.tuples(st.just("reset")),
    st.tuples(st.just("drain")),
)
programs = st.lists(calls, min_size=12, max_size=60)


def small(slots: int = SLOTS) -> Setup:
    return setup(WIDTH, HEIGHT, slots=slots, feedback=False)


def hashing(slots: int = SLOTS, **settings: Any) -> SimulatedPipelined:
    """A backend that hashes frames of WIDTH x HEIGHT; `settings` are those of `simulated`."""
    return simulated(small(slots), engine=HashEngine, **settings)


class Model:
    """What a HashEngine's backend does, without a device: the contract, one call after another."""

    def __init__(self, setup: Setup) -> None:
        self._setup, self._graphs = setup, composed(setup)
        self.ring: list[Any] = [None] * RING
        self.reset()

    def ingest(self, ring: int, frame: np.ndarray[Any, Any]) -> None:
        *_, high, wide = self._graphs.frame_shape
        padding = (0, 0), (0, high - frame.shape[1]), (0, wide - frame.shape[2])
        padded = np.pad(frame, padding, mode="edge")[None]
        self.ring[ring] = self._run({FRAME: padded}, self._graphs.ingest)[LR]

    def step(self, window: Sequence[int]) -> bytes:
        inputs = {name: self.ring[ring] for name, ring in zip(WINDOW, window, strict=True)}
        outputs = self._run(inputs | {STATE: self.state}, self._graphs.step)
        self.state = outputs[NEXT_STATE]
        clip, scale = self._setup.clip, self._setup.clip.picture.scale
        picture: bytes = outputs[PICTURE][0, :, : scale * clip.height, : scale * clip.width].tobytes()
        return picture

    def reset(self) -> None:
        self.state = np.zeros(self._graphs.state_shape, np.float32)

    @staticmethod
    def _run(inputs: Arrays, graph: Any) -> Arrays:
        names = {value.name for value in graph.graph.output}
        return hashes(inputs, {name: tensor for name, tensor in tensors(graph).items() if name in names})


@dataclass
class Shown:
    """A picture in a slot: the end of its step, its pixels, who reads it."""

    event: Event
    wanted: bytes
    readers: list[Future[bytes]] = field(default_factory=list)


class Runner:
    """Runs a program on a backend and on the model, and compares every picture that is read."""

    def __init__(self, backend: Backend, setup: Setup, pool: ThreadPoolExecutor) -> None:
        self.backend, self.model, self._pool = backend, Model(setup), pool
        self.shown: dict[int, Shown] = {}
        self.saved: list[tuple[Checkpoint, np.ndarray[Any, Any]]] = []
        self.events: list[Event] = []
        for ring in range(RING):
            self.ingest(ring, ring)

    def run(self, program: Sequence[Call]) -> None:
        for name, *arguments in program:
            act: Callable[..., None] = getattr(self, name)
            act(*arguments)

    def ingest(self, ring: int, frame: int) -> None:
        lent = CLIP[frame].copy()
        self.backend.ingest(ring, list(lent))
        lent[:] = -1
        self.model.ingest(ring, CLIP[frame])

    def step(self, window: tuple[int, int, int], slot: int | None) -> None:
        if slot in self.shown:
            self._returned(self.shown[slot])
        event, wanted = self.backend.step(window, slot), self.model.step(window)
        self.events.append(event)
        if slot is not None:
            self.shown[slot] = Shown(event, wanted)

    def read(self, slot: int) -> None:
        if slot in self.shown:
            assert self._pixels(slot, self.shown[slot].event) == self.shown[slot].wanted

    def lend(self, slot: int) -> None:
        """Have another thread read it, whenever that comes to it."""
        if slot in self.shown:
            shown = self.shown[slot]
            shown.readers.append(self._pool.submit(self._pixels, slot, shown.event))

    def poll(self, slot: int) -> None:
        """What is done is there."""
        if slot in self.shown and self.shown[slot].event.done:
            assert picture(self.backend, slot) == self.shown[slot].wanted

    def save(self) -> None:
        self.saved.append((self.backend.save(), self.model.state))

    def restore(self, which: int) -> None:
        if self.saved:
            checkpoint, self.model.state = self.saved[which % len(self.saved)]
            self.backend.restore(checkpoint)

    def forget(self, which: int) -> None:
        if self.saved:
            del self.saved[which % len(self.saved)]

    def reset(self) -> None:
        self.backend.reset()
        self.model.reset()

    def drain(self) -> None:
        self.backend.drain()
        assert all(event.done for event in self.events)
        assert self.backend.error is None

    def finish(self) -> None:
        """Read every slot, and what is still read elsewhere."""
        for slot, shown in self.shown.items():
            self._returned(shown)
            self.read(slot)

    def close(self) -> None:
        """With all that is in flight; who still reads has to be done with the slots."""
        for shown in self.shown.values():
            self._returned(shown)
        self.backend.close()
        for event in self.events:
            event.wait()
            assert event.done
            assert event.error is None or isinstance(event.error, DeviceError)

    def _pixels(self, slot: int, event: Event) -> bytes:
        event.wait()
        assert event.error is None, event.error
        return picture(self.backend, slot)

    @staticmethod
    def _returned(shown: Shown) -> None:
        for reader in shown.readers:
            assert reader.result(WAIT) == shown.wanted
        shown.readers.clear()


def picture(backend: Backend, slot: int) -> bytes:
    return np.stack(backend.read(slot)).tobytes()


def clip_program(count: int) -> list[Call]:
    """The first `count` frames of the clip, each into a slot of its own, nothing ever waited for."""
    program: list[Call] = []
    for n in range(count):
        program.append(("ingest", (n + 1) % RING, n + 1))
        program.append(("step", ((n - 1) % RING, n % RING, (n + 1) % RING), n))
    return program


def wanted_pictures(count: int) -> list[bytes]:
    model = Model(small())
    for ring in range(RING):
        model.ingest(ring, CLIP[ring])
    pictures = []
    for name, *arguments in clip_program(count):
        if name == "ingest":
            model.ingest(arguments[0], CLIP[arguments[1]])
        else:
            pictures.append(model.step(arguments[0]))
    return pictures


def drive(backend: SimulatedPipelined) -> list[Any]:
    """Frames and steps of a clip, none waited for; the events of the steps."""
    events = []
    for ring in range(RING):
        backend.ingest(ring, list(CLIP[ring]))
    for name, *arguments in clip_program(STEPS):
        if name == "ingest":
            backend.ingest(arguments[0], list(CLIP[arguments[1]]))
        else:
            events.append(backend.step(*arguments))
    return events


def settled(backend: SimulatedPipelined, events: list[Any], wanted: list[bytes]) -> list[BaseException]:
    """The errors of the steps once all have ended: whole pictures first, then nothing but one failure."""
    for event in events:
        event.wait()
        assert event.done
    errors = [event.error for event in events]
    whole = errors.index(next((error for error in errors if error), None)) if any(errors) else len(errors)
    for slot in range(whole):
        assert picture(backend, slot) == wanted[slot]
    assert len({id(error) for error in errors[whole:]}) <= 1
    return [error for error in errors if error]


def nothing_lives(device: SimulatedDevice) -> None:
    """But marks, which an error that is held holds by its traceback."""
    device.verify()
    assert device.live == Live(marks=device.live.marks)
