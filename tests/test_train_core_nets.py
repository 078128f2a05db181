"""Unrolling a network over a clip, and the losses."""

import math

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.train_core import Small, one_thread, sample  # noqa: F401
from training.core import DISTANCES, unroll, unsharp_masked
from training.core import steps as unrolled_steps
from training.core.losses import charbonnier, l1, l2, log_l2
from vsanimesr.errors import FormatError
from vsanimesr.nets import AnimeSR


def plain_loop(network, clip):
    """Written out as the filter goes through a scene (test_parity.py)."""
    frames, state = clip.shape[1], network.initial_state(len(clip), *clip.shape[3:])
    pictures = []
    for n in range(frames):
        window = torch.cat([clip[:, max(0, n - 1)], clip[:, n], clip[:, min(frames - 1, n + 1)]], 1)
        picture, state = network(window, state)
        pictures.append(picture)
    return torch.stack(pictures, 1)


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize("feedback", [True, False])
def test_unrolled_is_the_plain_loop(frames, feedback):
    torch.manual_seed(frames)
    network, clip = AnimeSR(feedback), torch.rand(2, frames, 3, 8, 12)
    with torch.no_grad():
        pictures = unroll(network, clip)
        assert pictures.shape == (2, frames, 3, 32, 48)
        assert torch.equal(pictures, plain_loop(network, clip))


def test_the_frames_that_are_missing_are_repeated():
    """A network that only reports its window."""

    class Window(nn.Module):
        def initial_state(self, n, h, w):
            return torch.zeros(n, 1, h, w)

        def forward(self, window, state):
            return window[:, ::3], state + 1

    clip = torch.arange(4.0).reshape(1, 4, 1, 1, 1).expand(1, 4, 3, 2, 2)
    seen = unroll(Window(), clip)[0, :, :, 0, 0].tolist()
    assert seen == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
    assert unroll(Window(), clip[:, :1])[0, :, :, 0, 0].tolist() == [[0, 0, 0]]
    assert [int(state.max()) for _, state in unrolled_steps(Window(), clip, torch.full((1, 1, 2, 2), 5.0))] == [
        6,
        7,
        8,
        9,
    ]


def test_recomputed_gradients_are_the_same():
    low, truth = (tensor[None] for tensor in sample(2))
    gradients = []
    for recompute in (False, True):
        torch.manual_seed(0)
        network = Small()
        l1(unroll(network, low, recompute=recompute), truth).backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_gradients_run_through_all_frames():
    clip = torch.rand(1, 4, 3, 8, 8, requires_grad=True)
    torch.manual_seed(0)
    unroll(AnimeSR(), clip)[:, -1].sum().backward()
    assert all(float(clip.grad[:, n].abs().sum()) > 0 for n in range(4))


@pytest.mark.parametrize("shape", [(1, 0, 3, 8, 8), (1, 3, 8, 8), (1, 2, 4, 8, 8)])
def test_what_is_no_clip(shape):
    with pytest.raises(FormatError, match=r"wanted \[batch, frames, 3"):
        unroll(Small(), torch.zeros(shape))


def test_losses_by_hand():
    one, other = torch.zeros(1, 2, 3, 4, 4), torch.full((1, 2, 3, 4, 4), 0.5)
    assert float(l1(one, other)) == 0.5
    assert float(charbonnier(one, other)) == pytest.approx(math.hypot(0.5, 1e-3))
    assert float(charbonnier(one, one)) == pytest.approx(1e-3)
    assert float(l2(one, other)) == 0.25
    pictures = torch.cat([one, other], 1)
    assert float(log_l2(pictures, one[:, :1])) == pytest.approx((math.log(1e-5) + math.log(0.25 + 1e-5)) / 2)
    for distance in DISTANCES.values():
        assert distance(one.bfloat16(), other).dtype == torch.float32


def test_down_the_logarithm_of_squares_psnr_rises():
    truth = torch.rand(2, 3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    soft, hard = truth + 0.1, truth + 0.01
    assert log_l2(soft, truth) - log_l2(hard, truth) == pytest.approx(math.log(100), rel=0.1)  # 20 dB


def test_the_sharpened_target_is_opencv_s():
    draw = np.random.default_rng(1)
    picture = cv2.resize(draw.random((6, 7, 3), np.float32), (72, 60), interpolation=cv2.INTER_NEAREST)
    residual = picture - cv2.GaussianBlur(picture, (51, 51), 0)
    mask = cv2.GaussianBlur((np.abs(residual) * 255 > 10).astype(np.float32), (51, 51), 0)
    expected = mask * np.clip(picture + 0.3 * residual, 0, 1) + (1 - mask) * picture
    found = unsharp_masked(torch.from_numpy(picture).permute(2, 0, 1)[None, None])
    torch.testing.assert_close(found[0, 0].permute(1, 2, 0), torch.from_numpy(expected), rtol=0, atol=1e-5)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1


def test_what_is_too_small_to_sharpen():
    with pytest.raises(FormatError, match="32x25"):
        unsharp_masked(torch.zeros(1, 3, 25, 32))


def test_unrolled_in_mixed_precision_is_close():
    torch.manual_seed(0)
    network, clip = AnimeSR(), sample(3)[0][None]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rough = unroll(network, clip)
    with torch.no_grad():
        exact = plain_loop(network, clip)
    assert 0 < float(F.l1_loss(rough.float(), exact)) < 0.02
