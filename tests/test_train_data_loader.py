"""Samples and batches: functions of seed and number, whatever makes them, and whatever happens to who makes them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.degrading import one_thread  # noqa: F401
from tests.preparing import folder, moving
from training.core.batches import moved, opened
from training.data import BasicOp, Batch, FolderClips, Loader, Plan, Pool, Truth, loader, processes
from training.data.samples import SCALE, cut, make, values
from vsanimesr.errors import ArgumentError, TrainingError

ROOT = Path(__file__).parent.parent


class Noise:
    """A source of nothing but its generator's numbers."""

    def clip(self, rng, frames, size, interval=1):
        drawn = rng.integers(0, 256, (frames, *size, 4), np.uint8)
        return Truth(drawn[..., :3], drawn[..., 3], "noise")


class Mean:
    """A degradation whose result says where each sample came from."""

    def __call__(self, truth, rng, number):
        times, colours, height, width = truth.shape
        return truth.reshape(times, colours, height // SCALE, SCALE, width // SCALE, SCALE).mean((3, 5))


POOLED = Pool(clips=3, patches=2, frames=5, size=(24, 40))


def plan(**settings):
    return Plan(Noise(), Mean(), **({"frames": 3, "size": (16, 16), "batch": 2, "seed": 4} | settings))


def equal(one, other):
    return (
        one.first == other.first
        and torch.equal(one.low, other.low)
        and torch.equal(one.truth, other.truth)
        and (one.lines is other.lines is None or torch.equal(one.lines, other.lines))
    )


def taken(made, count, first=0):
    with made(first) as batches:
        return [next(batches) for _ in range(count)]


@pytest.mark.parametrize("pool", [Pool(), POOLED])
def test_batches_are_the_samples_in_order(pool):
    told = plan(pool=pool)
    for number, batch in enumerate(taken(Loader(told), 4)):
        numbers = range(2 * number, 2 * number + 2)
        wanted = Batch.of([cut(told, n, lambda clip: make(told, clip)) for n in numbers], 2 * number)
        assert equal(batch, wanted)
        assert batch.low.shape == (2, 3, 3, 4, 4)
        assert batch.truth.shape == (2, 3, 3, 16, 16)
        assert batch.lines.shape == (2, 3, 1, 16, 16)
        assert batch.low.dtype == batch.truth.dtype == batch.lines.dtype == torch.float32
        assert 0 <= float(batch.truth.min()) <= float(batch.truth.max()) <= 1


@pytest.mark.parametrize("pool", [Pool(), POOLED])
def test_low_and_truth_are_cut_at_the_same_place(pool):
    for batch in taken(Loader(plan(pool=pool)), 6):
        pooled = batch.truth.reshape(2, 3, 3, 4, 4, 4, 4).mean((4, 6))
        assert torch.allclose(batch.low, pooled, atol=1e-6)


@pytest.mark.parametrize("pool", [Pool(), POOLED, Pool(2, 3), Pool(size=(32, 0))])
@pytest.mark.parametrize("first", [2, 3, 7])
def test_a_training_that_goes_on_gets_what_it_would_have_got(pool, first):
    told = plan(pool=pool, batch=1)
    whole = taken(Loader(told), first + 3)
    assert all(map(equal, taken(Loader(told), 3, first), whole[first:]))


def test_a_clip_of_a_pool_serves_as_many_samples_as_wanted():
    told = plan(pool=Pool(clips=4, patches=3, size=(24, 24)))
    used = []
    for n in range(300):
        cut(told, n, lambda clip: (used.append(clip), make(told, 0))[1])
    assert all(n // 3 <= clip < n // 3 + 4 for n, clip in enumerate(used))
    offsets = [clip - n // 3 for n, clip in enumerate(used)]
    assert all(sorted(offsets[n : n + 4]) == [0, 1, 2, 3] for n in range(0, 300, 4))
    assert len({tuple(offsets[n : n + 4]) for n in range(0, 300, 4)}) > 12
    assert np.mean([used.count(clip) for clip in range(4, 96)]) == pytest.approx(3, abs=0.2)


def test_only_the_clips_that_are_in_use_are_held_and_each_is_made_once(monkeypatch):
    numbers = []
    monkeypatch.setattr(processes, "make", lambda told, n: (numbers.append(n), make(told, n))[1])
    told = plan(pool=POOLED)
    with Loader(told)() as batches:
        for _ in range(10):
            next(batches)
        assert batches.made.clips == len(numbers)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) <= 19 // 2 + 3


def test_other_seeds_give_other_samples():
    one, other = (taken(Loader(plan(seed=seed)), 1)[0] for seed in (1, 2))
    assert not torch.equal(one.truth, other.truth)


def test_clips_of_a_pool_that_are_transposed_fit_into_the_same_pictures():
    asked = []

    class Lying(Noise):
        def clip(self, rng, frames, size, interval=1):
            asked.append(size)
            return super().clip(rng, frames, size)

    told = Plan(Lying(), Mean(), frames=2, size=(16, 16), pool=Pool(size=(24, 40)))
    made = [make(told, n) for n in range(12)]
    assert set(asked) == {(24, 40)}
    assert {clip.truth.shape[1:3] for clip in made} == {(24, 40), (40, 24)}
    for n, clip in enumerate(made):
        sample = cut(told, n, lambda number, clip=clip: clip)
        assert torch.allclose(Mean()(sample.truth, None, 0), sample.low, atol=1e-6)


def test_a_trainer_takes_it_as_it_is():
    with opened(Loader(plan()), 4) as batches:
        batch = moved(next(batches), torch.device("cpu"))
    assert equal(batch, taken(Loader(plan()), 1, 4)[0])


def test_mixtures_of_clips_with_and_without_lines_have_none():
    sample = cut(plan(), 0, lambda n: make(plan(), n))
    without = SimpleNamespace(low=sample.low, truth=sample.truth, lines=None)
    assert Batch.of([sample, without]).lines is None
    assert Batch.of([sample, sample]).lines.shape == (2, 3, 1, 16, 16)


class Clock:
    """A clock that others turn."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


def test_the_wait_is_measured(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(loader, "time", clock)

    class Slow(Noise):
        def clip(self, rng, frames, size, interval=1):
            clock.now += 3
            return super().clip(rng, frames, size)

    told = Plan(Slow(), Mean(), frames=1, size=(4, 4), batch=1)
    with Loader(told)() as batches:
        next(batches)
        assert (batches.starting, batches.lasted.waited, batches.lasted.share) == (3, 0, 0)
        for _ in range(4):
            clock.now += 1
            next(batches)
        assert (batches.lasted.waited, batches.lasted.elapsed, batches.lasted.share) == (12, 16, 0.75)


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    folder(tmp_path / "a", moving(1, 3))
    (tmp_path / "a" / "00000001.png").write_bytes(b"no picture")
    told = Plan(FolderClips(tmp_path), Mean(), frames=3, size=(16, 16), batch=2, pool=Pool(1, 4))
    with Loader(told)(9) as batches, pytest.raises(TrainingError) as found:
        next(batches)
    assert "sample 8 and on (seed 0): clip 2 could not be made: " in str(found.value)
    assert "00000001.png' is no picture that can be read" in str(found.value)


def test_a_degradation_that_fails_names_the_source():
    def failing(truth, rng, number):
        raise ZeroDivisionError("what a defect says")

    def wrong(truth, rng, number):
        return truth

    with pytest.raises(TrainingError, match=r"(?s)clip 7 of noise could not be made: .*what a defect says"):
        make(Plan(Noise(), failing, frames=1, size=(8, 8)), 7)
    with pytest.raises(TrainingError, match=r"clip 7.*gave torch.float32 \[1, 3, 8, 8\], wanted \[1, 3, 2, 2\]"):
        make(Plan(Noise(), wrong, frames=1, size=(8, 8)), 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": 0},
        {"size": (18, 16)},
        {"batch": 0},
        {"seed": -1},
        {"intervals": ()},
        {"intervals": (0,)},
        {"pool": Pool(0)},
        {"pool": Pool(1, 0)},
        {"pool": Pool(frames=2)},
        {"pool": Pool(size=(12, 40))},
        {"pool": Pool(size=(24, 41))},
    ],
)
def test_plans_that_are_none(wrong):
    with pytest.raises(ArgumentError, match=r"wanted|too small"):
        plan(**wrong)


def test_loaders_that_are_none():
    for make_it in (lambda: Loader(plan(), -1), lambda: Loader(plan(), 1, 0), lambda: Loader(plan())(-1)):
        with pytest.raises(ArgumentError, match="wanted"):
            make_it()


def test_basic_op_is_a_recipe_or_a_clean_one_by_its_share():
    frames = values(moving(1, 3))
    operation = BasicOp(clean=0.5)
    recipes = [operation.recipe(3, np.random.default_rng(n), n) for n in range(200)]
    assert 70 < sum(each.compression is None for each in recipes) < 130
    low = operation(frames, np.random.default_rng(1), 1)
    assert low.shape == (3, 3, 12, 16)


def test_a_curriculum_grows_with_the_number_of_the_clip():
    operation = BasicOp(grown=100)
    early = [operation.recipe(1, np.random.default_rng(n), 0).compression.crf for n in range(200)]
    late = [operation.recipe(1, np.random.default_rng(n), 100).compression.crf for n in range(200)]
    assert max(early) <= 26 < max(late)
    assert late == [BasicOp().recipe(1, np.random.default_rng(n), 0).compression.crf for n in range(200)]
