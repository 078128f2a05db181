"""The two engines that a clip needs: found among those that are there, or built."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vsanimesr.engines import store
from vsanimesr.engines.command import build_command
from vsanimesr.engines.engine import Engine, load
from vsanimesr.engines.key import MULTIPLE, EngineKey, Shapes
from vsanimesr.engines.library import Library, Target
from vsanimesr.engines.recipe import Recipe, Wanted, recipes
from vsanimesr.errors import EngineError
from vsanimesr.graphs import padded_clip

Found = tuple[Engine, bytes]
"""An engine and its bytes."""
Say = Callable[[str], None]
TICK = 1.0
"""Seconds between two calls of `tick`."""


@dataclass(frozen=True)
class Place:
    """Where engines lie, and who is told what."""

    folder: Path
    """Of the engine files."""
    may_build: bool
    """Whether a missing engine is built; else EngineMissing is raised."""
    say: Say
    """Takes lines for the user."""
    tick: Callable[[float], None]
    """Takes the seconds that a build has lasted, once a second; called on a thread of its own."""


def obtain(wanted: Wanted, targets: Sequence[Target], place: Place) -> tuple[Found, Found]:
    """`ingest` and `step` for the wanted clip, for any of the targets; what is missing is built for the first.

    An engine of that very size goes before one of many sizes, one for the first target before one for the next, and
    a higher optimization level before a lower one. Raises EngineError, OutOfMemory.
    """
    clip = padded_clip(wanted.cell.spec, wanted.clip)
    fixed = Shapes.of(clip.height, clip.width)
    ranged = Shapes((MULTIPLE, MULTIPLE), fixed.best, fixed.best)  # whatever the range, the graph is the same
    pairs = zip(recipes(wanted, fixed, targets[0]), recipes(wanted, ranged, targets[0]), strict=True)
    ingest, step = (_one(recipe, free.key, targets, wanted.library, place) for recipe, free in pairs)
    return ingest, step


def build(recipe: Recipe, library: Library, place: Place) -> tuple[Found, bool]:
    """The engine of a recipe, and whether it was built now."""

    def work() -> bytes:
        with _ticking(place.tick):
            return recipe.build(library)

    how = "" if place.may_build else f"Build it with: {build_command(recipe, place.folder)}"
    engine, data, new = store.obtain(recipe.key, place.folder, work, say=place.say, may_build=place.may_build, how=how)
    return (engine, data), new


def _one(recipe: Recipe, free: EngineKey, targets: Sequence[Target], library: Library, place: Place) -> Found:
    """An engine that serves `recipe`; `free` is the key of the same graph for other sizes."""
    fitting = [engine for engine in store.described(place.folder) if _fits(engine.key, recipe.key, free, targets)]
    for engine in sorted(fitting, key=lambda engine: _rank(engine.key, targets)):
        try:
            return load(engine.path)
        except EngineError:
            continue  # of damage to the very file that is wanted, the build tells
    (engine, data), new = build(recipe, library, place)
    if new:
        place.say(f"built {engine.path.name} in {engine.seconds:.1f} s ({engine.nbytes / 1e6:.1f} MB)")
    return engine, data


def _fits(found: EngineKey, wanted: EngineKey, free: EngineKey, targets: Sequence[Target]) -> bool:
    """Whether an engine serves: it may be for more sizes, another of the targets, and built with other options."""
    graph = wanted if found.shapes.static else free
    alike = replace(
        found,
        model=wanted.model,
        shapes=wanted.shapes,
        graph_sha256=wanted.graph_sha256,
        device=wanted.device,
        compute_capabilities=wanted.compute_capabilities,
        optimization_level=wanted.optimization_level,
        workspace_mib=wanted.workspace_mib,
    )
    return (
        alike == wanted
        and found.graph_sha256 == graph.graph_sha256
        and found.shapes.covers(*wanted.shapes.best)
        and _target(found) in targets
    )


def _rank(found: EngineKey, targets: Sequence[Target]) -> tuple[bool, int, int, int]:
    height, width = found.shapes.most
    level = -1 if found.optimization_level is None else found.optimization_level
    return not found.shapes.static, targets.index(_target(found)), -level, height * width


def _target(key: EngineKey) -> Target:
    return Target(key.device, key.compute_capabilities)


@contextmanager
def _ticking(tick: Callable[[float], None]) -> Iterator[None]:
    """Call `tick` while the block runs."""
    ended = threading.Event()

    def run() -> None:
        seconds = TICK
        while not ended.wait(TICK):
            tick(seconds)
            seconds += TICK

    thread = threading.Thread(target=run, name="animesr-elapsed", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
