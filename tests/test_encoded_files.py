"""Pictures encoded by what ffmpeg is told: what a player reads, and that the same pictures give the same bits."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.encoded import FRAMES, HEIGHT, WIDTH, colours, draw, encoded, frames_of, mastering, shape, side_data, video
from vsanimesr.media import HDR, VideoTags
from vsanimesr.media.encoders import ENCODERS, Encoding, arguments, available, input_arguments
from vsanimesr.pipeline import find_ffmpeg

HDR10 = HDR("G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)", 1000, 400)
PQ = VideoTags("bt2020nc", "bt2020", "smpte2084", "tv", "topleft")
NUMBERS = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9, "bt2020": 9, "smpte2084": 16, "tv": 1, "pc": 2}
slow = partial(pytest.param, marks=pytest.mark.slow)
RUNNABLE = [pytest.param(name, marks=pytest.mark.gpu if "nvenc" in name else ()) for name in ENCODERS]


@pytest.fixture(scope="module")
def usable() -> dict[str, str]:
    return available(find_ffmpeg())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return partial(draw, tmp_path_factory.mktemp("y4m"))


def numbers(tags: VideoTags) -> list[int]:
    return [NUMBERS[name] for name in (tags.matrix, tags.primaries, tags.transfer, tags.range)]


@pytest.mark.parametrize("name", RUNNABLE)
def test_hdr10_and_what_the_samples_mean_are_in_the_file(
    name: str, usable: dict[str, str], pictures: Callable[[str], Path], tmp_path: Path
) -> None:
    if usable[name]:
        pytest.skip(usable[name])
    made = video("yuv420p10le", tags=PQ, hdr=HDR10, sar=Fraction(853, 640))
    file = encoded(pictures("yuv420p10le"), tmp_path / "a.mkv", Encoding(name), made)
    frames = frames_of(file)
    assert len(frames) == FRAMES
    assert (frames[0].format.name, frames[0].width, frames[0].height) == ("yuv420p10le", WIDTH, HEIGHT)
    assert colours(file) == numbers(PQ)
    assert shape(file) == Fraction(853, 640)
    if name != "ffv1":  # which has no place for it
        wanted = [0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 0.005, 4000]
        assert mastering(frames[0]) == pytest.approx(wanted, rel=2e-3)
        assert side_data(frames[0])["CONTENT_LIGHT_LEVEL"] == (1000, 400)


@pytest.mark.parametrize("name", RUNNABLE)
def test_two_runs_give_the_same_bits(
    name: str, usable: dict[str, str], pictures: Callable[[str], Path], tmp_path: Path
) -> None:
    if usable[name]:
        pytest.skip(usable[name])
    source = pictures("yuv420p")
    files = [encoded(source, tmp_path / f"{n}.mkv", Encoding(name), video()).read_bytes() for n in range(2)]
    assert files[0] == files[1]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or os.cpu_count() == 1, reason="needs two processors")
@pytest.mark.parametrize("name", ["x264", "x265", "svtav1", "ffv1"])
def test_the_number_of_processors_changes_nothing(name: str, tmp_path: Path) -> None:
    source = tmp_path / "noise.y4m"
    noise = "testsrc2=size=320x240:rate=24,noise=alls=20:allf=t:all_seed=3,format=yuv420p"
    subprocess.run([find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", noise, "-frames:v", "40", source], check=True)
    made, here = video(width=80, height=60), sorted(os.sched_getaffinity(0))
    encoding = Encoding(name, preset={"svtav1": "10", "ffv1": ""}.get(name, "veryfast"))
    files = [encoded(source, tmp_path / f"{len(cpus)}.mkv", encoding, made, cpus) for cpus in (here[:1], here)]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("range_", ["tv", "pc"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "gray", *map(slow, ["yuv422p10le", "yuv444p14le", "gray16le"])])
def test_no_sample_is_changed_on_the_way_into_an_encoder(
    pix_fmt: str, range_: str, pictures: Callable[[str], Path], tmp_path: Path
) -> None:
    made = video(pix_fmt, tags=VideoTags(range=range_))
    file = encoded(pictures(pix_fmt), tmp_path / "a.mkv", Encoding("ffv1"), made)
    wanted, found = frames_of(pictures(pix_fmt)), frames_of(file)
    assert found[0].format.name == pix_fmt
    assert [planes(frame) for frame in found] == [planes(frame) for frame in wanted]


def planes(frame: av.VideoFrame) -> list[bytes]:
    """Samples without what pads their rows."""
    depth = 1 + (frame.format.components[0].bits > 8)
    rows = [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height] for plane in frame.planes]
    return [some[:, : plane.width * depth].tobytes() for some, plane in zip(rows, frame.planes, strict=True)]


@pytest.mark.parametrize(
    ("size", "tags", "wanted"),
    [
        ((640, 480), VideoTags(), VideoTags("smpte170m", "smpte170m", "smpte170m", "tv", "left")),
        ((720, 576), VideoTags(), VideoTags("bt470bg", "bt470bg", "smpte170m", "tv", "left")),
        ((1280, 720), VideoTags(), VideoTags("bt709", "bt709", "bt709", "tv", "left")),
        ((640, 480), VideoTags(matrix="bt470bg"), VideoTags("bt470bg", "bt470bg", "smpte170m", "tv", "left")),
        ((640, 480), VideoTags("bt709", range="pc"), VideoTags("bt709", "bt709", "bt709", "pc", "left")),
        ((640, 480), VideoTags(primaries="bt709"), VideoTags("smpte170m", "bt709", "smpte170m", "tv", "left")),
        ((1920, 1080), PQ, PQ),
    ],
)
def test_what_is_not_tagged_is_tagged_as_the_filter_takes_frames_of_the_source_s_size(
    size: tuple[int, int], tags: VideoTags, wanted: VideoTags, pictures: Callable[[str], Path], tmp_path: Path
) -> None:
    made = video(width=size[0], height=size[1], tags=tags)
    file = encoded(pictures("yuv420p"), tmp_path / "a.mkv", Encoding("x264"), made)
    assert colours(file) == numbers(wanted)
    with av.open(str(file)) as container:
        assert (
            container.streams.video[0].codec_context.chroma_sample_location
            == {"left": 1, "topleft": 3}[wanted.location]
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x264", "x265", "svtav1", "ffv1"])
def test_every_format_that_an_encoder_is_said_to_take_it_takes(
    name: str, pictures: Callable[[str], Path], tmp_path: Path
) -> None:
    formats = list(ENCODERS[name].formats)
    for pix_fmt in [*formats[::5], *formats[-1:]]:
        frames = frames_of(encoded(pictures(pix_fmt), tmp_path / "a.mkv", Encoding(name), video(pix_fmt)))
        assert len(frames) == FRAMES
        assert frames[0].format.name in (pix_fmt, pix_fmt.replace("gray10", "yuv420p10"))  # how H.264's grey is decoded


def test_hdr10_of_nvenc_goes_by_the_frames(pictures: Callable[[str], Path], tmp_path: Path) -> None:
    """Shown with another encoder that reads the same side data of frames."""
    made = video("yuv420p10le", tags=PQ, hdr=HDR10)
    options = input_arguments(Encoding("hevc_nvenc"), made)
    command = [
        find_ffmpeg(),
        "-v",
        "error",
        *options,
        "-i",
        pictures("yuv420p10le"),
        "-c:v",
        "ffv1",
        tmp_path / "a.mkv",
    ]
    subprocess.run(command, check=True)
    frame = frames_of(tmp_path / "a.mkv")[0]
    assert mastering(frame) == pytest.approx([0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 0.005, 4000])
    assert side_data(frame)["CONTENT_LIGHT_LEVEL"] == (1000, 400)
    assert input_arguments(Encoding("x265"), made) == []
    assert input_arguments(Encoding("hevc_nvenc"), replace(made, hdr=None)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x264", "x265", "svtav1", "ffv1"])
@pytest.mark.parametrize("location", ["left", "center", "topleft", "top", "bottomleft", "bottom"])
def test_every_place_of_chroma(name: str, location: str, pictures: Callable[[str], Path], tmp_path: Path) -> None:
    made = video(tags=VideoTags(location=location))
    file = encoded(pictures("yuv420p"), tmp_path / "a.mkv", Encoding(name), made)
    number = 1 + ["left", "center", "topleft", "top", "bottomleft", "bottom"].index(location)
    with av.open(str(file)) as container:
        found = container.streams.video[0].codec_context.chroma_sample_location
    known = name in ("x264", "x265") or number in (1, 3)  # AV1 and Matroska know some of them only
    assert found == number or (not known and found == 0)


@pytest.mark.parametrize("name", ["x264", "x265", "svtav1"])
def test_light_levels_without_a_mastering_display(name: str, pictures: Callable[[str], Path], tmp_path: Path) -> None:
    made = video("yuv420p10le", tags=PQ, hdr=HDR("", 900, 0))
    frames = frames_of(encoded(pictures("yuv420p10le"), tmp_path / "a.mkv", Encoding(name), made))
    assert side_data(frames[0])["CONTENT_LIGHT_LEVEL"] == (900, 0)
    assert "MASTERING_DISPLAY_METADATA" not in side_data(frames[0])


def test_further_options_come_last_and_further_parameters_join_ours(
    pictures: Callable[[str], Path], tmp_path: Path
) -> None:
    extra = ("-x265-params", "keyint=5:no-sao=1", "-g", "7")
    made = video("yuv420p10le", tags=PQ, hdr=HDR10)
    given = arguments(Encoding("x265", extra=extra), made, made.tags)
    assert given[-2:] == ["-g", "7"]
    assert given.count("-x265-params") == 1
    assert given[given.index("-x265-params") + 1].endswith("max-cll=1000,400:keyint=5:no-sao=1")
    frames = frames_of(encoded(pictures("yuv420p10le"), tmp_path / "a.mkv", Encoding("x265", extra=extra), made))
    assert [frame.key_frame for frame in frames] == [n % 5 == 0 for n in range(FRAMES)]
    assert mastering(frames[0])[-1] == 4000


def test_quality_and_preset_matter(pictures: Callable[[str], Path], tmp_path: Path) -> None:
    def size(**asked: Any) -> int:
        return encoded(pictures("yuv420p"), tmp_path / "a.mkv", Encoding("x264", **asked), video()).stat().st_size

    assert size(crf=40) < size(crf=16) == size() < size(crf=0)
    assert size(preset="slow") != size(preset="ultrafast")
