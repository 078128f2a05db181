"""Learned operators in the degradations of the final stage."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from tests.degrading import moving, one_thread  # noqa: F401
from tests.preparing import folder
from tests.preparing import moving as film
from tests.test_degrade_draws import assert_share
from tests.test_train_data_loader import equal, taken
from training.data import AnimeSROp, BasicOp, FolderClips, Loader, Plan, Pool
from training.data.__main__ import main as data
from training.data.samples import make
from training.degrade import LEARNED_OP, Recipe, Step, compressed, degrade, generator, labels, sheet, to_lr
from training.degrade.__main__ import main
from training.degrade.codec import Planes
from training.degrade.downscale import filtered
from training.degrade.layout import GAP
from training.degrade.recipes import H264, LEARNED
from training.operators import LBO, load_operators
from vsanimesr.errors import ArgumentError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

CLIPS = 400
NOTHING = replace(Recipe.bicubic(), compression=H264(20.0))


def doubled(frames: torch.Tensor) -> torch.Tensor:
    """Means of 2x2, twice as far from the middle of the range."""
    return F.avg_pool2d(frames, 2) * 2 - 0.5


def uncompressed(planes: Planes, settings: H264, timeout: float) -> Planes:
    return planes


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three operators that were trained on nothing."""
    paths = [tmp_path / f"{n}.pth" for n in range(3)]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        torch.save({"params": LBO().state_dict()}, path)
    return paths


@pytest.mark.parametrize("second", ["cubic", LEARNED])
def test_values_are_clipped_after_the_second_step_and_not_between_them(second: str) -> None:
    """Means of means of 4x4 come back into the range that a step before has left; clipped ones would be others."""
    clip = moving(2, 64, 64)
    recipe = replace(NOTHING, steps=(Step(2, LEARNED), Step(2, second)))
    reduce = doubled if second == LEARNED else lambda frames: filtered(frames, Step(2, second))
    between = doubled(clip)
    assert between.min() < -0.1
    assert between.max() > 1.1
    wanted = reduce(between).clamp(0, 1)
    assert torch.equal(to_lr(clip, recipe, operators=[doubled]), wanted)
    assert (reduce(between.clamp(0, 1)).clamp(0, 1) - wanted).abs().max() > 0.01
    lr = degrade(clip, recipe, operators=[doubled], by=uncompressed)
    assert torch.equal(lr, compressed(wanted, recipe.compression, by=uncompressed))


def test_operators_say_the_same_of_a_clip_in_parts(files: list[Path]) -> None:
    clip, pool = moving(7, 48, 48), load_operators(files)
    recipe = replace(Recipe.draw(generator(1), 7, LEARNED_OP, 3), steps=(Step(2, LEARNED), Step(2, LEARNED)))
    parts = [to_lr(clip[:3], recipe, operators=pool), to_lr(clip[3:], recipe, operators=pool, first=3)]
    assert torch.equal(torch.cat(parts), to_lr(clip, recipe, operators=pool))


