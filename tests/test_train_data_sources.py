"""Folders, videos, rendered clips and mixtures of them as sources of truth clips."""

import json
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.preparing import film, folder, moving, texture, video
from training.data import FolderClips, Mixed, ToonClips, Truth, VideoClips
from training.data.sources import window
from training.preparing import decoding
from vsanimesr.errors import AnimeSRError, ArgumentError, MediaError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def numbered(frames, height=48, width=64):
    """Pictures that say number, row and column."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.stack([np.dstack([np.full_like(rows, n), rows, columns]) for n in range(frames)])


def place(truth):
    """Numbers of the frames, top and left of a crop of `numbered`, having checked that it is one place of them."""
    frames = truth.frames
    times, top, left = frames[:, 0, 0, 0].tolist(), int(frames[0, 0, 0, 1]), int(frames[0, 0, 0, 2])
    height, width = frames.shape[1:3]
    whole = numbered(max(times) + 1)[times][:, top : top + height, left : left + width]
    assert np.array_equal(frames, whole)
    return times, top, left


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 15), st.integers(1, 3), st.integers(0, 99))
def test_windows_fit_and_keep_the_interval_where_it_does(length, frames, interval, seed):
    length = max(length, frames)
    found = window(np.random.default_rng(seed), length, frames, interval)
    assert len(found) == frames
    assert found[0] >= 0
    assert found[-1] < length
    fits = (frames - 1) * interval < length
    assert found.step == interval if fits else found.step < interval


def test_windows_are_drawn_evenly():
    rng = np.random.default_rng(0)
    firsts = [window(rng, 12, 3, 2)[0] for _ in range(4000)]
    assert sorted(set(firsts)) == list(range(8))
    assert all(400 < firsts.count(n) < 600 for n in range(8))
    steps = [window(rng, 11, 5, 3).step for _ in range(1000)]  # three do not fit
    assert set(steps) == {1, 2}
    assert 400 < steps.count(1) < 600


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg", ".PNG"])
def test_a_clip_of_a_folder(tmp_path, suffix):
    clip = moving(3, 9, step=1)
    folder(tmp_path / "set" / "one", clip, suffix, first=5)
    (tmp_path / "set" / "notes.txt").write_text("2")
    made = FolderClips(tmp_path / "set").clip(np.random.default_rng(1), 9, (48, 64))
    near = np.abs(made.frames.astype(int) - clip).mean()
    assert near == 0 if suffix.lower() == ".png" else near < 30
    assert f"one', pictures 00000005{suffix} to 00000013{suffix}" in made.name
    assert made.lines is None


def test_folders_of_any_depth_crops_and_intervals(tmp_path):
    clip = numbered(12)
    folder(tmp_path / "film" / "a", clip)
    folder(tmp_path / "film" / "b", clip)
    folder(tmp_path / "c", clip[:3])
    folder(tmp_path / ".d.part", clip)
    source = FolderClips(tmp_path)
    assert [each.path.name for each in source.clips] == ["c", "a", "b"]
    seen = []
    for n in range(60):
        made = source.clip(np.random.default_rng(n), 4, (16, 24), interval=2)
        times, top, left = place(made)
        assert np.diff(times).tolist() == [2, 2, 2]
        seen.append((made.name.split("'")[1][-1], times[0], top, left))
    assert {name for name, *_ in seen} == {"a", "b"}  # c is too short
    assert {first for _, first, *_ in seen} == set(range(6))
    assert len({top for *_, top, _ in seen}) > 20


def test_pictures_are_in_the_order_of_their_numbers(tmp_path):
    (tmp_path / "a").mkdir()
    for n, picture in enumerate(numbered(12)):
        cv2.imwrite(str(tmp_path / "a" / f"frame{n}.png"), picture[..., ::-1])
    assert place(FolderClips(tmp_path).clip(np.random.default_rng(0), 12, (8, 8)))[0] == list(range(12))


def raised(call, *words):
    with pytest.raises(AnimeSRError) as found:
        call()
    for word in words:
        assert word in str(found.value)


def test_folders_that_are_none(tmp_path):
    raised(lambda: FolderClips(tmp_path / "none"), "none' is no folder")
    raised(lambda: FolderClips(tmp_path), "holds no folder of numbered pictures (.png")
    folder(tmp_path / "a", numbered(3))
    source = FolderClips(tmp_path, cache=0)
    rng = np.random.default_rng(0)
    raised(lambda: source.clip(rng, 4, (8, 8)), "1 clips of at most 3 frames, wanted one of 4")
    raised(lambda: source.clip(rng, 3, (48, 68)), "a', pictures", "is 64x48, wanted at least 68x48")
    (tmp_path / "a" / "00000001.png").write_bytes(b"")
    raised(lambda: FolderClips(tmp_path).clip(rng, 3, (8, 8)), "00000001.png' is no picture")
    cv2.imwrite(str(tmp_path / "a" / "00000001.png"), texture(1, 50, 64))
    raised(lambda: FolderClips(tmp_path).clip(rng, 3, (8, 8)), "have different sizes")
    (tmp_path / "a" / "00000001.png").unlink()
    raised(lambda: source.clip(rng, 3, (8, 8)), "00000001.png' cannot be read")
    cv2.imwrite(str(tmp_path / "a" / "2.png"), texture(1))
    raised(lambda: FolderClips(tmp_path), "has 00000002.png and 2.png for one number")


@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
def test_a_clip_of_a_video_is_what_decoding_all_of_it_gives(tmp_path, codec):
    path = video(tmp_path / "a.mkv", film(moving(1, 30), moving(2, 30)), codec)
    frames = np.stack([frame.picture for frame in decoding.every(path)])
    source = VideoClips.whole([path])
    for n in range(12):
        made = source.clip(np.random.default_rng(n), 5, (48, 64), interval=3)
        first = int(made.name.split("frames ")[1].split()[0])
        assert np.array_equal(made.frames, frames[first : first + 13 : 3])


def test_a_list_of_clips_with_gaps(tmp_path):
    path = video(tmp_path / "a.mkv", numbered(40))
    times = decoding.times(path)
    numbers = [*range(4, 8), *range(30, 36)]
    line = {"name": "a/1", "path": str(path), "spans": [[4, 4], [30, 6]], "times": [times[n] for n in numbers]}
    file = tmp_path / "clips.jsonl"
    file.write_text(json.dumps(line) + "\n")
    source = VideoClips.listed(file)
    drawn = [place(source.clip(np.random.default_rng(n), 3, (8, 8), 2))[0] for n in range(40)]
    assert sorted(set(map(tuple, drawn))) == [tuple(numbers[n : n + 5 : 2]) for n in range(6)]


def test_longer_videos_are_drawn_more_often(tmp_path):
    paths = [video(tmp_path / f"{n}.mkv", numbered(frames)) for n, frames in enumerate((30, 10, 2))]
    source = VideoClips.whole(paths)
    drawn = [source.clip(np.random.default_rng(n), 3, (8, 8)).name for n in range(200)]
    assert 120 < sum("0.mkv" in name for name in drawn) < 180
    assert not any("2.mkv" in name for name in drawn)


def test_lists_that_are_none(tmp_path):
    file = tmp_path / "clips.jsonl"
    raised(lambda: VideoClips.listed(file), "clips.jsonl' is no list of clips", "training.prepare --list")
    for text in ("{", '{"name": 1}\n', '{"name": "", "path": "", "spans": [[0, 2]], "times": [1]}\n'):
        file.write_text(text)
        raised(lambda: VideoClips.listed(file), "is no list of clips")
    file.write_text('{"name": "", "path": "/gone.mkv", "spans": [[0, 1]], "times": [1]}\n')
    raised(lambda: VideoClips.listed(file), "/gone.mkv', a video of", "is gone")
    file.write_text("")
    raised(lambda: VideoClips.listed(file), "no clips in the list")
    with pytest.raises(MediaError, match="cannot be read as a video"):
        VideoClips.whole([tmp_path / "none.mkv"])


class Rendered:
    """What stands in for the renderer: the same signature, and a count of the frames that were drawn."""

    def __init__(self):
        self.drawn = 0
        self.asked = []

    def clip(self, seed, *, frames=48, size=(640, 384), split="train"):
        self.asked.append((seed, frames, size, split))
        pictures = numbered(frames, size[1], size[0])
        lines = np.random.default_rng(seed).integers(0, 256, (frames, size[1], size[0]), np.uint8)

        def frame(n):
            self.drawn += 1
            return SimpleNamespace(image=pictures[n], lines=lines[n])

        return Frames(frame)


class Frames:
    """A clip whose frames are drawn when they are asked for."""

    def __init__(self, frame):
        self.frame = frame

    def __getitem__(self, n):
        return self.frame(n)


@pytest.fixture
def renderer(monkeypatch):
    import training

    made = Rendered()
    module = SimpleNamespace(clip=made.clip, VERSION=7)
    monkeypatch.setitem(sys.modules, "training.toon", module)
    monkeypatch.setattr(training, "toon", module, raising=False)
    return made


def test_rendered_clips_have_lines_and_only_what_is_drawn_is_rendered(renderer):
    source = ToonClips(5, length=20, size=(48, 64), split="val", cache=0)
    made = source.clip(np.random.default_rng(2), 4, (16, 24), interval=3)
    times, top, left = place(made)
    assert np.diff(times).tolist() == [3, 3, 3]
    ((seed, frames, size, split),) = renderer.asked
    assert (frames, size, split) == (20, (64, 48), "val")
    assert 0 <= seed < 5
    lines = np.random.default_rng(seed).integers(0, 256, (20, 48, 64), np.uint8)
    assert np.array_equal(made.lines, lines[times][:, top : top + 16, left : left + 24])
    assert renderer.drawn == 4
    assert f"rendered clip {seed} (val)" in made.name


def test_kept_clips_are_the_same_and_rendered_once(renderer, tmp_path):
    fresh, kept = (ToonClips(2, length=9, size=(48, 64), kept=where, cache=0) for where in (None, tmp_path / "kept"))
    for n in range(12):
        one, other = (source.clip(np.random.default_rng(n), 4, (16, 24), 2) for source in (fresh, kept))
        assert np.array_equal(one.frames, other.frames)
        assert np.array_equal(one.lines, other.lines)
        assert one.name == other.name
    names = sorted(file.name for file in (tmp_path / "kept").iterdir())
    assert names == [f"toon7-train-{seed}-9x64x48.mkv" for seed in (0, 1)]
    assert renderer.drawn == 12 * 4 + 2 * 9


def test_rendered_clips_that_are_none(renderer):
    raised(lambda: ToonClips(0), "seeds=0")
    raised(lambda: ToonClips(length=3).clip(np.random.default_rng(0), 4, (8, 8)), "4 frames: rendered clips have 3")


@pytest.mark.slow
def test_the_renderer_itself(tmp_path):
    source = ToonClips(1, length=3, size=(64, 96), kept=tmp_path)
    made = source.clip(np.random.default_rng(0), 3, (32, 32))
    assert made.frames.shape == (3, 32, 32, 3)
    assert made.lines.shape == (3, 32, 32)


class Constant:
    """A source of one colour."""

    def __init__(self, level):
        self.level = level

    def clip(self, rng, frames, size, interval=1):
        return Truth(np.full((frames, *size, 3), self.level, np.uint8), None)


def test_mixtures_keep_their_weights():
    source = Mixed([(3, Constant(1)), (1, Constant(2))])
    levels = [source.clip(np.random.default_rng(n), 1, (4, 4)).frames.max() for n in range(2000)]
    assert 1420 < levels.count(1) < 1580
    for parts in ([], [(0, Constant(1))], [(-1, Constant(1)), (1, Constant(1))]):
        with pytest.raises(ArgumentError, match="wanted some, all of them above 0"):
            Mixed(parts)
