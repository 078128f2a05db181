"""Degradations that no training knows: what each step does to a signal, and that a seed decides all of a clip."""

import numpy as np
import pytest
import torch

from training.degrade import footage
from training.hidden import CHAINS, Hidden, codecs, signal
from training.hidden.__main__ import main
from training.report import clips
from vsanimesr.errors import ArgumentError

STEP = torch.cat([torch.full((2, 3, 16, 16), 0.2), torch.full((2, 3, 16, 16), 0.6)], 3)
"""An upright edge."""


def truth(frames: int = 3) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    coarse = torch.rand(frames, 3, 4, 6, generator=draw)
    return torch.nn.functional.interpolate(coarse, scale_factor=16.0, mode="nearest")


@pytest.mark.parametrize("name", CHAINS)
def test_a_clip_is_what_its_seed_says(name):
    made, again, other = (Hidden(name)(truth(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (made.shape, made.dtype) == ((3, 3, 16, 24), torch.float32)
    assert 0 <= made.min() <= made.max() <= 1
    torch.testing.assert_close(made * 255, (made * 255).round(), atol=1e-3, rtol=0)
    assert torch.equal(made, again)
    assert not torch.equal(made, other)
    plain = signal.reduced(truth())
    assert 0.01 < (made - plain).abs().mean() < 0.2


def test_other_names_are_refused():
    with pytest.raises(ArgumentError, match="wanted one of broadcast, tape"):
        Hidden("vhs")


def test_sharpening_leaves_halos_and_blur_leaves_none():
    sharp, soft = signal.sharpened(STEP, 1.0, 1.0), signal.blurred(STEP, 1.5, 0.0)
    assert (sharp.min() < 0.15, sharp.max() > 0.65) == (True, True)
    assert 0.2 - 1e-6 < soft.min() < soft.max() < 0.6 + 1e-6
    torch.testing.assert_close(signal.blurred(STEP, 0.0, 3.0), STEP)  # it does not change from row to row


def test_ringing_and_blurs_keep_what_is_flat():
    flat = torch.full((1, 3, 8, 8), 0.3)
    for made in (signal.ringing(flat, 0.2), signal.blurred(flat, 2, 2), signal.echoed(flat, 0.1, 3)):
        torch.testing.assert_close(made, flat)
    assert (signal.ringing(STEP, 0.2) - STEP).abs().max() > 0.02


@pytest.mark.parametrize("late", [0, 3])
def test_what_is_late_comes_from_the_left_and_nothing_around_the_frame(late):
    ramp = torch.linspace(0, 1, 16).expand(1, 3, 4, 16)
    shifted = (signal.echoed(ramp, 0.5, late) * 1.5 - ramp) / 0.5
    torch.testing.assert_close(shifted[..., late:], ramp[..., : 16 - late], atol=1e-5, rtol=0)
    assert (shifted[..., :late].abs() < 1e-5).all()


def test_blurred_colour_leaves_luma():
    red = STEP * torch.tensor([1.0, 0.1, 0.1]).reshape(1, 3, 1, 1)
    made = signal.coloured(red, 2.0, 0.0, late=0)
    luma = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
    torch.testing.assert_close((made * luma).sum(1), (red * luma).sum(1), atol=1e-5, rtol=0)
    assert (made - red).abs().max() > 0.05


def test_streaks_are_of_the_deviation_that_was_asked_for():
    made = signal.streaked(torch.zeros(4, 3, 64, 64), 0.02, 0.0, np.random.default_rng(0))
    assert made.std(3).max() < 1e-6
    assert made[..., 0].std() == pytest.approx(0.02, rel=0.15)


@pytest.mark.parametrize("codec", ["mpeg2video", "mpeg4"])
def test_a_coarser_quantiser_costs_more(codec):
    given = signal.reduced(truth(6))
    errors = [(codecs.generation(given, codec, q) - given).square().mean().item() for q in (2, 10, 30)]
    assert 0 < errors[0] < errors[1] < errors[2] < 0.1


def test_evaluations_know_the_chains():
    samples = truth().mul(255).byte().permute(0, 2, 3, 1).numpy()
    low, told = clips.degraded(samples, "tape", seed=0, number=4)
    assert (low.shape, low.dtype) == ((3, 16, 24, 3), np.uint8)
    assert told.startswith("tape")


@pytest.mark.slow
def test_videos_and_sheets(tmp_path):
    words = ["--clips", "2", "--frames", "3", "--size", "96x64"]
    assert main(["video", str(tmp_path / "low.mkv"), *words]) == 0
    found = list(footage.frames(tmp_path / "low.mkv"))
    assert [frame.shape for frame in found] == 6 * [(3, 16, 24)]
    assert main(["sheet", str(tmp_path / "sheet.png"), *words]) == 0
    assert next(footage.frames(tmp_path / "sheet.png")).shape == (3, 128, 384)
