"""A VapourSynth script that upscales one file: for vspipe, and for people to go on with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vsanimesr.arguments import ARGUMENTS, DEFAULTS, RANGES, check
from vsanimesr.errors import ArgumentError
from vsanimesr.spec import FORMATS

FORMAT_NAMES = {name.upper(): format_ for name, format_ in FORMATS.items()}
"""The filter's formats by the names of VapourSynth's constants."""
SOURCE = {"apply_rotation": False, "showprogress": False}
"""BestSource's arguments: frames as they are coded, since the file that is made says by how much to turn them, too."""
WIDTH = 110
"""Longest line of a call; longer ones have a line for each argument."""

_TEXT = """\
# Upscales one video by AnimeSR. In the Python environment that has vsanimesr and vapoursynth-bestsource:
#     vspipe -c y4m THIS.vpy - | ffmpeg -i - OUTPUT.mkv
# y4m does not say what samples mean: tell the encoder the source's matrix, range and place of chroma.
# With -a first=N and -a last=N vspipe renders those frames of the result alone, counted from 0, the last one included.
import vapoursynth as vs

core = vs.core

{calls}

first, last = (int(globals().get(name, n)) for name, n in (("first", 0), ("last", len(clip) - 1)))
if not 0 <= first <= last < len(clip):
    raise ValueError(f"frames {{first}} to {{last}} were asked for, the clip has frames 0 to {{len(clip) - 1}}")
# It is the result that is cut: the same frames of a shorter source would be upscaled without what came before them.
clip[first : last + 1].set_output()
"""


@dataclass(frozen=True)
class ScriptOptions:
    """What the script is to do; '' stands for the filter's default."""

    model: str = str(DEFAULTS["model"])
    """A name, or the path of an artifact."""
    scale: int = int(DEFAULTS["scale"])
    """4, 3, 2 or 1."""
    backend: str = str(DEFAULTS["backend"])
    """'auto', or one of the backends."""
    precision: str = str(DEFAULTS["precision"])
    """'auto', 'fp32', 'bf16' or 'fp16'."""
    device: str = ""
    """The backend's name of a kind of device."""
    device_id: int = 0
    """Which one of that kind."""
    format: str = ""
    """VapourSynth's name of the pictures' format, such as 'YUV420P10'; '' for that of the frames."""
    dither: int = 0
    """1 to dither pictures of 8 bits."""
    matrix: str = ""
    """What the clip's samples mean (or its pictures', if only they have it): '601', '709', '2020'."""
    range: str = ""
    """Of the same: 'limited', 'full'."""
    chromaloc: str = ""
    """Of the same: 'left', 'center', ..."""
    other: Mapping[str, Any] = field(default_factory=dict)
    """The filter's other arguments by name: scenes, burn_in, segment, warmup, tiles, tilesize, overlap, slots, ..."""
    track: int = -1
    """Number of the video stream in the file, as `media.Video.index`; -1 for the first one that there is."""
    convert: str = ""
    """VapourSynth's name of the format to convert frames to that the filter does not take, else '': see
    `pix_fmts.conversion`."""
    frames: int = 0
    """Frames that the source must have, else the script fails; 0 to take it as it is."""

    def arguments(self) -> dict[str, Any]:
        """What `core.animesr.Upscale` gets after the clip, as far as it is not the default, `format` as its number.

        Paths are absolute. Raises ArgumentError for a name or a number that the filter would refuse.
        """
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name in ARGUMENTS}
        own["format"] = _format("format", self.format).id if self.format else ""
        if doubled := own.keys() & self.other.keys():
            raise ArgumentError(f"{', '.join(sorted(doubled))} among the other arguments; give it as its own option")
        given = {
            name: _number(name, value) for name, value in (own | dict(self.other)).items() if value not in ("", None)
        }
        check(given)
        found = {name: given[name] for name in ARGUMENTS if name in given and given[name] != DEFAULTS.get(name)}
        return found | {name: _path(name, found[name]) for name in ("model", "engine_dir") if name in found}


def text(source: str | os.PathLike[str], options: ScriptOptions) -> str:
    """The script, in UTF-8 when it is written, for a source of any name; it runs from any folder.

    Its globals `first` and `last`, both optional, cut the result. It gives exactly the frames that the source has: no
    conversion of the frame rate. Raises ArgumentError, as `ScriptOptions.arguments`.
    """
    given = options.arguments()
    if options.format:
        given["format"] = _Name(f"vs.{options.format.upper()}")
    track = {"track": options.track} if options.track >= 0 else {}
    calls = [_call("core.bs.VideoSource", [_literal(Path(source).absolute())], track | SOURCE)]
    if options.frames:
        calls += [
            f"if len(clip) != {options.frames}:",
            f'    raise ValueError(f"the source has {{len(clip)}} frames, wanted {options.frames}")',
        ]
    if options.convert:
        _format("convert", options.convert)
        calls.append("# The filter does not take the source's own format.")
        calls.append(_call("core.resize.Bicubic", ["clip"], {"format": _Name(f"vs.{options.convert.upper()}")}))
    calls.append(_call("core.animesr.Upscale", ["clip"], given))
    return _TEXT.format(calls="\n".join(calls))


class _Name(str):
    """What is written into the script as it is."""

    __slots__ = ()


def _call(function: str, first: list[str], named: Mapping[str, Any]) -> str:
    """A line that makes `clip` anew, or several."""
    words = [*first, *(f"{name}={_literal(value)}" for name, value in named.items())]
    line = f"clip = {function}({', '.join(words)})"
    if len(line) <= WIDTH or len(words) == 1:
        return line
    return "\n".join([f"clip = {function}(", *(f"    {word}," for word in words), ")"])


def _literal(value: Any) -> str:
    """How Python writes it; paths that are not Unicode as bytes, which VapourSynth takes as well."""
    if isinstance(value, _Name):
        return value
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
        try:
            value.encode()
        except UnicodeEncodeError:
            return repr(os.fsencode(value))
    if isinstance(value, bool | str):
        return repr(value)
    return repr([int(one) for one in value]) if hasattr(value, "__iter__") else repr(int(value))


def _number(name: str, value: Any) -> Any:
    """Switches may be truth values in Python."""
    return int(value) if isinstance(value, bool) and RANGES.get(name) == (0, 1) else value


def _path(name: str, value: Any) -> Any:
    """Paths that lead from everywhere; names of models stay."""
    text_ = os.fspath(value)
    is_path = name == "engine_dir" or not isinstance(value, str) or Path(text_).suffix == ".onnx" or os.sep in text_
    return Path(text_).absolute() if is_path else value


def _format(option: str, name: str) -> Any:
    if name.upper() not in FORMAT_NAMES:
        raise ArgumentError(f"{option}={name!r} is no format; write one of {', '.join(FORMAT_NAMES)}")
    return FORMAT_NAMES[name.upper()]
