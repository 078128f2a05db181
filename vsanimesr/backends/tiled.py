"""A frame in tiles: one backend of the tile's size, whose lanes are the tiles; and the choice of tiles that fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, override

import numpy as np

from vsanimesr.backends.base import Backend, Checkpoint, Demand, EngineSetup, Event, Planes, Setup
from vsanimesr.backends.tile_choice import estimated, fewest_that_fit, no_help
from vsanimesr.errors import AnimeSRError, EngineError, OutOfMemory
from vsanimesr.spec import ClipSpec, PixelFormat
from vsanimesr.tiles import Auto, Move, Pair, Tile, Tiling

Area = tuple[slice, slice]
"""Rows and columns of a plane."""
UNBUILT = " without engines of their sizes"


class Tiled(Backend):
    """The contract at the size of a whole clip, over a backend that `tile_setup` made, which it owns.

    Picture slot k is the backend's slots from k * tiles on. After the steps of a frame the tiles exchange the states of
    what they share: what a tile sees beyond the part that it gives is then as right as if it gave it.
    """

    name: ClassVar[str] = "tiled"
    precisions: ClassVar[tuple[str, ...]] = ()

    def __init__(self, backend: Backend, clip: ClipSpec, tiling: Tiling) -> None:
        self._backend, self._clip = backend, clip
        self._seen = [_seen(tile, clip.format) for tile in tiling.tiles]
        self._parts = [_parts(tile, clip) for tile in tiling.tiles]
        self._moves = tiling.moves
        self.precision, self.device, self.engines = backend.precision, backend.device, backend.engines
        # Who asks for these wants to know what computes.
        self.name, self.precisions = backend.name, backend.precisions  # type: ignore[misc]
        self.version = backend.version  # type: ignore[method-assign]

    @override
    @classmethod
    def version(cls) -> str:
        return "that of the backend below"

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        raise NotImplementedError("tiles need what the backend below needs for `tile_setup`")

    @override
    def ingest(self, ring: int, planes: Planes, lane: int = 0) -> None:
        arrays = [np.asarray(plane) for plane in planes]
        for tile, areas in enumerate(self._seen):
            self._backend.ingest(ring, [plane[area] for plane, area in zip(arrays, areas, strict=True)], tile)

    @override
    def step(self, window: tuple[int, int, int], slot: int | None, lane: int = 0) -> Event:
        slots = [None] * len(self._parts) if slot is None else self._slots(slot)
        event = Steps([self._backend.step(window, each, tile) for tile, each in enumerate(slots)])
        self._backend.exchange(self._moves)
        return event

    @override
    def exchange(self, moves: Sequence[Move]) -> None:
        """Nothing: there is one lane, and no other to take anything over from."""

    @override
    def read(self, slot: int) -> Planes:
        picture = self._clip.picture
        sizes = picture.format.plane_sizes(picture.scale * self._clip.width, picture.scale * self._clip.height)
        planes = [np.empty((height, width), picture.format.dtype) for width, height in sizes]
        self.copy(slot, planes)
        return planes

    @override
    def copy(self, slot: int, target: Planes) -> None:
        outs = [np.asarray(plane) for plane in target]
        for each, parts in zip(self._slots(slot), self._parts, strict=True):
            for plane, out, (given, place) in zip(self._backend.read(each), outs, parts, strict=True):
                np.copyto(out[place], plane[given], casting="no")

    @override
    def reset(self) -> None:
        self._backend.reset()

    @override
    def clear(self) -> None:
        self._backend.clear()

    @override
    def save(self) -> Checkpoint:
        return self._backend.save()

    @override
    def restore(self, checkpoint: Checkpoint) -> None:
        self._backend.restore(checkpoint)

    @override
    @property
    def state_nbytes(self) -> int:
        return self._backend.state_nbytes

    @override
    @property
    def error(self) -> BaseException | None:
        return self._backend.error

    @override
    def drain(self) -> None:
        self._backend.drain()

    @override
    def close(self) -> None:
        self._backend.close()

    def _slots(self, slot: int) -> list[int]:
        """The backend's slots of one picture, one for each tile."""
        return list(range(slot * len(self._parts), (slot + 1) * len(self._parts)))


@dataclass(frozen=True)
class Steps:
    """The end of the steps of all tiles."""

    events: Sequence[Event]
    """The end of each."""

    @property
    def done(self) -> bool:
        """Whether all have ended."""
        return all(event.done for event in self.events)

    @property
    def error(self) -> BaseException | None:
        """Why the first that failed did, once all have ended."""
        return next((event.error for event in self.events if event.error), None) if self.done else None

    def wait(self) -> None:
        """Block until all have ended."""
        for event in self.events:
            event.wait()


