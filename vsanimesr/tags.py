"""What the samples of a clip and of its pictures mean: by the arguments, else by frame properties, else by convention.

An argument is the clip's where the clip has what it names, and then the pictures' too, as far as they are alike; else
it is the pictures' alone. `range` is theirs wherever they are made YUV or grey out of RGB, too: whoever writes it there
means the video that comes out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from vsanimesr.engines.label import has_location, has_matrix, has_range
from vsanimesr.errors import ArgumentError, FormatError
from vsanimesr.spec import Colour, PixelFormat
from vsanimesr.timeline import Properties

PROPERTIES = (
    "_Matrix",
    "_Range",
    "_ColorRange",
    "_ChromaLocation",
    "_FieldBased",
    "_SceneChangePrev",
    "_SceneChangeNext",
)
"""The frame properties that are read."""

MATRICES = {"601": (5, 6), "709": (1,), "2020": (9,)}
"""Values of `_Matrix` by our names: ITU-T H.273, MatrixCoefficients."""
SYNONYMS = {"470bg": "601", "170m": "601", "2020ncl": "2020"}
"""What `core.resize` calls them."""
UNSPECIFIED = 2
LOCATIONS = ("left", "center", "top_left", "top", "bottom_left", "bottom")
"""By the value of `_ChromaLocation`."""
RANGES = {"limited": False, "full": True}
SD = 1024, 576
"""Greatest size that an untagged clip of standard definition has."""

FIELDS = {"matrix": "matrix", "range": "full", "chromaloc": "location"}
"""The field of `Colour` that each argument says."""
HAS = {"matrix": has_matrix, "range": has_range, "chromaloc": has_location}
"""Whether samples of a format have what each argument names."""


def of_clip(source: PixelFormat, target: PixelFormat, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Those of the arguments `matrix`, `range` and `chromaloc` that are the clip's; the others are its pictures'.

    Raises ArgumentError for a value that is not known, whosever it is.
    """
    return {name: arguments[name] for name in _given(arguments) if _is_of_clip(name, source, target)}


def unsaid(format_: PixelFormat, arguments: Mapping[str, Any]) -> list[str]:
    """Which of `matrix`, `range` and `chromaloc` matter for a clip's format and are not among its arguments."""
    return [name for name, has in HAS.items() if has(format_) and not arguments.get(name)]


def resolve(
    format_: PixelFormat, size: tuple[int, int], properties: Properties, arguments: Mapping[str, Any]
) -> tuple[Colour, str]:
    """What the samples of a clip mean, and what was assumed of them, in words ('' if nothing was).

    `size` is width and height in samples; `properties` are those of the first frame; `arguments` are those `of_clip`.
    Raises ArgumentError, FormatError.
    """
    usual = _usual(format_, size)
    found = {name: _meaning(name, properties, usual) for name in unsaid(format_, arguments)}
    given = {name: value for name, value in _given(arguments).items() if HAS[name](format_)}
    colour = _colour(usual, {name: value for name, (value, _) in found.items()} | given)
    if colour.matrix not in (*MATRICES, usual.matrix):
        raise FormatError(
            f"the clip is tagged {colour.matrix}, wanted 1 (709), 5 or 6 (601) or 9 (2020); convert it by "
            "core.resize, or write matrix='...' if the tag is wrong"
        )
    words = {"matrix": colour.matrix, "range": f"{_told(colour.full)} range", "chromaloc": f"chroma {colour.location}"}
    told = [words[name] for name, (_, tagged) in found.items() if not tagged and has_matrix(format_)]  # nobody tags RGB
    return colour, f"not tagged in full, taken for {', '.join(told)}" if told else ""


def converted(
    colour: Colour, source: PixelFormat, target: PixelFormat, size: tuple[int, int], arguments: Mapping[str, Any]
) -> Colour:
    """What the samples of pictures mean: what those of a clip of that colour mean, as far as they are alike.

    The rest is as the arguments say that are the pictures' (all are taken, also the clip's), else as is usual for
    pictures of that `size`: YUV and grey of limited range, RGB of full range. Raises ArgumentError.
    """
    given, values = _given(arguments), {}
    for name in (name for name in HAS if HAS[name](target)):
        if name in given and not _is_of_clip(name, source, target):
            values[name] = given[name]
        elif HAS[name](source) and (name != "range" or has_matrix(source) == has_matrix(target)):
            values[name] = getattr(colour, FIELDS[name])
    return _colour(_usual(target, size), values)


def makes_video(source: PixelFormat, target: PixelFormat) -> bool:
    """Whether pictures are made YUV or grey out of RGB."""
    return has_matrix(target) and not has_matrix(source)


