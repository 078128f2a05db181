"""What VapourSynth's own resizer makes of frames: the reference for colours and chroma."""

from collections.abc import Sequence

import numpy as np
import vapoursynth as vs

from vsanimesr.spec import RGBS, Colour, PixelFormat

MATRICES = {"rgb": vs.MATRIX_RGB, "601": vs.MATRIX_ST170_M, "709": vs.MATRIX_BT709, "2020": vs.MATRIX_BT2020_NCL}
LOCATIONS = ("left", "center", "top_left", "top", "bottom_left", "bottom")
"""In the order of VapourSynth's numbers."""

Planes = Sequence[np.ndarray]


def convert(
    planes: Planes,
    have: tuple[PixelFormat, Colour],
    want: tuple[PixelFormat, Colour],
    size: tuple[int, int] | None = None,
) -> list[np.ndarray]:
    """The planes of a frame by `core.resize.Bicubic`, in another format and perhaps another size (width, height)."""
    format_, colour = want
    given = {"width": size[0], "height": size[1]} if size else {}
    if format_.family != "rgb":
        given |= {"matrix": MATRICES[colour.matrix], "chromaloc": LOCATIONS.index(colour.location)}
    clip = _clip(planes, *have).resize.Bicubic(format=format_.id, range=int(colour.full), **given)
    with clip.get_frame(0) as frame:
        return [np.array(frame[plane]) for plane in range(format_.planes)]


def to_rgb(planes: Planes, format_: PixelFormat, colour: Colour) -> list[np.ndarray]:
    """R, G and B of a frame, in [0, 1]."""
    return [plane.clip(0, 1) for plane in convert(planes, (format_, colour), (RGBS, Colour()))]


def colours(format_: PixelFormat) -> list[Colour]:
    """All that samples of a format can mean."""
    ranges = (True,) if format_.floating else (False, True)
    matrices = ("rgb",) if format_.family == "rgb" else ("601", "709", "2020")
    locations = ("left",) if format_.subsampling == (0, 0) else LOCATIONS
    return [Colour(matrix, full, location) for matrix in matrices for full in ranges for location in locations]


def _clip(planes: Planes, format_: PixelFormat, colour: Colour) -> vs.VideoNode:
    height, width = planes[0].shape
    blank = vs.core.std.BlankClip(width=width, height=height, format=format_.id, length=1)

    def fill(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        frame = f.copy()
        for number, plane in enumerate(planes):
            np.copyto(np.asarray(frame[number]), plane)
        return frame

    tags = {"_Matrix": MATRICES[colour.matrix], "_Range": int(colour.full)}
    if format_.subsampling != (0, 0):
        tags["_ChromaLocation"] = LOCATIONS.index(colour.location)
    return vs.core.std.ModifyFrame(blank, blank, fill).std.SetFrameProps(**tags)
