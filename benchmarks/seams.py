"""What tiles change: `python -m benchmarks seams` runs a clip whole and in 2x2 tiles and compares the pictures.

Three ways: `exchange`, as the filter does it; `apart`, where each tile keeps to its own state; `shifted`, the same with
tiles that begin two samples off the grid of the network.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import vapoursynth as vs
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.combinations import parse_size
from vsanimesr import backends, colour, models
from vsanimesr.backends.base import RING, Backend, Planes, Setup
from vsanimesr.backends.tiled import Tiled, tile_setup
from vsanimesr.errors import ArgumentError
from vsanimesr.spec import FORMATS, ClipSpec, Colour
from vsanimesr.tiles import DEFAULT_OVERLAP, GRID, Move, Span, Tile, Tiling

SCHEMA = 1
OVERLAPS = (0, 8, 16, 24, 32, 48)
PEAK = 255
"""What differences are told in: steps of 8 bits."""
Picture = list[NDArray[Any]]


class Apart(Tiling):
    """Tiles that exchange nothing."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """None."""
        return ()


class Shifted(Apart):
    """Tiles that begin half a grid earlier than they should, and are so much larger."""

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The same parts as without the shift."""
        right = Tiling(self.frame, (self.size[0] - GRID // 2, self.size[1] - GRID // 2), self.overlap)
        return tuple(Tile(_shifted(tile.across), _shifted(tile.down)) for tile in right.tiles)


@dataclass(frozen=True)
class Row:
    """One way to tile one clip, against the clip as a whole."""

    clip: str
    """The file's name."""
    format: str
    """Of frames and pictures."""
    way: str
    """One of WAYS."""
    overlap: int
    """Samples."""
    tile: tuple[int, int]
    """Size of a tile, samples."""
    psnr: list[float | None]
    """By frame, dB over all samples; None where the pictures are equal."""
    codes: list[int]
    """By frame, the largest difference, in steps of 8 bits after rounding."""

    @property
    def worst(self) -> str:
        """Both of the worst frame, as text."""
        finite = [value for value in self.psnr if value is not None]
        return f"{min(finite):8.1f} dB {max(self.codes):4d}" if finite else f"   equal    {max(self.codes):4d}"


def run(asked: argparse.Namespace, arguments: Sequence[str]) -> None:
    """Measure what the options say, print a table and a line of JSON. Raises AnimeSRError."""
    shown = [Path(word).name if Path(word).is_absolute() else word for word in arguments]
    settings = {name: getattr(asked, name) for name in ("first", "frames", "size", "precision")}
    settings |= {"model": models.DEFAULT, "backend": "openvino"}
    report = {"schema": SCHEMA, "benchmark": "seams", "machine": machine.describe(shown), "settings": settings}
    rows = []
    for row in measure(asked):
        print(f"{row.clip:28} {row.format:10} {row.way:9} overlap {row.overlap:3d} {row.worst}", flush=True)
        rows.append(vars(row))
    text = json.dumps({**report, "rows": rows})
    print(text)
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")


def measure(asked: argparse.Namespace) -> Iterator[Row]:
    """Each row as it is measured; `asked` has the options."""
    for file in asked.clip:
        for name in asked.formats:
            width, height = asked.size
            clip = ClipSpec(width, height, asked.frames, FORMATS[name], _colour(name))
            frames = list(_frames(file, asked.first, clip))
            setup = Setup(clip, 1, asked.precision, "", 0, lambda: models.load(models.DEFAULT))
            whole = list(_pictures(backends.get("openvino")(setup), frames))
            for way in asked.ways:
                for overlap in asked.overlaps:
                    tiling = WAYS[way]((clip.width, clip.height), overlap)
                    backend = Tiled(backends.get("openvino")(tile_setup(setup, tiling)), clip, tiling)
                    yield _compared(file.name, name, way, tiling, zip(whole, _pictures(backend, frames), strict=True))


def _aligned(frame: tuple[int, int], overlap: int) -> Tiling:
    return Tiling.of_count(frame, (2, 2), (overlap, overlap))


def _apart(frame: tuple[int, int], overlap: int) -> Tiling:
    return Apart.of_count(frame, (2, 2), (overlap, overlap))


def _off_the_grid(frame: tuple[int, int], overlap: int) -> Tiling:
    tiling = Shifted.of_count(frame, (2, 2), (overlap, overlap))
    return replace(tiling, size=(tiling.size[0] + GRID // 2, tiling.size[1] + GRID // 2))


WAYS = {"exchange": _aligned, "apart": _apart, "shifted": _off_the_grid}


def _shifted(span: Span) -> Span:
    earlier = GRID // 2 if span.start else 0
    return Span(span.start - earlier, span.length + GRID // 2, span.first, span.end)


def _compared(clip: str, name: str, way: str, tiling: Tiling, pairs: Iterator[tuple[Picture, Picture]]) -> Row:
    format_ = FORMATS[name]
    peak = 1 if format_.floating else colour.peak(format_)
    psnr, codes = zip(*(_difference(*pair, peak) for pair in pairs), strict=True)
    return Row(clip, name, way, tiling.overlap[0], tiling.size, list(psnr), list(codes))


def _difference(one: Picture, other: Picture, peak: int) -> tuple[float | None, int]:
    """PSNR in dB, None for equal pictures, and the largest difference in steps of 8 bits; white is `peak`."""
    squares = samples = most = 0.0
    for a, b in zip(one, other, strict=True):
        x, y = (plane.astype(np.float64) * (PEAK / peak) for plane in (a, b))
        squares, samples = squares + ((x - y) ** 2).sum(), samples + x.size
        most = max(most, np.abs(np.rint(x) - np.rint(y)).max())
    return (float(10 * np.log10(PEAK**2 * samples / squares)) if squares else None), int(most)


def _pictures(backend: Backend, frames: Sequence[Planes]) -> Iterator[Picture]:
    """What a backend makes of a clip, which it then closes."""
    last = len(frames) - 1
    try:
        backend.reset()
        backend.ingest(0, frames[0])
        for n in range(last + 1):
            if n < last:
                backend.ingest((n + 1) % RING, frames[n + 1])
            event = backend.step((max(0, n - 1) % RING, n % RING, min(last, n + 1) % RING), 0)
            event.wait()
            if event.error is not None:
                raise event.error
            yield [plane.copy() for plane in backend.read(0)]
    finally:
        backend.close()


def _frames(file: Path, first: int, clip: ClipSpec) -> Iterator[Planes]:
    """Frames of a file from number `first` on, cut out of the middle; raises ArgumentError."""
    if not file.is_file():
        raise ArgumentError(f"no video file {file.name!r}; --clip takes the path of one")
    node = vs.core.bs.VideoSource(str(file), cachemode=0, showprogress=False)
    node = vs.core.resize.Bicubic(node, format=vs.PresetVideoFormat[clip.format.name], **_matrix(node, clip))
    if min(node.width - clip.width, node.height - clip.height, len(node) - first - clip.frames) < 0:
        raise ArgumentError(
            f"{file.name} has {len(node)} frames of {node.width}x{node.height}; choose fewer or smaller"
        )
    left, top = ((side - wanted) // 4 * 2 for side, wanted in ((node.width, clip.width), (node.height, clip.height)))
    node = vs.core.std.CropAbs(node, clip.width, clip.height, left, top)
    for n in range(first, first + clip.frames):
        with node.get_frame(n) as frame:
            yield [np.array(frame[plane]) for plane in range(clip.format.planes)]


def _matrix(node: vs.VideoNode, clip: ClipSpec) -> dict[str, str]:
    untagged = node.get_frame(0).props.get("_Matrix", 2) == 2
    to_rgb = clip.format.family == "rgb" and node.format.color_family == vs.YUV
    return {"matrix_in_s": "170m" if node.height <= 576 else "709"} if untagged and to_rgb else {}


def _colour(name: str) -> Colour:
    return Colour() if FORMATS[name].family == "rgb" else Colour("709", full=False)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `run` reads."""
    add = parser.add_argument
    add("--clip", type=Path, nargs="+", default=[Path("examples/clip.mkv")], metavar="FILE", help="[examples/clip.mkv]")
    add("--first", type=int, default=0, help="number of the first frame [%(default)s]")
    add("--frames", type=int, default=12, help="how many [%(default)s]")
    add("--size", type=parse_size, default=(320, 240), metavar="WxH", help="cut out of the middle [320x240]")
    add("--formats", nargs="+", choices=tuple(FORMATS), default=["RGBS"], help="of frames and pictures [RGBS]")
    add("--precision", choices=("fp32", "bf16"), default="fp32", help="of the network [%(default)s]")
    add("--ways", nargs="+", choices=tuple(WAYS), default=list(WAYS), help="[all]")
    add("--overlaps", nargs="+", type=int, default=list(OVERLAPS), help=f"[0 to 48; the filter's: {DEFAULT_OVERLAP}]")
    add("--output", type=Path, metavar="FILE.json", help="also write the JSON there")
