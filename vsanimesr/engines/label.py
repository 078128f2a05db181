"""What an engine reads and writes, in words: 'YUV420P8 709 limited left to YUV420P10, scale 2'."""

from vsanimesr.spec import ClipSpec, Colour, PixelFormat


def label(clip: ClipSpec) -> str:
    """A clip's format and colour, and what its pictures are where they are not just larger; of its size nothing.

    Nothing in it depends on what a colour says that its format has not.
    """
    picture = clip.picture
    frame, to = words(clip.format, clip.colour), words(picture.format, picture.colour)
    parts = [" ".join([clip.format.name, *frame])]
    if (picture.format, to) != (clip.format, frame):
        parts[0] += " ".join([" to", picture.format.name, *([] if to == frame else to)])
    if picture.scale != 4:
        parts.append(f"scale {picture.scale}")
    if picture.dither:
        parts.append("dithered")
    return ", ".join(parts)


def words(format_: PixelFormat, colour: Colour) -> list[str]:
    """What a colour says of samples of that format; of RGB only what is unusual."""
    told = [colour.matrix] if has_matrix(format_) else []
    if has_range(format_) and (has_matrix(format_) or not colour.full):
        told.append(range_name(colour))
    return [*told, colour.location] if has_location(format_) else told


def has_matrix(format_: PixelFormat) -> bool:
    """Whether its samples are made of red, green and blue by a matrix."""
    return format_.family != "rgb"


def has_range(format_: PixelFormat) -> bool:
    """Whether its samples may use a part of their range only."""
    return not format_.floating


def has_location(format_: PixelFormat) -> bool:
    """Whether its chroma has places of its own."""
    return format_.subsampling != (0, 0)


def range_name(colour: Colour) -> str:
    """'full' or 'limited'."""
    return "full" if colour.full else "limited"
