"""Scenes of a file, against those that the filter finds when it upscales it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import vapoursynth as vs

from benchmarks import disturbed
from tests.clips import core, linear
from vsanimesr.errors import FormatError, MediaError
from vsanimesr.jobs.scene_search import scene_starts, starts_in
from vsanimesr.pipeline import find_ffmpeg

pytestmark = pytest.mark.slow  # it takes seconds

WIDTH, HEIGHT = 160, 96


def write(file: Path, pictures: Sequence[disturbed.Image], pix_fmt: str) -> Path:
    """RGB pictures as a lossless file."""
    size = f"{pictures[0].shape[1]}x{pictures[0].shape[0]}"
    command = [find_ffmpeg(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", "24", "-i", "-"]
    data = b"".join(picture.tobytes() for picture in pictures)
    subprocess.run([*command, "-pix_fmt", pix_fmt, "-c:v", "ffv1", file], input=data, check=True)
    return file


@pytest.fixture(scope="module")
def drawn() -> list[disturbed.Frame]:
    """Shots with cuts, flashes, fades and dissolves."""
    return list(disturbed.clip(17, 7, "flat", (WIDTH, HEIGHT)))


def tagged(clip: vs.VideoNode, starts: Sequence[int], **others: Any) -> vs.VideoNode:
    """The clip with a property at every frame that says whether it starts a scene."""
    yes, no = clip.std.SetFrameProps(_SceneChangePrev=1), clip.std.SetFrameProps(_SceneChangePrev=0)
    return core.std.FrameEval(clip, lambda n: yes if n in starts else no, **others)


def upscaled(clip: vs.VideoNode) -> list[bytes]:
    """Pictures that depend on every frame since the start of their scene."""
    return linear(core.animesr.Upscale(clip, backend="fake", scale=1))


def check_against_the_filter(clip: vs.VideoNode, starts: Sequence[int]) -> None:
    """That the filter restarts where `starts` says, and that pictures would show it if it did not."""
    found = upscaled(clip)
    assert found == upscaled(tagged(clip, starts))
    assert len(starts) > 2
    moved = [*starts[:-1], starts[-1] + 1]
    assert found != upscaled(tagged(clip, moved))


SLOW = [pytest.param(pix_fmt, marks=pytest.mark.slow) for pix_fmt in ("gbrp", "yuv444p10le", "gray")]


@pytest.mark.parametrize("pix_fmt", ["yuv420p", *SLOW])
def test_scenes_are_those_of_the_filter(drawn: list[disturbed.Frame], tmp_path: Path, pix_fmt: str) -> None:
    file = write(tmp_path / "clip.mkv", [frame.picture for frame in drawn], pix_fmt)
    starts = scene_starts(file)
    clip = core.bs.VideoSource(str(file), cachemode=0, showprogress=False)
    check_against_the_filter(clip, starts)
    assert starts == starts_in(clip)
    cuts = {0, *(n for n, frame in enumerate(drawn) if frame.cut)}
    assert len(cuts & set(starts)) >= 0.8 * len(cuts)


def test_tags_decide_where_there_are_any(drawn: list[disturbed.Frame], tmp_path: Path) -> None:
    file = write(tmp_path / "clip.mkv", [frame.picture for frame in drawn[:40]], "yuv420p")
    clip = core.bs.VideoSource(str(file), cachemode=0, showprogress=False)
    said = tagged(clip, [5, 6, 30])
    assert starts_in(said) == [0, 5, 6, 30]
    mixed = core.std.Splice([clip[:20], clip[20:22].std.SetFrameProps(_SceneChangeNext=1), clip[22:]])
    assert {21, 22} <= set(starts_in(mixed))
    check_against_the_filter(mixed, starts_in(mixed))


def test_every_frame_is_told_of_in_order(drawn: list[disturbed.Frame], tmp_path: Path) -> None:
    file = write(tmp_path / "clip.mkv", [frame.picture for frame in drawn[:12]], "yuv420p")
    told: list[tuple[int, int]] = []
    starts = scene_starts(file, lambda done, total: told.append((done, total)), track=0)
    assert told == [(n, 12) for n in range(1, 13)]
    assert starts[0] == 0


@pytest.mark.parametrize("frames", [1, 2])
def test_shortest_files(drawn: list[disturbed.Frame], tmp_path: Path, frames: int) -> None:
    same = [drawn[0].picture] * frames
    assert scene_starts(write(tmp_path / "clip.mkv", same, "yuv420p")) == [0]


def test_what_say_raises_ends_the_search() -> None:
    seen: list[int] = []

    def stop(done: int, _: int) -> None:
        seen.append(done)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        starts_in(core.std.BlankClip(width=64, height=48, format=vs.YUV420P8, length=500), stop)
    assert seen == [1, 2, 3]


def test_formats_that_the_filter_does_not_take(drawn: list[disturbed.Frame], tmp_path: Path) -> None:
    file = write(tmp_path / "clip.mkv", [frame.picture for frame in drawn[:30]], "yuv411p")
    with pytest.raises(FormatError, match=r"clip\.mkv: its format is one that cannot be upscaled \(YUV411P8\)"):
        scene_starts(file)
    clip = core.bs.VideoSource(str(file), cachemode=0, showprogress=False).resize.Bicubic(format=vs.YUV444P8)
    assert scene_starts(file, convert="YUV444P8") == starts_in(clip)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="there is no file"):
        scene_starts(tmp_path / "none.mkv")
    (tmp_path / "text.mkv").write_text("no video\n" * 50)
    with pytest.raises(MediaError, match=r"text\.mkv' cannot be read as video: .*; is it damaged"):
        scene_starts(tmp_path / "text.mkv")


def test_a_frame_that_cannot_be_read_is_named() -> None:
    def broken(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        if n == 7:
            raise ValueError("no such disc")
        return f

    clip = core.std.BlankClip(width=64, height=48, format=vs.YUV420P8, length=30)
    with pytest.raises(MediaError, match="the clip: frame 7 cannot be read: "):
        starts_in(clip.std.ModifyFrame(clip, broken))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_clip() -> None:
    clip = core.std.BlankClip(width=1280, height=720, format=vs.YUV444P8, length=1000, keep=False)
    sizes: list[int] = []
    process = psutil.Process()
    starts_in(clip, lambda done, _: sizes.append(process.memory_info().rss) if done % 100 == 0 else None)
    assert max(sizes) - sizes[0] < 200 << 20, np.array(sizes) >> 20  # all frames are 3 GB
