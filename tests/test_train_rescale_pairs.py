"""Pairs of frames and pseudo truth: what lies where, that both show the same, and what a kill leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import rescaling
from tests.preparing import video
from training import rescale
from training.rescaling import Choice, Measured, Pairing, load, make
from training.rescaling.footage import pictures, windows
from training.rescaling.measures import Settings
from training.rescaling.measuring import measure
from vsanimesr.errors import JobError, TrainingError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

ROOT = Path(__file__).parent.parent
KIND = Pairing(video="film", identity="identity", factor=0.5, by="person", model="mock", weights=rescaling.WEIGHTS)


@contextmanager
def quiet(what, total):
    yield lambda frames: None


def stopping(after):
    """A bar that ends everything once so many clips are done."""

    @contextmanager
    def bar(what, total):
        done = []

        def seen(clips):
            done.append(clips)
            if len(done) == after:
                raise KeyboardInterrupt

        yield seen

    return bar


def read(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def tree(folder):
    found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if name.name != ".lock"}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Three shots of two sub-clips each, whose sides are no multiples of 8."""
    return rescaling.filmed(tmp_path_factory.mktemp("film") / "film.mkv", rescaling.shots(size=(51, 70)))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return rescaling.bilinear(tmp_path_factory.mktemp("model") / "bilinear.onnx")


def test_a_sub_clip_has_ten_frames_as_they_are_and_twice_as_large(film, tmp_path):
    make(film, rescaling.upscaler(), KIND, tmp_path, clips=4, bar=quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", *(f"{n:06}" for n in range(4)), "pairs.json"]
    for number, window in enumerate(windows(film.measures, 11, 0)[:4]):
        frames = pictures(film, window)
        for kind in ("lr", "hr"):
            names = sorted(path.name for path in (tmp_path / f"{number:06}" / kind).iterdir())
            assert names == [f"{n:08}.png" for n in range(10)]
        for n in range(10):
            low, high = (read(tmp_path / f"{number:06}" / kind / f"{n:08}.png") for kind in ("lr", "hr"))
            np.testing.assert_array_equal(low, frames[n + 1, 1:49, 3:67])  # the first frame is left out
            assert high.shape == (96, 128, 3)
    kept = json.loads((tmp_path / "pairs.json").read_text())
    assert (kept["factor"], kept["by"], kept["identity"]) == (0.5, "person", "identity")
    assert Pairing.read(tmp_path) == KIND


@pytest.mark.parametrize("factor", [0.3, 0.5, 0.7, 1.0])
def test_both_show_the_same_at_the_same_place(film, model, tmp_path, factor):
    upscaler = load(model)
    kind = replace(KIND, factor=factor, weights=upscaler.weights)
    make(film, upscaler, kind, tmp_path, clips=1, bar=quiet)
    low, high = (read(tmp_path / "000000" / each / "00000004.png").astype(np.float32) for each in ("lr", "hr"))
    back = cv2.resize(high, (64, 48), interpolation=cv2.INTER_AREA)

    def difference(rows, columns):
        moved = np.roll(back, (rows, columns), (0, 1))
        return float(np.abs(moved - low)[8:-8, 8:-8].mean())

    same = difference(0, 0)
    assert all(same < 0.8 * difference(*by) for by in ((0, 1), (0, -1), (1, 0), (-1, 0)))
    if factor == 1:
        assert same < 3


def test_stopped_and_begun_again_it_is_as_if_it_had_not_been(film, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    make(film, rescaling.upscaler(), KIND, whole, clips=4, bar=quiet)
    with pytest.raises(KeyboardInterrupt):
        make(film, rescaling.upscaler(), KIND, out, clips=4, bar=stopping(2))
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(kept) == 2 * 20
    shutil.copytree(out / "000000", out / ".000002.part")  # as a kill leaves it
    (out / ".000002.part" / "lr" / "00000003.png").write_bytes(b"half")
    again = rescaling.Nearest()
    make(film, rescaling.upscaler(again), KIND, out, clips=4, bar=quiet)
    assert len(again.given) == 2
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())
    assert tree(out) == tree(whole)


def test_more_can_be_made_later(film, tmp_path):
    few, all_ = tmp_path / "few", tmp_path / "all"
    make(film, rescaling.upscaler(), KIND, few, clips=1, bar=quiet)
    make(film, rescaling.upscaler(), KIND, few, clips=3, bar=quiet)
    make(film, rescaling.upscaler(), KIND, all_, clips=3, bar=quiet)
    assert tree(few) == tree(all_)


def test_what_another_folder_has_can_be_left_out(film, tmp_path):
    first, rest, all_ = tmp_path / "first", tmp_path / "rest", tmp_path / "all"
    make(film, rescaling.upscaler(), KIND, first, clips=2, bar=quiet)
    make(film, rescaling.upscaler(), replace(KIND, skip=2), rest, clips=4, bar=quiet)
    make(film, rescaling.upscaler(), KIND, all_, clips=6, bar=quiet)
    parts = [*sorted(first.glob("0*")), *sorted(rest.glob("0*"))]
    assert [tree(part) for part in parts] == [tree(part) for part in sorted(all_.glob("0*"))]
    assert len({tree(part)[Path("lr/00000000.png")] for part in parts}) == 6


OTHERS = [{"factor": 0.4}, {"identity": "other"}, {"weights": "cd" * 32}, {"seed": 1}, {"skip": 1}]


@pytest.mark.parametrize("changed", OTHERS)
def test_a_folder_of_others_is_refused(film, tmp_path, changed):
    make(film, rescaling.upscaler(), KIND, tmp_path, clips=1, bar=quiet)
    before = tree(tmp_path)
    with pytest.raises(TrainingError, match=f"another kind: {next(iter(changed))} was .*; name another folder"):
        make(film, rescaling.upscaler(), replace(KIND, **changed), tmp_path, clips=2, bar=quiet)
    assert tree(tmp_path) == before


def test_a_person_may_confirm_what_statistics_chose(film, tmp_path):
    make(film, rescaling.upscaler(), replace(KIND, by="auto"), tmp_path, clips=1, bar=quiet)
    make(film, rescaling.upscaler(), KIND, tmp_path, clips=1, bar=quiet)
    assert Pairing.read(tmp_path).by == "person"


def test_what_cannot_be_made_says_why(film, tmp_path):
    with pytest.raises(TrainingError, match=r"has 6 sub-clips .* wanted 200; lower --clips to 6"):
        make(film, rescaling.upscaler(), KIND, tmp_path / "out", clips=200, bar=quiet)
    with pytest.raises(TrainingError, match=r"a cut, 2 after the 4 that --skip leaves out, .* --clips to 2"):
        make(film, rescaling.upscaler(), replace(KIND, skip=4), tmp_path / "out", clips=3, bar=quiet)
    with pytest.raises(TrainingError, match=r"0 after the 7 that --skip leaves out, wanted 3; take a longer video"):
        make(film, rescaling.upscaler(), replace(KIND, skip=7), tmp_path / "out", clips=3, bar=quiet)
    assert not (tmp_path / "out").exists()
    small = rescaling.filmed(tmp_path / "small.mkv", rescaling.shots(1, (6, 64)))
    with pytest.raises(TrainingError, match="64x6, wanted 8x8"):
        make(small, rescaling.upscaler(), KIND, tmp_path / "small", clips=1, bar=quiet)
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="file"):
        make(film, rescaling.upscaler(), KIND, tmp_path / "file", clips=1, bar=quiet)


