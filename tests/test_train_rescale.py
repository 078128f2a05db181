"""Input rescaling: where is looked, what a model gets and what is measured of its pictures, and who chooses."""

import json

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from export.recurrence import network_of
from tests import rescaling
from tests.picturing import drawing, noisy
from tests.preparing import moving, texture, video
from training import rescale
from training.core import folder
from training.core.state import Facts, State
from training.rescaling import Choice, Measured, Settings, measure
from training.rescaling.choice import ranked
from training.rescaling.footage import windows
from training.rescaling.patches import busiest, find
from training.rescaling.statistics import Statistics, statistics
from training.rescaling.upscaler import BURN_IN, doubled, load, resized
from vsanimesr import models
from vsanimesr.errors import ModelError, TrainingError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

COUNTS = st.lists(st.integers(15, 70), min_size=1, max_size=9)


@given(COUNTS, st.integers(1, 15), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_windows_lie_within_shots_and_apart(counts, frames, seed):
    found = windows(rescaling.measures(counts), frames, seed)
    assert len(found) == sum(count // frames for count in counts)
    starts = np.cumsum([0, *counts])
    taken = np.zeros(starts[-1], int)
    for window in found:
        assert starts[window.shot] <= window.first
        assert window.last < starts[window.shot + 1]
        taken[window.first : window.last + 1] += 1
    assert taken.max() == 1
    assert found == windows(rescaling.measures(counts), frames, seed)


@given(COUNTS, st.integers(0, 99), st.data())
@settings(deadline=None, max_examples=60)
def test_the_first_windows_are_of_as_many_shots_as_can_be(counts, seed, data):
    found = windows(rescaling.measures(counts), 11, seed)
    part = found[: data.draw(st.integers(1, len(found)))]
    assert len({window.shot for window in part}) == min(len(part), len(counts))


def test_a_few_of_many_windows_are_spread_over_the_time():
    for seed in range(5):
        few = sorted(window.first for window in windows(rescaling.measures([15] * 64), 11, seed)[:8])
        assert max(np.diff(few)) <= 15 * 17
        assert min(np.diff(few)) >= 15 * 7
        alone = sorted(window.first for window in windows(rescaling.measures([11 * 64]), 11, seed)[:8])
        assert min(np.diff(alone)) >= 11 * 7


def test_what_moves_comes_first_and_what_shows_nothing_never():
    found = windows(rescaling.measures([30, 30, 30, 30], still=[1], flat=[2]), 11, 0)
    assert [window.shot for window in found[-2:]] == [1, 1]
    assert {window.shot for window in found[:-2]} == {0, 3}


@given(st.integers(0, 14), st.integers(0, 22), st.integers(0, 999))
@settings(deadline=None, max_examples=40)
def test_a_patch_is_where_the_edges_are(row, column, seed):
    picture = np.full((72, 104, 3), 90, np.uint8)
    top, left = 4 * row, 4 * column
    picture[top : top + 16, left : left + 16] = texture(seed, 16, 16, 2)
    (energy, x, y), (other, *_) = busiest(picture, 24, 2)
    assert 0 <= x <= 80
    assert 0 <= y <= 48
    assert x - 8 <= left <= x + 24
    assert y - 8 <= top <= y + 24
    assert energy > other
    assert energy > 1


def test_many_lines_are_more_than_one_hard_edge():
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:, 32:] = 255
    picture[:, 64:] = 128
    picture[8:56, 72:120] = 100 + noisy(np.full((48, 48, 3), 100, np.uint8), 20) // 4
    ((_, left, _),) = busiest(picture, 48, 1)
    assert 56 <= left <= 76


def test_patches_of_a_film_are_busy_apart_and_the_same_again(tmp_path):
    flat = np.array([(70, 70, 70), (180, 60, 200), (20, 200, 90)], np.uint8).repeat(24, 0)
    frames = np.ascontiguousarray(flat[:, None, None] + np.arange(48, dtype=np.uint8).repeat(2)[:, None, None])
    frames = frames.repeat(128, 2)  # a slope: frames of one gray level show nothing
    boxes = [(8, 16), (48, 80), (56, 8)]
    for shot, (top, left) in enumerate(boxes):
        frames[24 * shot : 24 * (shot + 1), top : top + 32, left : left + 32] = moving(shot, 24, 3, (32, 32))
    film = rescaling.filmed(tmp_path / "film.mkv", frames)
    found = find(film, 3, 24, 5, 0)
    assert [patch.window.shot for patch in found] == [0, 1, 2]
    for patch, (top, left) in zip(found, boxes, strict=True):
        assert top - 4 <= patch.top <= top + 12
        assert left - 4 <= patch.left <= left + 12
    assert found == find(film, 3, 24, 5, 0)
    more = find(film, 5, 24, 5, 0)
    assert not any(a.overlaps(b) for a in more for b in more if a is not b)
    with pytest.raises(TrainingError, match="lower --patch"):
        find(film, 3, 100, 5, 0)
    with pytest.raises(TrainingError, match="lower --frames"):
        find(film, 3, 24, 30, 0)


@given(st.integers(8, 40), st.integers(8, 40), st.integers(1, 10), st.integers(1, 4))
@settings(deadline=None, max_examples=50)
def test_pictures_are_twice_the_frame_whatever_the_factor(height, width, tenths, frames):
    method = rescaling.Nearest()
    low = np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), np.uint8)
    made = list(doubled(method, low, tenths))
    assert [picture.shape for picture in made] == [(2 * height, 2 * width, 3)] * frames
    sides = max(1, round(height * tenths / 10)), max(1, round(width * tenths / 10))
    assert method.given == [(frames + BURN_IN, *sides, 3)]