def tile_setup(setup: Setup, tiling: Tiling) -> Setup:
    """What the backend below `Tiled` gets: a clip of the tiles' size, a lane for each, room for all their pictures."""
    return replace(
        setup,
        clip=setup.clip.resized(*tiling.size),
        slots=setup.slots * len(tiling),
        lanes=len(tiling),
    )


def open_backend(cls: type[Backend], setup: Setup, asked: Tiling | Auto | None) -> tuple[Backend, Tiling | None]:
    """Start a backend for the whole clip or for tiles of it, as `tiles.tiling_from` understood the arguments.

    A line about the tiles goes to `setup.engines.say`. Raises what the constructor raises; OutOfMemory then says which
    tiles would fit.
    """
    if isinstance(asked, Auto):
        return _open_what_fits(cls, setup, asked.overlap)
    if asked is None:
        return _start(cls, setup, _whole(setup, Auto().overlap))
    setup.engines.say(str(asked) if len(asked) > 1 else f"{asked}: the frame is not divided")
    return _start(cls, setup, asked)


def _open_what_fits(cls: type[Backend], setup: Setup, overlap: Pair) -> tuple[Backend, Tiling | None]:
    whole, demand = _whole(setup, overlap), cls.demand(setup)
    if demand.fits:
        return _start(cls, setup, whole)
    tiling = fewest_that_fit(whole, demand, lambda tiling: cls.demand(tile_setup(setup, tiling)))
    if tiling is None:
        raise OutOfMemory(f"{_sizes(setup)} untiled {demand}; {no_help(whole, setup.slots)}")
    setup.engines.say(f"{tiling}: untiled {demand}")
    return _start(cls, setup, tiling)


def _start(cls: type[Backend], setup: Setup, tiling: Tiling) -> tuple[Backend, Tiling | None]:
    """Start in those tiles, without any where that is a single one."""
    try:
        backend = cls(tile_setup(setup, tiling))
    except OutOfMemory as error:
        raise OutOfMemory(f"{error}; {_advice(cls, setup, tiling)}") from error
    return (backend, None) if len(tiling) == 1 else (Tiled(backend, setup.clip, tiling), tiling)


def _advice(cls: type[Backend], setup: Setup, failed: Tiling) -> str:
    """What to write so that it fits. No engines are built to know; what needs them is estimated."""
    asking, guessed = replace(setup, engines=EngineSetup(setup.engines.folder, build=False)), False

    def ask(tiling: Tiling) -> Demand:
        nonlocal guessed
        try:
            return cls.demand(tile_setup(asking, tiling))
        except EngineError:
            if not demand.known:
                raise
            guessed = True
            return estimated(tiling, failed, demand, setup.precision)

    try:
        demand = cls.demand(tile_setup(asking, failed))
        tiling = fewest_that_fit(failed, demand, ask)
    except AnimeSRError as error:
        return _unknown(UNBUILT if isinstance(error, EngineError) else f": {error}")
    if tiling is None:
        return _unknown(UNBUILT) if guessed and not demand.fits else no_help(failed, setup.slots)
    words = f"write tilesize=[{tiling.size[0]}, {tiling.size[1]}]{' (estimated)' if guessed else ''}"
    if demand.fits:  # 'auto' would take what has just failed, or larger tiles
        return words
    return f"{words} or tiles='auto'"


def _unknown(why: str) -> str:
    return f"write tiles='auto' (which tiles fit is not known{why})"


def _whole(setup: Setup, overlap: Pair) -> Tiling:
    frame = setup.clip.width, setup.clip.height
    return Tiling(frame, frame, overlap)


def _sizes(setup: Setup) -> str:
    return f"{setup.clip.width}x{setup.clip.height} {setup.clip.format.name} in {setup.precision}:"


def _seen(tile: Tile, format_: PixelFormat) -> list[Area]:
    """What a tile sees of each plane of a frame."""
    return [_area(tile.down.seen, tile.across.seen, 1, by) for by in _subsampling(format_)]


def _parts(tile: Tile, clip: ClipSpec) -> list[tuple[Area, Area]]:
    """What a tile gives of each plane of its picture, and where in the clip's picture that belongs."""
    picture = clip.picture
    return [
        (
            _area(tile.down.inner, tile.across.inner, picture.scale, by),
            _area(tile.down.part, tile.across.part, picture.scale, by),
        )
        for by in _subsampling(picture.format)
    ]


def _subsampling(format_: PixelFormat) -> list[Pair]:
    """Of each plane."""
    return [group.subsampling for group in format_.groups for _ in group.planes]


def _area(rows: slice, columns: slice, scale: int, subsampling: Pair) -> Area:
    """Rows and columns of a frame, in a plane of what is `scale` times as large and then subsampled."""
    across, down = subsampling
    return (
        slice(rows.start * scale >> down, rows.stop * scale >> down),
        slice(columns.start * scale >> across, columns.stop * scale >> across),
    )
