"""What ffmpeg's encoders are called, take and need: a table."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vsanimesr.media import HDR, pix_fmts

SPEEDS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
"""Presets of x264 and x265."""


def _of(*depths: int, layouts: Sequence[str] = ("420", "422", "444", "gray")) -> dict[str, str]:
    stems = [layout if layout == "gray" else f"yuv{layout}p" for layout in layouts]
    names = [stem if depth == 8 else f"{stem}{depth}le" for stem in stems for depth in depths]
    return {name: name for name in names if name in pix_fmts.PIX_FMTS}


def _x264_hdr(hdr: HDR) -> list[str]:
    return [*([f"mastering-display={hdr.mastering}"] if hdr.mastering else []), *light("cll", hdr)]


def _x265_hdr(hdr: HDR) -> list[str]:
    return [*([f"master-display={hdr.mastering}"] if hdr.mastering else []), *light("max-cll", hdr)]


def _svtav1_hdr(hdr: HDR) -> list[str]:
    """SVT-AV1 wants chromaticities as they are and luminances in cd/m2."""
    places, _, luminances = hdr.mastering.partition("L")
    told = re.sub(r"\d+", lambda n: f"{int(n[0]) / 50_000:g}", places)
    told += "L" + re.sub(r"\d+", lambda n: f"{int(n[0]) / 10_000:.4f}", luminances)
    return [*([f"mastering-display={told}"] if hdr.mastering else []), *light("content-light", hdr)]


def light(name: str, hdr: HDR) -> list[str]:
    """The parameter of that name with the light levels of HDR10, in cd/m2; none where they are not known."""
    return [f"{name}={hdr.max_cll},{hdr.max_fall}"] if hdr.max_cll or hdr.max_fall else []


@dataclass(frozen=True)
class Encoder:
    """What ffmpeg is told to use an encoder."""

    codec: str
    """ffmpeg's name."""
    formats: Mapping[str, str]
    """What pictures may be (ffmpeg's pixel formats as y4m carries them), and what the encoder is then asked for."""
    quality: str = ""
    """The option of constant quality; '' where nothing is lost."""
    crf: float = 0
    """Its value where nothing else is asked for; lower is better."""
    worst: float = 0
    """Its greatest value."""
    whole: bool = False
    """Whether it takes whole numbers only."""
    presets: tuple[str, ...] = ()
    """From the fastest on for x264, x265 and NVENC, from the slowest on for SVT-AV1."""
    preset: str = ""
    """The one where nothing else is asked for."""
    fixed: tuple[str, ...] = ()
    """Options that it always gets."""
    parameters: str = ""
    """The option that takes parameters by the encoder's own names, joined by colons; '' where there is none."""
    own: tuple[str, ...] = ()
    """Such parameters that it always gets."""
    hdr: Callable[[HDR], list[str]] | None = field(default=None, repr=False)
    """Makes such parameters of HDR10's metadata."""


X264 = Encoder(
    "libx264",
    _of(8, 10),
    "-crf",
    crf=16,
    worst=51,
    presets=SPEEDS,
    preset="medium",
    fixed=("-threads", "8"),  # of its own accord it takes as many as there are processors, and searches less far
    parameters="-x264-params",
    hdr=_x264_hdr,
)
X265 = Encoder(
    "libx265",
    _of(8, 10, 12),
    "-crf",
    crf=18,
    worst=51,
    presets=SPEEDS,
    preset="medium",
    parameters="-x265-params",
    # Frame threads change the output; the threads of its pool do not. Its banner and its version are nobody's affair.
    own=("frame-threads=3", "info=0", "log-level=warning"),
    hdr=_x265_hdr,
)
SVTAV1 = Encoder(
    "libsvtav1",
    _of(8, 10, layouts=["420"]),
    "-crf",
    crf=20,
    worst=63,
    whole=True,
    presets=tuple(str(number) for number in range(14)),
    preset="6",
    parameters="-svtav1-params",
    hdr=_svtav1_hdr,
)
FFV1 = Encoder(
    "ffv1",
    _of(8, 10, 12, 14, 16),
    fixed=("-level", "3", "-coder", "1", "-context", "1", "-g", "1", "-slicecrc", "1"),  # as archives keep it
)


def _nvenc(codec: str, worst: float) -> Encoder:
    """NVENC takes 10 bits in a layout of its own, into which ffmpeg only moves the samples."""
    formats = {"yuv420p": "yuv420p", "yuv420p10le": "p010le", "yuv444p": "yuv444p"}
    presets = tuple(f"p{number}" for number in range(1, 8))
    fixed = ("-rc", "vbr", "-b:v", "0")
    return Encoder(codec, formats, "-cq", crf=19, worst=worst, presets=presets, preset="p6", fixed=fixed)


ENCODERS: dict[str, Encoder] = {
    "x264": X264,
    "x265": X265,
    "svtav1": SVTAV1,
    "ffv1": FFV1,
    "hevc_nvenc": _nvenc("hevc_nvenc", 51),
    "av1_nvenc": _nvenc("av1_nvenc", 63),
}
"""By the name that users write."""
