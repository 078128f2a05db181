"""The in-order stream of a backend whose device works by itself: uploads, steps and downloads beside each other.

Three streams: frames go up, the network computes, pictures come down. Marks say what waits for what; the host waits
only for room to stage a frame in. Nothing here knows CUDA or TensorRT: `device.py` has what is asked of them, and the
tests run it on a simulated device that tries legal orders at random.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, override

import numpy as np
from numpy.typing import NDArray

from vsanimesr.backends.base import Backend, Checkpoint, Event, Planes, Setup
from vsanimesr.backends.buffers import STAGES, Buffers, Saved, Spare
from vsanimesr.backends.device import Device, Execution, HostBytes, Mark, Replay, Stream
from vsanimesr.backends.ended import Ended
from vsanimesr.errors import AnimeSRError, DeviceError, OutOfMemory
from vsanimesr.graphs import FRAME, LR, NEXT_STATE, PICTURE, STATE, WINDOW, Graphs, tensors

MIB = 1 << 20


class Pipelined(Backend):
    """Runs two executions on a device; a subclass opens the device, loads them and says what it is.

    `graphs` are those of the padded clip, in the types of the executions. All is closed with this, also when it
    raises: OutOfMemory with the sizes, DeviceError if the engines do not run.
    """

    def __init__(self, setup: Setup, graphs: Graphs, device: Device, ingest: Execution, step: Execution) -> None:
        self._setup, self._device, self._ingest, self._step = setup, device, ingest, step
        self._tensors = {**tensors(graphs.ingest), **tensors(graphs.step)}
        scratch = max(ingest.scratch_nbytes, step.scratch_nbytes)
        self._buffers = Buffers(device, self._tensors, setup.slots, scratch)
        self._spare = Spare(device, self.state_nbytes)
        self._restoring: HostBytes | None = None
        self._error: BaseException | None = None
        self._side = self._frames = 0
        self._streams: list[Stream] = []
        self._replays: dict[tuple[int, ...], Replay] = {}
        self._replaying = self._closed = False
        try:
            device.activate()
            self._up, self._compute, self._down = self._streams = [device.stream() for _ in range(3)]
            self._uploaded, self._ingested = ([device.mark() for _ in range(STAGES)] for _ in range(2))
            self._downloaded = [device.mark() for _ in range(2)]
            self._snapshot_free, self._restored = device.mark(), device.mark()
            self._allocate()
            self._warm_up()
        except BaseException:
            self.close()
            raise

    def _allocate(self) -> None:
        buffers, clip = self._buffers, self._setup.clip
        try:
            buffers.allocate()
        except OutOfMemory as error:
            raise OutOfMemory(
                f"{self.name}: {error}. {clip.width}x{clip.height} {clip.format.name} in {self.precision} takes "
                f"{buffers.nbytes / MIB:.0f} MiB on the GPU and {buffers.pinned_nbytes / MIB:.0f} MiB of page-locked "
                "host memory; take less by precision='fp16', RGBH, slots=2, or a clip cropped by core.std.Crop"
            ) from error
        for execution in (self._ingest, self._step):
            execution.use_scratch(buffers.scratch, buffers.scratch_nbytes)

    def _warm_up(self) -> None:
        """Run both once, on zeros: the library compiles and allocates in its first run, which cannot be captured."""
        buffers = self._buffers
        assert buffers.base is not None
        self._compute.clear(buffers.base, buffers.nbytes)
        self._run_ingest(0, 0)
        self._bind_step((0, 0, 0))
        self._step.enqueue(self._compute)  # it writes the other state: this one stays zeros
        self._compute.synchronize()
        self._replaying = self._step.capturable
        if not self._replaying:
            self._say_slower("it cannot be captured")

    # -- frames ----------------------------------------------------------------------------------------------------

    @override
    def ingest(self, ring: int, planes: Planes) -> None:
        self._ended(lambda: self._upload(ring, planes))

    def _upload(self, ring: int, planes: Planes) -> None:
        stage = self._frames % STAGES
        staged = self._buffers.staged[stage]
        self._uploaded[stage].synchronize()
        self._fill(staged, planes)
        self._up.wait(self._ingested[stage])
        self._up.upload(self._buffers.frames[stage], staged)
        self._up.record(self._uploaded[stage])
        self._compute.wait(self._uploaded[stage])
        self._run_ingest(stage, ring)
        self._compute.record(self._ingested[stage])
        self._frames += 1

    def _fill(self, staged: HostBytes, planes: Planes) -> None:
        """Copy the planes, and repeat their edge at the right and at the bottom."""
        clip, planes = self._setup.clip, [np.asarray(plane) for plane in planes]
        shapes = [plane.shape for plane in planes]
        if shapes != [(clip.height, clip.width)] * clip.format.planes:
            raise DeviceError(
                f"a frame with planes of {shapes} came, wanted {clip.format.planes} of {clip.height, clip.width}"
            )
        for plane, room in zip(planes, self._shaped(staged, FRAME)[0], strict=True):
            np.copyto(room[: clip.height, : clip.width], plane, casting="no")
            room[: clip.height, clip.width :] = room[: clip.height, clip.width - 1 : clip.width]
            room[clip.height :] = room[clip.height - 1]

    def _run_ingest(self, stage: int, ring: int) -> None:
        self._ingest.bind(FRAME, self._buffers.frames[stage])
        self._ingest.bind(LR, self._buffers.ring[ring])
        self._ingest.enqueue(self._compute)

    # -- pictures --------------------------------------------------------------------------------------------------

    @override
    def step(self, window: tuple[int, int, int], slot: int | None) -> Event:
        return self._ended(lambda: self._advance(window, slot))

    def _advance(self, window: tuple[int, int, int], slot: int | None) -> Mark:
        side, stepped = self._side, self._device.mark()
        self._compute.wait(self._downloaded[side])
        self._run_step(window)
        self._compute.record(stepped)
        self._side = 1 - side
        if slot is None:
            return stepped
        self._down.wait(stepped)
        self._down.download(self._buffers.slots[slot], self._buffers.pictures[side])
        self._down.record(self._downloaded[side])
        return self._recorded()

    def _run_step(self, window: tuple[int, int, int]) -> None:
        self._bind_step(window)
        key = (*window, self._side)
        if self._replaying and key not in self._replays:
            self._capture(key)
        if self._replaying:
            self._compute.launch(self._replays[key])
        else:
            self._step.enqueue(self._compute)

    def _bind_step(self, window: tuple[int, int, int]) -> None:
        buffers, side = self._buffers, self._side
        for name, ring in zip(WINDOW, window, strict=True):
            self._step.bind(name, buffers.ring[ring])
        self._step.bind(STATE, buffers.states[side])
        self._step.bind(NEXT_STATE, buffers.states[1 - side])
        self._step.bind(PICTURE, buffers.pictures[side])

    def _capture(self, key: tuple[int, ...]) -> None:
        """Keep a step on the tensors that are bound, so that a launch of it costs the host next to nothing."""
        try:
            self._compute.begin_capture()
            try:
                self._step.enqueue(self._compute)
            finally:
                replay = self._compute.end_capture()
            self._replays[key] = replay
        except DeviceError as error:
            self._replaying = False
            self._say_slower(str(error))

    def _say_slower(self, why: str) -> None:
        self._setup.engines.say(f"{self.name}: steps run without a CUDA graph, which is slower: {why}")

    @override
    def read(self, slot: int) -> Planes:
        clip, scale = self._setup.clip, self._setup.clip.picture.scale
        picture = self._shaped(self._buffers.slots[slot], PICTURE)[0]
        return list(picture[:, : scale * clip.height, : scale * clip.width])

    def _shaped(self, memory: HostBytes, name: str) -> NDArray[Any]:
        tensor = self._tensors[name]
        return memory.view(tensor.dtype).reshape(tensor.shape)

    # -- state -----------------------------------------------------------------------------------------------------

    @override
    @property
    def state_nbytes(self) -> int:
        return self._tensors[STATE].nbytes

    @override
    def reset(self) -> None:
        self._heal(self._clear_state)

    def _clear_state(self) -> None:
        self._compute.clear(self._buffers.states[self._side], self.state_nbytes)

    @override
    def save(self) -> Checkpoint:
        saved = Saved(self._spare)
        return Checkpoint(self._ended(lambda: self._download_state(saved)), saved, self.state_nbytes)

    def _download_state(self, saved: Saved) -> Mark:
        """Copy the state aside on the device, where that is quick: steps need not wait for the way down."""
        saved.memory, copied = self._spare.take(), self._device.mark()
        self._compute.wait(self._snapshot_free)
        self._compute.copy(self._buffers.snapshot, self._buffers.states[self._side], self.state_nbytes)
        self._compute.record(copied)
        self._down.wait(copied)
        self._down.download(saved.memory, self._buffers.snapshot)
        self._down.record(self._snapshot_free)
        return self._recorded()

    def _recorded(self) -> Mark:
        """A mark of its own after the last download."""
        mark = self._device.mark()
        self._down.record(mark)
        return mark

    @override
    def restore(self, checkpoint: Checkpoint) -> None:
        checkpoint.event.wait()
        self._heal(lambda: self._upload_state(checkpoint.state))

    def _upload_state(self, saved: Saved) -> None:
        """By way of memory of our own: a checkpoint may be another device's, or gone before the copy has run."""
        if saved.memory is None:
            raise DeviceError("the checkpoint to restore was never saved")
        if self._restoring is None:
            self._restoring = self._device.pin(self.state_nbytes)
        self._restored.synchronize()
        np.copyto(self._restoring, saved.memory)
        self._compute.upload(self._buffers.states[self._side], self._restoring)
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
        self._replays.clear()
        self._streams.clear()
        self._spare.close()
        self._restoring = None
        for free in (self._step.close, self._ingest.close, self._buffers.free, self._device.close):
            with suppress(DeviceError):  # a device that failed frees nothing more, and all of it goes with the process
                free()
