"""What a join keeps of a source beside its frames: streams, tags, chapters, colours, rotation, the shape of pixels."""

import zlib
from fractions import Fraction

import av
import pytest

from tests import media_files as files
from tests.joining import CODECS, FFV1, content, described, frames, joined, same, tags
from vsanimesr.errors import ArgumentError, MediaError
from vsanimesr.media import matroska
from vsanimesr.media.probing import display_matrix, probe

SLOW = pytest.mark.slow


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Makes a file of a kind, once."""
    return files.maker(tmp_path_factory)


def test_nothing_is_lost(made, tmp_path):
    source, output = made("everything", ".mkv"), tmp_path / "out.mkv"
    joined(source, output)
    wanted = described(source)
    wanted[0] = ("video", "ffv1", *wanted[0][2:])
    assert described(output) == wanted
    assert tags(output) == tags(source)
    for index in (1, 2, 3, 4, 6):
        assert content(output, index) == content(source, index)
    with av.open(str(output)) as file:
        assert bytes(file.streams[5].data) == files.FONT
        assert file.streams[1].codec_context.layout.name in {"5.1", "5.1(side)"}


def test_an_mp4_keeps_its_text_cover_chapters_and_tags(made, tmp_path):
    source, output = made("covered", ".mp4"), tmp_path / "out.mp4"
    joined(source, output, files.X264)
    kinds = [entry[:2] for entry in described(source)]
    assert [entry[:2] for entry in described(output)] == kinds
    assert [entry[3] for entry in described(output)] == [entry[3] for entry in described(source)]
    assert tags(output) == tags(source)
    assert content(output, 2) == content(source, 2)
    assert content(output, 4) == content(source, 4)


@pytest.mark.slow
def test_tags_that_mp4_has_no_place_for_are_kept(tmp_path):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mp4"
    files.ffmpeg(*files.PICTURES, *files.X264, "-metadata", "title=A film", "-metadata", "ANIDB=17", source)
    joined(source, output, files.X264)
    assert tags(output)[0] == {"title": "A film", "anidb": "17"}


@pytest.mark.slow
def test_a_cover_goes_from_mp4_to_matroska(made, tmp_path):
    source, output = made("covered", ".mp4"), tmp_path / "out.mkv"
    joined(source, output, drop=["subtitle"])
    assert [entry[:2] for entry in described(output)] == [("video", "ffv1"), ("audio", "aac"), ("video", "png")]
    assert content(output, 2)[0][1] == content(source, 4)[0][1]
    assert tags(output) == tags(source)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mkv", ".mov", pytest.param(".mp4", marks=SLOW)])
def test_a_timecode_is_kept(suffix, made, tmp_path):
    output = tmp_path / f"out{suffix}"
    joined(made("timecoded", ".mov"), output, files.X264)
    with av.open(str(output)) as file:
        found = {key.lower(): text for key, text in file.streams[0].metadata.items()}
    assert found["timecode"] == "01:00:00:00"


def test_what_a_container_cannot_carry_is_named(made, tmp_path):
    output = tmp_path / "out.mp4"
    with pytest.raises(MediaError) as caught:
        joined(made("everything", ".mkv"), output)
    named = ("stream 3 (subtitle, subrip, eng)", "stream 5 (attachment, 'font.ttf')")
    for words in (*named, ".mkv", "--drop attachment,subtitle"):
        assert words in str(caught.value)
    assert not output.exists()


@pytest.mark.slow
def test_dropped_streams_are_left_out(made, tmp_path):
    output = tmp_path / "out.mp4"
    joined(made("everything", ".mkv"), output, files.X264, drop=["attachment", "subtitle", "2"])
    kinds = [entry[:2] for entry in described(output) if entry[0] != "data"]  # the titles of chapters
    assert kinds == [("video", "h264"), ("audio", "ac3"), ("video", "png")]


@pytest.mark.parametrize("word", ["audios", "0", "99", ""])
def test_a_word_to_drop_that_means_nothing(word, made, tmp_path):
    with pytest.raises(ArgumentError, match="wanted one of audio"):
        joined(made("plain", ".mkv"), tmp_path / "out.mkv", drop=[word])


@pytest.mark.parametrize("suffix", [".mkv", pytest.param(".mp4", marks=SLOW)])
@pytest.mark.parametrize("codec", ["ffv1", pytest.param("x264", marks=SLOW)])
@pytest.mark.parametrize("degrees", [pytest.param(0, marks=SLOW), 90, pytest.param(270, marks=SLOW)])
def test_rotation_and_the_shape_of_pixels(degrees, codec, suffix, made, tmp_path):
    source, output = made("rotated", ".mp4", degrees), tmp_path / f"out{suffix}"
    joined(source, output, CODECS[codec])
    video = probe(output).video
    assert video.rotation == -degrees % 360
    assert video.sar == Fraction(3, 4)
    assert (video.width, video.height) == files.SIZE
    with av.open(str(source)) as one, av.open(str(output)) as other:
        assert display_matrix(one.streams.video[0]) == display_matrix(other.streams.video[0])
        assert other.streams.video[0].metadata.get("title", "") == ""


@pytest.mark.slow
def test_a_long_title_stays_where_pixels_are_not_square(tmp_path):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    title = "Ein Titel, länger als " + "x" * 200
    files.ffmpeg(*files.PICTURES, "-vf", "setsar=3/4", *FFV1, "-metadata:s:v", f"title={title}", source)
    joined(source, output)
    with av.open(str(output)) as file:
        assert file.streams.video[0].metadata["title"] == title
    assert probe(output).video.sar == probe(source).video.sar
    assert same(frames(output), frames(source))
    tracks = matroska._tracks(output.read_bytes()).content
    assert tracks[:6] == b"\xbf\x84" + zlib.crc32(tracks[6:]).to_bytes(4, "little")  # the element's checksum


@pytest.mark.parametrize("suffix", [".mkv", pytest.param(".mp4", marks=SLOW)])
@pytest.mark.parametrize("codec", ["ffv1", pytest.param("hevc", marks=SLOW)])
@pytest.mark.parametrize("inside", [True, False], ids=["in the samples", "in the container"])
def test_hdr10(inside, codec, suffix, made, tmp_path):
    source, output = made("hdr10", ".mkv", () if inside else FFV1), tmp_path / f"out{suffix}"
    chunks = joined(source, output, (*CODECS[codec], "-vf", files.BT2020), ends=[4, 6])
    got, wanted = probe(output).video, probe(source).video
    assert got.hdr == wanted.hdr
    assert (got.tags.matrix, got.tags.primaries, got.tags.transfer) == ("bt2020nc", "bt2020", "smpte2084")
    with av.open(str(output)) as file:
        held = file.streams.video[0].codec_context.coded_side_data.keys()
    assert held >= {"mastering_display_metadata", "content_light_level"}
    assert same(frames(output), [frame for chunk in chunks for frame in frames(chunk)])


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_other_videos_stay_where_they_are(suffix, made, tmp_path):
    source, output = made("two_videos", ".mkv"), tmp_path / f"out{suffix}"
    joined(source, output)
    assert same(frames(output, 0), frames(source, 0))
    assert same(frames(output, 1), frames(source, 1))
    assert [entry[3] for entry in described(output)] == [entry[3] for entry in described(source)]


@pytest.mark.slow
def test_dolby_vision_is_not_claimed_for_new_pixels(tmp_path):
    source = files.dolby_vision(tmp_path / "in.mkv")
    joined(source, tmp_path / "out.mkv", ends=[6])
    assert not probe(tmp_path / "out.mkv").video.dolby_vision


def test_only_a_marked_track_is_given_a_size(made):
    with pytest.raises(ValueError, match="no marked track"):
        matroska.set_display_size(made("everything", ".mkv"), 16, 9)
