"""Every argument, format and size keeps the filter exact: whatever is asked for, and in whatever order, the pixels are
those of the linear render (ARCHITECTURE.md, invariant 1)."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import vapoursynth as vs
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.clips import core, core_settings, in_flight, linear
from vsanimesr import models
from vsanimesr.spec import FORMATS, MIN_SIDE, PixelFormat, padded
from vsanimesr.tiles import DEFAULT_OVERLAP, GRID

OVERLAPS = [(0, 0), (8, 8), (5, 16), (DEFAULT_OVERLAP, DEFAULT_OVERLAP)]
ROOM = 32
"""A side that may be cut into tiles."""

pytestmark = pytest.mark.timeout(300, method="thread")


@dataclass(frozen=True)
class Case:
    """A clip, how it is upscaled, and in which order its pictures are asked for."""

    format: PixelFormat
    width: int
    height: int
    frames: int
    seed: int
    scenes: tuple[int, ...] | None
    """Frames that are marked as starts of scenes; None leaves them to the detector."""
    arguments: dict[str, Any] = field(hash=False)
    order: tuple[int, ...]
    threads: int

    def clip(self) -> vs.VideoNode:
        """Frames of noise, some of them alike, with and without marks."""
        draw = np.random.default_rng(self.seed)
        seeds = draw.integers(0, 5, self.frames)
        blank = core.std.BlankClip(None, self.width, self.height, self.format.id, self.frames, keep=True)

        def noise(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
            frame, noise = f.copy(), np.random.default_rng(seeds[n])
            for plane in range(f.format.num_planes):
                out = np.asarray(frame[plane])
                dark = 0.2 * (seeds[n] % 2)
                values = np.clip(noise.random(out.shape) * 0.8 + dark + n / 500, 0, 1)
                out[...] = values if self.format.floating else values * ((1 << self.format.bits) - 1)
            if self.scenes is not None:
                frame.props["_SceneChangePrev"] = int(n in self.scenes)
            return frame

        return blank.std.ModifyFrame(blank, noise)


def sides(subsampling: int, least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least >> subsampling, most >> subsampling).map(lambda side: side << subsampling)


def least_tile(side: int, overlap: int) -> int:
    """The smallest tile of which three or so cover a side."""
    return max(MIN_SIDE, side // 3 + 2 * padded(overlap, GRID) + GRID)


@st.composite
def tilings(draw: st.DrawFn, width: int, height: int) -> dict[str, Any]:
    """About three tiles across and down at most, by their number or their size; each argument in all its forms."""
    frame = width, height
    fitting = [(x, y) for x, y in OVERLAPS if least_tile(width, x) < width and least_tile(height, y) < height]
    across, down = draw(st.sampled_from(fitting))
    asked: dict[str, Any] = {"overlap": across if across == down else [across, down]}
    if across == DEFAULT_OVERLAP and draw(st.booleans()):
        del asked["overlap"]
    count = st.integers(1, 3)
    if draw(st.booleans()):
        return asked | {"tiles": draw(st.tuples(count, count).map(list) | count | st.just("auto"))}
    least = least_tile(width, across), least_tile(height, down)
    sizes = st.tuples(*(st.integers(tile, side) for tile, side in zip(least, frame, strict=True)))
    return asked | {"tilesize": draw(sizes.map(list) | st.integers(max(least), max(frame)))}


@st.composite
def cases(draw: st.DrawFn, most_frames: int, largest: int, tiled: bool = False) -> Case:
    """Clips whose sides are no longer than `largest`, with tiles always or where there is room for them."""
    format_ = draw(st.sampled_from(list(FORMATS.values())))
    width, height = (draw(sides(each, ROOM if tiled else MIN_SIDE, largest)) for each in format_.subsampling)
    frames = draw(st.integers(1, most_frames))
    target = draw(st.none() | st.sampled_from(list(FORMATS.values())))
    scale = draw(st.sampled_from([4, 4, 3, 2, 1]))
    picture = target or format_
    assume(not (width * scale & picture.subsampling[0]) and not (height * scale & picture.subsampling[1]))
    arguments: dict[str, Any] = {
        "scale": scale,
        "scenes": draw(st.sampled_from([1, 1, 1, 0])),
        "burn_in": draw(st.integers(0, 3)),
        "segment": draw(st.sampled_from([0, 0, 5, 11])),
        "warmup": draw(st.integers(0, 4)),
        "slots": draw(st.integers(1, 4)),
        "checkpoints": draw(st.sampled_from([0, 256])),
    }
    if target is not None:
        arguments["format"] = target.id
    if picture.bits == 8:
        arguments["dither"] = draw(st.integers(0, 1))
    if tiled or (min(width, height) >= ROOM and draw(st.booleans())):
        arguments |= draw(tilings(width, height))
    return Case(
        format=format_,
        width=width,
        height=height,
        frames=frames,
        seed=draw(st.integers(0, 5)),
        scenes=draw(st.none() | st.lists(st.integers(0, frames - 1), max_size=4).map(tuple)),
        arguments=arguments,
        order=tuple(draw(st.lists(st.integers(0, frames - 1), min_size=1, max_size=25))),
        threads=draw(st.sampled_from([1, 2, 8])),
    )


def check(case: Case, backend: dict[str, Any]) -> None:
    source = case.clip()
    truth = linear(core.animesr.Upscale(source, **case.arguments, **backend))
    with core_settings(threads=case.threads):
        found = in_flight(core.animesr.Upscale(source, **case.arguments, **backend), list(case.order))
    assert found == [truth[n] for n in case.order]


quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@settings(max_examples=60, deadline=None, suppress_health_check=quiet)
@given(cases(most_frames=60, largest=200))
def test_any_request_gives_the_pixels_of_the_linear_render(case: Case) -> None:
    check(case, {"backend": "fake"})


@settings(max_examples=30, deadline=None, suppress_health_check=quiet)
@given(cases(most_frames=40, largest=160, tiled=True))
def test_so_does_any_in_tiles(case: Case) -> None:
    check(case, {"backend": "fake"})


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[*quiet, HealthCheck.function_scoped_fixture])
@given(cases(most_frames=14, largest=72))
def test_so_does_openvino(official_v2: models.Artifact, case: Case) -> None:
    check(case, {"backend": "openvino", "precision": "fp32"})


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[*quiet, HealthCheck.function_scoped_fixture])
@given(cases(most_frames=10, largest=72, tiled=True))
def test_so_does_openvino_in_tiles(official_v2: models.Artifact, case: Case) -> None:
    check(case, {"backend": "openvino", "precision": "fp32"})


def test_a_far_seek_through_the_nodes_finds_its_scene() -> None:
    source = core.std.BlankClip(None, 32, 32, vs.GRAY8, length=3000)
    source = source.std.SetFrameProps(_SceneChangePrev=0)
    marked = source.std.SetFrameProps(_SceneChangePrev=1)
    clip = source[:2500] + marked[2500] + source[2501:]
    read: list[int] = []

    def note(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        read.append(n)
        return f

    upscaled = core.animesr.Upscale(clip.std.ModifyFrame(clip, note), backend="fake")
    with core_settings(threads=1):
        upscaled.get_frame(2560).close()
    assert min(n for n in read if n) >= 2500 - 16
    assert 2561 in read
    assert len(read) < 400
