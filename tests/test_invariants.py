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
from vsanimesr.spec import FORMATS, PixelFormat

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


def sides(subsampling: int) -> st.SearchStrategy[int]:
    return st.integers(16 >> subsampling, 200 >> subsampling).map(lambda side: side << subsampling)


@st.composite
def cases(draw: st.DrawFn, most_frames: int, largest: int) -> Case:
    format_ = draw(st.sampled_from(list(FORMATS.values())))
    width, height = (draw(sides(each).filter(lambda side: side <= largest)) for each in format_.subsampling)
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
    if min(width, height) >= 64 and draw(st.booleans()):
        arguments |= {"tiles": [draw(st.integers(1, 2)), 2], "overlap": draw(st.sampled_from([0, 8]))}
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


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[*quiet, HealthCheck.function_scoped_fixture])
@given(cases(most_frames=14, largest=72))
def test_so_does_openvino(official_v2: models.Artifact, case: Case) -> None:
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
