"""What the native shim imports: arguments become a `Filter`, checked in full before anything is allocated.

Everything here that can go wrong raises one of `vsanimesr.errors`; the shim puts "Upscale: " before its text.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

import vsanimesr
from vsanimesr import arguments as names
from vsanimesr import backends, models, scenes, tags
from vsanimesr.backends import tiled
from vsanimesr.backends.base import EngineSetup, Planes, Setup
from vsanimesr.engines.mention import mention
from vsanimesr.errors import ArgumentError, FormatError
from vsanimesr.runs import Starts
from vsanimesr.session import Session
from vsanimesr.spec import FORMATS, MIN_SIDE, ClipSpec, Colour, PictureSpec, PixelFormat
from vsanimesr.tiles import tiling_from
from vsanimesr.timeline import Properties

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


@dataclass(frozen=True)
class Filter:
    """One `Upscale`, ready to run."""

    session: Session
    width: int
    """Width of the picture, samples."""
    height: int
    """Height of the picture, samples."""
    format: int
    """VapourSynth's number of the picture's format."""
    cache: int
    """Most pictures that VapourSynth may keep."""
    properties: dict[str, int] = field(default_factory=dict)
    """Properties to set on every picture; those of -1 are to be deleted. The others are the frame's."""
    messages: list[str] = field(default_factory=list)
    """Lines for VapourSynth's log: what runs where, and why."""
    warnings: list[str] = field(default_factory=list)
    """Lines for the log that the user should act on."""


