"""What no graph can be made for."""

from vsanimesr.colour import LUMA
from vsanimesr.errors import FormatError
from vsanimesr.spec import SCALES, ClipSpec, Colour, PixelFormat


def check(clip: ClipSpec) -> None:
    """Raise FormatError if a clip, or the picture that is wanted of it, contradicts itself."""
    picture = clip.picture
    if picture.scale not in SCALES:
        raise FormatError(f"scale={picture.scale} is not possible; it should be one of {', '.join(map(str, SCALES))}")
    if picture.dither and (picture.format.bits != 8 or picture.format.floating):
        raise FormatError(f"{picture.format.name} cannot be dithered; leave dither out, or want a format of 8 bits")
    _check_colour("the clip", clip.format, clip.colour, (clip.width, clip.height))
    size = picture.scale * clip.width, picture.scale * clip.height
    _check_colour("the picture", picture.format, picture.colour, size)


def _check_colour(what: str, format_: PixelFormat, colour: Colour, size: tuple[int, int]) -> None:
    wanted = ("rgb",) if format_.family == "rgb" else tuple(LUMA)
    if colour.matrix not in wanted:
        raise FormatError(
            f"{what} is {format_.name} with the matrix {colour.matrix!r}; that format has {' or '.join(wanted)}"
        )
    if any(side & ((1 << log) - 1) for side, log in zip(size, format_.subsampling, strict=True)):
        even = "width and height" if format_.subsampling[1] else "a width"
        raise FormatError(f"{what} is {size[0]}x{size[1]}; {format_.name} needs {even} that 2 divides: crop or pad it")
