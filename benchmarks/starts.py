"""How to start the recurrence: at a cut, and in the middle of a shot; against the truth and the uninterrupted run.

Frames of footage are the truth, they reduced to a quarter are the source, so a picture can be compared with what it
should be. The network runs in RGBS through the contract of a backend.
"""

import argparse
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import footage
from benchmarks.drawn import CAMERAS, STYLES, Shot
from vsanimesr import backends, models
from vsanimesr.backends.base import RING, Backend, Setup
from vsanimesr.spec import FORMATS, ClipSpec

Picture = NDArray[np.uint8]
Planes = NDArray[np.float32]

BEFORE, AFTER = 8, 6
"""Frames before a cut that the uninterrupted run has seen, and frames after it that are there."""
JUDGED = (1, 2, 3, 5)
"""Which frames after the cut are compared with the truth, from 1."""
BURN_INS = (0, 1, 2, 3, 5)
WARM_UPS = (0, 2, 4, 8, 12)
DRAWN = 10
"""Cuts that are drawn here; of shots half as many."""
PRECISION = "fp32"
MIDDLE = 24
"""The frame of a shot, from 0, where it is started in the middle."""
WIDE = 512
"""Width of the truth."""
SCALE = 4


@dataclass(frozen=True)
class Piece:
    """Frames around a cut, or of a shot."""

    source: str
    """'real' or 'drawn'."""
    name: str
    frames: list[Picture]
    """The truth, RGB."""


@dataclass
class Found:
    """What was measured, in decibels."""

    cuts: list[dict[str, Any]] = field(default_factory=list)
    """For each cut: source, name, and under `psnr` by the way to start one value for each of JUDGED."""
    middles: list[dict[str, Any]] = field(default_factory=list)
    """For each shot: source, name, and under `agreement` by burn-in and warm-up the first delivered frame's."""


class Run:
    """The network on a piece's frames."""

    def __init__(self, frames: Sequence[Picture]) -> None:
        self._sources = [_reduced(frame) for frame in frames]
        _, height, width = self._sources[0].shape
        clip = ClipSpec(width, height, len(frames), FORMATS["RGBS"])
        setup = Setup(clip, 1, PRECISION, "", 0, lambda: models.load(models.DEFAULT))
        self._backend: Backend = backends.get("openvino")(setup)

    def pictures(self, start: int, first: int, last: int, burn_in: int = 0) -> list[Planes]:
        """Pictures `first` to `last` of a run that starts at frame `start` as the first of a scene, [3, h, w]."""
        self._backend.reset()
        self._backend.ingest(start % RING, list(self._sources[start]))
        for _ in range(burn_in):
            self._step((start, start, start))
        found = []
        for n in range(start, last + 1):
            following = min(n + 1, len(self._sources) - 1)
            self._backend.ingest(following % RING, list(self._sources[following]))
            picture = self._step((max(start, n - 1), n, following))
            if n >= first:
                found.append(picture)
        return found

    def close(self) -> None:
        """End the backend."""
        self._backend.close()

    def _step(self, window: tuple[int, int, int]) -> Planes:
        previous, current, following = (n % RING for n in window)
        event = self._backend.step((previous, current, following), 0)
        event.wait()
        if event.error is not None:
            raise event.error
        return np.stack(self._backend.read(0)).astype(np.float32)


