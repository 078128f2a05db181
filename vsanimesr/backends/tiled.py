"""A frame in tiles: one backend of the tile's size, whose lanes are the tiles; and the choice of tiles that fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, override

import numpy as np

from vsanimesr.backends.base import RESERVE, Backend, Checkpoint, Demand, Event, Planes, Setup
from vsanimesr.errors import EngineError, OutOfMemory
from vsanimesr.spec import ClipSpec, PixelFormat
from vsanimesr.tiles import DEFAULT_OVERLAP, Auto, Move, Pair, Tile, Tiling, candidates

Area = tuple[slice, slice]
"""Rows and columns of a plane."""


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
        self.precision, self.device = backend.precision, backend.device
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
    if asked is None or len(asked) == 1:
        return _start(cls, setup, None), None
    setup.engines.say(str(asked))
    return _start(cls, setup, asked), asked


def _open_what_fits(cls: type[Backend], setup: Setup, overlap: Pair) -> tuple[Backend, Tiling | None]:
    whole = cls.demand(setup)
    if whole.fits:
        return _start(cls, setup, None), None
    needs = f"untiled needs {_words(whole.needed)}, free are {_words(whole.free)}"
    tiling = _fewest_that_fit(cls, setup, overlap)
    if tiling is None:
        raise OutOfMemory(f"{_sizes(setup)} {needs}; {_nothing_fits(setup, overlap)}")
    setup.engines.say(f"{tiling}: {needs}")
    return _start(cls, setup, tiling), tiling


def _start(cls: type[Backend], setup: Setup, tiling: Tiling | None) -> Backend:
    try:
        return cls(setup) if tiling is None else Tiled(cls(tile_setup(setup, tiling)), setup.clip, tiling)
    except OutOfMemory as error:
        overlap = tiling.overlap if tiling else (DEFAULT_OVERLAP, DEFAULT_OVERLAP)
        raise OutOfMemory(f"{error}; {_advice(cls, setup, overlap)}") from error


def _advice(cls: type[Backend], setup: Setup, overlap: Pair) -> str:
    """What to write so that it fits; may build engines to know."""
    try:
        tiling = _fewest_that_fit(cls, setup, overlap)
    except EngineError as error:
        return f"write tiles='auto' (which tiles fit is not known: {error})"
    if tiling is None:
        return _nothing_fits(setup, overlap)
    width, height = tiling.size
    return f"write tilesize=[{width}, {height}] or tiles='auto'"


def _fewest_that_fit(cls: type[Backend], setup: Setup, overlap: Pair) -> Tiling | None:
    """The first of the candidates that fits; those that cannot, by what larger tiles need, are not asked about."""
    known: list[tuple[int, Demand]] = []
    for tiling in candidates((setup.clip.width, setup.clip.height), overlap):
        area = tiling.size[0] * tiling.size[1]
        if any(demand.needed * min(1, area / larger) > demand.free * (1 - RESERVE) for larger, demand in known):
            continue
        demand = cls.demand(tile_setup(setup, tiling))
        if demand.fits:
            return tiling
        known.append((area, demand))
    return None


def _nothing_fits(setup: Setup, overlap: Pair) -> str:
    sizes = (tiling.size for tiling in candidates((setup.clip.width, setup.clip.height), overlap))
    width, height = min(sizes, key=math.prod)
    return f"tiles of {width}x{height} (overlap {overlap[0]}) do not fit either; free memory, or take fewer slots"


def _sizes(setup: Setup) -> str:
    return f"{setup.clip.width}x{setup.clip.height} {setup.clip.format.name} in {setup.precision}:"


def _words(nbytes: int) -> str:
    return f"{nbytes / 2**30:.1f} GiB" if nbytes >= 2**30 else f"{nbytes / 2**20:.0f} MiB"


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