@pytest.fixture
def chosen(model, tmp_path):
    """A video, and a folder in which it was measured and half of its size chosen."""
    path = video(tmp_path / "film.mkv", rescaling.shots())
    words = ["--patch", "16", "--patches", "1", "--frames", "1", "--factors", "0.4", "0.5", "--quiet"]
    assert rescale.main(["measure", str(path), str(tmp_path / "out"), "--model", model, *words]) == 0
    assert rescale.main(["choose", str(tmp_path / "out"), "--factor", "0.5"]) == 0
    return path, tmp_path / "out"


def test_the_command_makes_what_was_chosen_and_nothing_else(chosen, model, tmp_path, capsys):
    path, out = chosen
    words = ["pairs", str(path), str(out), str(tmp_path / "pairs"), "--clips", "1", "--skip", "2", "--quiet"]
    assert rescale.main(words) == 0
    kept = Pairing.read(tmp_path / "pairs")
    assert (kept.factor, kept.by, kept.weights, kept.video) == (0.5, "person", load(model).weights, "film")
    assert kept.skip == 2
    assert len(list((tmp_path / "pairs" / "000000" / "hr").iterdir())) == 10
    capsys.readouterr()
    assert rescale.main(["choose", str(out), "--factor", "0.4"]) == 0
    assert rescale.main(words) == 1
    assert "factor was 0.5, now 0.4" in capsys.readouterr().err
    other = video(tmp_path / "other.mkv", rescaling.shots(1))
    assert rescale.main(["pairs", str(other), *words[2:]]) == 1
    assert "is not the video" in capsys.readouterr().err
    (out / "choice.json").unlink()
    assert rescale.main(words) == 1
    assert "sheet.html" in capsys.readouterr().err


def test_another_model_than_was_measured_is_refused(chosen, tmp_path, capsys):
    path, out = chosen
    measured = Measured.read(out)
    other = replace(measured, source=replace(measured.source, weights="cd" * 32))
    other.write(out)
    Choice.of(other, 5).write(out)
    assert rescale.main(["pairs", str(path), str(out), str(tmp_path / "pairs"), "--clips", "1"]) == 1
    assert "has other weights" in capsys.readouterr().err
    assert not (tmp_path / "pairs").exists()


@pytest.mark.slow
def test_a_killed_command_goes_on(chosen, tmp_path):
    path, out = chosen
    command = [sys.executable, "-m", "training.rescale", "pairs", str(path), str(out), "--clips", "6", "--quiet"]
    started = subprocess.Popen([*command, str(tmp_path / "pairs")], cwd=ROOT)
    end = time.monotonic() + 60
    while not (tmp_path / "pairs" / "000001").exists() and started.poll() is None:
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    finished = [each for each in (tmp_path / "pairs").iterdir() if each.name.isdecimal()]
    assert 2 <= len(finished) < 6
    assert all(len(list(each.rglob("*.png"))) == 20 for each in finished)
    for folder in ("pairs", "whole"):
        assert rescale.main([*command[3:], str(tmp_path / folder)]) == 0
    assert tree(tmp_path / "pairs") == tree(tmp_path / "whole")


def test_the_sheet_shows_the_very_pictures_that_pairs_get(tmp_path):
    film = rescaling.filmed(tmp_path / "film.mkv", rescaling.shots())
    settings = Settings(patches=1, side=16, frames=11, factors=(5, 7))
    found, ((_, made),) = measure(film, rescaling.upscaler(), settings, lambda _: None)
    ((patch, _),) = found.patches
    number = windows(film.measures, 11, 0).index(patch.window)
    for tenths in settings.factors:
        out = tmp_path / str(tenths)
        make(film, rescaling.upscaler(), replace(KIND, factor=tenths / 10), out, clips=number + 1, bar=quiet)
        high = read(out / f"{number:06}" / "hr" / "00000009.png")
        place = [slice(2 * at, 2 * at + 32) for at in (patch.top, patch.left)]
        np.testing.assert_array_equal(made[tenths], high[*place])
