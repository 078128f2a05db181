"""What is kept of a preparation: a file of measurements for each video, and prepare.jsonl, which is for people, too.

OUT/prepare.jsonl            a line for each video, each of its shots, and each clip that could be chosen
OUT/measurements/NAME.npz    a value for each frame: a selection is made anew without decoding
OUT/NAME/CLIP/00000000.png   the frames of the chosen clips, or
OUT/clips.jsonl              a line for each of them, which the loader reads straight from the videos (`--list`)
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from training.preparing.measuring import Facts, Measures
from training.preparing.selecting import Candidate, MeasuredShot, Selection
from vsanimesr.durable import explained, publish
from vsanimesr.errors import JobError

TABLE, LISTED, MEASUREMENTS = "prepare.jsonl", "clips.jsonl", "measurements"
VERSION = 1
"""Raised by every change of what is measured."""

type Line = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """How a video was measured: another way of it makes its measurements worthless."""

    identity: str
    """`vsanimesr.media.probing.identity` of the file."""
    flow: str
    """`flow.NAME`."""
    quality: str
    """`Scorer.name`."""
    version: int = VERSION
    """Of what is measured."""


@dataclass(frozen=True)
class Video:
    """A video and everything that is known of it."""

    name: str
    """Of its folder."""
    path: Path
    """Where it lies."""
    made: Made
    """How it was measured."""
    facts: Facts
    """What its header says."""
    measures: Measures
    """Of each frame."""


def save(file: Path, video: Video) -> None:
    """Write a video's measurements; the file appears when it is whole. Raises JobError."""
    meta = {"made": asdict(video.made), "facts": asdict(video.facts)}
    columns = {each.name: getattr(video.measures, each.name) for each in fields(Measures)}
    temporary = file.with_name(f".{file.name}.part")
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as opened:
                np.savez(opened, meta=np.array(json.dumps(meta)), **columns)
            publish(temporary, file)
        finally:
            temporary.unlink(missing_ok=True)


def load(file: Path, name: str, path: Path, made: Made) -> Video | None:
    """The measurements in a file; None where there are none, or others than asked for. Raises JobError if damaged."""
    if not file.exists():
        return None
    try:
        with file.open("rb") as opened, np.load(opened) as stored:
            meta = json.loads(str(stored["meta"]))
            columns = [stored[each.name] for each in fields(Measures)] if Made(**meta["made"]) == made else []
        return Video(name, path, made, Facts(**meta["facts"]), Measures(*columns)) if columns else None
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise JobError(f"'{file}' is damaged ({error}); delete it and run the same command again") from error


def lines_of(
    video: Video, found: Iterable[MeasuredShot], clips: Iterable[tuple[Candidate, bool]], by: Selection
) -> list[Line]:
    """A video's part of prepare.jsonl: itself, its shots, its clips with whether they are chosen."""
    about = {"kind": "video", "name": video.name, "path": str(video.path), "identity": video.made.identity}
    substitutes = {"flow": video.made.flow, "quality": video.made.quality}
    head = about | asdict(video.facts) | {"frames": video.measures.frames} | substitutes | {"selection": asdict(by)}
    return [head, *(_shot(video.name, each) for each in found), *(_clip(video.name, *each) for each in clips)]


def read(out: Path, name: str) -> list[Line]:
    """The lines of a file of OUT, none where there is no such file; raises JobError where it is damaged."""
    file = out / name
    if not file.exists():
        return []
    try:
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise JobError(f"'{file}' is damaged ({error}); delete it and run the same command again") from error


def write(out: Path, name: str, lines: Iterable[Line]) -> None:
    """Put lines into a file of OUT, which appears when it is whole; raises JobError."""
    file = out / name
    temporary = file.with_name(f".{name}.part")
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        publish(temporary, file)


def _shot(video: str, each: MeasuredShot) -> Line:
    whole = {"kind": "shot", "video": video, "first": each.shot.first, "count": each.shot.count} | asdict(each)
    return {key: _rounded(value) for key, value in whole.items() if key != "shot"}


def _clip(video: str, each: Candidate, chosen: bool) -> Line:
    whole = {"kind": "clip", "video": video, "name": each.name, **asdict(each), "chosen": chosen}
    return {key: _rounded(value) for key, value in whole.items()}


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
