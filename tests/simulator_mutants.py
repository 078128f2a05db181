"""Pipelined backends that are wrong in one way each, to know that the programs find it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import override

from tests.cuda_simulator import SimulatedPipelined
from vsanimesr.backends.buffers import Saved
from vsanimesr.backends.device import Box, Mark, Stream
from vsanimesr.graphs import STATE, WINDOW
from vsanimesr.tiles import Move


class StateOfTheFirstLane(SimulatedPipelined):
    @override
    def _bind_step(self, window: tuple[int, int, int], lane: int) -> None:
        super()._bind_step(window, lane)
        self._parts.step.bind(STATE, self._buffers.states[0][self._sides[0]])


class RingOfTheFirstLane(SimulatedPipelined):
    @override
    def _bind_step(self, window: tuple[int, int, int], lane: int) -> None:
        super()._bind_step(window, lane)
        self._parts.step.bind(WINDOW[2], self._buffers.ring[0][window[2]])


class OneSideForAllLanes(SimulatedPipelined):
    @override
    def _advance(self, window: tuple[int, int, int], slot: int | None, lane: int) -> Mark:
        mark = super()._advance(window, slot, lane)
        self._sides = [self._sides[lane]] * len(self._sides)
        return mark


class CapturesWithoutTheLane(SimulatedPipelined):
    @override
    def _advance(self, window: tuple[int, int, int], slot: int | None, lane: int) -> Mark:
        run = self._captures.run
        self._captures.run = lambda stream, bound: run(stream, bound[1:])  # type: ignore[method-assign,index]
        try:
            return super()._advance(window, slot, lane)
        finally:
            del self._captures.run


class ChromaUploadNotWaitedFor(SimulatedPipelined):
    @override
    def _upload(self, planes: object, lr: int) -> None:
        up, late = self._up, []

        class Late:
            """Records the mark after the first tensor."""

            def __getattr__(self, name: str) -> object:
                return getattr(up, name)

            def upload(self, target: int, source: object) -> None:
                late.append((target, source))
                if len(late) == 1:
                    up.upload(target, source)

            def record(self, mark: Mark) -> None:
                up.record(mark)
                for target, source in late[1:]:
                    up.upload(target, source)

        self._up = Late()
        try:
            super()._upload(planes, lr)
        finally:
            self._up = up


class FrameOverwrittenEarly(SimulatedPipelined):
    @override
    def _upload(self, planes: object, lr: int) -> None:
        stage = self._frames % self._buffers.stages
        kept, self._ingested[stage] = self._ingested[stage], self._device.mark()
        super()._upload(planes, lr)
        self._ingested[stage] = kept


class StagedFrameOverwrittenEarly(SimulatedPipelined):
    @override
    def _upload(self, planes: object, lr: int) -> None:
        stage = self._frames % self._buffers.stages
        self._uploaded[stage] = self._device.mark()
        super()._upload(planes, lr)


class PictureOverwrittenEarly(SimulatedPipelined):
    @override
    def _download(self, side: int, slot: int, stepped: Mark) -> Mark:
        mark = super()._download(side, slot, stepped)
        self._downloaded[side] = self._device.mark()
        return mark


class ChromaDownloadNotWaitedFor(SimulatedPipelined):
    @override
    def _download(self, side: int, slot: int, stepped: Mark) -> Mark:
        self._down.wait(stepped)
        pieces, mark = self._parts.picture.pieces(self._buffers.slots[slot]), self._device.mark()
        for name, piece in pieces.items():
            self._down.download(piece, self._buffers.pictures[side][name])
            if name == next(iter(pieces)):
                self._down.record(mark)
        self._down.record(self._downloaded[side])
        return mark


class SnapshotsOnOneAnother(SimulatedPipelined):
    @override
    def _download_states(self, saved: Saved) -> Mark:
        self._snapshot_free = self._device.mark()
        return super()._download_states(saved)


class OnlyTheFirstLaneIsReset(SimulatedPipelined):
    @override
    def _clear_states(self) -> None:
        self._compute.clear(self._states[0], self._state_nbytes)


class OnlyTheFirstLaneIsSaved(SimulatedPipelined):
    @override
    def _download_states(self, saved: Saved) -> Mark:
        states = self._buffers.states
        self._buffers.states = [states[0]] * len(states)
        try:
            return super()._download_states(saved)
        finally:
            self._buffers.states = states


class LanesChangePlacesInARestore(SimulatedPipelined):
    @override
    def _upload_states(self, saved: Saved) -> None:
        self._sides.reverse()
        states, self._buffers.states = self._buffers.states, self._buffers.states[::-1]
        super()._upload_states(saved)
        self._buffers.states = states
        self._sides.reverse()


class ExchangeOnTheWayUp(SimulatedPipelined):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        compute, self._compute = self._compute, self._up
        super()._exchange(moves)
        self._compute = compute


class ExchangeBesideWhatWasBefore(ExchangeOnTheWayUp):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        done = self._device.mark()
        super()._exchange(moves)
        self._up.record(done)
        self._compute.wait(done)


class ExchangeBesideWhatComesNext(ExchangeOnTheWayUp):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        ready = self._device.mark()
        self._compute.record(ready)
        self._up.wait(ready)
        super()._exchange(moves)


class ExchangeThatOnlyStepsWaitFor(ExchangeBesideWhatComesNext):
    @override
    def _allocate(self) -> None:
        super()._allocate()
        self._done = self._device.mark()

    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        super()._exchange(moves)
        self._up.record(self._done)

    @override
    def _advance(self, window: tuple[int, int, int], slot: int | None, lane: int) -> Mark:
        self._compute.wait(self._done)
        return super()._advance(window, slot, lane)


class ExchangeThatWaitsForAStep(SimulatedPipelined):
    _late: Sequence[Move] = ()

    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        self._late = moves

    @override
    def _advance(self, window: tuple[int, int, int], slot: int | None, lane: int) -> Mark:
        super()._exchange(self._late)
        self._late = ()
        return super()._advance(window, slot, lane)


class ExchangeIntoTheOldState(SimulatedPipelined):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        for move in moves:
            self._with_the_old_state(move.target, move)

    def _with_the_old_state(self, lane: int, move: Move) -> None:
        self._sides[lane] = 1 - self._sides[lane]
        super()._exchange([move])
        self._sides[lane] = 1 - self._sides[lane]


class ExchangeOutOfTheOldState(ExchangeIntoTheOldState):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        for move in moves:
            self._with_the_old_state(move.source, move)


class ExchangeForgetsAMove(SimulatedPipelined):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        super()._exchange(moves[:-1])


class ExchangeForgetsWhereTo(SimulatedPipelined):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        super()._exchange([replace(move, columns=(move.columns[0],) * 2) for move in moves])


class ExchangeForgetsALayer(SimulatedPipelined):
    @override
    def _exchange(self, moves: Sequence[Move]) -> None:
        stream, self._compute = self._compute, Shallow(self._compute)
        super()._exchange(moves)
        self._compute = stream


class Shallow:
    """A stream that copies all of a box but its last layer."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def copy_box(self, target: int, source: int, box: Box) -> None:
        self._stream.copy_box(target, source, replace(box, layers=box.layers - 1))


MUTANTS: list[type[SimulatedPipelined]] = [
    StateOfTheFirstLane,
    RingOfTheFirstLane,
    OneSideForAllLanes,
    CapturesWithoutTheLane,
    ChromaUploadNotWaitedFor,
    FrameOverwrittenEarly,
    StagedFrameOverwrittenEarly,
    PictureOverwrittenEarly,
    ChromaDownloadNotWaitedFor,
    SnapshotsOnOneAnother,
    OnlyTheFirstLaneIsReset,
    OnlyTheFirstLaneIsSaved,
    LanesChangePlacesInARestore,
    ExchangeOnTheWayUp,
    ExchangeBesideWhatWasBefore,
    ExchangeBesideWhatComesNext,
    ExchangeThatOnlyStepsWaitFor,
    ExchangeThatWaitsForAStep,
    ExchangeIntoTheOldState,
    ExchangeOutOfTheOldState,
    ExchangeForgetsAMove,
    ExchangeForgetsWhereTo,
    ExchangeForgetsALayer,
]
"""All of them."""
