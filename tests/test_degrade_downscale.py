"""Reductions against OpenCV, and learned operators in their place."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.degrading import one_thread  # noqa: F401
from training.degrade import Recipe, Step
from training.degrade.downscale import TAPS, filtered, reduced
from training.degrade.recipes import ANTIALIASED, LEARNED
from vsanimesr.errors import ArgumentError

OPENCV = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
TWICE_LEARNED = replace(Recipe.bicubic(), steps=(Step(2, LEARNED), Step(2, LEARNED)))


def halved(frames):
    return F.avg_pool2d(frames, 2)


@given(st.sampled_from(sorted(TAPS)), st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_filters_equal_opencv(taps, height, width, seed):
    factor, name = taps
    clip = torch.rand(2, 3, height * factor, width * factor, generator=torch.Generator().manual_seed(seed))
    result = filtered(clip, Step(factor, name))
    assert result.shape == (2, 3, height, width)
    for frame, ours in zip(clip, result, strict=True):
        image = frame.permute(1, 2, 0).contiguous().numpy()
        wanted = cv2.resize(image, (width, height), interpolation=OPENCV[name]).reshape(height, width, 3)
        assert np.abs(ours.permute(1, 2, 0).numpy() - wanted).max() < 1e-5


def test_linear_and_cubic_are_not_antialiased():
    """A line between the samples they look at vanishes."""
    clip = torch.zeros(1, 3, 8, 8)
    clip[..., 4] = 1.0
    assert float(filtered(clip, Step(4, "linear")).max()) == 0
    assert float(filtered(clip, Step(4, "cubic")).min()) < 0
    assert float(filtered(clip, Step(4, "area")).max()) == 0.25


def test_two_steps_follow_each_other():
    clip = torch.rand(3, 3, 32, 24)
    recipe = replace(Recipe.bicubic(), steps=(Step(2, "cubic"), Step(2, "area")))
    wanted = filtered(filtered(clip, Step(2, "cubic")), Step(2, "area"))
    assert torch.equal(reduced(clip, recipe), wanted.clamp(0, 1))


def test_overshoot_is_clipped_at_the_end():
    clip = torch.zeros(1, 3, 16, 16)
    clip[..., 2:] = 1.0
    assert float(filtered(clip, Step(4, "cubic")).max()) > 1 or float(filtered(clip, Step(2, "cubic")).max()) > 1
    recipe = replace(Recipe.bicubic(), steps=(Step(2, "cubic"), Step(2, "cubic")))
    result = reduced(clip, recipe)
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1


def test_the_antialiased_filter_equals_pillow():
    clip = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    for plane, ours in zip(clip[0], filtered(clip, Step(4, ANTIALIASED))[0], strict=True):
        wanted = Image.fromarray(plane.numpy()).resize((12, 8), Image.Resampling.BICUBIC)
        assert np.abs(ours.numpy() - np.asarray(wanted)).max() < 1e-5


def test_learned_operators_replace_filters():
    clip = torch.rand(3, 3, 32, 24)
    one = replace(TWICE_LEARNED, steps=(Step(2, "cubic"), Step(2, LEARNED)))
    wanted = halved(filtered(clip, Step(2, "cubic"))).clamp(0, 1)
    assert torch.equal(reduced(clip, one, [halved]), wanted)
    torch.testing.assert_close(reduced(clip, TWICE_LEARNED, [halved]), F.avg_pool2d(clip, 4))


def test_both_steps_of_a_clip_use_the_same_operator_of_the_pool():
    called = []
    pool = [lambda frames, n=n: called.append((n, frames.shape)) or halved(frames) for n in range(3)]
    reduced(torch.rand(3, 3, 32, 24), replace(TWICE_LEARNED, operator=1), pool)
    assert called == [(1, (3, 3, 32, 24)), (1, (3, 3, 16, 12))]


def test_what_an_operator_gives_is_clipped():
    result = reduced(torch.rand(1, 3, 16, 16), TWICE_LEARNED, [lambda frames: halved(frames) * 9 - 4])
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1


def test_operators_that_are_not_in_the_pool():
    with pytest.raises(ArgumentError, match="operator 0, the pool has 0"):
        reduced(torch.rand(1, 3, 16, 16), TWICE_LEARNED)
    with pytest.raises(ArgumentError, match="operator 2, the pool has 1"):
        reduced(torch.rand(1, 3, 16, 16), replace(TWICE_LEARNED, operator=2), [halved])


@pytest.mark.parametrize("wrong", [lambda frames: frames, lambda frames: halved(frames).byte()])
def test_operators_that_give_something_else(wrong):
    with pytest.raises(ArgumentError, match="an operator gave"):
        reduced(torch.rand(1, 3, 16, 16), TWICE_LEARNED, [wrong])


@pytest.mark.parametrize("step", [Step(3, "area"), Step(4, "lanczos")])
def test_reductions_that_are_none(step):
    with pytest.raises(ArgumentError, match="is no reduction"):
        filtered(torch.rand(1, 3, 24, 24), step)
