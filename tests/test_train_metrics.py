"""Metrics with truth: PSNR, SSIM, lines, change in time; bicubic resizing."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.picturing import blurred, drawing, noise, noisy
from training.metrics.fidelity import line_psnr, psnr, temporal_error
from training.metrics.pictures import gray, luma
from training.metrics.resizing import imresize
from training.metrics.ssim import ssim
from vsanimesr.errors import ArgumentError, FormatError

PICTURES = st.tuples(st.integers(12, 20), st.integers(12, 20)).flatmap(
    lambda size: st.tuples(*(arrays.arrays(np.uint8, (*size, 3)) for _ in range(2)))
)


def slow_ssim(one, other):
    """Window after window (Wang et al. 2004, section III.B)."""
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    found = []
    for y in range(one.shape[0] - 10):
        for x in range(one.shape[1] - 10):
            a, b = one[y : y + 11, x : x + 11], other[y : y + 11, x : x + 11]
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
            both = (window * (a - mean_a) * (b - mean_b)).sum()
            c1, c2 = 6.5025, 58.5225
            found.append(
                (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )
    return np.mean(found)


@given(PICTURES)
@settings(max_examples=30, deadline=None)
def test_psnr_is_the_mean_squared_error_of_all_channels(pair):
    one, other = pair
    mse = np.mean([(float(a) - float(b)) ** 2 for a, b in zip(one.ravel(), other.ravel(), strict=True)])
    wanted = math.inf if mse == 0 else 10 * math.log10(255**2 / mse)
    assert psnr(one, other) == pytest.approx(wanted)
    assert psnr(other, one) == psnr(one, other)
    assert psnr(one, one) == math.inf


def test_psnr_of_one_step_everywhere_is_48_decibels():
    dark = np.full((20, 20, 3), 100, np.uint8)
    assert psnr(dark, dark + 1) == pytest.approx(48.1308, abs=1e-4)


def test_a_border_does_not_count():
    truth = noise(1)
    picture = truth.copy()
    picture[:4], picture[-4:], picture[:, :4], picture[:, -4:] = 0, 0, 0, 0
    assert psnr(picture, truth, border=4) == math.inf
    assert psnr(picture, truth, border=3) < 100
    assert ssim(picture, truth, border=4) == pytest.approx(1)
    with pytest.raises(FormatError, match="a border of 40"):
        psnr(picture, truth, border=40)


def test_luma_is_that_of_the_literature():
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    np.testing.assert_allclose(luma(colours)[0], [16, 235, 81.481, 144.553, 40.966], atol=1e-9)
    np.testing.assert_array_equal(gray(colours)[0], [0, 255, 76, 150, 29])


@given(PICTURES)
@settings(max_examples=8, deadline=None)
def test_ssim_is_that_of_its_definition(pair):
    one, other = (luma(picture) for picture in pair)
    assert ssim(one, other) == pytest.approx(slow_ssim(one, other), abs=1e-9)


@given(PICTURES)
@settings(max_examples=20, deadline=None)
def test_ssim_is_symmetric_at_most_one_and_the_mean_of_channels(pair):
    one, other = pair
    value = ssim(one, other)
    assert value == pytest.approx(ssim(other, one))
    assert value <= 1 + 1e-9
    assert value == pytest.approx(np.mean([ssim(one[..., n], other[..., n]) for n in range(3)]))
    assert ssim(one, one) == pytest.approx(1)
    assert ssim(one[::-1, ::-1], other[::-1, ::-1]) == pytest.approx(value)


def test_more_damage_is_less_similar():
    truth = drawing()
    for damage in (noisy, blurred):
        values = [ssim(damage(truth, amount), truth) for amount in (0.6, 2, 5)]
        assert values == sorted(values, reverse=True)
    with pytest.raises(FormatError, match="11x11"):
        ssim(truth[:10], truth[:10])


def test_only_lines_count_for_lines():
    truth, lines = drawing(), np.zeros((128, 160), np.uint8)
    lines[40:60, 30:90] = 255
    picture = truth.copy()
    picture[:30] ^= 255
    assert line_psnr(picture, truth, lines) == math.inf
    picture = noisy(truth)
    assert line_psnr(picture, truth, lines) == pytest.approx(psnr(picture[40:60, 30:90], truth[40:60, 30:90]))
    assert line_psnr(picture, truth, lines // 3) == pytest.approx(line_psnr(picture, truth, lines))
    assert line_psnr(picture, truth, np.full_like(lines, 9)) == pytest.approx(psnr(picture, truth))
    assert math.isnan(line_psnr(picture, truth, np.zeros_like(lines)))
    with pytest.raises(FormatError, match="one for each sample"):
        line_psnr(picture, truth, lines[1:])


def test_errors_that_stand_still_are_no_change():
    before, after = drawing(1) // 2, drawing(2) // 2
    assert temporal_error(before, after, before, after) == 0
    assert temporal_error(before + 30, after + 30, before, after) == 0
    assert temporal_error(before, after + 30, before, after) == 30
    with pytest.raises(FormatError, match="the same shape"):
        temporal_error(before, after, before, after[1:])


@given(arrays.arrays(np.uint8, (4, 5, 6, 3)))
@settings(max_examples=30, deadline=None)
def test_temporal_error_is_its_formula(pictures):
    x_before, x, y_before, y = pictures.astype(float)
    wanted = np.abs((x - x_before) - (y - y_before)).mean()
    assert temporal_error(*pictures) == pytest.approx(wanted)


@pytest.mark.parametrize("scale", [0.25, 0.5, 2, 4])
def test_resizing_agrees_with_pytorch_within_the_edges(scale):
    plane = np.random.default_rng(0).random((48, 64))
    tensor = torch.from_numpy(plane)[None, None]
    theirs = torch.nn.functional.interpolate(tensor, scale_factor=scale, mode="bicubic", antialias=True)[0, 0].numpy()
    ours = imresize(plane, scale)
    assert ours.shape == theirs.shape
    edge = int(np.ceil(2 * max(1, scale)))
    np.testing.assert_allclose(ours[edge:-edge, edge:-edge], theirs[edge:-edge, edge:-edge], atol=1e-6)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.sampled_from([0.5, 1.0, 1.7, 4.0]))
@settings(max_examples=40, deadline=None)
def test_resizing_keeps_constants_and_mirrors(plane, scale):
    values = plane.astype(float)
    size = tuple(math.ceil(scale * side - 1e-9) for side in plane.shape)
    np.testing.assert_allclose(imresize(np.full_like(values, 7), scale), np.full(size, 7.0))
    if all((scale * side) % 1 == 0 for side in plane.shape):
        turned = imresize(values[::-1, ::-1], scale)[::-1, ::-1]
        np.testing.assert_allclose(imresize(values, scale), turned, atol=1e-9)
    if scale == 1:
        np.testing.assert_allclose(imresize(values, 1), values, atol=1e-9)


def test_resizing_takes_channels_together_and_refuses_nothing():
    picture = noise(3, 12, 16)
    each = np.stack([imresize(picture[..., n], 0.5) for n in range(3)], axis=2)
    np.testing.assert_allclose(imresize(picture, 0.5), each)
    with pytest.raises(ArgumentError, match="above 0"):
        imresize(picture, 0)
