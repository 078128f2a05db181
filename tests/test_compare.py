"""`vsanimesr compare`: which frames are read and chosen, and what the command says."""

import json
import random
import re
import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest

from vsanimesr import cli, compare
from vsanimesr.errors import ArgumentError, MediaError
from vsanimesr.pipeline import find_ffmpeg

BT709, YCGCO = 1, 8
"""Numbers of matrices (ITU-T H.273)."""


def make(path, frames, *, pix_fmt="yuv420p", codec="ffv1", matrix=BT709, full=False, times=None, options=None, size=()):
    """A video of frames, each a list of planes; `times` are milliseconds."""
    width, height = size or frames[0][0].shape[::-1]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 2 if full else 1
        for n, drawn in enumerate(frames):
            frame = av.VideoFrame(width, height, pix_fmt)
            for plane, samples in zip(frame.planes, drawn, strict=True):
                line = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                line[: samples.shape[0], : samples.shape[1] * samples.itemsize] = samples.view(np.uint8)
            frame.colorspace, frame.color_range = matrix, 2 if full else 1
            frame.pts, frame.time_base = (times[n] if times else 40 * n), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def grey(value, width=64, height=48):
    return [np.full((height, width), value, np.uint8), *2 * [np.full((height // 2, width // 2), 128, np.uint8)]]


def counted(count):
    """Frames that tell their number: 5 code values of luma for each."""
    return [grey(20 + 5 * n) for n in range(count)]


def number_of(picture):
    """The number of a frame of `counted`."""
    return round((picture.mean() * 219 / 255 + 16 - 20) / 5)


@pytest.mark.parametrize(
    ("name", "codec", "options", "times"),
    [
        ("b.mkv", "libx264", {"qp": "1", "g": "12", "bf": "3"}, None),
        ("b.mp4", "libx264", {"qp": "1", "g": "12", "bf": "3"}, None),
        ("open.mkv", "libx264", {"qp": "1", "g": "12", "bf": "3", "x264-params": "open-gop=1"}, None),
        ("late.mkv", "libx264", {"qp": "1", "g": "12"}, range(5000, 6200, 40)),
        ("vfr.mkv", "ffv1", {}, [n * 40 + n % 3 * 7 for n in range(30)]),
        ("raw.h264", "libx264", {"qp": "1", "g": "12", "bf": "2"}, None),
        ("old.avi", "mpeg4", {"qscale": "1", "g": "12"}, None),
    ],
)
def test_frames_are_found_by_their_number_in_any_order(tmp_path, name, codec, options, times):
    file = make(tmp_path / name, counted(30), codec=codec, options=options, times=times and list(times))
    numbers = random.Random(1).sample(range(30), 12)
    with compare.Clip(file) as clip:
        assert clip.frames == 30
        assert [number_of(clip.picture(n)) for n in numbers] == numbers
        with pytest.raises(ArgumentError, match="has no frame 30: its 30 frames"):
            clip.picture(30)


def test_turned_videos_are_upright(tmp_path):
    drawn = [np.repeat([[200, 40]], 24, axis=1).repeat(32, axis=0).astype(np.uint8), *grey(0, 48, 32)[1:]]
    make(tmp_path / "flat.mp4", [drawn], codec="libx264", options={"qp": "1"})
    turned = tmp_path / "turned.mp4"
    command = [
        find_ffmpeg(),
        "-v",
        "error",
        "-display_rotation",
        "90",
        "-i",
        tmp_path / "flat.mp4",
        "-c",
        "copy",
        turned,
    ]
    subprocess.run(command, check=True)
    upright = tmp_path / "upright.png"
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", turned, "-frames:v", "1", "-pix_fmt", "rgb24", upright], check=True
    )
    with compare.Clip(turned) as clip, compare.Clip(upright) as wanted:
        assert clip.picture(0).shape == wanted.picture(0).shape == (48, 32, 3)
        assert np.abs(clip.picture(0).astype(int) - wanted.picture(0)).max() <= 2
        assert clip.picture(0, (64, 96)).shape == (96, 64, 3)


def shots(lengths):
    """Shots of different drawings, each of which moves a little."""
    draw = np.random.default_rng(2)
    frames = []
    for length in lengths:
        drawing = draw.integers(16, 236, (6, 10)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
        for n in range(length):
            frames.append([np.roll(drawing, n, 1)[:, :128].copy(), *2 * [np.full((48, 64), 128, np.uint8)]])
    return frames


def test_frames_are_spread_over_the_scenes(tmp_path):
    black = [[np.full((96, 128), 16, np.uint8), *2 * [np.full((48, 64), 128, np.uint8)]]]
    file = make(tmp_path / "shots.mkv", black * 6 + shots([4, 5, 30, 4, 12]) + black * 3)
    starts = [6, 10, 15, 45, 49, 61]
    with compare.Clip(file) as clip:
        chosen = compare.spread(clip, 4)
    assert chosen == sorted(set(chosen))
    assert all(6 <= n < 61 for n in chosen), "black frames show nothing"
    scenes = [sum(start <= n for start in starts) for n in chosen]
    assert len(set(scenes)) >= 3, chosen
    with compare.Clip(file) as clip:
        assert all(15 <= n < 45 for n in compare.spread(clip, 3, range(15, 45)))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_there_are_no_more_frames_than_the_clip_has(tmp_path, count):
    file = make(tmp_path / "short.mkv", counted(3))
    with compare.Clip(file) as clip:
        chosen = compare.spread(clip, count)
    assert len(chosen) == min(count, 3)
    assert sorted(set(chosen)) == chosen


def test_a_count_below_one_is_refused(tmp_path):
    with compare.Clip(make(tmp_path / "short.mkv", counted(1))) as clip, pytest.raises(ArgumentError, match="count=0"):
        compare.spread(clip, 0)


def test_pairs_are_a_frame_and_what_was_made_of_it(tmp_path):
    source = make(tmp_path / "in.mkv", counted(10))
    result = make(tmp_path / "out.mkv", [grey(20 + 5 * n, 256, 192) for n in range(4, 8)])
    with compare.Clip(source) as one, compare.Clip(result) as other:
        pairs = list(compare.matched(one, other, [0, 3], ("a", "b"), offset=4))
        assert [pair.title for pair in pairs] == ["Frame 0 (source: 4)", "Frame 3 (source: 7)"]
        for pair in pairs:
            np.testing.assert_array_equal(pair.left, pair.right)
        for offset in (None, 7, -1):
            with pytest.raises(ArgumentError, match=r"10 frames, .* 4: they do not belong together"):
                compare.check_lengths(one, other, offset)


def test_what_cannot_be_read_is_said(tmp_path):
    text = tmp_path / "text.mkv"
    text.write_text("no video")
    with pytest.raises(MediaError, match=r"text\.mkv' cannot be read"):
        compare.Clip(text)
    with pytest.raises(MediaError, match=r"gone\.mkv': no file"):
        compare.Clip(tmp_path / "gone.mkv")


def test_a_file_of_sound_has_no_video(tmp_path):
    sound = tmp_path / "sound.mka"
    source = ["-f", "lavfi", "-i", "sine=duration=0.1"]
    subprocess.run([find_ffmpeg(), "-v", "error", *source, sound], check=True)
    with pytest.raises(MediaError, match="has no video stream"):
        compare.Clip(sound)


def test_a_truncated_file_is_refused(tmp_path):
    draw = np.random.default_rng(0)
    noise = [[draw.integers(16, 236, (48, 64), dtype=np.uint8), *grey(0)[1:]] for _ in range(12)]
    whole = make(tmp_path / "whole.mkv", noise)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(whole.read_bytes()[:-6000])
    with pytest.raises(MediaError, match="was cut off"):
        compare.Clip(broken)


def command(*words):
    return cli.main([str(word) for word in words])


@pytest.fixture
def two(tmp_path):
    """A video and one of four times its size."""
    return make(tmp_path / "in.mkv", counted(6)), make(
        tmp_path / "out.mkv", [grey(20 + 5 * n, 256, 192) for n in range(6)]
    )


def test_the_command_writes_a_page_of_the_frames_that_were_named(two, tmp_path, capsys):
    assert command("compare", *two, "--frames", "4,1,4", "-o", tmp_path / "page.html", "--labels", "a", "b") == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 'page.html'}\n"
    assert "Frame 1 (2 of 2)" in captured.err
    pairs = re.findall(r'class="pair">(.*?)</script>', (tmp_path / "page.html").read_text(encoding="utf-8"))
    facts = [json.loads(pair) for pair in pairs]
    assert [fact["title"] for fact in facts] == ["Frame 4", "Frame 1"]
    assert facts[0]["labels"] == ["a", "b"]
    assert (facts[0]["width"], facts[0]["height"]) == (256, 192)
    assert facts[0]["note"] == "a: 64x48 709 limited range · b: 256x192 709 limited range"


def test_without_a_name_the_page_lies_beside_the_result(two, tmp_path, capsys):
    assert command("compare", *two, "--count", "2", "--quiet") == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 'out.compare.html'}\n"
    assert not captured.err
    assert (tmp_path / "out.compare.html").read_text(encoding="utf-8").count('class="pair"') == 2


def test_errors_leave_no_page(two, tmp_path, capsys):
    assert command("compare", *two, "--frames", "2,9", "-o", tmp_path / "page.html", "--quiet") == 1
    assert "has no frame 9: its 6 frames" in capsys.readouterr().err
    assert command("compare", *two, "-o", two[1]) == 1
    assert "is one of the videos" in capsys.readouterr().err
    assert command("compare", *two, "-o", tmp_path / "no" / "page.html", "--quiet") == 1
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv", "out.mkv"]


@pytest.mark.parametrize("words", [["--frames", "1,x"], ["--frames", "-1"], ["--frames", ""], ["--images", "gif"]])
def test_bad_options_are_usage_errors(two, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        command("compare", *two, *words)
    assert "usage:" in capsys.readouterr().err
