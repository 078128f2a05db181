"""Engines, graphs compiled for one kind of device, kept on disk: found by their key, built once, verified when read.

engine, data, built = obtain(key, folder(engine_dir), build, say=print)
"""

from vsanimesr.engines.engine import Engine, load, read
from vsanimesr.engines.inventory import Entry, clear, entries, entry
from vsanimesr.engines.key import MULTIPLE, EngineKey, Shapes
from vsanimesr.engines.library import Library, Options, Target
from vsanimesr.engines.pair import Place, build
from vsanimesr.engines.recipe import PRECISIONS, Recipe, Wanted, recipes
from vsanimesr.engines.store import find, folder, obtain

__all__ = [
    "MULTIPLE",
    "PRECISIONS",
    "Engine",
    "EngineKey",
    "Entry",
    "Library",
    "Options",
    "Place",
    "Recipe",
    "Shapes",
    "Target",
    "Wanted",
    "build",
    "clear",
    "entries",
    "entry",
    "find",
    "folder",
    "load",
    "obtain",
    "read",
    "recipes",
]