def measure(clips: Sequence[footage.Footage], say: Callable[[str], None]) -> Found:
    """Start at every cut of the clips, and of drawn clips, and in the middle of their longer shots."""
    found = Found()
    for piece in (*real_cuts(clips), *drawn_cuts(DRAWN)):
        found.cuts.append({"source": piece.source, "name": piece.name, "psnr": at_cut(piece)})
        say(f"{piece.name}: {found.cuts[-1]['psnr']['runs on'][0]:.2f} dB where the state runs on")
    for piece in (*real_shots(clips), *drawn_shots(DRAWN // 2)):
        found.middles.append({"source": piece.source, "name": piece.name, "agreement": in_middle(piece)})
        say(f"{piece.name}: {found.middles[-1]['agreement']['burn-in 3, warm-up 4']:.2f} dB")
    return found


def at_cut(piece: Piece) -> dict[str, list[float]]:
    """Decibels against the truth by the way to start at the cut, for each of JUDGED."""
    run, last = Run(piece.frames), BEFORE + max(JUDGED) - 1
    try:
        ways = {"runs on": run.pictures(0, BEFORE, last)}
        for burn_in in BURN_INS:
            ways[f"burn-in {burn_in}" if burn_in else "zeros"] = run.pictures(BEFORE, BEFORE, last, burn_in)
    finally:
        run.close()
    truth = {n: _planes(piece.frames[BEFORE + n - 1]) for n in JUDGED}
    return {way: [psnr(pictures[n - 1], truth[n]) for n in JUDGED] for way, pictures in ways.items()}


def in_middle(piece: Piece) -> dict[str, float]:
    """Decibels of agreement with the run from the shot's start at frame MIDDLE, by burn-in and warm-up."""
    run, found = Run(piece.frames), {}
    try:
        whole = run.pictures(0, MIDDLE, MIDDLE, 3)[0]
        for burn_in in (0, 3):
            for warm_up in WARM_UPS:
                picture = run.pictures(MIDDLE - warm_up, MIDDLE, MIDDLE, burn_in)[0]
                found[f"burn-in {burn_in}, warm-up {warm_up}"] = psnr(picture, whole)
    finally:
        run.close()
    return found


def psnr(one: Planes, other: Planes) -> float:
    """Peak signal-to-noise ratio of pictures in [0, 1], decibels; at most 100."""
    return -10 * float(np.log10(max(float(np.mean((one - other) ** 2, dtype=np.float64)), 1e-10)))


def real_cuts(clips: Sequence[footage.Footage]) -> Iterator[Piece]:
    """The frames around each listed cut that is far enough from the clip's ends and from other cuts."""
    for clip in clips:
        starts = (0, *clip.cuts, clip.frames)
        for before, cut, after in zip(starts, starts[1:], starts[2:], strict=False):
            if cut - before >= BEFORE and after - cut >= AFTER:
                yield Piece("real", f"{clip.name}:{cut}", _picked(clip, cut - BEFORE, BEFORE + AFTER))


def real_shots(clips: Sequence[footage.Footage]) -> Iterator[Piece]:
    """The first MIDDLE frames, and a few more, of each shot that is long enough and begins with a listed cut."""
    for clip in clips:
        starts = (0, *clip.cuts, clip.frames)
        for start, end in pairwise(starts):
            if end - start >= MIDDLE + 2 and start:
                yield Piece("real", f"{clip.name}:{start}", _picked(clip, start, MIDDLE + 2))


def drawn_cuts(count: int) -> Iterator[Piece]:
    """Cuts between drawn shots, of every camera and style in turn."""
    for n in range(count):
        old, new = _shot(2 * n), _shot(2 * n + 1)
        pictures = [old.picture(k, WIDE, 288) for k in range(BEFORE)]
        pictures += [new.picture(k, WIDE, 288) for k in range(AFTER)]
        yield Piece("drawn", f"drawn:{n}", pictures)


def drawn_shots(count: int) -> Iterator[Piece]:
    """Drawn shots."""
    for n in range(count):
        shot = _shot(1000 + n)
        yield Piece("drawn", f"drawn shot:{n}", [shot.picture(k, WIDE, 288) for k in range(MIDDLE + 2)])


def _shot(n: int) -> Shot:
    draw = random.Random(n)  # noqa: S311
    return Shot(7000 + n, STYLES[n % 4 // 2], draw.choice(CAMERAS), draw.choice((1, 2, 3)))


def _picked(clip: footage.Footage, first: int, count: int) -> list[Picture]:
    height = round(clip.size[1] * WIDE / clip.size[0] / 16) * 16
    decoded = footage.decode(clip.file, (WIDE, height), "rgb24", first + count)
    return [frame for n, frame in enumerate(decoded) if n >= first]


def _planes(picture: Picture) -> Planes:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


def _reduced(picture: Picture) -> Planes:
    """A quarter of the size, by Pillow's bicubic kernel, widened as it shrinks; rounded to 8 bits as video is."""
    high, wide, _ = picture.shape
    small = Image.fromarray(picture).resize((wide // SCALE, high // SCALE), Image.Resampling.BICUBIC)
    return _planes(np.asarray(small))


def tables(found: Found) -> str:
    """Both tables, as Markdown: medians by source, and at how many cuts a way beats the run that goes on."""
    lines = [
        "| start | "
        + " | ".join(f"{s}, frame {n}" for s in ("real", "drawn") for n in JUDGED)
        + " | beats running on |"
    ]
    lines.append("|---" * (2 * len(JUDGED) + 2) + "|")
    for way in found.cuts[0]["psnr"]:
        cells = [f"{value:.2f}" for source in ("real", "drawn") for value in _medians(found, source, way)]
        better = sum(cut["psnr"][way][0] > cut["psnr"]["runs on"][0] for cut in found.cuts)
        lines.append(f"| {way} | {' | '.join(cells)} | {better} of {len(found.cuts)} |")
    lines += ["", "| start in the middle | real | drawn |", "|---|---|---|"]
    for way in found.middles[0]["agreement"] if found.middles else ():
        values = [_median([m["agreement"][way] for m in found.middles if m["source"] == s]) for s in ("real", "drawn")]
        lines.append(f"| {way} | {values[0]:.1f} | {values[1]:.1f} |")
    return "\n".join(lines)


def _medians(found: Found, source: str, way: str) -> list[float]:
    rows = [cut["psnr"][way] for cut in found.cuts if cut["source"] == source]
    return [_median([row[k] for row in rows]) for k in range(len(JUDGED))]


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")


def run(asked: argparse.Namespace, described: dict[str, Any], say: Callable[[str], None]) -> str:
    """Measure what the command line says; returns the tables, and writes the file that it names."""
    found = measure(footage.asked_for(asked), say)
    settings = {"precision": PRECISION, "width": WIDE, "before": BEFORE, "judged": JUDGED, "middle": MIDDLE}
    if asked.output:
        footage.write(
            asked.output, "starts", described, {"settings": settings, "cuts": found.cuts, "middles": found.middles}
        )
    return tables(found)
