"""Kernels against a slow reference, blur against OpenCV."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.degrading import one_thread  # noqa: F401
from training.degrade import Gaussian
from training.degrade.blur import blurred
from vsanimesr.errors import ArgumentError, FormatError

sigmas = st.floats(0.2, 4.0)
gaussians = st.builds(Gaussian, sigmas, sigmas, st.floats(-math.pi, math.pi))


def slow_kernel(gaussian):
    """exp(-g' S^-1 g / 2) at each whole g, with the covariance S inverted as a matrix."""
    turn = np.array(
        [[math.cos(gaussian.angle), -math.sin(gaussian.angle)], [math.sin(gaussian.angle), math.cos(gaussian.angle)]]
    )
    inverse = np.linalg.inv(turn @ np.diag([gaussian.sigma_x**2, gaussian.sigma_y**2]) @ turn.T)
    samples = np.zeros((21, 21))
    for row in range(21):
        for column in range(21):
            g = np.array([column - 10, row - 10])
            samples[row, column] = math.exp(-0.5 * g @ inverse @ g)
    return samples / samples.sum()


@given(gaussians)
@settings(max_examples=40, deadline=None)
def test_kernels(gaussian):
    kernel = gaussian.kernel()
    assert kernel.shape == (21, 21)
    assert kernel.dtype == torch.float32
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-6)
    assert np.abs(kernel.numpy() - slow_kernel(gaussian)).max() < 1e-7


@given(sigmas)
@settings(max_examples=20, deadline=None)
def test_an_isotropic_kernel_looks_the_same_from_all_sides(sigma):
    kernel = Gaussian(sigma, sigma).kernel()
    for other in (kernel.T, kernel.flip(0), kernel.flip(1), Gaussian(sigma, sigma, 1.0).kernel()):
        torch.testing.assert_close(kernel, other, rtol=0, atol=1e-7)


def test_a_kernel_has_the_deviations_of_its_axes():
    kernel, grid = Gaussian(3.0, 1.0).kernel().double(), torch.arange(-10.0, 11)
    across, down = (float((kernel.sum(side) * grid.square()).sum().sqrt()) for side in (0, 1))
    assert across == pytest.approx(3.0, abs=0.05)
    assert down == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("wrong", [(0.0, 1.0, 0.0), (1.0, -1.0, 0.0), (1.0, 1.0, math.inf), (math.nan, 1.0, 0.0)])
def test_gaussians_that_are_none(wrong):
    with pytest.raises(ArgumentError, match="no Gaussian"):
        Gaussian(*wrong)


@given(gaussians, st.integers(11, 70), st.integers(11, 70), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_blur_equals_opencv(gaussian, height, width, seed):
    clip = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(seed))
    kernel = gaussian.kernel()
    result = blurred(clip, kernel)
    for frame, ours in zip(clip, result, strict=True):
        image = frame.permute(1, 2, 0).contiguous().numpy()
        wanted = cv2.filter2D(image, -1, kernel.numpy(), borderType=cv2.BORDER_REFLECT_101)
        assert np.abs(ours.permute(1, 2, 0).numpy() - wanted).max() < 1e-5


def test_a_kernel_that_is_not_symmetric_is_not_turned_around():
    """OpenCV correlates, and so does the authors' code."""
    kernel = torch.zeros(3, 3)
    kernel[0, 2] = 1.0
    clip = torch.rand(1, 3, 12, 12)
    torch.testing.assert_close(blurred(clip, kernel)[..., 1:, :-1], clip[..., :-1, 1:])


def test_blur_is_the_same_in_all_frames_of_a_clip():
    frame = torch.rand(1, 3, 32, 32)
    result = blurred(frame.expand(5, -1, -1, -1), Gaussian(2.0, 1.0, 0.3).kernel())
    assert all(torch.equal(result[0], other) for other in result)
    assert not torch.equal(result[:1], frame)


@pytest.mark.parametrize("size", [(10, 64), (64, 10)])
def test_frames_smaller_than_the_blur_reaches(size):
    with pytest.raises(FormatError, match="sides above 10"):
        blurred(torch.rand(1, 3, *size), Gaussian(1.0, 1.0).kernel())
