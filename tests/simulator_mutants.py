"""Pipelined backends that are wrong in one way each, to know that the programs find it."""

from typing import override

from tests.cuda_simulator import SimulatedPipelined
from vsanimesr.backends.buffers import Saved
from vsanimesr.backends.device import Mark
from vsanimesr.graphs import STATE, WINDOW


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
]
"""All of them."""
