"""H.264: what comes back, in which profile, in what time, and which encoder is taken."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.degrading import moving, one_thread, profile_of, version_of  # noqa: F401
from training.degrade import H264, codec, h264_ffmpeg, h264_pyav
from training.degrade.colours import to_yuv420, truncated
from training.degrade.ranges import PROFILES
from vsanimesr import pipeline
from vsanimesr.errors import ArgumentError, BackendUnavailable, PipelineError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

IDC = {"baseline": 66, "main": 77, "high": 100}


def planes(frames=15, height=64, width=64, seed=0):
    return to_yuv420(truncated(moving(frames, height, width, seed))).numpy()


def stream(samples, settings):
    return b"".join(bytes(packet) for packet in h264_pyav.encoded(iter(samples), settings))


@given(st.integers(1, 20), st.integers(1, 40), st.integers(1, 40), st.sampled_from(PROFILES), st.floats(18, 35))
@settings(max_examples=15, deadline=None)
def test_as_many_frames_of_the_same_size_come_back(frames, height, width, profile, crf):
    samples = planes(frames, 2 * height, 2 * width)
    back = codec.round_trip(samples, H264(crf, profile), h264_pyav.round_trip)
    assert back.shape == samples.shape
    assert back.dtype == np.uint8


def test_frames_come_back_in_order():
    """Baseline has no frames out of order, the others have."""
    levels = np.array([20 + 14 * (n * 7 % 15) for n in range(15)], np.uint8)
    samples = np.broadcast_to(levels[:, None, None], (15, 96, 64)).copy()
    for profile in PROFILES:
        back = codec.round_trip(samples, H264(20.0, profile), h264_pyav.round_trip)
        assert np.abs(back[:, :64].mean((1, 2)) - levels).max() < 3


@pytest.mark.parametrize("profile", PROFILES)
def test_the_profile_is_in_the_stream(profile):
    assert profile_of(stream(planes(), H264(25.0, profile))) == IDC[profile]


def test_error_grows_and_size_falls_with_crf():
    samples = planes(height=96, width=96)
    crfs = [18.0, 22.0, 26.0, 30.0, 35.0]
    backs = [codec.round_trip(samples, H264(crf), h264_pyav.round_trip) for crf in crfs]
    errors = [float(np.square(back.astype(float) - samples).mean()) for back in backs]
    sizes = [len(stream(samples, H264(crf))) for crf in crfs]
    assert errors == sorted(errors)
    assert errors[-1] > 2 * errors[0] > 0
    assert sizes == sorted(sizes, reverse=True)


def test_the_rate_factor_is_real_valued():
    samples = planes(height=96, width=96)
    assert stream(samples, H264(25.0)) != stream(samples, H264(25.4))
    assert b"crf=25.4" in stream(samples, H264(25.4))


def test_settings_reach_x264():
    written = stream(planes(), H264(25.0))
    for told in (b"threads=1 ", b"lookahead_threads=1 ", b"subme=7 ", b"rc_lookahead=40 "):  # those of preset medium
        assert told in written


def test_bits_are_the_same_each_time():
    """Whatever memory was used for before, which x264's code for AVX-512 depends on."""
    samples, draw, seen = planes(), np.random.default_rng(0), set()
    for _ in range(30):
        used = [draw.integers(0, 255, size, np.uint8) for size in draw.integers(1_000, 200_000, 10)]
        del used
        seen.add(stream(samples, H264(23.0)))
    assert len(seen) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_no_threads_are_started():
    samples, most, done = planes(30, 160, 160), [0], threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], len(os.listdir("/proc/self/task")))  # noqa: PTH208

    watcher = threading.Thread(target=watch)
    watcher.start()
    before = len(list(Path("/proc/self/task").iterdir()))
    h264_pyav.round_trip(samples, H264(20.0), 60)
    done.set()
    watcher.join()
    assert most[0] == before


@pytest.fixture
def ffmpeg():
    """ffmpeg's x264 where it is the same as PyAV's."""
    try:
        h264_ffmpeg.check(pipeline.find_ffmpeg())
    except PipelineError as error:
        pytest.skip(str(error))
    theirs, ours = h264_ffmpeg.encoded(planes(1), H264(20.0), 60), stream(planes(1), H264(20.0))
    if version_of(theirs) != version_of(ours):
        pytest.skip(f"ffmpeg has {version_of(theirs)!r}, PyAV {version_of(ours)!r}")


@pytest.mark.usefixtures("ffmpeg")
@pytest.mark.parametrize("profile", PROFILES)
def test_ffmpeg_gives_the_same_frames_bit_for_bit(profile):
    samples, told = planes(15, 48, 80), H264(24.5671234, profile)
    assert h264_ffmpeg.encoded(samples, told, 60) == stream(samples, told)
    assert np.array_equal(h264_ffmpeg.round_trip(samples, told, 60), h264_pyav.round_trip(samples, told, 60))