class Noting:
    """An operator that keeps how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        return F.avg_pool2d(frames, 2)


def test_each_clip_of_a_training_has_one_operator_each_as_often_as_the_others(tmp_path: Path, monkeypatch) -> None:
    folder(tmp_path / "clip", film(0, 2))
    monkeypatch.setattr("training.data.degrading.codec.choose", lambda: uncompressed)
    pool = tuple(Noting() for _ in range(3))
    plan = Plan(FolderClips(tmp_path), AnimeSROp(operators=pool), frames=2, size=(12, 12), batch=1)
    times, used = Counter[int](), list[int]()
    for number in range(CLIPS):
        make(plan, number)
        asked = [each.asked for each in pool]
        times[sum(asked)] += 1
        assert sum(map(bool, asked)) == bool(sum(asked))  # both steps by the same one
        used += [n for n in range(3) if asked[n]]
        for each in pool:
            each.asked = 0
    for steps, share in enumerate((0.25, 0.5, 0.25)):
        assert_share(times[steps], CLIPS, share)
    for n in range(3):
        assert_share(used.count(n), len(used), 1 / 3)
    assert_share(sum(a == b for a, b in pairwise(used)), len(used) - 1, 1 / 3)


def test_the_stages_draw_as_many_numbers_and_the_first_knows_no_operators() -> None:
    first, final = BasicOp(clean=0.2), AnimeSROp(clean=0.2, operators=(doubled, doubled))
    for number in range(50):
        one, other = (np.random.default_rng([1, number]) for _ in range(2))
        basic, learned = first.recipe(3, one, number), final.recipe(3, other, number)
        assert one.random() == other.random()
        assert basic.operator == 0
        assert (basic.blur, basic.noise, basic.compression) == (learned.blur, learned.noise, learned.compression)
        assert {step.factor for step in learned.steps} == ({4} if learned.blur is None else {2})
    rng, again = (np.random.default_rng(5) for _ in range(2))
    again.random()  # for the share of clean clips
    assert BasicOp().recipe(3, rng, 0) == Recipe.draw(again, 3)


def test_the_final_stage_wants_a_pool() -> None:
    with pytest.raises(ArgumentError, match=r"none was given: .* training.lbo"):
        AnimeSROp()


@pytest.mark.slow
def test_batches_do_not_depend_on_the_number_of_processes(files: list[Path], tmp_path: Path) -> None:
    for n in range(2):
        folder(tmp_path / "clips" / str(n), film(n, 9))
    operation = AnimeSROp(clean=0.1, operators=tuple(load_operators(files)))
    told = Plan(FolderClips(tmp_path / "clips"), operation, 5, 3, (24, 24), 2, pool=Pool(2, 3, size=(32, 32)))
    wanted = taken(Loader(told), 6)
    assert all(map(equal, taken(Loader(told, 2), 6), wanted))


def test_a_sheet_of_the_final_stage_shows_the_operators(files: list[Path], tmp_path: Path) -> None:
    picture = (moving(1, 128, 160)[0] * 255).round().byte()
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(tmp_path / "in.png")
    out = tmp_path / "out.png"
    told = ["sheet", str(tmp_path / "in.png"), "-o", str(out), "--side", "48", "--recipes", "4", "--frames", "3"]
    told += ["--seed", "1", "--stage", "final", "--operators", *map(str, files)]
    assert main(told) == 0
    page, pool = np.asarray(Image.open(out).convert("RGB")), load_operators(files)
    window = sheet.window(tmp_path / "in.png", 3, 48)
    recipes = [Recipe.draw(generator(1, 0, n), 3, LEARNED_OP, 3) for n in range(4)]
    assert any(step.filter == LEARNED for recipe in recipes for step in recipe.steps)
    lr = [degrade(window.clip, recipe, operators=pool) for recipe in recipes]
    for clip in (*(operator(window.clip) for operator in pool), *lr):
        assert on(page, window.shown(clip))


def on(page: np.ndarray, picture: torch.Tensor) -> bool:
    """Whether it is in one of the columns, as large as 48x48."""
    samples = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    wanted = samples.repeat(48 // len(samples), 0).repeat(48 // len(samples), 1)
    lefts = [GAP + column * (48 + GAP) for column in range(4)]
    parts = (page[top : top + 48, left : left + 48] for left in lefts for top in range(page.shape[0] - 48))
    return any(np.array_equal(part, wanted) for part in parts)


def test_labels_tell_which_operator_was_drawn() -> None:
    recipe = replace(NOTHING, steps=(Step(2, "cubic"), Step(2, LEARNED)), operator=2)
    assert labels.of_recipe(recipe, 0)[2] == "cubic + LBO 2, CRF 20.0 high"


def test_the_other_commands_take_operators(files: list[Path], tmp_path: Path, capsys) -> None:
    folder(tmp_path / "clips" / "0", film(0, 4))
    video = tmp_path / "clips" / "0" / "00000000.png"
    pool = ["--operators", *map(str, files)]
    speed = ["speed", "--frames", "3", "--side", "32", "--seconds", "0", "--stage", "final"]
    assert main([*speed, *pool]) == 0
    small = ["--frames", "3", "--side", "32", "--samples", "2"]
    for name, words in {"first": [], "final": pool}.items():
        assert data(["sheet", str(tmp_path / "clips"), str(tmp_path / f"{name}.png"), *small, *words]) == 0
    assert (tmp_path / "first.png").read_bytes() != (tmp_path / "final.png").read_bytes()
    assert main(["sheet", str(video), "--side", "32", *pool]) == 1
    assert "give --stage final" in capsys.readouterr().err