def reads_first_frame(clip: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Whether `create` needs the properties of the clip's first frame, which says what its samples mean.

    Raises ArgumentError.
    """
    format_ = FORMATS.get(clip["format"])
    if format_ is None:
        return False
    target = names.picture_format(arguments.get("format"), format_)
    return bool(tags.unsaid(format_, tags.of_clip(format_, target, arguments)))


def refuse_first_frame(error: str) -> None:
    """Raise what there is to say of a first frame that could not be read."""
    last = [line for line in error.splitlines() if line.strip()][-1:]  # of a whole trace, if Python made it
    ways = "write matrix=, range= and chromaloc=, as far as they are the clip's own, and it is not looked at"
    raise FormatError(f"the clip's first frame, whose tags say what its samples mean, failed: {''.join(last)}; {ways}")


def create(clip: Mapping[str, Any], arguments: Mapping[str, Any]) -> Filter:
    """Make the filter for a clip of `width`, `height`, `frames`, `format` (its name, '' if it varies).

    `properties` of the clip are the first frame's, where `reads_first_frame` asked for them. Raises ArgumentError,
    FormatError, ModelError, BackendError or EngineError.
    """
    names.check(arguments)
    values = {**names.DEFAULTS, **arguments}
    spec = models.find(str(values["model"]))
    messages: list[str] = []
    described, check = _describe(clip, values, messages)
    asked = tiling_from(values.get("tiles"), values.get("tilesize"), values.get("overlap"), described)
    starts = _starts(values)
    choice = _choose(values)
    _check_precision(choice, values)
    setup = _setup(described, choice.device, values, _speaker(messages))
    backend, _ = tiled.open_backend(choice.backend, setup, asked)
    session = Session(
        backend,
        described.frames,
        slots=setup.slots,
        spill_bytes=SPILL_BYTES,
        checkpoint_bytes=values["checkpoints"] << 20,
        starts=starts,
        detector=Detector(described.format) if values["scenes"] else None,
        check=check,
    )
    line = f"{spec.name} on {backend.name} ({backend.device}), {backend.precision}{mention(backend.engines)}"
    messages.append(f"{line} ({choice.reason})" if choice.reason else line)
    picture, warnings = described.picture, [choice.warning] if choice.warning else []
    width, height = described.width * picture.scale, described.height * picture.scale
    cache = min(MAX_CACHE, max(MIN_CACHE, CACHE_BYTES // picture.format.nbytes(width, height)))
    return Filter(session, width, height, picture.format.id, cache, _properties(described), messages, warnings)


class Detector:
    """Where scenes of a clip of a format start (`vsanimesr.scenes`), as a session asks for it."""

    def __init__(self, format_: PixelFormat) -> None:
        self._format = format_

    def signature(self, planes: Planes) -> scenes.Signature:
        """What is kept of a frame."""
        return scenes.signature(planes, self._format)

    def starts(
        self, properties: tuple[Properties, Properties], signatures: tuple[scenes.Signature, scenes.Signature]
    ) -> bool:
        """Whether the second of two frames starts a scene."""
        return scenes.starts_scene(properties, signatures)


def _starts(values: Mapping[str, Any]) -> Starts:
    segment, burn_in, warmup = values["segment"], values["burn_in"], values["warmup"]
    if segment and segment <= warmup:
        raise ArgumentError(
            f"segment={segment} is no more than warmup={warmup}, so that more would be thrown away than kept; "
            f"write segment={10 * max(warmup, 1)} or more, or warmup={(segment - 1) // 2}"
        )
    return Starts(burn_in, segment, warmup)


def _describe(
    clip: Mapping[str, Any], values: Mapping[str, Any], messages: list[str]
) -> tuple[ClipSpec, Callable[[int, Properties], None]]:
    """The clip, what becomes of it, and what checks each of its frames; says what had to be assumed."""
    width, height, name = clip["width"], clip["height"], clip["format"]
    if not name or not width or not height:
        what = "format" if not name else "size"
        raise FormatError(f"the clip's {what} varies from frame to frame, wanted one for all of it: {RESIZE}")
    if name not in FORMATS:
        raise FormatError(f"the clip is {name}, wanted {WANTED}: {_convert(name)}")
    if min(width, height) < MIN_SIDE:
        raise FormatError(f"the clip is {width}x{height}, wanted at least {MIN_SIDE}x{MIN_SIDE}; add borders first")
    format_, size, properties = FORMATS[name], (width, height), clip.get("properties", {})
    target = names.picture_format(values.get("format"), format_)
    own = tags.of_clip(format_, target, values)
    colour, assumed = tags.resolve(format_, size, properties, own)
    if assumed:
        messages.append(f"the clip is {assumed}")
    check = tags.checker(format_, size, properties, own)
    check(0, properties)
    picture = _picture((format_, target), colour, size, values)
    return ClipSpec(width, height, clip["frames"], format_, colour, picture), check


WANTED = "RGB, YUV 4:2:0, 4:2:2, 4:4:4 or grey of 8, 10, 12, 14 or 16 bits, RGBH or RGBS"
"""The formats of clips, in words."""
RESIZE = "clip = core.resize.Bicubic(clip, width=W, height=H, format=vs.YUV420P8)"
"""The line to write that gives a clip one size and format."""


def _convert(name: str) -> str:
    """The line to write that makes a clip of format `name` one that we take."""
    wanted = "RGBS" if name.startswith("RGB") else "YUV444P16" if name.startswith("YUV") else "GRAY16"
    return f"clip = core.resize.Bicubic(clip, format=vs.{wanted})"


def _picture(
    formats: tuple[PixelFormat, PixelFormat], colour: Colour, size: tuple[int, int], values: Mapping[str, Any]
) -> PictureSpec:
    """What pictures in the second of two formats are, of a clip in the first."""
    (format_, target), scale = formats, values["scale"]
    if values["dither"] and (target.bits != 8 or target.floating):
        raise ArgumentError(f"dither=1 is for pictures of 8 bits, these are {target.name}; write format=vs.YUV420P8")
    tags.check_use(format_, target, values)
    width, height = size[0] * scale, size[1] * scale
    across, down = target.subsampling
    if width % (1 << across) or height % (1 << down):
        raise ArgumentError(f"format={target.name} cannot have {width}x{height}; write another format or scale")
    means = tags.converted(colour, format_, target, (width, height), values)
    return PictureSpec(target, means, scale, bool(values["dither"]))


def _properties(clip: ClipSpec) -> dict[str, int]:
    """What to set on pictures: their colours, where the frames may not say them."""
    picture = clip.picture
    if clip.format.floating and picture.format.floating:
        return {}
    return tags.properties_of(picture.format, picture.colour, clip.height)


def _choose(values: Mapping[str, Any]) -> backends.Choice:
    name, device = str(values["backend"]), str(values["device"])
    if name != "auto":
        return backends.Choice(name, backends.get(name), device, reason="", warning="")
    if device:
        raise ArgumentError(f"device={device!r} needs a backend to go with it: backend='torch' or backend='openvino'")
    return backends.choose(device_id=values["device_id"])


def _check_precision(choice: backends.Choice, values: Mapping[str, Any]) -> None:
    precision, known = values["precision"], choice.backend.precisions
    if precision not in ("auto", *known):
        raise ArgumentError(f"precision={precision!r} is not known to {choice.name}; use auto or {', '.join(known)}")


def _slots(clip: ClipSpec, wanted: int | None) -> int:
    picture = clip.picture
    nbytes = picture.format.nbytes(clip.width * picture.scale, clip.height * picture.scale)
    return wanted or min(MAX_SLOTS, max(MIN_SLOTS, SLOT_BYTES // nbytes))


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


def _setup(clip: ClipSpec, device: str, values: Mapping[str, Any], say: Callable[[str], None]) -> Setup:
    folder = values.get("engine_dir")
    return Setup(
        clip=clip,
        slots=_slots(clip, values.get("slots")),
        precision=str(values["precision"]),
        device=device,
        device_id=values["device_id"],
        cell=lambda: models.load(str(values["model"])),
        engines=EngineSetup(Path(str(folder)) if folder else None, bool(values["build"]), say),
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
