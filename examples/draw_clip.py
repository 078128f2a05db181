"""Draws examples/clip.mkv: two shots of cel animation of our own making, compressed as badly as the web does it.

    python examples/draw_clip.py [OUT]

The clip and everything that this script draws are CC0 1.0 (public domain): use them as you like.
Every picture is a function of its number alone, so the same library versions give the same clip again.
Lengths are in pixels of the clip; figures have coordinates of their own, with the origin between the eyes.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import skia
from cartoon.girl import girl, girl_from_behind
from cartoon.pen import placed, ramp
from cartoon.places import HEIGHT, WIDTH, petals, rooftop, station
from numpy.typing import NDArray

from vsanimesr.pipeline import find_ffmpeg

RATE, CUT, FRAMES = 24, 36, 60
"""Frames per second, the first frame of the second shot, and the number of frames."""

TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
ENCODER = ["-vf", f"scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+bitexact,format=yuv420p,{TAGS}"]
ENCODER += ["-c:v", "libx264", "-preset", "medium", "-crf", "32", "-threads", "1"]
ENCODER += ["-flags:v", "+bitexact", "-fflags", "+bitexact", "-map_metadata", "-1"]


def picture(n: int, scale: int = 1) -> NDArray[np.uint8]:
    """Picture n, RGB, height x width x 3; drawn at `scale` times the clip's size."""
    surface = skia.Surface(WIDTH * scale * 2, HEIGHT * scale * 2)
    canvas = surface.getCanvas()
    canvas.scale(scale * 2, scale * 2)
    if n < CUT:
        first_shot(canvas, n)
    else:
        second_shot(canvas, n - CUT)
    wide = surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3].astype(np.uint16)
    mean: NDArray[np.uint16] = (wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2] + 2) // 4
    return mean.astype(np.uint8)


def on_twos(n: int) -> float:
    """The time in seconds of a figure: it is drawn anew for every second picture, backgrounds move in every one."""
    return n // 2 * 2 / RATE


def first_shot(canvas: skia.Canvas, n: int) -> None:
    """She turns to us on the roof."""
    rooftop(canvas, n)
    petals(canvas, n)
    with placed(canvas, 175 - 0.35 * n, 102, 1.02):
        girl(canvas, on_twos(n))


def second_shot(canvas: skia.Canvas, n: int) -> None:
    """Her train comes in; the low sun tints her."""
    station(canvas, n)
    tint = skia.Paint(ColorFilter=skia.ColorFilters.Blend(0xFFF2C8C0, skia.BlendMode.kModulate))
    canvas.saveLayer(None, tint)
    with placed(canvas, 84 - 0.15 * n, 92, 0.92):
        girl_from_behind(canvas, on_twos(n), ramp(n, 4, 18))
    canvas.restore()


def encode(output: Path) -> None:
    """Writes the clip as a cheap web encode: H.264 at a low rate, BT.709, tagged; raises where ffmpeg fails."""
    partial = output.with_name(f".{output.stem}.partial{output.suffix}")
    command: list[str | Path] = [find_ffmpeg(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-", *ENCODER, partial]
    try:
        subprocess.run(command, input=b"".join(picture(n).tobytes() for n in range(FRAMES)), check=True)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    encode(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("clip.mkv"))
