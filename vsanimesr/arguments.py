"""The filter's arguments: their names and ranges, and what users of other upscalers call them."""

import difflib
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from vsanimesr.errors import ArgumentError
from vsanimesr.spec import FORMATS, SCALES, PixelFormat

ARGUMENTS = (
    "model",
    "scale",
    "format",
    "dither",
    "matrix",
    "range",
    "chromaloc",
    "scenes",
    "burn_in",
    "segment",
    "warmup",
    "tiles",
    "tilesize",
    "overlap",
    "backend",
    "precision",
    "device",
    "device_id",
    "slots",
    "checkpoints",
    "engine_dir",
    "build",
)
"""Names of the arguments that both `core.animesr.Upscale` and `vsanimesr.upscale` take after the clip."""

DEFAULTS: dict[str, Any] = {
    "model": "animesr-v2",
    "scale": 4,
    "dither": 0,
    "scenes": 1,
    "burn_in": 3,
    "segment": 0,
    "warmup": 4,
    "backend": "auto",
    "precision": "auto",
    "device": "",
    "device_id": 0,
    "checkpoints": 256,
    "build": 1,
}
"""What those are that were not given; the others depend on the clip."""

RANGES = {
    "scale": (min(SCALES), max(SCALES)),
    "dither": (0, 1),
    "scenes": (0, 1),
    "burn_in": (0, 100),
    "segment": (0, 1 << 30),
    "warmup": (0, 1000),
    "device_id": (0, 255),
    "slots": (1, 64),
    "checkpoints": (0, 1 << 20),
    "build": (0, 1),
}
"""Least and greatest value of each argument that is a number; those of 0 to 1 are switches."""
PAIRS = ("tilesize", "overlap")
"""Arguments that are one number, or width and height."""

ENGINES = "write engine_dir='FOLDER'"
BUILDER = "build the engine beforehand with: vsanimesr engines build"
MATRIX = "write matrix='709' (601, 2020); what the frames are tagged goes without saying"
FOREIGN = {
    "fp16": "write precision='fp16'",
    "bf16": "write precision='bf16'",
    "trt": "write backend='tensorrt' or backend='tensorrt_rtx'",
    "trt_cache_dir": ENGINES,
    "engine_folder": ENGINES,
    "workspace": f"{BUILDER} --workspace MIB",
    "builder_optimization_level": f"{BUILDER} --optimization-level N",
    "static_shape": "an engine is for one size unless built by: vsanimesr engines build --min HxW --max HxW",
    "num_streams": "write slots=N for the pictures in flight; a recurrent network has one stream",
    "network_path": "write model='PATH.onnx'",
    "tile_size": "write tilesize=[W, H]",
    "tile_pad": "write overlap=N",
    "tile": "write tiles=N or tilesize=[W, H]",
    "matrix_in": MATRIX,
    "matrix_in_s": MATRIX,
    "matrix_s": MATRIX,
    "range_in": "write range='limited' or range='full'",
    "chromaloc_in": "write chromaloc='left'",
    "dither_type": "write dither=1 for the ordered one",
    "sc": "write scenes=0 or scenes=1",
    "scenecut": "write scenes=0 or scenes=1",
}
"""Names that users of other filters know, and what ours are called."""


def check(arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentError for a name that is not ours, saying what ours is called, and for what should be numbers.

    These are whole (of any type that is, such as NumPy's, but no truth values), and within RANGES.
    """
    check_names(arguments)
    for name, (least, most) in RANGES.items():
        value = arguments.get(name, least)
        if not _whole(value):
            raise ArgumentError(f"{name} is {value!r}, wanted one whole number, {least} to {most}")
        if not least <= value <= most:
            raise ArgumentError(f"{name} is {value}, wanted {least} to {most}")
    if not _whole(number := arguments.get("format", 0)):
        raise ArgumentError(f"format is {number!r}, wanted the number of a format, such as vs.YUV420P8")
    for name in PAIRS:
        sides = arguments.get(name, 0)
        listed = sides if isinstance(sides, Iterable) and not isinstance(sides, (str, bytes)) else [sides]
        if not all(map(_whole, listed)):
            raise ArgumentError(f"{name} is {sides!r}, wanted one whole number or two, width and height")


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_names(arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentError for a name that is not ours, saying what ours is called."""
    for name in arguments:
        if name in FOREIGN:
            raise ArgumentError(f"there is no argument {name!r}; {FOREIGN[name]}")
        if name not in ARGUMENTS:
            close = difflib.get_close_matches(name, ARGUMENTS, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(ARGUMENTS)}"
            raise ArgumentError(f"there is no argument {name!r}; {hint}")


def picture_format(number: int | None, clip: PixelFormat) -> PixelFormat:
    """The format that VapourSynth's `number` stands for, the clip's own if it is None; raises ArgumentError."""
    if number is None:
        return clip
    found = next((format_ for format_ in FORMATS.values() if format_.id == number), None)
    if found is None:
        known = ", ".join(f"vs.{name.upper()}" for name in sorted(FORMATS))  # VapourSynth's constants are GRAY8 etc.
        raise ArgumentError(f"format={number} is none that pictures can have; write one of {known}")
    return found
