"""What ffmpeg is told, and what is refused."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encoded import video
from vsanimesr.errors import ArgumentError, FormatError, PipelineError
from vsanimesr.media import VideoTags, encoders, pix_fmts
from vsanimesr.media.encoders import ENCODERS, Encoding, arguments, available, vapoursynth_format
from vsanimesr.pipeline import find_ffmpeg


@pytest.fixture(scope="module")
def usable() -> dict[str, str]:
    return available(find_ffmpeg())


REFUSED = {
    "encoder": (Encoding("h264"), "there is no encoder 'h264'; write one of x264, x265"),
    "lossless": (Encoding("ffv1", crf=10), "--crf 10 means nothing to ffv1, which loses nothing"),
    "no presets": (Encoding("ffv1", preset="slow"), "--preset slow: ffv1 has none"),
    "crf": (Encoding("x264", crf=52), r"--crf 52: x264 takes 0 \(best\) to 51"),
    "cq": (Encoding("hevc_nvenc", crf=0), r"--crf 0: hevc_nvenc takes 1 \(best\) to 51"),
    "no number": (Encoding("x265", crf=float("nan")), "--crf nan: x265 takes 0"),
    "half a number": (Encoding("svtav1", crf=20.5), "--crf 20.5: svtav1 takes whole numbers; write 20"),
    "preset": (Encoding("svtav1", preset="slow"), "--preset slow: svtav1 has 0, 1, 2"),
    "depth": (Encoding("x264", pix_fmt="yuv420p12"), "were to be yuv420p12le, which x264 does not take; .*yuv420p10le"),
    "rgb": (
        Encoding("ffv1", pix_fmt="gbrp"),
        "pictures in gbrp cannot be handed to ffmpeg as y4m; write one of yuv420p,",
    ),
    "half": (Encoding(extra=("-g",)), "--encoder-args -g: wanted options of ffmpeg, each followed by its value"),
    "a file": (Encoding(extra=("out.mkv", "-g")), "wanted options of ffmpeg, each followed"),
    "own": (Encoding(extra=("-crf", "3")), "-crf cannot be given here; write --crf"),
    "codec": (Encoding(extra=("-c:v", "ffv1")), "-c:v cannot be given here; write --encoder"),
    "filter": (Encoding(extra=("-filter:v", "fps=3")), "-filter:v cannot be given here; which frames"),
    "input": (Encoding(extra=("-i", "x.mkv")), "-i cannot be given here; what goes into which file"),
}


def test_what_the_fixed_threads_are_for(tmp_path: Path) -> None:
    assert arguments(Encoding("x264"), video(), VideoTags())[3:8] == ["passthrough", "-c:v", "libx264", "-threads", "8"]
    assert "frame-threads=3" in " ".join(arguments(Encoding("x265"), video(), VideoTags()))


@pytest.mark.parametrize("name", ["hevc_nvenc", "av1_nvenc"])
def test_options_of_encoders_that_do_not_run_here_are_known_to_ffmpeg(name: str, usable: dict[str, str]) -> None:
    if usable[name].startswith("Unknown encoder"):
        pytest.skip(usable[name])
    encoder = ENCODERS[name]
    command = [find_ffmpeg(), "-hide_banner", "-h", f"encoder={encoder.codec}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    given = arguments(Encoding(name), video("yuv420p10le"), VideoTags())
    assert set(encoder.formats.values()) <= set(told.split())
    for option in ("-preset", "-rc", "-cq"):
        assert option in given
        assert f"  {option} " in told
    assert given[given.index("-pix_fmt") + 1] == "p010le"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x264", "x265", "svtav1", "ffv1"])
def test_formats_are_those_that_ffmpeg_lists(name: str) -> None:
    command = [find_ffmpeg(), "-hide_banner", "-h", f"encoder={ENCODERS[name].codec}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    listed = set(next(line for line in told.splitlines() if "Supported pixel formats" in line).split())
    assert set(ENCODERS[name].formats.values()) == listed & set(pix_fmts.PIX_FMTS)


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_go_together_is_refused_with_the_way_out(case: str) -> None:
    encoding, told = REFUSED[case]
    with pytest.raises(ArgumentError, match=told):
        arguments(encoding, video(), VideoTags())


def test_sources_that_an_encoder_does_not_take_are_refused() -> None:
    with pytest.raises(
        ArgumentError, match="the source is yuv422p, its pictures would be yuv422p, which svtav1 does not"
    ):
        arguments(Encoding("svtav1"), video("yuv422p"), VideoTags())
    assert encoders.pix_fmt(Encoding("svtav1", pix_fmt="yuv420p10"), video("yuv422p")) == "yuv420p10le"
    with pytest.raises(FormatError, match="_Matrix=7"):
        arguments(Encoding(), video(), VideoTags("smpte240m"))
    with pytest.raises(ArgumentError, match="the source is gbrp, and nothing says by which matrix"):
        arguments(Encoding(), video("gbrp"), VideoTags("gbr"))
    assert "colorspace=bt709" in " ".join(arguments(Encoding(), video("gbrp"), VideoTags("bt709")))


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(list(ENCODERS)),
    st.integers(1, 50),
    st.fractions(min_value=Fraction(1, 50), max_value=50, max_denominator=5000),
)
def test_arguments_are_words_without_a_file_name(name: str, crf: int, sar: Fraction) -> None:
    given = arguments(Encoding(name, crf=crf if ENCODERS[name].quality else None), video(sar=sar), VideoTags())
    assert all(given)
    assert len(given) % 2 == 0
    assert all(word.startswith("-") for word in given[::2])
    assert f"setsar=sar={sar}:max=65535" in given[1]


def test_available_says_why_not(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho '[vost#0:0 @ 0x55d0] Unknown encoder' \"$9\" >&2\nexit 8\n")
    broken.chmod(0o755)
    told = available(broken)
    assert list(told) == list(ENCODERS)
    assert all(why.startswith("Unknown encoder") for why in told.values())
    with pytest.raises(PipelineError, match="could not be started"):
        available(tmp_path / "none")


def test_available_runs_them(usable: dict[str, str]) -> None:
    assert [name for name, why in usable.items() if not why][:4] == ["x264", "x265", "svtav1", "ffv1"]
    assert all("@" not in why for why in usable.values())


@pytest.mark.parametrize(
    ("pix_fmt", "name"),
    [
        ("yuv420p", "YUV420P8"),
        ("yuv420p10le", "YUV420P10"),
        ("yuv444p16", "YUV444P16"),
        ("gray", "GRAY8"),
        ("gray12", "GRAY12"),
    ],
)
def test_names_of_formats(pix_fmt: str, name: str) -> None:
    assert vapoursynth_format(pix_fmt) == name


@pytest.mark.parametrize("pix_fmt", ["gbrp", "gray14le", "yuv411p", "nv12", "yuv420p9le", "", "foo"])
def test_formats_that_do_not_cross(pix_fmt: str) -> None:
    with pytest.raises(ArgumentError, match="cannot be handed to ffmpeg as y4m; write one of"):
        vapoursynth_format(pix_fmt)
