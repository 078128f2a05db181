"""Any frames of any video are the same ones that decoding all of it gives."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.preparing import X264, film, moving, video
from training.preparing import decoding
from vsanimesr.errors import MediaError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

FRAMES = 70
KINDS = {
    "b-frames.mp4": ("libx264", 12, X264),
    "one-key.mkv": ("libx264", 500, X264),
    "open.mkv": ("libx264", 10, X264 | {"x264-params": "open-gop=1:keyint=10:scenecut=0"}),
    "stream.h264": ("libx264", 20, X264),
    "program.ts": ("mpeg2video", 9, {"bf": "2"}),
    "old.avi": ("mpeg4", 15, {"bf": "2"}),
    "lossless.mkv": ("ffv1", 1, {}),
    "hidden.webm": ("libvpx", 20, {"auto-alt-ref": "1", "lag-in-frames": "8", "deadline": "realtime"}),
}
"""B-frames, one key frame for all, frames before a key frame that need what was before, no times, hidden frames."""


@pytest.fixture(scope="module", params=KINDS)
def kind(request, tmp_path_factory):
    codec, gop, options = KINDS[request.param]
    clip = film(moving(1, 30), moving(2, FRAMES - 30))
    path = video(tmp_path_factory.mktemp("kinds") / request.param, clip, codec, gop, **options)
    return path, list(decoding.every(path))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(numbers=st.sets(st.integers(0, FRAMES - 1), min_size=1, max_size=8))
def test_some_frames_are_those_of_all(kind, numbers):
    path, frames = kind
    assert len(frames) == FRAMES
    numbers = sorted(numbers)
    found = list(decoding.some(path, [frames[n].time for n in numbers], numbers))
    assert all(np.array_equal(one, frames[n].picture) for one, n in zip(found, numbers, strict=True))


def test_times_are_those_of_the_frames(kind):
    path, frames = kind
    times = decoding.times(path)
    assert len(times) == FRAMES
    if path.suffix != ".h264":  # which has none: then they are found by their numbers
        assert list(times) == [frame.time for frame in frames]
    found = list(decoding.some(path, times[40:43], range(40, 43)))
    assert all(np.array_equal(one, frames[n].picture) for one, n in zip(found, range(40, 43), strict=True))


def test_colours_are_those_that_went_in(tmp_path):
    clip = moving(1, 3)
    assert np.array_equal([frame.picture for frame in decoding.every(video(tmp_path / "a.mkv", clip))], clip)


def test_what_lies_far_apart_is_sought_anew(tmp_path, monkeypatch):
    path = video(tmp_path / "a.mkv", moving(1, 200), "libx264", 10)
    frames = list(decoding.every(path))
    decoded = itertools.count()
    time = decoding._time
    monkeypatch.setattr(decoding, "_time", lambda frame: (next(decoded), time(frame))[1])
    numbers = [20, 21, 180]
    found = list(decoding.some(path, [frames[n].time for n in numbers], numbers))
    assert np.array_equal(found[2], frames[180].picture)
    assert next(decoded) < 40


def test_times_that_have_changed_are_found_by_number(tmp_path):
    path = video(tmp_path / "a.mkv", moving(1, 20))
    frames = list(decoding.every(path))
    assert np.array_equal(next(decoding.some(path, [frames[7].time + 1], [7])), frames[7].picture)
    with pytest.raises(MediaError, match=r"a.mkv' has no frame 30: has it changed"):
        list(decoding.some(path, [10**6], [30]))
