"""What `probe` says of files of every kind, and of files that are none."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import media_files as files
from vsanimesr.errors import MediaError
from vsanimesr.media import HDR, Stream
from vsanimesr.media.probing import identity, probe
from vsanimesr.media.timestamps import is_variable

MIB = 1 << 20
SLOW = pytest.mark.slow
OTHERS = [".avi", *(pytest.param(name, marks=SLOW) for name in files.OTHERS if name != ".avi")]


def decoded(path: Path) -> list[int]:
    """When each frame is shown, by decoding all of them."""
    with av.open(str(path)) as file:
        return [frame.pts for frame in file.decode(file.streams.video[0])]


def test_a_plain_file(tmp_path):
    media = probe(files.plain(tmp_path / "a.mkv"))
    video = media.video
    assert media.container == "matroska,webm"
    assert media.size == (tmp_path / "a.mkv").stat().st_size
    assert (video.codec, video.width, video.height, video.pix_fmt) == ("h264", *files.SIZE, "yuv420p")
    assert (video.frame_rate, video.variable, video.sar, video.rotation) == (files.RATE, False, 1, 0)
    assert (video.hdr, video.dolby_vision, video.interlaced) == (None, False, False)
    assert [(stream.index, stream.kind, stream.codec) for stream in media.streams] == [(1, "audio", "aac")]
    assert media.duration == pytest.approx(1.02, abs=0.03)
    assert media.chapters == 0


@pytest.mark.parametrize("kind", ["plain", "variable", "delayed", "late", "trimmed", "one_frame"])
@pytest.mark.parametrize("suffix", [pytest.param(".mkv", marks=SLOW), ".mp4"])
def test_timestamps_are_those_of_the_decoded_frames(kind, suffix, tmp_path):
    path = getattr(files, kind)(tmp_path / f"a{suffix}")
    video = probe(path).video
    assert list(video.timestamps) == decoded(path)
    assert video.end > video.timestamps[-1]
    assert video.variable == (kind == "variable")


def test_a_variable_rate_has_its_mean(tmp_path):
    video = probe(files.variable(tmp_path / "a.mp4")).video
    seconds = [stamp * video.time_base for stamp in video.timestamps]
    assert seconds == [Fraction(40 * n + 3 * n * (n - 1), 1000) for n in range(files.FRAMES)]
    assert video.frame_rate == Fraction(files.FRAMES - 1) / seconds[-1]


@pytest.mark.parametrize("suffix", OTHERS)
def test_other_containers(suffix, tmp_path):
    path = files.other(tmp_path / f"a{suffix}")
    video = probe(path).video
    assert list(video.timestamps) == decoded(path)
    assert not video.variable
    assert video.frame_rate == files.RATE


def test_start_offsets(tmp_path):
    media = probe(files.late(tmp_path / "a.mkv"))
    assert media.start == pytest.approx(5, abs=0.03)
    assert media.duration == pytest.approx(1.02, abs=0.03)
    late = probe(files.delayed(tmp_path / "b.mkv"))
    assert late.start == 0
    assert late.video.timestamps[0] * late.video.time_base == pytest.approx(0.3, abs=0.01)


def test_everything_beside_the_video_is_listed(tmp_path):
    media = probe(files.everything(tmp_path / "a.mkv"))
    assert media.video.index == 0
    assert media.chapters == 2
    assert media.streams == (
        Stream(1, "audio", "ac3", "jpn", ""),
        Stream(2, "audio", "ac3", "eng", "Commentary"),
        Stream(3, "subtitle", "subrip", "eng", ""),
        Stream(4, "subtitle", "ass", "ger", ""),
        Stream(5, "attachment", "", "", "font.ttf"),
        Stream(6, "video", "png", "", ""),
    )


def test_chapters_of_an_mp4_are_no_stream(tmp_path):
    media = probe(files.covered(tmp_path / "a.mp4"))
    assert media.chapters == 2
    assert [(stream.kind, stream.codec) for stream in media.streams] == [
        ("audio", "aac"),
        ("subtitle", "mov_text"),
        ("video", "png"),
    ]


@pytest.mark.parametrize("codec", [(), ("-c:v", "ffv1")], ids=["in the samples", "in the container"])
def test_hdr10(codec, tmp_path):
    video = probe(files.hdr10(tmp_path / "a.mkv", codec)).video
    tags = video.tags
    assert video.hdr == HDR(files.MASTERING, 1000, 400)
    assert video.pix_fmt == "yuv420p10le"
    assert (tags.matrix, tags.primaries, tags.transfer, tags.range) == ("bt2020nc", "bt2020", "smpte2084", "tv")


@pytest.mark.parametrize("degrees", [90, *(pytest.param(turn, marks=SLOW) for turn in (0, 180, 270))])
def test_rotation_and_pixels_that_are_not_square(degrees, tmp_path):
    video = probe(files.rotated(tmp_path / "a.mp4", degrees)).video
    assert video.rotation == -degrees % 360
    assert video.sar == Fraction(3, 4)
    assert (video.width, video.height) == files.SIZE


def test_interlaced(tmp_path):
    path = tmp_path / "a.mkv"
    files.ffmpeg(*files.PICTURES, "-c:v", "libx264", "-preset", "ultrafast", "-x264-params", "tff=1", path)
    video = probe(path).video
    assert video.interlaced
    assert list(video.timestamps) == decoded(path)


@pytest.mark.slow
def test_dolby_vision(tmp_path):
    assert not probe(files.hdr10(tmp_path / "a.mkv")).video.dolby_vision
    assert probe(files.dolby_vision(tmp_path / "b.mkv")).video.dolby_vision


@pytest.mark.slow
def test_the_default_video_is_taken_and_cover_art_never(tmp_path):
    media = probe(files.two_videos(tmp_path / "a.mkv"))
    assert (media.video.index, media.video.width) == (1, 32)
    assert [(stream.index, stream.kind) for stream in media.streams] == [(0, "video")]


BROKEN = {
    "missing.mkv": (lambda path: path, "no file"),
    "folder": (lambda path: path.mkdir() or path, "a folder"),
    "text.mkv": (files.text, "cannot be read"),
    "empty.mkv": (lambda path: path.touch() or path, "cannot be read"),
    "sound.mkv": (files.sound_only, "no video stream, it holds audio"),
    "zero.mkv": (files.zero_frames, "without a single frame"),
    "cut.mkv": (files.truncated, "cut off.*bytes are missing"),
    "cut.mp4": (files.truncated, "cannot be read"),
    "cut.avi": (files.truncated, "cut off.*bytes are missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_video_is_refused(name, tmp_path):
    make, words = BROKEN[name]
    path = make(tmp_path / name)
    with pytest.raises(MediaError, match=words) as caught:
        probe(path)
    assert str(path) in str(caught.value)
    assert "wanted" in str(caught.value) or "again" in str(caught.value)


@pytest.mark.parametrize("part", [pytest.param(0.35, marks=SLOW), 0.7, pytest.param(0.999, marks=SLOW)])
@pytest.mark.parametrize("name", ["cut.mkv", "first.mp4"])
def test_a_file_is_noticed_to_be_cut_off_wherever_it_is(name, part, tmp_path):
    whole = files.plain(tmp_path / f"whole-{name}")
    if name == "first.mp4":  # the table of its frames in front
        files.ffmpeg("-i", whole, "-c", "copy", "-movflags", "faststart", tmp_path / name)
        whole = tmp_path / name
    path = tmp_path / f"part-{name}"
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * part)])
    with pytest.raises(MediaError, match=r"cut off|cannot be read"):
        probe(path)


@pytest.mark.slow
def test_a_live_recording_of_unknown_length_is_whole(tmp_path):
    path = tmp_path / "a.mkv"
    files.ffmpeg(*files.PICTURES, *files.X264, "-f", "matroska", "-live", "1", path)
    assert len(probe(path).video.timestamps) == files.FRAMES


@given(
    start=st.integers(-1000, 1000),
    frames=st.integers(1, 50),
    rate=st.sampled_from([Fraction(24), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)]),
    units=st.sampled_from([1000, 12288, 90000]),
    late=st.integers(0, 49),
)
def test_rounding_is_no_variable_rate_and_a_late_frame_is(start, frames, rate, units, late):
    stamps = [start + round(n / rate * units) for n in range(frames)]
    assert not is_variable(tuple(stamps), Fraction(1, units), rate)
    if 0 < late < frames:
        stamps[late] += units // 200
        assert is_variable(tuple(stamps), Fraction(1, units), rate)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.sampled_from([0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 9, 7 * MIB]), data=st.data())
def test_identity_is_of_the_content(size, data, tmp_path):
    content = bytearray(size)
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(content)
    other.write_bytes(content)
    assert identity(path) == identity(other)
    other.write_bytes(content + b"\0")
    assert identity(path) != identity(other)
    if size:
        ends = st.integers(0, min(size, MIB) - 1)
        at = data.draw(ends) if data.draw(st.booleans()) else size - 1 - data.draw(ends)
        content[at] = 1
        other.write_bytes(content)
        assert identity(path) != identity(other)


def test_identity_sees_the_middle_of_a_large_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(20 * MIB))
    before = identity(path)
    with path.open("r+b") as file:
        file.seek(10 * MIB)
        file.write(b"\1" * (MIB // 2))
    assert identity(path) != before


def test_identity_of_no_file(tmp_path):
    with pytest.raises(MediaError, match="still there"):
        identity(tmp_path / "a")
