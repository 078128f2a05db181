"""The in-order stream of a backend whose device works by itself: uploads, steps and downloads beside each other.

Three streams: frames go up, the network computes, pictures come down. Marks say what waits for what; the host waits
only for room to stage a frame in. Nothing here knows CUDA or TensorRT: `device.py` has what is asked of them, and the
tests run it on a simulated device that tries legal orders at random.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import override

import numpy as np

from vsanimesr.backends.base import RING, Backend, Checkpoint, Event, Planes, Setup
from vsanimesr.backends.buffers import SIDES, Saved, Spare
from vsanimesr.backends.captures import Captures
from vsanimesr.backends.device import Box, HostBytes, Mark, Stream
from vsanimesr.backends.ended import Ended
from vsanimesr.backends.parts import Parts
from vsanimesr.errors import AnimeSRError, DeviceError, OutOfMemory
from vsanimesr.graphs import LR, NEXT_STATE, STATE, WINDOW
from vsanimesr.tiles import Move

MIB = 1 << 20


class Pipelined(Backend):
    """Runs two executions on a device; a subclass opens the device, loads them and says what it is.

    The parts are closed with this, also when it raises: OutOfMemory with the sizes, DeviceError if the engines do not
    run. All lanes share the streams, the engines and what crosses; each has its ring and its two states.
    """

    def __init__(self, setup: Setup, parts: Parts) -> None:
        self._setup, self._parts, self._device = setup, parts, parts.device
        self._buffers = parts.buffers(setup.slots, setup.lanes)
        self._lanes = range(setup.lanes)
        self._spare = Spare(parts.device, self.state_nbytes)
        self._captures = Captures(parts.step, self._say_slower)
        self._restoring: HostBytes | None = None
        self._error: BaseException | None = None
        self._sides, self._side, self._frames = [0] * setup.lanes, 0, 0
        self._streams: list[Stream] = []
        self._closed = False
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        device, stages = self._device, self._buffers.stages
        device.activate()
        self._up, self._compute, self._down = self._streams = [device.stream() for _ in range(3)]
        self._uploaded, self._ingested = ([device.mark() for _ in range(stages)] for _ in range(2))
        self._downloaded = [device.mark() for _ in range(SIDES)]
        self._snapshot_free, self._restored = device.mark(), device.mark()
        self._allocate()
        self._warm_up()

    def _allocate(self) -> None:
        buffers, clip, lanes = self._buffers, self._setup.clip, self._setup.lanes
        try:
            buffers.allocate()
        except OutOfMemory as error:
            tiles = f", in {lanes} tiles," if lanes > 1 else ""
            raise OutOfMemory(
                f"{self.name}: {error}. {clip.width}x{clip.height} {clip.format.name}{tiles} in {self.precision} takes "
                f"{buffers.nbytes / MIB:.0f} MiB on the GPU and {buffers.pinned_nbytes / MIB:.0f} MiB of page-locked "
                "host memory; take less by tilesize=, precision='fp16' or slots=2"
            ) from error
        for execution in (self._parts.ingest, self._parts.step):
            execution.use_scratch(buffers.scratch, buffers.scratch_nbytes)

    def _warm_up(self) -> None:
        """Run both once, on zeros: the library compiles and allocates in its first run, which cannot be captured."""
        buffers = self._buffers
        assert buffers.base is not None
        self._compute.clear(buffers.base, buffers.nbytes)
        self._run_ingest(0, buffers.ring[0][0])
        self._bind_step((0, 0, 0), 0)
        self._parts.step.enqueue(self._compute)  # it writes the other state: this one stays zeros
        self._compute.synchronize()
        self._captures.allow()

    def _say_slower(self, why: str) -> None:
        self._setup.engines.say(f"{self.name}: steps run without a CUDA graph, which is slower: {why}")

    # -- frames ----------------------------------------------------------------------------------------------------

    @override
    def ingest(self, ring: int, planes: Planes, lane: int = 0) -> None:
        self._ended(lambda: self._upload(planes, self._buffers.ring[lane][ring]))

    def _upload(self, planes: Planes, lr: int) -> None:
        stage = self._frames % self._buffers.stages
        staged = self._buffers.staged[stage]
        self._uploaded[stage].synchronize()
        self._parts.frame.fill(staged, planes)
        self._up.wait(self._ingested[stage])
        for name, piece in self._parts.frame.pieces(staged).items():
            self._up.upload(self._buffers.frames[stage][name], piece)
        self._up.record(self._uploaded[stage])
        self._compute.wait(self._uploaded[stage])
        self._run_ingest(stage, lr)
        self._compute.record(self._ingested[stage])
        self._frames += 1

    def _run_ingest(self, stage: int, lr: int) -> None:
        for name, address in self._buffers.frames[stage].items():
            self._parts.ingest.bind(name, address)
        self._parts.ingest.bind(LR, lr)
        self._parts.ingest.enqueue(self._compute)

    # -- pictures --------------------------------------------------------------------------------------------------

    @override
    def step(self, window: tuple[int, int, int], slot: int | None, lane: int = 0) -> Event:
        return self._ended(lambda: self._advance(window, slot, lane))

    def _advance(self, window: tuple[int, int, int], slot: int | None, lane: int) -> Mark:
        side, stepped = self._side, self._device.mark()
        self._compute.wait(self._downloaded[side])
        self._bind_step(window, lane)
        if len(set(window)) == RING:
            self._captures.run(self._compute, (lane, window, self._sides[lane], side))
        else:  # the steps at both ends of a scene, which are too few to be worth a capture's place
            self._parts.step.enqueue(self._compute)
        self._compute.record(stepped)
        self._side, self._sides[lane] = 1 - side, 1 - self._sides[lane]
        return stepped if slot is None else self._download(side, slot, stepped)

    def _bind_step(self, window: tuple[int, int, int], lane: int) -> None:
        buffers, step, side = self._buffers, self._parts.step, self._sides[lane]
        for name, ring in zip(WINDOW, window, strict=True):
            step.bind(name, buffers.ring[lane][ring])
        step.bind(STATE, buffers.states[lane][side])
        step.bind(NEXT_STATE, buffers.states[lane][1 - side])
        for name, address in buffers.pictures[self._side].items():
            step.bind(name, address)

    def _download(self, side: int, slot: int, stepped: Mark) -> Mark:
        self._down.wait(stepped)
        for name, piece in self._parts.picture.pieces(self._buffers.slots[slot]).items():
            self._down.download(piece, self._buffers.pictures[side][name])
        self._down.record(self._downloaded[side])
        return self._recorded()

    def _recorded(self) -> Mark:
        """A mark of its own after the last download."""
        mark = self._device.mark()
        self._down.record(mark)
        return mark

    @override
    def read(self, slot: int) -> Planes:
        return self._parts.picture.planes(self._buffers.slots[slot])

    # -- state -----------------------------------------------------------------------------------------------------

    @override
    @property
    def state_nbytes(self) -> int:
        return self._setup.lanes * self._state_nbytes

    @property
    def _state_nbytes(self) -> int:
        """Of one lane."""
        return self._parts.tensors[STATE].nbytes

    @property
    def _states(self) -> list[int]:
        """Where the state of each lane is now."""
        return [self._buffers.states[lane][side] for lane, side in zip(self._lanes, self._sides, strict=True)]

    @override
    def reset(self) -> None:
        self._heal(self._clear_states)

    @override
    def clear(self) -> None:
        self._ended(self._clear_states)

    def _clear_states(self) -> None:
        for state in self._states:
            self._compute.clear(state, self._state_nbytes)

    @override
    def exchange(self, moves: Sequence[Move]) -> None:
        if moves:
            self._ended(lambda: self._exchange(moves))

    def _exchange(self, moves: Sequence[Move]) -> None:
        tensor = self._parts.tensors[STATE]
        _, layers, height, width = tensor.shape
        item, states = tensor.dtype.itemsize, self._states
        for move in moves:
            (above, below), (left, right) = move.rows, move.columns
            wide, high = (left.stop - left.start) * item, above.stop - above.start
            box = Box(wide, high, layers, width * item, height * width * item)
            target = states[move.target] + (below.start * width + right.start) * item
            self._compute.copy_box(target, states[move.source] + (above.start * width + left.start) * item, box)

    @override
    def save(self) -> Checkpoint:
        saved = Saved(self._spare)
        return Checkpoint(self._ended(lambda: self._download_states(saved)), saved, self.state_nbytes)

    def _download_states(self, saved: Saved) -> Mark:
        """Copy each state aside on the device, where that is quick: steps need not wait for the way down.

        There is room for one: of several lanes the next is copied when the one before is down, which keeps steps
        waiting, but seldom, and where there are lanes memory is scarce.
        """
        saved.memory = self._spare.take()
        for state, room in zip(self._states, np.split(saved.memory, len(self._lanes)), strict=True):
            copied = self._device.mark()
            self._compute.wait(self._snapshot_free)
            self._compute.copy(self._buffers.snapshot, state, self._state_nbytes)
            self._compute.record(copied)
            self._down.wait(copied)
            self._down.download(room, self._buffers.snapshot)
            self._down.record(self._snapshot_free)
        return self._recorded()

    @override
    def restore(self, checkpoint: Checkpoint) -> None:
        checkpoint.event.wait()
        self._heal(lambda: self._upload_states(checkpoint.state))

    def _upload_states(self, saved: Saved) -> None:
        """By way of memory of our own: a checkpoint may be another device's, or gone before the copy has run."""
        if saved.memory is None:
            raise DeviceError("the checkpoint to restore was never saved")
        if self._restoring is None:
            self._restoring = self._device.pin(self.state_nbytes)
        self._restored.synchronize()
        np.copyto(self._restoring, saved.memory)
        for state, room in zip(self._states, np.split(self._restoring, len(self._lanes)), strict=True):
            self._compute.upload(state, room)
        self._compute.record(self._restored)

    # -- failures and the end --------------------------------------------------------------------------------------

    @override
    @property
    def error(self) -> BaseException | None:
        return self._error

    def _heal(self, work: Callable[[], None]) -> None:
        if self._error is not None:
            self.drain()  # where a call failed, a mark may be missing: what comes next must find nothing pending
        self._error = None
        self._ended(work)

    def _ended(self, work: Callable[[], Mark | None]) -> Ended:
        """Enqueue an operation, unless one before it failed; the event of its end."""
        error: BaseException | None = DeviceError("the filter was freed") if self._closed else self._error
        mark = None
        if error is None:
            try:
                self._device.activate()
                mark = work()
            except Exception as caught:  # whatever happens must reach the frame's request
                error = self._fail(caught)
        event = Ended(self._device, mark, self._fail)
        event.error = error
        return event

    def _fail(self, error: Exception) -> BaseException:
        """Keep the first failure: everything after it fails for its sake."""
        if self._error is None:
            known = isinstance(error, AnimeSRError)
            kept = error if known else DeviceError(f"{type(error).__name__}: {error}")
            self._error = kept.with_traceback(None)  # whose frames would keep memory that is to go
        return self._error

    @override
    def drain(self) -> None:
        try:
            self._device.activate()
            for stream in self._streams:
                stream.synchronize()
        except DeviceError as error:
            self._fail(error)

    @override
    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.drain()
        self._captures.clear()
        self._streams.clear()
        self._spare.close()
        self._restoring = None
        with suppress(DeviceError):  # a device that failed frees nothing more, and all of it goes with the process
            self._buffers.free()
        self._parts.close()
