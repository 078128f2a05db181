"""What is drawn: shares and distributions over 1,000 recipes, against the numbers of the paper."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.degrade import BASIC_OP, H264, LEARNED_OP, Gaussian, Noise, Ranges, Recipe, Step, generator
from training.degrade.ranges import ANISOTROPIC, FILTERS, PROFILES
from vsanimesr.errors import ArgumentError

CLIPS, FRAMES = 1000, 15


def drawn(ranges=BASIC_OP, operators=0, seed=0):
    return [Recipe.draw(generator(seed, n), FRAMES, ranges, operators) for n in range(CLIPS)]


@pytest.fixture(scope="module")
def recipes():
    return drawn()


@pytest.fixture(scope="module")
def final():
    return drawn(LEARNED_OP, operators=3)


def assert_share(count, of, probability):
    """Within four standard deviations of a binomial distribution."""
    assert abs(count - of * probability) <= 4 * np.sqrt(of * probability * (1 - probability)), (count, of, probability)


def assert_uniform(values, low, high):
    """Within the ends, and near them in distribution: Kolmogorov and Smirnov's distance, p = 1e-4."""
    values = np.sort(np.asarray(values))
    assert low <= values[0] <= values[-1] <= high
    n = len(values)
    expected = (values - low) / (high - low)
    distance = max((np.arange(1, n + 1) / n - expected).max(), (expected - np.arange(n) / n).max())
    assert distance < np.sqrt(np.log(2 / 1e-4) / 2 / n), distance


def test_the_test_of_uniformity_can_fail():
    values = generator(0).random(CLIPS)
    assert_uniform(values, 0, 1)
    with pytest.raises(AssertionError):
        assert_uniform(values**1.5, 0, 1)
    with pytest.raises(AssertionError):
        assert_uniform(values, 0, 0.99)


def test_blur(recipes):
    round_ones = [recipe.blur for recipe in recipes if recipe.blur.isotropic]
    long_ones = [recipe.blur for recipe in recipes if not recipe.blur.isotropic]
    assert_share(len(long_ones), CLIPS, 0.3)
    assert_uniform([blur.sigma_x for blur in round_ones], 0.2, 4.0)
    assert_uniform([blur.sigma_x for blur in long_ones], 0.2, 4.0)
    assert_uniform([blur.sigma_y for blur in long_ones], 0.8, 3.0)
    assert_uniform([blur.angle for blur in long_ones], -np.pi, np.pi)


def test_the_paper_reading_of_anisotropic_blur():
    blurs = [recipe.blur for recipe in drawn(BASIC_OP.with_anisotropic("paper"))]
    long_ones = [blur for blur in blurs if not blur.isotropic]
    assert_uniform([blur.sigma_x for blur in long_ones], 0.8, 3.0)
    assert_uniform([blur.sigma_y for blur in long_ones], 0.8, 3.0)
    assert_uniform([blur.sigma_x for blur in blurs if blur.isotropic], 0.2, 4.0)


def test_the_code_reading_is_the_default_and_contains_the_paper_one():
    assert BASIC_OP.with_anisotropic("code") == BASIC_OP
    for code, paper in zip(ANISOTROPIC["code"], ANISOTROPIC["paper"], strict=True):
        assert code[0] <= paper[0]
        assert code[1] >= paper[1]


def test_noise_is_drawn_for_each_frame(recipes):
    each = [noise for recipe in recipes for noise in recipe.noise]
    assert len(each) == CLIPS * FRAMES
    assert_share(sum(noise.gray for noise in each), len(each), 0.5)
    assert_uniform([noise.sigma for noise in each], 0, 10)
    assert all(len({noise.sigma for noise in recipe.noise}) == FRAMES for recipe in recipes)
    assert_share(sum(len({noise.gray for noise in recipe.noise}) == 1 for recipe in recipes), CLIPS, 2 * 0.5**FRAMES)


def test_noise_of_neighbours_is_independent(recipes):
    sigmas = np.array([[noise.sigma for noise in recipe.noise] for recipe in recipes])
    grays = np.array([[noise.gray for noise in recipe.noise] for recipe in recipes], float)
    for a, b in ((sigmas[:, :-1], sigmas[:, 1:]), (grays[:, :-1], grays[:, 1:]), (sigmas, grays)):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)


def test_one_reduction_by_four(recipes):
    assert {tuple(step.factor for step in recipe.steps) for recipe in recipes} == {(4,)}
    counted = Counter(recipe.steps[0].filter for recipe in recipes)
    for name, probability in zip(FILTERS, (0.3, 0.3, 0.4), strict=True):
        assert_share(counted[name], CLIPS, probability)


def test_compression(recipes):
    assert_uniform([recipe.compression.crf for recipe in recipes], 18, 35)
    assert len({recipe.compression.crf for recipe in recipes}) == CLIPS  # real-valued
    counted = Counter(recipe.compression.profile for recipe in recipes)
    for name, probability in zip(PROFILES, (0.1, 0.2, 0.7), strict=True):
        assert_share(counted[name], CLIPS, probability)


def test_what_is_drawn_for_a_clip_is_independent(recipes):
    columns = np.array(
        [
            (r.blur.sigma_x, r.noise[0].sigma, FILTERS.index(r.steps[0].filter), r.compression.crf, r.noise_seed)
            for r in recipes
        ]
    )
    apart = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    assert np.abs(apart).max() < 4 / np.sqrt(CLIPS)


def test_noise_seeds_differ(recipes):
    assert len({recipe.noise_seed for recipe in recipes}) == CLIPS


