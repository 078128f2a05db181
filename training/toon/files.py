"""Frames on disk: lossless video (FFV1) or a folder of PNGs, with the lines beside and what is known in JSON."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from training.toon.film import Clip
from training.toon.noise import Pixels
from training.toon.rng import VERSION

RATE = 24


def described(film: Clip) -> dict[str, object]:
    """What is known of a clip beyond its pixels."""
    return {
        "version": VERSION,
        "split": film.split,
        "seed": film.seed,
        "size": list(film.size),
        "frames": film.frames,
        "cuts": list(film.cuts),
        "transitions": [list(transition) for transition in film.transitions],
        "generators": sorted(film.generators),
    }


def write(film: Clip, output: Path) -> list[Path]:
    """Writes OUT.mkv, OUT.lines.mkv and OUT.json, or OUT/00000.png, OUT/lines/00000.png and OUT/clip.json.

    Returns the files, or the folder and the notes.
    """
    if output.suffix == ".mkv":
        files = [output, output.with_suffix(".lines.mkv")]
        videos(film, *files)
        notes = output.with_suffix(".json")
    else:
        pictures(film, output)
        files, notes = [output], output / "clip.json"
    notes.write_text(json.dumps(described(film), indent=2) + "\n", encoding="utf-8")
    return [*files, notes]


def pictures(film: Clip, folder: Path) -> None:
    """Numbered PNGs."""
    (folder / "lines").mkdir(parents=True, exist_ok=True)
    for n, frame in enumerate(film):
        Image.fromarray(frame.image).save(folder / f"{n:05d}.png")
        Image.fromarray(frame.lines).save(folder / "lines" / f"{n:05d}.png")


def videos(film: Clip, colour: Path, lines: Path) -> None:
    """FFV1 in RGB and in grey: every bit is kept."""
    with av.open(str(colour), "w") as first, av.open(str(lines), "w") as second:
        streams = stream(first, "bgr0", film.size), stream(second, "gray", film.size)
        for frame in film:
            padded = np.dstack([frame.image[..., ::-1], np.full_like(frame.lines, 255)])
            put(first, streams[0], padded, "bgr0")
            put(second, streams[1], frame.lines, "gray")
        first.mux(streams[0].encode())
        second.mux(streams[1].encode())


def stream(container: av.container.OutputContainer, layout: str, size: tuple[int, int]) -> VideoStream:
    """A stream of FFV1."""
    made = container.add_stream("ffv1", rate=RATE)
    made.width, made.height = size
    made.pix_fmt = layout
    made.time_base = Fraction(1, RATE)
    return made


def put(container: av.container.OutputContainer, to: VideoStream, pixels: Pixels, layout: str) -> None:
    """Encodes one frame."""
    frame = av.VideoFrame(pixels.shape[1], pixels.shape[0], layout)
    plane = frame.planes[0]
    wide = np.zeros((pixels.shape[0], plane.line_size), np.uint8)
    rows = np.ascontiguousarray(pixels).reshape(pixels.shape[0], -1)
    wide[:, : rows.shape[1]] = rows
    plane.update(wide.tobytes())
    container.mux(to.encode(frame))
