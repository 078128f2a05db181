"""Formats of samples by ffmpeg's names and by VapourSynth's: what files hold, the filter takes, y4m carries."""

import av

from vsanimesr.errors import ArgumentError, MediaError
from vsanimesr.spec import FORMATS, PixelFormat

_LAYOUTS = {(8, 8): "420", (8, 16): "422", (16, 16): "444"}
"""Names of subsampling by the size of a chroma plane where luma is 16x16."""
_WIDE = 16


def _named(format_: PixelFormat) -> str:
    """ffmpeg's name of a format of YUV or grey."""
    stem = "gray" if format_.family == "gray" else f"yuv{format_.name[3:6]}p"
    return stem if format_.bits == 8 else f"{stem}{format_.bits}le"


PIX_FMTS = {
    _named(format_): format_ for format_ in FORMATS.values() if format_.family != "rgb" and format_.name != "Gray14"
}
"""What pictures can be on their way into an encoder, by ffmpeg's name; it takes grey of 14 bits in y4m for 8."""


def vapoursynth_format(pix_fmt: str) -> str:
    """VapourSynth's name of what ffmpeg calls `pix_fmt`, as a script writes it after `vs.`: 'YUV420P10'.

    The ending 'le' may be left out. Raises ArgumentError for what does not cross from VapourSynth to ffmpeg.
    """
    return PIX_FMTS[normal(pix_fmt)].name.upper()


def normal(pix_fmt: str) -> str:
    """The name as PIX_FMTS has it; raises ArgumentError if it does not."""
    found = next((name for name in (pix_fmt, f"{pix_fmt}le") if name in PIX_FMTS), None)
    if found is None:
        raise ArgumentError(
            f"pictures in {pix_fmt} cannot be handed to ffmpeg as y4m; write one of {', '.join(PIX_FMTS)}"
        )
    return found


def taken(pix_fmt: str) -> PixelFormat | None:
    """The filter's format of a file's frames; None where it takes none such, as for 4:1:1."""
    layout, bits, floating = _parts(pix_fmt)
    if layout == "rgb":
        return FORMATS.get(f"RGB{'HS'[bits == 32]}" if floating else f"RGB{3 * bits}")
    return None if floating else FORMATS.get(f"Gray{bits}" if layout == "gray" else f"YUV{layout}P{bits}")


def conversion(pix_fmt: str) -> str:
    """The format, by VapourSynth's name, that a file's frames must be converted to for the filter; '' for none."""
    return "" if taken(pix_fmt) else vapoursynth_format(usual(pix_fmt))


def usual(pix_fmt: str) -> str:
    """What pictures of a file's frames are where nothing else is asked for, by ffmpeg's name.

    The same, as far as y4m carries it: of RGB and of odd subsampling 4:4:4, of odd depths the next that there is.
    Raises MediaError for a name that is none.
    """
    layout, bits, _ = _parts(pix_fmt)
    stem = "gray" if layout == "gray" else f"yuv{layout if layout in _LAYOUTS.values() else '444'}p"
    names = (stem if depth == 8 else f"{stem}{depth}le" for depth in range(max(8, min(16, bits)), _WIDE + 1))
    return next(name for name in names if name in PIX_FMTS)


def _parts(pix_fmt: str) -> tuple[str, int, bool]:
    """Layout ('rgb', 'gray', '420', '422', '444', '' for another), bits of a sample, whether these are floating."""
    try:
        described = av.VideoFormat(pix_fmt)
    except ValueError as exc:
        raise MediaError(f"{pix_fmt!r} is no pixel format that ffmpeg knows; convert the file first") from exc
    floating = any(mark in pix_fmt for mark in ("f16", "f32"))
    bits = described.components[0].bits
    if described.is_rgb or described.has_palette:
        return "rgb", bits, floating
    if len(described.components) < 3:  # PyAV's `is_chroma` is not true of 4:4:4
        return "gray", bits, floating
    return _LAYOUTS.get((described.chroma_width(_WIDE), described.chroma_height(_WIDE)), ""), bits, floating
