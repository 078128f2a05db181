"""Frames on disk: lossless video (FFV1) or a folder of PNGs, with the lines beside and what is known in JSON."""

import json
from pathlib import Path

from PIL import Image

from training import lossless
from training.toon.film import Clip
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
    """FFV1 in RGB and in grey: every bit is kept. The files appear when they are whole."""
    with lossless.writer(colour, RATE) as image, lossless.writer(lines, RATE) as mask:
        for frame in film:
            image(frame.image)
            mask(frame.lines)