def test_half_is_the_networks_own_picture_and_one_is_not_reduced():
    low = np.stack([texture(n, 32, 48) for n in range(2)])
    half = np.stack([resized(frame, 16, 24).repeat(4, 0).repeat(4, 1) for frame in low])
    np.testing.assert_array_equal(np.stack(list(doubled(rescaling.Nearest(), low, 5))), half)
    one = list(doubled(rescaling.Nearest(), low, 10))[1]
    np.testing.assert_array_equal(one, resized(low[1].repeat(4, 0).repeat(4, 1), 64, 96))


def test_statistics_tell_noise_from_lines_and_see_what_is_lost():
    low = drawing(0, 64, 80)
    sharp = resized(low, 128, 160)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 4)
    same, loud, soft = (statistics(picture, low) for picture in (sharp, noisy(sharp, 8), blurred))
    assert same.lost < 0.1
    assert 0.4 < soft.lost <= 1
    assert loud.unrest > same.unrest + 2
    assert soft.gradient < same.gradient < loud.gradient
    assert soft.strong < same.strong
    assert statistics(np.zeros((32, 32, 3), np.uint8), np.zeros((16, 16, 3), np.uint8)) == Statistics(0, 0, 0, 0)


UNREST = {tenths: 2 + 0.3 * tenths for tenths in range(1, 11)}
LOST = {tenths: 0.05 + 0.6 * max(0, 4 - tenths) / 3 for tenths in range(1, 11)}


def test_the_statistics_choose_little_unrest_with_little_loss(tmp_path, capsys):
    rescaling.measured(UNREST, LOST).write(tmp_path)
    assert rescale.main(["choose", str(tmp_path), "--auto"]) == 0
    told = capsys.readouterr()
    assert "unreliable" in told.err
    assert "0.4" in told.out
    kept = json.loads((tmp_path / "choice.json").read_text())
    assert (kept["factor"], kept["by"]) == (0.4, "auto")
    assert "unreliable" in kept["note"]
    assert rescale.main(["choose", str(tmp_path), "--usual"]) == 0
    assert {"factor": 0.5, "by": "habit"}.items() <= json.loads((tmp_path / "choice.json").read_text()).items()


def test_of_equal_factors_the_usual_one_is_first():
    assert ranked(rescaling.measured(dict.fromkeys(UNREST, 1.0), dict.fromkeys(UNREST, 0.5)).means())[0] == 5


@given(st.dictionaries(st.integers(1, 10), st.tuples(st.floats(0, 99), st.floats(0, 1)), min_size=1))
@settings(deadline=None, max_examples=60)
def test_the_first_factor_is_never_worse_in_both(values):
    order = ranked(
        rescaling.measured({k: a for k, (a, _) in values.items()}, {k: b for k, (_, b) in values.items()}).means()
    )
    assert sorted(order) == sorted(values)
    best = values[order[0]]
    assert not any(a < best[0] - 1e-6 and b < best[1] - 1e-6 for a, b in values.values())


def test_a_person_chooses_among_what_was_measured(tmp_path, capsys):
    found = rescaling.measured({3: 1.0, 5: 2.0}, {3: 0.5, 5: 0.1})
    found.write(tmp_path)
    assert Measured.read(tmp_path) == found
    assert rescale.main(["choose", str(tmp_path), "--factor", "0.5"]) == 0
    assert Choice.read(tmp_path, found) == Choice(5, "person", "identity", rescaling.WEIGHTS)
    assert "note" not in json.loads((tmp_path / "choice.json").read_text())
    assert rescale.main(["choose", str(tmp_path), "--factor", ".4"]) == 1
    assert "0.3 0.5" in capsys.readouterr().err
    assert Choice.read(tmp_path, found).tenths == 5
    with pytest.raises(TrainingError, match="another video or model"):
        Choice.read(tmp_path, rescaling.measured({5: 1.0}, {5: 0.1}, weights="cd" * 32))


