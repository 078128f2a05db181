"""Options that describe a clip and its pictures: format, colour, scale."""

import argparse
from collections.abc import Sequence

from vsanimesr.engines.label import has_location, has_matrix, has_range, label
from vsanimesr.errors import ArgumentError
from vsanimesr.spec import FORMATS, SCALES, ClipSpec, Colour, PictureSpec, PixelFormat

NAMES = {name.upper(): name for name in FORMATS}
MATRICES = ("601", "709", "2020")
RANGES = ("limited", "full")
LOCATIONS = ("left", "center", "top_left", "top", "bottom_left", "bottom")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    text = "of the clip, such as YUV420P8, RGB24, GRAY8 or RGBH; several are built one after another [RGBS]"
    parser.add_argument("--format", nargs="+", type=_format, metavar="FORMAT", default=[FORMATS["RGBS"]], help=text)
    text = "matrix of the clip, or of its pictures if only they have one [709]"
    parser.add_argument("--matrix", choices=MATRICES, help=text)
    text = "range of the clip, or of its pictures if only they have one [limited for YUV and grey, full for RGB]"
    parser.add_argument("--range", choices=RANGES, help=text)
    text = "where subsampled chroma of the clip lies, or of its pictures if only they have it [left]"
    parser.add_argument("--chromaloc", choices=LOCATIONS, help=text)
    text = "size of the pictures over the size of the frames [4]"
    parser.add_argument("--scale", type=int, choices=SCALES, default=4, help=text)
    parser.add_argument("--to", type=_format, metavar="FORMAT", help="format of the pictures [that of the clip]")
    parser.add_argument("--dither", action="store_true", help="dither pictures of 8 bits instead of rounding them")


def clip(arguments: argparse.Namespace, format_: PixelFormat, height: int, width: int) -> ClipSpec:
    """The clip that the options describe, of one of their formats and of that size (samples).

    Raises ArgumentError where options contradict each other or say something that neither clip nor pictures have.
    """
    to = arguments.to or format_
    _refuse_needless(arguments, format_, to)
    _refuse_sizes(format_, height, width)
    _refuse_sizes(to, arguments.scale * height, arguments.scale * width)
    colour = _colour(arguments, format_)
    picture = PictureSpec(to, _converted(arguments, format_, colour, to), arguments.scale, arguments.dither)
    return ClipSpec(width, height, 1, format_, colour, picture)


def refuse_margins(clip: ClipSpec, sizes: Sequence[tuple[int, int]]) -> None:
    """Raise ArgumentError for a range of sizes (height, width) that an engine of that clip cannot have.

    Where pixels depend on their neighbours, the graph of a clip depends on what its sides lack to multiples of 4.
    """
    neighbours = has_location(clip.format) or has_location(clip.picture.format) or clip.picture.scale != 4
    odd = [f"{height}x{width}" for height, width in dict.fromkeys(sizes) if height % 4 or width % 4]
    if neighbours and odd and len(set(sizes)) > 1:
        raise ArgumentError(
            f"engines of a range of sizes for {label(clip)} take multiples of 4, got {', '.join(odd)}; "
            "for clips of other sizes build by --height and --width"
        )


def _colour(arguments: argparse.Namespace, format_: PixelFormat) -> Colour:
    matrix = (arguments.matrix or "709") if has_matrix(format_) else "rgb"
    full = arguments.range == "full" if arguments.range else not has_matrix(format_)
    location = (arguments.chromaloc or "left") if has_location(format_) else "left"
    return Colour(matrix, full or not has_range(format_), location)


def _converted(arguments: argparse.Namespace, format_: PixelFormat, colour: Colour, to: PixelFormat) -> Colour:
    """The colour of pictures: what they share with the clip, and what the options or defaults say of the rest."""
    own = _colour(arguments, to)
    if has_range(format_) and has_range(to) and arguments.range:
        kept = has_matrix(format_) == has_matrix(to)
        own = Colour(own.matrix, colour.full if kept else not has_matrix(to), own.location)
    return own


def _refuse_needless(arguments: argparse.Namespace, format_: PixelFormat, to: PixelFormat) -> None:
    for option, what, has in (
        ("matrix", "matrix", has_matrix),
        ("range", "range", has_range),
        ("chromaloc", "place of its chroma", has_location),
    ):
        value = getattr(arguments, option)
        if value and not has(format_) and not has(to):
            told = f"{format_.name} has no" if to == format_ else f"neither {format_.name} nor {to.name} has a"
            raise ArgumentError(f"--{option} {value}: {told} {what}; leave it out")
    if arguments.dither and to.bits != 8:
        raise ArgumentError(f"--dither: the pictures are {to.name}, wanted are 8 bits, such as by --to YUV420P8")


def _refuse_sizes(format_: PixelFormat, height: int, width: int) -> None:
    columns, rows = (1 << shift for shift in format_.subsampling)
    if width % columns or height % rows:
        raise ArgumentError(
            f"{format_.name} has no size {height}x{width} (height x width); "
            f"its height is a multiple of {rows}, its width of {columns}"
        )


def _format(text: str) -> PixelFormat:
    if text.upper() not in NAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is no format; use one of {', '.join(FORMATS)}")
    return FORMATS[NAMES[text.upper()]]
