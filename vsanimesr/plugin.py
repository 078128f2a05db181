"""What the native shim imports: arguments become a `Filter`, checked in full before anything is allocated.

Everything here that can go wrong raises one of `vsanimesr.errors`; the shim puts "Upscale: " before its text.
"""

import difflib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

import vsanimesr
from vsanimesr import backends, models
from vsanimesr.backends.base import EngineSetup, Setup
from vsanimesr.errors import ArgumentError, FormatError
from vsanimesr.session import Session
from vsanimesr.spec import FORMATS, MIN_SIDE, ClipSpec, ModelSpec

if not hasattr(vsanimesr, "upscale"):  # another project on PyPI is imported by the same name
    raise ImportError(f"what is imported by this name is {next(iter(vsanimesr.__path__))}, not ours")

SLOT_BYTES = 256 << 20
"""Memory for pictures that wait to be copied, as far as MIN_SLOTS and MAX_SLOTS allow."""
MIN_SLOTS, MAX_SLOTS = 2, 8
CACHE_BYTES = 128 << 20
"""Memory for pictures that VapourSynth keeps for those who ask again, within MIN_CACHE and MAX_CACHE of them."""
MIN_CACHE, MAX_CACHE = 2, 20
SPILL_BYTES = 128 << 20
"""Host memory for pictures that had to leave their slot before they were copied."""
DEFAULT_CHECKPOINTS = 256
"""Host memory for states to restart from, MiB."""

ARGUMENTS = (
    "model",
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

RANGES = {"device_id": (0, 255), "slots": (1, 64), "checkpoints": (0, 1 << 20), "build": (0, 1)}
"""Least and greatest value of each argument that is a number."""

ENGINES = "write engine_dir='FOLDER'"
BUILDER = "build the engine beforehand with: vsanimesr engines build"
TILES = "this version has no tiles; crop the clip by core.std.Crop if it does not fit the memory"
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
    "tiles": TILES,
    "tilesize": TILES,
    "overlap": TILES,
}
"""Names that users of other upscalers know, and what ours are called."""


@dataclass(frozen=True)
class Filter:
    """One `Upscale`, ready to run."""

    session: Session
    width: int
    """Width of the picture, samples."""
    height: int
    """Height of the picture, samples."""
    cache: int
    """Most pictures that VapourSynth may keep."""
    messages: list[str] = field(default_factory=list)
    """Lines for VapourSynth's log: what runs where, and why."""
    warnings: list[str] = field(default_factory=list)
    """Lines for the log that the user should act on."""


