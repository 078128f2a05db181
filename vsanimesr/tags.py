"""What a clip's samples mean: by the arguments, else by its frames' properties, else by the ecosystem's convention."""

from collections.abc import Callable, Mapping
from typing import Any

from vsanimesr.errors import ArgumentError, FormatError
from vsanimesr.spec import Colour, PixelFormat

Properties = Mapping[str, int]

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


def unsaid(format_: PixelFormat, arguments: Mapping[str, Any]) -> list[str]:
    """Which of the arguments `matrix`, `range` and `chromaloc` matter for a format and were not given."""
    names = [] if format_.floating else ["range"]
    names += ["matrix"] * (format_.family != "rgb") + ["chromaloc"] * any(format_.subsampling)
    return [name for name in names if not arguments.get(name)]


def resolve(
    format_: PixelFormat, size: tuple[int, int], properties: Properties, arguments: Mapping[str, Any]
) -> tuple[Colour, str]:
    """What the samples of a clip mean, and what was assumed of them, in words ('' if nothing was).

    `size` is width and height in samples; `properties` are those of the first frame. Raises ArgumentError, FormatError.
    """
    usual = _usual(format_, size)
    found = {
        "matrix": usual.matrix if format_.family == "rgb" else _matrix(properties, arguments),
        "range": True if format_.floating else _range(properties),
        "chromaloc": _location(properties) if any(format_.subsampling) else usual.location,
    }
    given = {name: parse(arguments[name]) for name, parse in PARSERS.items() if arguments.get(name)}
    if format_.family == "rgb":
        given.pop("matrix", None)  # that is the pictures', in another format
    if format_.floating:
        given.pop("range", None)
    absent = [name for name, value in found.items() if value is None and name not in given]
    known = {name: value for name, value in found.items() if value is not None} | given
    colour = Colour(
        known.get("matrix", usual.matrix), known.get("range", usual.full), known.get("chromaloc", usual.location)
    )
    words = {"matrix": colour.matrix, "range": f"{_told(colour.full)} range", "chromaloc": f"chroma {colour.location}"}
    told = [words[name] for name in absent] if format_.family != "rgb" else []  # nobody tags RGB
    return colour, f"not tagged in full, taken for {', '.join(told)}" if told else ""


def converted(
    colour: Colour, source: PixelFormat, target: PixelFormat, size: tuple[int, int], arguments: Mapping[str, Any]
) -> Colour:
    """What the samples of pictures in another format mean: the same, as far as that format has it.

    Pictures made YUV or grey out of RGB are as the arguments say, else of limited range and of the matrix that is usual
    for their `size`; pictures made RGB are of full range.
    """
    if (source.family == "rgb") == (target.family == "rgb"):
        return colour if not target.floating else Colour()
    usual = _usual(target, size)
    if target.family == "rgb":
        return usual
    given = {name: parse(arguments[name]) for name, parse in PARSERS.items() if arguments.get(name)}
    full = given.get("range", usual.full) if source.floating else usual.full
    return Colour(given.get("matrix", usual.matrix), full, given.get("chromaloc", usual.location))


def check_use(source: PixelFormat, target: PixelFormat, arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentError for an argument that says what neither clip nor pictures have."""
    both = f"neither {source.name} clips nor {target.name} pictures"
    for name, use, what in (
        ("matrix", {source.family, target.family} != {"rgb"}, "have a matrix"),
        ("range", not (source.floating and target.floating), "have a range: floating-point samples are in [0, 1]"),
        ("chromaloc", any(source.subsampling) or any(target.subsampling), "have subsampled chroma"),
    ):
        if arguments.get(name) and not use:
            raise ArgumentError(f"{name}={arguments[name]!r} means nothing here, for {both} {what}; leave it out")


def _usual(format_: PixelFormat, size: tuple[int, int]) -> Colour:
    """What is usual where nothing is tagged."""
    if format_.family == "rgb":
        return Colour()
    return Colour("601" if size[0] <= SD[0] and size[1] <= SD[1] else "709", full=False)


def properties_of(format_: PixelFormat, colour: Colour, height: int) -> dict[str, int]:
    """The properties that frames of a format and colour bear; those of -1 are to be deleted."""
    values = MATRICES.get(colour.matrix, (0,))
    tags = {"_Matrix": values[0] if height == SD[1] else values[-1], "_Range": int(colour.full)}
    return tags | {"_ChromaLocation": LOCATIONS.index(colour.location) if any(format_.subsampling) else -1}


def checker(format_: PixelFormat, first: Properties, arguments: Mapping[str, Any]) -> Callable[[int, Properties], None]:
    """What refuses frames that are interlaced, or tagged otherwise than the first one; it raises FormatError."""
    watched = unsaid(format_, arguments)
    wanted = {name: READERS[name](first) for name in watched}

    def check(n: int, properties: Properties) -> None:
        if properties.get("_FieldBased", 0):
            raise FormatError(
                f"frame {n} is interlaced (_FieldBased={properties['_FieldBased']}), wanted progressive frames: "
                "deinterlace the clip first, or, if its tag is wrong, clip = core.std.SetFieldBased(clip, 0)"
            )
        for name in watched:
            if (found := READERS[name](properties)) != wanted[name]:
                raise FormatError(
                    f"frame {n} is tagged {name} {_told(found)}, the first frame {_told(wanted[name])}; wanted one for "
                    f"all of the clip: write {name}='...' if the tag is wrong, else upscale the parts one by one"
                )

    return check


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


def _matrix(properties: Properties, arguments: Mapping[str, Any]) -> str | None:
    value = properties.get("_Matrix", UNSPECIFIED)
    known = {number: name for name, numbers in MATRICES.items() for number in numbers}
    if value in known or value == UNSPECIFIED or arguments.get("matrix"):
        return known.get(value)
    raise FormatError(
        f"the clip is tagged _Matrix={value}, wanted 1 (709), 5 or 6 (601) or 9 (2020); convert it by core.resize, or "
        f"write matrix='...' if the tag is wrong"
    )


def _range(properties: Properties) -> bool | None:
    if "_Range" in properties:
        return properties["_Range"] == 1
    return properties["_ColorRange"] == 0 if "_ColorRange" in properties else None  # the older one is inverted


def _location(properties: Properties) -> str | None:
    value = properties.get("_ChromaLocation", -1)
    return LOCATIONS[value] if 0 <= value < len(LOCATIONS) else None


def _told(value: Any) -> str:
    """The value of a tag in words; ranges are booleans."""
    words = {None: "nothing", True: "full", False: "limited"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


PARSERS: dict[str, Callable[[str], Any]] = {
    "matrix": _parse_matrix,
    "range": _parse_range,
    "chromaloc": _parse_location,
}
"""What reads each argument."""
READERS: dict[str, Callable[[Properties], Any]] = {
    "matrix": lambda properties: properties.get("_Matrix", UNSPECIFIED),
    "range": _range,
    "chromaloc": _location,
}
"""What reads the property of each."""
