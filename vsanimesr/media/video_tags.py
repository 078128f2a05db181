"""What a video file says of its pictures' colours, in ffmpeg's words, as the filter makes them.

What a source does not say is what the filter assumes of it (`vsanimesr.tags`), by the source's size. It has to be said
of the pictures: they are larger, and players would assume something else of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vsanimesr import tags
from vsanimesr.media import Video, VideoTags
from vsanimesr.spec import PixelFormat

NUMBERS = {"gbr": 0, "bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "ycgco": 8, "bt2020nc": 9}
"""ffmpeg's names of matrices as ITU-T H.273 numbers them; of those that the filter refuses not all."""
_NAMES = {number: name for name, number in NUMBERS.items()}
OTHER = 255
"""Stands for a matrix that is not among them."""
LOCATIONS = {name.replace("_", ""): number for number, name in enumerate(tags.LOCATIONS)}
"""ffmpeg's names of the places of chroma, with VapourSynth's numbers."""
RANGES = {"tv": 0, "pc": 1}

BESIDE = {
    "bt709": ("bt709", "bt709"),
    "bt470bg": ("bt470bg", "smpte170m"),
    "smpte170m": ("smpte170m", "smpte170m"),
    "bt2020nc": ("bt2020", "bt2020-10"),
}
"""Primaries and transfer that usually go with a matrix. PAL's transfer is a gamma of 2.8, which nobody means."""


def properties(said: VideoTags) -> dict[str, int]:
    """The frame properties that say the same; what is not said is not among them."""
    values = {
        "_Matrix": NUMBERS.get(said.matrix, OTHER) if said.matrix else None,
        "_Range": RANGES.get(said.range),
        "_ChromaLocation": LOCATIONS.get(said.location),
    }
    return {name: value for name, value in values.items() if value is not None}


def of_pictures(
    video: Video, formats: tuple[PixelFormat, PixelFormat], scale: int = 4, arguments: Mapping[str, Any] | None = None
) -> VideoTags:
    """What to write of the pictures that the filter makes of a video.

    `formats` are those of its frames and of the pictures; `arguments` are the filter's: matrix, range and chromaloc.
    Raises ArgumentError, FormatError as the filter does.
    """
    return _found(video.tags, (video.width, video.height), formats, scale, arguments or {})


def completed(said: VideoTags, size: tuple[int, int], format_: PixelFormat) -> VideoTags:
    """The same, and what is not said as the filter assumes it of frames of that size (samples) and format.

    Raises FormatError for a matrix that the filter refuses.
    """
    return _found(said, size, (format_, format_), 1, {})


def _found(
    said: VideoTags,
    size: tuple[int, int],
    formats: tuple[PixelFormat, PixelFormat],
    scale: int,
    arguments: Mapping[str, Any],
) -> VideoTags:
    source, target = formats
    colour, _ = tags.resolve(source, size, properties(said), tags.of_clip(source, target, arguments))
    means = tags.converted(colour, source, target, (scale * size[0], scale * size[1]), arguments)
    found = tags.properties_of(target, means, size[1])
    return _filled(replace(said, matrix=_matrix(said.matrix, found), **_places(found)))


def _matrix(said: str, found: Mapping[str, int]) -> str:
    """The name of the matrix; what the file calls it where that is the same one."""
    number = found["_Matrix"]
    same = next(numbers for numbers in ((0,), *tags.MATRICES.values()) if number in numbers)
    return said if NUMBERS.get(said) in same else _NAMES[number]


def _places(found: Mapping[str, int]) -> dict[str, str]:
    ranges, locations = ({number: name for name, number in names.items()} for names in (RANGES, LOCATIONS))
    return {"range": ranges[found["_Range"]], "location": locations.get(found["_ChromaLocation"], "")}


def _filled(said: VideoTags) -> VideoTags:
    primaries, transfer = BESIDE.get(said.matrix, ("", ""))
    return replace(said, primaries=said.primaries or primaries, transfer=said.transfer or transfer)
