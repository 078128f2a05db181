"""From a clip and its recipe to the degraded clip."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.degrading import moving, one_thread, psnr  # noqa: F401
from training.degrade import BASIC_OP, H264, LEARNED_OP, Recipe, Step, compressed, degrade, generator, to_lr
from training.degrade.ranges import PROFILES
from vsanimesr.errors import ArgumentError, FormatError, PipelineError

AREA = replace(Recipe.bicubic(), steps=(Step(4, "area"),), compression=H264(20.0))


def recipe(seed, frames=5, ranges=BASIC_OP):
    return Recipe.draw(generator(seed), frames, ranges)


@given(
    st.integers(0, 1000),
    st.integers(1, 5),
    st.integers(3, 12),
    st.integers(3, 12),
    st.sampled_from([BASIC_OP, LEARNED_OP]),
)
@settings(max_examples=20, deadline=None)
def test_what_comes_out(seed, frames, height, width, ranges):
    """Odd sides of the LR clip are among them: yuv420p has none, so they are padded for the codec and cropped again."""
    clip = moving(frames, 4 * height, 4 * width)
    lr = degrade(clip, recipe(seed, frames, ranges))
    assert lr.shape == (frames, 3, height, width)
    assert lr.dtype == torch.float32
    assert 0 <= float(lr.min()) <= float(lr.max()) <= 1
    assert torch.equal((lr * 255).round() / 255, lr)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_same_recipe_gives_the_same_bits(seed):
    clip = moving(5, 48, 48)
    assert torch.equal(degrade(clip, recipe(seed)), degrade(clip, recipe(seed)))


def test_other_seeds_give_something_else():
    clip = moving(5, 48, 48)
    assert not torch.equal(degrade(clip, recipe(1)), degrade(clip, recipe(2)))


def test_the_order_is_blur_noise_reduction_codec():
    clip, drawn = moving(3, 64, 64), recipe(3, 3)
    blurred = degrade(clip, replace(drawn, noise=(), steps=(), compression=None))
    only_blur = to_lr(clip, replace(drawn, noise=(), steps=()))
    noisy = to_lr(only_blur, replace(drawn, blur=None, steps=()))
    reduced = to_lr(noisy, replace(drawn, blur=None, noise=()))
    assert torch.equal(compressed(reduced, drawn.compression), degrade(clip, drawn))
    assert (blurred - only_blur).abs().max() <= 0.5 / 255 + 1e-6


def test_blur_and_reduction_are_one_for_a_clip_and_noise_is_not():
    still, drawn = moving(1, 64, 64).expand(4, -1, -1, -1).contiguous(), recipe(5, 4)
    quiet = to_lr(still, replace(drawn, noise=()))
    assert all(torch.equal(quiet[0], frame) for frame in quiet)
    loud = to_lr(still, drawn)
    assert not any(torch.equal(loud[0], frame) for frame in loud[1:])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("channel", range(3))
def test_red_stays_red_and_blue_stays_blue(profile, channel):
    """The authors hand BGR to the encoder as RGB."""
    clip = torch.zeros(5, 3, 64, 64)
    clip[:, channel] = 1.0
    mean = degrade(clip, replace(AREA, compression=H264(23.0, profile))).mean((0, 2, 3))
    wanted = torch.zeros(3)
    wanted[channel] = 1.0
    assert (mean - wanted).abs().max() < 3 / 255


def test_chroma_is_compressed_as_that_of_rgb():
    """Swapped channels would be compressed in other planes: the result then differs from that of the right order."""
    clip = moving(5, 128, 128)
    right, swapped = degrade(clip, AREA), degrade(clip.flip(1), AREA).flip(1)
    assert psnr(right, swapped) < 60
    planes = []
    degrade(clip, AREA, by=lambda samples, told, timeout: planes.append(samples) or samples)
    red = 0.299 * F.avg_pool2d(clip, 4)[:, 0] * 219 + 0.587 * F.avg_pool2d(clip, 4)[:, 1] * 219
    luma = 16 + red + 0.114 * F.avg_pool2d(clip, 4)[:, 2] * 219
    assert (torch.from_numpy(planes[0][:, :32]) - luma).abs().max() < 2


def test_compression_costs_what_the_rate_factor_says():
    clip = moving(8, 256, 256, block=32)[:, :1].expand(-1, 3, -1, -1).contiguous()  # gray: reduced chroma costs more
    lr = to_lr(clip, AREA)
    losses = [psnr(compressed(lr, H264(crf)), lr) for crf in (18.0, 23.0, 29.0, 35.0)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[-1] + 5


def test_samples_are_truncated_for_the_codec():
    lr = torch.full((2, 3, 8, 8), 100.9 / 255)
    seen = compressed(lr, H264(20.0), by=lambda planes, told, timeout: planes)
    assert torch.equal(seen, torch.full_like(lr, 100 / 255))


def test_the_clean_recipe_is_an_antialiased_cubic_rounded_to_8_bits():
    clip = moving(3, 40, 56)
    wanted = F.interpolate(clip, scale_factor=0.25, mode="bicubic", antialias=True).clamp(0, 1)
    assert (degrade(clip, Recipe.bicubic()) - wanted).abs().max() <= 0.5 / 255 + 1e-6


def test_a_codec_that_fails_is_an_error_and_leaves_no_frames_of_0_to_255():
    clip = moving(3, 32, 32)

    def failing(planes, told, timeout):
        raise PipelineError("the codec broke")

    with pytest.raises(PipelineError, match="broke"):
        degrade(clip, AREA, by=failing)
    with pytest.raises(PipelineError, match="came back"):
        degrade(clip, AREA, by=lambda planes, told, timeout: planes[:2])


def test_the_time_out_is_handed_to_the_codec():
    told = []
    degrade(moving(2, 32, 32), AREA, by=lambda planes, _, timeout: told.append(timeout) or planes, timeout=7)
    assert told == [7]


@given(st.integers(0, 1000), st.integers(1, 6))
@settings(max_examples=10, deadline=None)
def test_a_long_clip_may_come_in_parts(seed, first):
    clip, drawn = moving(7, 48, 48), recipe(seed, 7)
    parts = [to_lr(clip[:first], drawn), to_lr(clip[first:], drawn, first=first)]
    assert torch.equal(to_lr(clip, drawn), torch.cat(parts))


def test_learned_operators_are_without_gradient_and_networks_behind_are_not():
    net = torch.nn.Conv2d(3, 3, 2, stride=2)
    drawn = replace(recipe(0, 2, LEARNED_OP), steps=(Step(2, "learned"), Step(2, "learned")))
    lr = degrade(torch.rand(2, 3, 32, 32), drawn, operators=[net])
    assert not lr.requires_grad
    torch.nn.Conv2d(3, 1, 3)(lr).mean().backward()  # an inference tensor could not be saved for this


def test_one_frame_is_a_clip():
    """The authors' code would index beyond the end."""
    assert degrade(moving(1, 32, 32), recipe(0, 1)).shape == (1, 3, 8, 8)


def test_the_clip_is_left_as_it_was():
    clip = moving(3, 32, 32)
    before, threads = clip.clone(), torch.get_num_threads()
    degrade(clip, recipe(0, 3))
    assert torch.equal(clip, before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    "wrong",
    [
        torch.full((2, 3, 32, 32), 255.0), torch.full((2, 3, 32, 32), -0.01), torch.full((2, 3, 32, 32), np.nan),
        torch.zeros(2, 3, 30, 32), torch.zeros(2, 3, 32, 34), torch.zeros(3, 32, 32), torch.zeros(2, 1, 32, 32),
        torch.zeros(0, 3, 32, 32), torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2, 3, 32, 32).double(),
        torch.zeros(2, 3, 0, 32),
    ],
)  # fmt: skip
def test_clips_that_are_none(wrong):
    with pytest.raises(FormatError, match="wanted"):
        degrade(wrong, recipe(0, 2))


def test_a_recipe_for_fewer_frames():
    with pytest.raises(ArgumentError, match="noise for 2 frames"):
        degrade(moving(3, 32, 32), recipe(0, 2))
