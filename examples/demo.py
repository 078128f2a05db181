"""Upscales examples/clip.mkv and shows what came of it: out/demo.mkv and, beside bicubic, out/demo.png.

python examples/demo.py [--model NAME] [--backend NAME] [--precision NAME]
"""

import argparse
import io
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from vsanimesr.errors import AnimeSRError
from vsanimesr.pipeline import X264, Progress, Render, find_ffmpeg

HERE = Path(__file__).resolve().parent
CLIP, SCRIPT, OUT = HERE / "clip.mkv", HERE / "upscale.vpy", HERE.parent / "out"
FRAME = 30
"""The frame of the picture: a face."""
TAGS = ("-vf", "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709")


def main() -> None:
    """Renders, compares, and says where things are, how fast it was, and what ran."""
    OUT.mkdir(exist_ok=True)
    video, still = OUT / "demo.mkv", OUT / "demo.png"
    render = Render(SCRIPT, video, arguments={"source": str(CLIP), **options()}, encoder=(*X264, *TAGS))
    start = time.monotonic()
    for progress in shown(render.run()):
        last = progress
    seconds = time.monotonic() - start
    log = [message.text.removeprefix("Upscale: ") for message in render.messages if "Upscale: " in message.text]
    compare(video, log[0].split(" on ")[0].replace("animesr-", "AnimeSR ")).save(still)
    print(*log, sep="\n")
    print(f"{last.total} frames, {last.fps:.3g} frames per second, {seconds:.0f} s with start and encoding")
    print(f"video:   {video}\npicture: {still}")


def options() -> dict[str, str]:
    """What was given on the command line, as arguments of the script."""
    parser = argparse.ArgumentParser(description="Upscale examples/clip.mkv into out/.")
    for name in ("model", "backend", "precision"):
        parser.add_argument(f"--{name}", help=f"the filter's argument {name}")
    return {name: value for name, value in vars(parser.parse_args()).items() if value}


def shown(steps: Iterable[Progress]) -> Iterator[Progress]:
    """Passes the steps on; draws a bar on a terminal, elsewhere prints a line for every tenth of the clip."""
    bar = tqdm(unit=" frames", disable=not sys.stdout.isatty())
    tenth = -1
    with bar:
        for step in steps:
            bar.total = step.total
            bar.update(step.done - bar.n)
            if bar.disable and (part := 10 * step.done // step.total) > tenth:
                tenth = part
                left = f", {step.eta:.0f} s left" if step.eta else ""
                print(f"{step.done}/{step.total} frames, {step.fps:.2f} fps{left}", flush=True)
            yield step


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
    try:
        main()
    except AnimeSRError as error:
        sys.exit(f"demo: {error}")