def check_use(source: PixelFormat, target: PixelFormat, arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentError for an argument that says what neither clip nor pictures have."""
    both = f"neither {source.name} clips nor {target.name} pictures"
    for name, what in (
        ("matrix", "have a matrix"),
        ("range", "have a range: floating-point samples are in [0, 1]"),
        ("chromaloc", "have subsampled chroma"),
    ):
        if arguments.get(name) and not HAS[name](source) and not HAS[name](target):
            raise ArgumentError(f"{name}={arguments[name]!r} means nothing here, for {both} {what}; leave it out")


def properties_of(format_: PixelFormat, colour: Colour, height: int) -> dict[str, int]:
    """The properties that frames of a format and colour bear; those of -1 are to be deleted."""
    values = MATRICES.get(colour.matrix, (0,))
    tags = {"_Matrix": values[0] if height == SD[1] else values[-1], "_Range": int(colour.full)}
    return tags | {"_ChromaLocation": LOCATIONS.index(colour.location) if any(format_.subsampling) else -1}


def checker(
    format_: PixelFormat, size: tuple[int, int], first: Properties, arguments: Mapping[str, Any]
) -> Callable[[int, Properties], None]:
    """What refuses frames that are interlaced, or whose samples mean something else than those of the first one.

    It raises FormatError. What a frame is not tagged counts as what is assumed of such frames; else as for `resolve`.
    """
    usual = _usual(format_, size)
    wanted = {name: _meaning(name, first, usual) for name in unsaid(format_, arguments)}

    def check(n: int, properties: Properties) -> None:
        if properties.get("_FieldBased", 0):
            raise FormatError(
                f"frame {n} is interlaced (_FieldBased={properties['_FieldBased']}), wanted progressive frames: "
                "deinterlace the clip first, or, if its tag is wrong, clip = core.std.SetFieldBased(clip, 0)"
            )
        for name, meant in wanted.items():
            if (found := _meaning(name, properties, usual))[0] != meant[0]:
                way = f"write {name}='...'" if has_matrix(format_) else "clip = core.std.SetFrameProps(clip, _Range=1)"
                raise FormatError(
                    f"frame {n} is {_tagged(name, *found)}, the first frame {_tagged(name, *meant)}; wanted one for "
                    f"all of the clip: {way} if that is wrong, else upscale the parts one by one"
                )

    return check


def _is_of_clip(name: str, source: PixelFormat, target: PixelFormat) -> bool:
    return HAS[name](source) and not (name == "range" and makes_video(source, target))


def _usual(format_: PixelFormat, size: tuple[int, int]) -> Colour:
    """What is usual where nothing is tagged."""
    if not has_matrix(format_):
        return Colour()
    return Colour("601" if size[0] <= SD[0] and size[1] <= SD[1] else "709", full=False)


def _colour(usual: Colour, values: Mapping[str, Any]) -> Colour:
    """What is usual, but for these values by argument."""
    return replace(usual, **{FIELDS[name]: value for name, value in values.items()})


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the arguments that were given, as `Colour` has them."""
    return {name: parse(arguments[name]) for name, parse in PARSERS.items() if arguments.get(name)}


def _meaning(name: str, properties: Properties, usual: Colour) -> tuple[Any, bool]:
    """What an argument would say of a frame with these properties, and whether they say it themselves."""
    tagged = READERS[name](properties)
    return (getattr(usual, FIELDS[name]), False) if tagged is None else (tagged, True)


def _parse_matrix(text: str) -> str:
    name = SYNONYMS.get(text, text)
    if name not in MATRICES:
        raise ArgumentError(f"matrix={text!r} is not known; use one of {', '.join((*MATRICES, *SYNONYMS))}")
    return name


def _parse_range(text: str) -> bool:
    if text not in RANGES:
        raise ArgumentError(f"range={text!r} is not known; use limited or full")
    return RANGES[text]


def _parse_location(text: str) -> str:
    if text not in LOCATIONS:
        raise ArgumentError(f"chromaloc={text!r} is not known; use one of {', '.join(LOCATIONS)}")
    return text


def _matrix(properties: Properties) -> str | None:
    """One of MATRICES; of another number, the tag."""
    value = properties.get("_Matrix", UNSPECIFIED)
    known = {number: name for name, numbers in MATRICES.items() for number in numbers}
    return known.get(value, None if value == UNSPECIFIED else f"_Matrix={value}")


def _range(properties: Properties) -> bool | None:
    if "_Range" in properties:
        return properties["_Range"] == 1
    return properties["_ColorRange"] == 0 if "_ColorRange" in properties else None  # the older one is inverted


def _location(properties: Properties) -> str | None:
    value = properties.get("_ChromaLocation", -1)
    return LOCATIONS[value] if 0 <= value < len(LOCATIONS) else None


def _told(value: bool | str) -> str:
    """A value in words; ranges are booleans."""
    return value if isinstance(value, str) else "full" if value else "limited"


def _tagged(name: str, value: bool | str, tagged: bool) -> str:
    return f"tagged {name} {_told(value)}" if tagged else f"not tagged, which means {name} {_told(value)}"


PARSERS: dict[str, Callable[[str], Any]] = {
    "matrix": _parse_matrix,
    "range": _parse_range,
    "chromaloc": _parse_location,
}
"""What reads each argument."""
READERS: dict[str, Callable[[Properties], Any]] = {"matrix": _matrix, "range": _range, "chromaloc": _location}
"""What reads the property of each; None where there is none."""
