"""Noise: its deviation, its channels, its frames, and where it is cut off."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.degrading import one_thread  # noqa: F401
from training.degrade import Noise
from training.degrade.noise import noisy
from vsanimesr.errors import ArgumentError

GRAY = torch.full((4, 3, 128, 128), 0.5)


def added(noise, seed=0, clip=GRAY, **options):
    """What was added, in steps of 8 bits."""
    return (noisy(clip, noise, seed, **options) - clip) * 255


def correlation(a, b):
    return float(np.corrcoef(a.flatten().numpy(), b.flatten().numpy())[0, 1])


@given(st.floats(0.5, 10), st.booleans(), st.integers(0, 2**62 - 1))
@settings(max_examples=20, deadline=None)
def test_mean_and_deviation(sigma, gray, seed):
    values = added([Noise(sigma, gray)], seed, GRAY[:1])[0, 0]
    count = values.numel()
    assert abs(float(values.mean())) < 6 * sigma / count**0.5
    assert float(values.std()) == pytest.approx(sigma, abs=6 * sigma / (2 * count) ** 0.5)


def test_gray_noise_is_the_same_in_the_channels():
    values = added([Noise(6.0, gray=True)] * 4)
    assert torch.equal(values[:, 0], values[:, 1])
    assert torch.equal(values[:, 0], values[:, 2])


def test_colour_noise_is_another_one_in_each_channel():
    values = added([Noise(6.0, gray=False)] * 4)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert abs(correlation(values[:, a], values[:, b])) < 4 / values[:, 0].numel() ** 0.5


@pytest.mark.parametrize("gray", [True, False])
def test_each_frame_has_a_noise_and_a_deviation_of_its_own(gray):
    sigmas = (1.0, 3.0, 6.0, 9.0)
    values = added([Noise(sigma, gray) for sigma in sigmas])
    for frame, sigma in zip(values, sigmas, strict=True):
        assert float(frame.std()) == pytest.approx(sigma, rel=0.05)
    for one in range(3):
        assert abs(correlation(values[one], values[one + 1])) < 0.03


def test_kinds_may_change_from_frame_to_frame():
    values = added([Noise(5.0, gray) for gray in (True, False, True, False)])
    assert [torch.equal(frame[0], frame[1]) for frame in values] == [True, False, True, False]


def test_it_is_clipped_and_not_rounded():
    clip = torch.cat([torch.zeros(1, 3, 64, 64), torch.ones(1, 3, 64, 64), torch.full((1, 3, 64, 64), 0.5)])
    result = noisy(clip, [Noise(10.0, False)] * 3, 0)
    assert float(result.min()) == 0
    assert float(result.max()) == 1
    assert 0.45 < float((result[0] == 0).float().mean()) < 0.55
    steps = result[2] * 255
    assert float((steps - steps.round()).abs().mean()) > 0.2


@given(st.integers(0, 2**62 - 1), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_clip_may_come_in_parts(seed, first):
    clip, noise = GRAY[..., :16, :16], [Noise(5.0, n % 2 == 0) for n in range(4)]
    whole = noisy(clip, noise, seed)
    parts = [noisy(clip[:first], noise, seed), noisy(clip[first:], noise, seed, first=first)]
    assert torch.equal(whole, torch.cat(parts))


def test_seeds_decide():
    noise = [Noise(5.0, False)] * 4
    assert torch.equal(added(noise, 7), added(noise, 7))
    assert abs(correlation(added(noise, 7), added(noise, 2**40))) < 0.03


def test_the_clip_is_left_as_it_was_and_so_is_the_global_generator():
    clip, state = GRAY.clone(), torch.get_rng_state()
    noisy(clip, [Noise(5.0, False)] * 4, 0)
    assert torch.equal(clip, GRAY)
    assert torch.equal(state, torch.get_rng_state())


def test_noise_of_a_shorter_clip():
    with pytest.raises(ArgumentError, match="noise for 3 frames, wanted that of 4"):
        noisy(GRAY, [Noise(5.0, False)] * 3, 0)