def test_two_reductions_by_two(final):
    assert {tuple(step.factor for step in recipe.steps) for recipe in final} == {(2, 2)}
    for place in range(2):
        counted = Counter(recipe.steps[place].filter for recipe in final)
        assert_share(counted["learned"], CLIPS, 0.5)
        for name in FILTERS:
            assert_share(counted[name], CLIPS, 0.5 / 3)
    both = sum(recipe.steps[0].filter == recipe.steps[1].filter == "learned" for recipe in final)
    assert_share(both, CLIPS, 0.25)


def test_the_learned_operator_is_drawn_for_each_clip(final):
    """The authors' loader draws it once for each worker process and keeps it for the whole run."""
    counted = Counter(recipe.operator for recipe in final)
    for number in range(3):
        assert_share(counted[number], CLIPS, 1 / 3)
    changes = sum(a.operator != b.operator for a, b in itertools.pairwise(final))
    assert_share(changes, CLIPS - 1, 2 / 3)


def test_without_operators_the_filters_are_left():
    steps = [step.filter for recipe in drawn(LEARNED_OP) for step in recipe.steps]
    for name in FILTERS:
        assert_share(steps.count(name), 2 * CLIPS, 1 / 3)


@given(st.integers(0, 2**31), st.integers(0, 1000))
def test_the_same_seed_draws_the_same(seed, clip):
    first, again = (Recipe.draw(generator(seed, clip), FRAMES) for _ in range(2))
    assert first == again
    assert first != Recipe.draw(generator(seed, clip + 1), FRAMES)
    assert first != Recipe.draw(generator(seed + 1, clip), FRAMES)


@given(st.integers(0, 2**31), st.integers(1, 20), st.integers(1, 20))
def test_a_longer_clip_begins_as_a_shorter_one(seed, frames, more):
    short, long = (Recipe.draw(generator(seed), count) for count in (frames, frames + more))
    assert long.noise[:frames] == short.noise
    assert replace(long, noise=()) == replace(short, noise=())


@given(st.integers(0, 2**31), st.sampled_from([BASIC_OP.at(0), LEARNED_OP, replace(BASIC_OP, gray=0.0)]))
def test_other_ranges_take_as_many_numbers(seed, ranges):
    """So that settings can be compared by the same seed, and one stream can be drawn from for clip after clip."""
    one, other = generator(seed), generator(seed)
    Recipe.draw(one, FRAMES)
    Recipe.draw(other, FRAMES, ranges, operators=3)
    assert one.random() == other.random()


def test_keys_of_other_lengths_are_other_keys():
    keys = [(), (0,), (0, 0), (1,), (1, 0), (0, 1)]
    assert len({generator(0, *key).random() for key in keys}) == len(keys)
    assert generator(0, 1).random() != generator(1, 0).random()


def test_a_recipe_of_a_known_seed():
    """Numbers that must not change: a stored seed stands for them."""
    recipe = Recipe.draw(generator(1, 2), 2)
    blur = Gaussian(1.8001792368857523, 2.3658698451743696, 1.4049774895741862)
    noise = Noise(0.4771591400574893, gray=False), Noise(6.923474852265818, gray=False)
    codec = H264(32.685420445519426, "main")
    assert recipe == Recipe(blur, noise, 1973572532681562972, (Step(4, "area"),), codec)


def test_the_curriculum_begins_mildly_and_ends_with_the_paper():
    early = BASIC_OP.at(0)
    assert (early.sigma, early.crf) == ((0.2, 1.5), (18.0, 26.0))
    assert (early.sigma_x, early.sigma_y) == ((0.2, 1.5), (0.8, 1.5))
    assert BASIC_OP.at(1) == BASIC_OP
    assert BASIC_OP.at(0.5).sigma == pytest.approx((0.2, 2.75))
    assert BASIC_OP.at(0.5).crf == pytest.approx((18, 30.5))
    assert replace(
        early, sigma=BASIC_OP.sigma, sigma_x=BASIC_OP.sigma_x, sigma_y=BASIC_OP.sigma_y, crf=BASIC_OP.crf
    ) == (BASIC_OP)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_curriculum_only_grows(one, other):
    lower, upper = (LEARNED_OP.at(progress) for progress in sorted((one, other)))
    for name in ("sigma", "sigma_x", "sigma_y", "crf"):
        small, large, full = (getattr(ranges, name) for ranges in (lower, upper, LEARNED_OP))
        assert small[0] == large[0] == full[0]
        assert small[0] <= small[1] <= large[1] <= full[1]


def test_the_curriculum_never_exceeds_ranges_that_are_milder_still():
    mild = replace(BASIC_OP, sigma=(0.2, 1.0), crf=(30.0, 35.0)).at(0)
    assert (mild.sigma, mild.crf) == ((0.2, 1.0), (30.0, 30.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"anisotropic": 1.1}, {"gray": -0.1}, {"sigma": (2.0, 1.0)}, {"sigma": (0.0, 1.0)}, {"crf": (18.0, 52.0)},
        {"noise": (-1.0, 2.0)}, {"filters": (0.5, 0.5, 0.5)}, {"profiles": (1.5, -0.5, 0.0)}, {"steps": 3},
        {"learned": 0.5}, {"crf": (float("nan"), 30.0)},
    ],
)  # fmt: skip
def test_ranges_that_are_none(wrong):
    with pytest.raises(ArgumentError, match=r"wanted|set steps"):
        Ranges(**wrong)


@pytest.mark.parametrize("progress", [-0.1, 1.1, float("nan")])
def test_progress_that_is_none(progress):
    with pytest.raises(ArgumentError, match="progress"):
        BASIC_OP.at(progress)


def test_arguments_that_are_none():
    with pytest.raises(ArgumentError, match="one of code, paper"):
        BASIC_OP.with_anisotropic("both")
    with pytest.raises(ArgumentError, match="0 frames"):
        Recipe.draw(generator(0), 0)
    with pytest.raises(ArgumentError, match="seed -1"):
        generator(-1)