@pytest.mark.parametrize("name", codec.CODECS)
def test_a_clip_that_takes_too_long(name):
    try:
        chosen = codec.choose(name)
    except BackendUnavailable as error:
        pytest.skip(str(error))
    with pytest.raises(PipelineError, match=r"took more than 1e-06 s|killed after 1e-06 s"):
        codec.round_trip(planes(), H264(20.0), chosen, timeout=1e-6)


def test_a_failing_encoder_raises():
    """The authors' code goes on with frames of 0 to 255 in place of 0 to 1."""
    with pytest.raises(PipelineError, match="libx264 in PyAV failed on"):
        h264_pyav.round_trip(np.zeros((1, 3, 40_000), np.uint8), H264(20.0), 60)


@pytest.mark.skipif(os.name != "posix", reason="the failing program is a shell's")
def test_a_failing_ffmpeg_raises_with_what_it_said(monkeypatch, tmp_path):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho no such codec >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(h264_ffmpeg, "find_ffmpeg", lambda: program)
    with pytest.raises(PipelineError, match=r"exit code 3\n.*ffmpeg.*\n  no such codec"):
        h264_ffmpeg.round_trip(planes(2), H264(20.0), 60)


@pytest.mark.parametrize("wrong", [lambda back: back[:-1], lambda back: back[:, :-2], lambda back: back[:0]])
def test_frames_that_are_missing_are_an_error(wrong):
    with pytest.raises(PipelineError, match="came back"):
        codec.round_trip(planes(), H264(20.0), lambda samples, told, timeout: wrong(samples))


@pytest.mark.parametrize("wrong", [H264(60.0), H264(-1.0), H264(20.0, "high444")])
def test_settings_that_x264_does_not_know(wrong):
    with pytest.raises(ArgumentError, match="wanted a CRF"):
        codec.round_trip(planes(), wrong, h264_pyav.round_trip)


def test_names():
    assert codec.choose("pyav") is h264_pyav.round_trip
    with pytest.raises(ArgumentError, match="auto, pyav, ffmpeg"):
        codec.choose("x265")


def _without(program):
    raise PipelineError(f"{program} was not found")


def test_auto_takes_pyav_without_a_word(caplog, monkeypatch):
    monkeypatch.setattr(pipeline, "find_ffmpeg", lambda: _without("ffmpeg"))
    with caplog.at_level(logging.DEBUG):
        assert codec.choose() is h264_pyav.round_trip
    assert not caplog.records


def test_auto_without_libx264_in_pyav_says_so(caplog, monkeypatch):
    monkeypatch.setattr(av.codec, "codecs_available", {"mpeg4"})
    monkeypatch.setattr(h264_ffmpeg, "check", lambda _: None)
    monkeypatch.setattr(pipeline, "find_ffmpeg", lambda: Path("ffmpeg"))
    codec.tell.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert codec.choose() is codec.choose() is h264_ffmpeg.round_trip
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "built without libx264" in caplog.text


def test_what_was_asked_for_is_not_replaced(monkeypatch):
    monkeypatch.setattr(av.codec, "codecs_available", {"mpeg4"})
    with pytest.raises(BackendUnavailable, match="'pyav' cannot be used"):
        codec.choose("pyav")


def test_nothing_at_all(monkeypatch):
    monkeypatch.setattr(av.codec, "codecs_available", {"mpeg4"})
    monkeypatch.setattr(pipeline, "find_ffmpeg", lambda: _without("ffmpeg"))
    with pytest.raises(BackendUnavailable, match=r"there is no H\.264 encoder: .*libx264.*; ffmpeg was not found"):
        codec.choose()


def test_an_ffmpeg_that_cannot_be_run(monkeypatch, tmp_path):
    (tmp_path / "ffmpeg").write_text("no program")
    monkeypatch.setattr(h264_ffmpeg, "find_ffmpeg", lambda: tmp_path / "ffmpeg")
    monkeypatch.setattr(pipeline, "find_ffmpeg", lambda: tmp_path / "ffmpeg")
    with pytest.raises(PipelineError, match="could not be started"):
        h264_ffmpeg.round_trip(planes(2), H264(20.0), 60)
    with pytest.raises(BackendUnavailable, match="could not be started"):
        codec.choose("ffmpeg")


@pytest.mark.skipif(os.name != "posix", reason="the program is a shell's")
def test_an_ffmpeg_without_libx264(tmp_path):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho ' V....D mpeg4 MPEG-4'\n")
    program.chmod(0o755)
    assert subprocess.run([program], capture_output=True, check=True).stdout
    with pytest.raises(PipelineError, match="without libx264"):
        h264_ffmpeg.check(program)
