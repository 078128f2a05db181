"""Upscales examples/clip.mkv and shows what came of it: out/demo.mkv and, beside bicubic, out/demo.png.

python examples/demo.py [--model NAME] [further options of `vsanimesr upscale`]
"""

import argparse
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from vsanimesr import cli
from vsanimesr.pipeline import find_ffmpeg

HERE = Path(__file__).resolve().parent
CLIP, OUT = HERE / "clip.mkv", HERE.parent / "out"
FRAME = 30
"""The frame of the picture: a face."""


def main() -> int:
    """Upscales, compares, says where things are; returns the exit code."""
    parser = argparse.ArgumentParser(description="Upscale examples/clip.mkv into out/.")
    parser.add_argument("--model", default="animesr-v2", help="name of a model [%(default)s]")
    asked, others = parser.parse_known_args()
    OUT.mkdir(exist_ok=True)
    video, still = OUT / "demo.mkv", OUT / "demo.png"
    words = ["upscale", str(CLIP), "--output", str(video), "--overwrite", "--model", asked.model, *others]
    if status := cli.main(words):
        return status
    compare(video, asked.model.replace("animesr-", "AnimeSR ")).save(still)
    print(f"left bicubic, right the video: {still}")
    return 0


def compare(video: Path, name: str) -> Image.Image:
    """One frame: its left half upscaled by bicubic, its right half from the video, labelled."""
    ours = frame(video)
    picture = frame(CLIP).resize(ours.size, Image.Resampling.BICUBIC)
    middle = ours.width // 2
    picture.paste(ours.crop((middle, 0, *ours.size)), (middle, 0))
    draw = ImageDraw.Draw(picture)
    draw.line((middle, 0, middle, ours.height), fill="white", width=2)
    for text, x, anchor in (("bicubic", middle - 16, "rb"), (name, middle + 16, "lb")):
        place, font = (x, ours.height - 16), ImageFont.load_default(26)
        draw.text(place, text, "white", font, anchor, stroke_width=3, stroke_fill="black")
    return picture


def frame(video: Path) -> Image.Image:
    """Frame FRAME of a video, RGB."""
    command: list[str | Path] = [find_ffmpeg(), "-v", "error", "-i", video, "-vf", f"select=eq(n\\,{FRAME})"]
    command += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
    png = subprocess.run(command, check=True, capture_output=True).stdout
    return Image.open(io.BytesIO(png)).convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
