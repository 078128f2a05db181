"""Programs of calls of a backend, and the contract that they are held to: the same calls, computed one by one."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.cuda_simulator import HashEngine, Live, SimulatedDevice, SimulatedPipelined, simulated
from tests.simulator_engine import Arrays, hashes
from tests.simulator_graphs import composed
from tests.simulator_kinds import FRAMES, KINDS, PLAIN, SLOTS, Frame, small, source
from tests.simulator_moves import SWAP, Drawn, State, exchanged, exchanges, lanes, moves
from vsanimesr.backends.base import RING, Backend, Checkpoint, Event, Setup
from vsanimesr.errors import DeviceError
from vsanimesr.graphs import LR, NEXT_STATE, PICTURE, STATE, WINDOW, Tensor, tensors
from vsanimesr.tiles import Move

STEPS = 6
"""Of `drive`, in each lane."""
WAIT = 60

Call = tuple[Any, ...]
rings = st.integers(0, RING - 1)
windows = st.tuples(rings, rings, rings)
slots = st.integers(0, SLOTS - 1)
calls = st.one_of(
    st.tuples(st.just("ingest"), rings, st.integers(0, FRAMES - 1), lanes),
    st.tuples(st.just("step"), windows, st.one_of(slots, st.none()), lanes),
    st.tuples(st.just("step"), windows, slots, lanes),
    st.tuples(st.just("exchange"), exchanges),
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
kinds = st.sampled_from(list(KINDS))


def hashing(
    slots: int = SLOTS, kind: str = PLAIN, backend: type[SimulatedPipelined] = SimulatedPipelined, **settings: Any
) -> SimulatedPipelined:
    """A backend that hashes frames; `settings` are those of `simulated`."""
    return simulated(small(slots, kind), engine=HashEngine, kind=backend, **settings)


class Model:
    """What a HashEngine's backend does, without a device: the contract, one call after another."""

    def __init__(self, setup: Setup) -> None:
        self._setup, self._graphs = setup, composed(setup)
        self.rings: list[list[Any]] = [[None] * RING for _ in range(setup.lanes)]
        self.reset()

    def ingest(self, ring: int, frame: Frame, lane: int = 0) -> None:
        tensors, format_ = self._graphs.frames, self._setup.clip.format
        groups = zip(tensors.items(), format_.groups, strict=True)
        inputs = {name: roomy(tensor, [frame[n] for n in group.planes]) for (name, tensor), group in groups}
        self.rings[lane][ring] = self._run(inputs, self._graphs.ingest)[LR]

    def step(self, window: Sequence[int], lane: int = 0) -> bytes:
        inputs = {name: self.rings[lane][ring] for name, ring in zip(WINDOW, window, strict=True)}
        outputs = self._run(inputs | {STATE: self.states[lane]}, self._graphs.step)
        self.states[lane] = outputs[NEXT_STATE]
        clip, picture = self._setup.clip, self._setup.clip.picture
        made = b""
        for group in picture.format.groups:
            wide, high = group.size(picture.scale * clip.width, picture.scale * clip.height)
            samples = outputs[PICTURE + group.suffix].view(picture.format.dtype)
            made += np.ascontiguousarray(samples[0, :, :high, :wide]).tobytes()
        return made

    def reset(self) -> None:
        self.states: list[State] = [np.zeros(self._graphs.state_shape, np.float32) for _ in range(self._setup.lanes)]

    def allowed(self, drawn: Sequence[Drawn]) -> list[Move]:
        """What its states may exchange of what was drawn."""
        return moves(drawn, self._setup.lanes, self._graphs.state_shape)

    def exchange(self, moves: Sequence[Move]) -> None:
        self.states = exchanged(self.states, moves)

    @staticmethod
    def _run(inputs: Arrays, graph: Any) -> Arrays:
        names = {value.name for value in graph.graph.output}
        return hashes(inputs, {name: tensor for name, tensor in tensors(graph).items() if name in names})


def roomy(tensor: Tensor, planes: Frame) -> np.ndarray[Any, Any]:
    """Planes in a tensor that has more room: their edge is repeated."""
    _, _, high, wide = tensor.shape
    wide //= planes[0].dtype.itemsize // tensor.dtype.itemsize
    filled = [np.pad(p, ((0, high - p.shape[0]), (0, wide - p.shape[1])), mode="edge") for p in planes]
    return np.stack(filled)[None].view(tensor.dtype)