@pytest.mark.parametrize("text", ["0", "0.05", "0.55", "1.1", "10", "half", "-0.5"])
def test_only_tenths_are_factors(text, capsys):
    with pytest.raises(SystemExit):
        rescale.main(["choose", "out", f"--factor={text}"])
    assert "wanted one of 0.1, 0.2 to 1" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["", "{}", '{"factor": 0.55, "by": "person", "identity": "", "weights": ""}', "[1]"])
def test_damaged_files_say_what_to_do(tmp_path, damage):
    found = rescaling.measured(UNREST, LOST)
    with pytest.raises(TrainingError, match="measure VIDEO"):
        Measured.read(tmp_path)
    with pytest.raises(TrainingError, match="--factor"):
        Choice.read(tmp_path, found)
    (tmp_path / "measures.json").write_text(damage)
    (tmp_path / "choice.json").write_text(damage)
    with pytest.raises(TrainingError, match="measure the video again"):
        Measured.read(tmp_path)
    with pytest.raises(TrainingError, match="--factor"):
        Choice.read(tmp_path, found)


def test_a_video_is_measured_with_the_same_outcome_each_time(tmp_path):
    film = rescaling.filmed(tmp_path / "film.mkv", rescaling.shots())
    asked, told = Settings(patches=2, side=16, frames=3, factors=(5, 10)), []
    found, shown = measure(film, rescaling.upscaler(), asked, told.append)
    assert sum(told) == 4
    assert (found, *found.means()) == (measure(film, rescaling.upscaler(), asked, told.append)[0], 5, 10)
    assert [patch.window.last for patch, _ in found.patches] == sorted(patch.window.last for patch, _ in found.patches)
    pictures = rescaling.shots()
    for (patch, values), (low, made) in zip(found.patches, shown, strict=True):
        at = slice(patch.top, patch.top + 16), slice(patch.left, patch.left + 16)
        np.testing.assert_array_equal(low, pictures[patch.window.last][at])
        assert {picture.shape for picture in made.values()} == {(32, 32, 3)}
        assert values[10] == statistics(made[10], low)
        back = resized(made[10], 16, 16).astype(int)
        assert np.abs(back - low).mean() < 6  # the picture is of the same place


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return rescaling.bilinear(tmp_path_factory.mktemp("model") / "bilinear.onnx")


def test_the_command_measures_with_a_model(model, tmp_path, capsys):
    path = video(tmp_path / "film.mkv", rescaling.shots(2))
    words = ["--patch", "16", "--patches", "2", "--frames", "2", "--factors", "1", "0.5", "--quiet"]
    assert rescale.main(["measure", str(path), str(tmp_path / "out"), "--model", model, *words]) == 0
    found = Measured.read(tmp_path / "out")
    assert found.settings.factors == (5, 10)
    assert found.source.weights == load(model).weights
    assert (tmp_path / "out" / "sheet.html").exists()
    other = video(tmp_path / "other.mkv", rescaling.shots(1))
    capsys.readouterr()
    assert rescale.main(["measure", str(other), str(tmp_path / "out"), "--model", model, *words]) == 1
    assert "another video" in capsys.readouterr().err
    assert Measured.read(tmp_path / "out") == found


def test_the_model_of_a_run_is_its_averaged_network_that_upscales(model, tmp_path):
    net = network_of(models.load(model))
    critic = {"conv.weight": torch.zeros(2)}
    networks = {"net": {name: value + 1 for name, value in net.state_dict().items()}, "critic": critic}
    state = State(networks=networks, averages={"net": net.state_dict()}, optimisers={}, random=[])
    facts = Facts(step=7, sample=14, updates={"net": 7}, settings={})
    folder.write(tmp_path / "run" / "checkpoints", state, facts)
    assert load(str(tmp_path / "run")).weights == load(model).weights
    assert "step 7 of the run 'run'" in load(str(tmp_path / "run")).method.about
    folder.write(tmp_path / "other", State(networks={}, averages={"lbo": critic}, optimisers={}, random=[]), facts)
    with pytest.raises(TrainingError, match="averages of lbo, of which 0 upscale"):
        load(str(tmp_path / "other"))


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(TrainingError, match="no checkpoints"):
        load(str(tmp_path / "run"))
    with pytest.raises(ModelError):
        load(str(tmp_path / "none.onnx"))
