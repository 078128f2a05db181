"""Options that describe a clip and its pictures: format, colour, scale; they mean what the filter's arguments mean."""

import argparse
from collections.abc import Sequence

from vsanimesr import tags
from vsanimesr.engines.label import has_location, has_matrix, has_range, label
from vsanimesr.errors import ArgumentError
from vsanimesr.spec import FORMATS, SCALES, ClipSpec, PictureSpec, PixelFormat

NAMES = {name.upper(): name for name in FORMATS}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    text = "of the clip, such as YUV420P8, RGB24, GRAY8 or RGBH; several are built one after another [RGBS]"
    parser.add_argument("--format", nargs="+", type=_format, metavar="FORMAT", default=[FORMATS["RGBS"]], help=text)
    width, height = tags.SD
    text = "matrix of the clip, or of its pictures if only they have one [by the size of what has it, for a range of "
    text += f"sizes by --opt: 601 up to {width}x{height}, 709 above]"
    parser.add_argument("--matrix", choices=(*tags.MATRICES, *tags.SYNONYMS), help=text)
    text = "range of the clip, or of its pictures if only they have one, or if they are made YUV or grey out of RGB "
    text += "[limited for YUV and grey, full for RGB]"
    parser.add_argument("--range", choices=tags.RANGES, help=text)
    text = "range of an RGB clip whose pictures are YUV or grey, as its frames are tagged [full]"
    parser.add_argument("--clip-range", choices=tags.RANGES, help=text)
    text = "where subsampled chroma of the clip lies, or of its pictures if only they have it [left]"
    parser.add_argument("--chromaloc", choices=tags.LOCATIONS, help=text)
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
    given = {name: getattr(arguments, name) for name in tags.FIELDS}
    tagged = {} if arguments.clip_range is None else {"_Range": int(tags.RANGES[arguments.clip_range])}
    colour, _ = tags.resolve(format_, (width, height), tagged, tags.of_clip(format_, to, given))
    means = tags.converted(colour, format_, to, (arguments.scale * width, arguments.scale * height), given)
    return ClipSpec(width, height, 1, format_, colour, PictureSpec(to, means, arguments.scale, arguments.dither))


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
    if arguments.clip_range and not (has_range(format_) and tags.makes_video(format_, to)):
        raise ArgumentError(
            f"--clip-range {arguments.clip_range}: is for RGB clips of whole numbers whose pictures are YUV or grey, "
            f"these are {format_.name} and {to.name}; write --range, or leave it out"
        )
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