@dataclass
class Shown:
    """A picture in a slot: the end of its step, its pixels, who reads it."""

    event: Event
    wanted: bytes
    readers: list[Future[bytes]] = field(default_factory=list)


class Runner:
    """Runs a program on a backend and on the model, and compares every picture that is read."""

    def __init__(self, backend: Backend, kind: str, pool: ThreadPoolExecutor) -> None:
        self.backend, self.model, self._pool = backend, Model(small(kind=kind)), pool
        self._source, self._lanes = source(kind), KINDS[kind][1]
        self.shown: dict[int, Shown] = {}
        self.saved: list[tuple[Checkpoint, list[State]]] = []
        self.events: list[Event] = []
        for lane in range(self._lanes):
            for ring in range(RING):
                self.ingest(ring, ring + lane, lane)

    def run(self, program: Sequence[Call]) -> None:
        for name, *arguments in program:
            act: Callable[..., None] = getattr(self, name)
            act(*arguments)

    def ingest(self, ring: int, frame: int, lane: int) -> None:
        lane %= self._lanes
        lent = [plane.copy() for plane in self._source[frame]]
        self.backend.ingest(ring, lent, lane)
        for plane in lent:
            plane[:] = 3
        self.model.ingest(ring, self._source[frame], lane)

    def step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        lane %= self._lanes
        if slot in self.shown:
            self._returned(self.shown[slot])
        event, wanted = self.backend.step(window, slot, lane), self.model.step(window, lane)
        self.events.append(event)
        if slot is not None:
            self.shown[slot] = Shown(event, wanted)

    def exchange(self, drawn: Sequence[Drawn]) -> None:
        allowed = self.model.allowed(drawn)
        self.backend.exchange(allowed)
        self.model.exchange(allowed)

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
        self.saved.append((self.backend.save(), list(self.model.states)))

    def restore(self, which: int) -> None:
        if self.saved:
            checkpoint, states = self.saved[which % len(self.saved)]
            self.backend.restore(checkpoint)
            self.model.states = list(states)

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
        """Read every slot and checkpoint, what is still read elsewhere, and the states as they are in the end."""
        for slot, shown in self.shown.items():
            self._returned(shown)
            self.read(slot)
        self.save()
        for checkpoint, states in self.saved:
            checkpoint.event.wait()
            assert checkpoint.event.error is None, checkpoint.event.error
            assert checkpoint.state.memory.tobytes() == b"".join(state.tobytes() for state in states)

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
    return b"".join(np.ascontiguousarray(plane).tobytes() for plane in backend.read(slot))


def clip_program(count: int, lanes: int = 1) -> list[Call]:
    """The first `count` frames of each lane, each into a slot of its own, nothing ever waited for.

    Lane k starts at frame k of the clip. Several lanes exchange something after each frame.
    """
    program: list[Call] = []
    for n in range(count):
        program += [("ingest", (n + 1) % RING, n + 1 + lane, lane) for lane in range(lanes)]
        window = ((n - 1) % RING, n % RING, (n + 1) % RING)
        program += [("step", window, n * lanes + lane, lane) for lane in range(lanes)]
        program += [("exchange", SWAP)] if lanes > 1 else []
    return program


def wanted_pictures(count: int, kind: str = PLAIN) -> list[bytes]:
    """Of `clip_program`."""
    model, lanes = Model(small(kind=kind)), KINDS[kind][1]
    for lane in range(lanes):
        for ring in range(RING):
            model.ingest(ring, source(kind)[ring + lane], lane)
    pictures = []
    for name, *arguments in clip_program(count, lanes):
        if name == "ingest":
            ring, frame, lane = arguments
            model.ingest(ring, source(kind)[frame], lane)
        elif name == "exchange":
            model.exchange(model.allowed(*arguments))
        else:
            window, _, lane = arguments
            pictures.append(model.step(window, lane))
    return pictures


def drive(backend: SimulatedPipelined, kind: str = PLAIN) -> list[Any]:
    """Frames and steps of a clip, none waited for; the events of the steps."""
    events, lanes, model = [], KINDS[kind][1], Model(small(kind=kind))
    for lane in range(lanes):
        for ring in range(RING):
            backend.ingest(ring, source(kind)[ring + lane], lane)
    for name, *arguments in clip_program(STEPS, lanes):
        if name == "ingest":
            ring, frame, lane = arguments
            backend.ingest(ring, source(kind)[frame], lane)
        elif name == "exchange":
            backend.exchange(model.allowed(*arguments))
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