def create(clip: Mapping[str, Any], arguments: Mapping[str, Any]) -> Filter:
    """Make the filter for a clip of `width`, `height`, `frames` and `format` (its name, '' if it varies).

    Raises ArgumentError, FormatError, ModelError or BackendError.
    """
    check_names(arguments)
    _check_ranges(arguments)
    values = {"slots": 0, "checkpoints": DEFAULT_CHECKPOINTS, **arguments}
    spec = models.find(str(values.get("model", models.DEFAULT)))
    described = _describe(clip)
    choice = _choose(values)
    _check_precision(choice, values)
    messages: list[str] = []
    backend = choice.backend(_setup(described, spec, choice.device, values, _speaker(messages)))
    session = Session(
        backend,
        described.frames,
        slots=_slots(described, spec, values["slots"]),
        spill_bytes=SPILL_BYTES,
        checkpoint_bytes=values["checkpoints"] << 20,
    )
    line = f"{spec.name} on {backend.name} ({backend.device}), {backend.precision}"
    messages.append(f"{line} ({choice.reason})" if choice.reason else line)
    warnings = [choice.warning] if choice.warning else []
    cache = min(MAX_CACHE, max(MIN_CACHE, CACHE_BYTES // _picture_bytes(described, spec)))
    return Filter(session, described.width * spec.scale, described.height * spec.scale, cache, messages, warnings)


def check_names(arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentError for a name that is not ours, saying what ours is called."""
    for name in arguments:
        if name in FOREIGN:
            raise ArgumentError(f"there is no argument {name!r}; {FOREIGN[name]}")
        if name not in ARGUMENTS:
            close = difflib.get_close_matches(name, ARGUMENTS, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(ARGUMENTS)}"
            raise ArgumentError(f"there is no argument {name!r}; {hint}")


def _check_ranges(arguments: Mapping[str, Any]) -> None:
    for name, (least, most) in RANGES.items():
        if name in arguments and not least <= arguments[name] <= most:
            raise ArgumentError(f"{name} is {arguments[name]}, wanted {least} to {most}")


def _describe(clip: Mapping[str, Any]) -> ClipSpec:
    width, height, name = clip["width"], clip["height"], clip["format"]
    if not name or not width or not height:
        what = "format" if not name else "size"
        raise FormatError(f"the clip's {what} varies from frame to frame, wanted one for all of it: {_resize(name)}")
    if name not in FORMATS:
        raise FormatError(f"the clip is {name}, wanted RGBS or RGBH: {_resize(name)}")
    if min(width, height) < MIN_SIDE:
        raise FormatError(f"the clip is {width}x{height}, wanted at least {MIN_SIDE}x{MIN_SIDE}; add borders first")
    return ClipSpec(width, height, clip["frames"], FORMATS[name])


def _resize(name: str) -> str:
    """The line to write that makes a clip of format `name` one that we take."""
    matrix = ', matrix_in_s="709"' if name.startswith(("YUV", "Gray")) or not name else ""
    size = "" if name else ", width=W, height=H"
    return f"clip = core.resize.Bicubic(clip{size}, format=vs.RGBS{matrix})"


def _choose(values: Mapping[str, Any]) -> backends.Choice:
    name, device = str(values.get("backend", "auto")), str(values.get("device", ""))
    if name != "auto":
        return backends.Choice(name, backends.get(name), device, reason="", warning="")
    if device:
        raise ArgumentError(f"device={device!r} needs a backend to go with it: backend='torch' or backend='openvino'")
    return backends.choose(device_id=int(values.get("device_id", 0)))


def _check_precision(choice: backends.Choice, values: Mapping[str, Any]) -> None:
    precision, known = values.get("precision", "auto"), choice.backend.precisions
    if precision not in ("auto", *known):
        raise ArgumentError(f"precision={precision!r} is not known to {choice.name}; use auto or {', '.join(known)}")


def _picture_bytes(clip: ClipSpec, spec: ModelSpec) -> int:
    return clip.format.planes * clip.width * clip.height * spec.scale**2 * clip.format.dtype.itemsize


def _slots(clip: ClipSpec, spec: ModelSpec, wanted: int) -> int:
    return wanted or min(MAX_SLOTS, max(MIN_SLOTS, SLOT_BYTES // _picture_bytes(clip, spec)))


def _speaker(messages: list[str]) -> Callable[[str], None]:
    """What takes a line for VapourSynth's log at once, since building an engine may last; else it joins `messages`."""
    vapoursynth = sys.modules.get("vapoursynth")
    if vapoursynth is None or not vapoursynth.has_policy():
        return messages.append
    try:
        core = vapoursynth.core.core
    except RuntimeError:  # a host that runs no script in Python
        return messages.append
    return lambda line: core.log_message(vapoursynth.MESSAGE_TYPE_INFORMATION, f"Upscale: {line}")


def _setup(
    clip: ClipSpec, spec: ModelSpec, device: str, values: Mapping[str, Any], say: Callable[[str], None]
) -> Setup:
    return Setup(
        clip=clip,
        slots=_slots(clip, spec, values["slots"]),
        precision=str(values.get("precision", "auto")),
        device=device,
        device_id=int(values.get("device_id", 0)),
        cell=lambda: models.load(str(values.get("model", models.DEFAULT))),
        engines=EngineSetup(
            Path(str(values["engine_dir"])) if values.get("engine_dir") else None, bool(values.get("build", 1)), say
        ),
    )


def version() -> dict[str, list[str]]:
    """What `core.animesr.Version()` answers."""
    return {
        "vsanimesr": [distribution_version("vapoursynth-animesr")],
        "vapoursynth": [distribution_version("vapoursynth")],
        "backends": [f"{name}: {text}" for name, text in backends.versions().items()],
    }


def model_table() -> dict[str, list[str]]:
    """What `core.animesr.Models()` answers: names, and beside each whether it can be used at once."""
    known = models.available()
    return {
        "name": [model.spec.name for model in known],
        "state": ["ready" if model.fetched else f"vsanimesr models fetch {model.spec.name}" for model in known],
        "licence": [model.spec.licence for model in known],
        "source": [model.spec.source for model in known],
    }
