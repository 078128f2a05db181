"""8 bits are truncated; colours reach the codec and come back by BT.601, limited range."""

import av
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.degrading import one_thread  # noqa: F401
from training.degrade.colours import rounded, to_rgb, to_yuv420, truncated

sides = st.integers(1, 33)


def test_values_are_truncated_and_never_rounded_up():
    levels = torch.arange(256)
    for beyond in (0.0, 0.3, 0.5, 0.99):
        assert torch.equal(truncated((levels[:-1] + beyond) / 255).long(), levels[:-1])
    assert torch.equal(truncated(levels / 255).long(), levels)


def test_the_clean_recipe_rounds():
    assert rounded(torch.tensor([10.4, 10.6, 254.9]) / 255).tolist() == [10, 11, 255]


def test_what_is_out_of_range_is_clipped_and_does_not_wrap_around():
    for made in (truncated, rounded):
        assert made(torch.tensor([-0.01, -3.0, 1.01, 2.0])).tolist() == [0, 0, 255, 255]


def test_known_colours():
    """BT.601, limited range: the colour bars everybody knows."""
    bars = {(255, 255, 255): (235, 128, 128), (0, 0, 0): (16, 128, 128), (255, 0, 0): (81, 90, 240),
            (0, 255, 0): (145, 54, 34), (0, 0, 255): (41, 240, 110)}  # fmt: skip
    for rgb, yuv in bars.items():
        frame = torch.tensor(rgb, dtype=torch.uint8)[None, :, None, None].expand(1, 3, 2, 2)
        planes = to_yuv420(frame)
        assert planes.flatten().tolist() == [yuv[0]] * 4 + [yuv[1], yuv[2]]
        assert (to_rgb(planes, 2, 2).int() - frame.int()).abs().max() <= 1


@given(sides, sides, st.integers(0, 2**31))
@settings(deadline=None)
def test_flat_colours_of_any_size_come_back(height, width, seed):
    colours = torch.randint(0, 256, (2, 3, 1, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    frames = colours.expand(2, 3, height, width)
    planes = to_yuv420(frames)
    even = height + height % 2, width + width % 2
    assert planes.shape == (2, even[0] * 3 // 2, even[1])
    back = to_rgb(planes, height, width)
    assert back.shape == frames.shape
    assert (back.int() - frames.int()).abs().max() <= 3  # chroma has 8 bits for 1.8 times their range


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**31))
@settings(deadline=None, max_examples=30)
def test_gray_comes_back_within_a_step_where_it_was(height, width, seed):
    gray = torch.randint(
        0, 256, (1, 1, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )
    frames = gray.expand(1, 3, -1, -1)
    assert (to_rgb(to_yuv420(frames), height, width).int() - frames.int()).abs().max() <= 1


def smooth():
    y, x = np.mgrid[:48, :64]
    waves = np.sin(x / 5 + y / 9), np.cos(y / 4), np.sin((x + y) / 7)
    return np.stack([128 + 100 * wave for wave in waves], -1).astype(np.uint8)


def test_planes_are_those_of_ffmpeg():
    image = smooth()
    theirs = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p").to_ndarray()
    ours = to_yuv420(torch.from_numpy(image).permute(2, 0, 1)[None])[0].numpy()
    assert theirs.shape == ours.shape
    apart = np.abs(theirs.astype(int) - ours)
    assert apart.mean() < 0.5
    assert apart.max() <= 2


def test_rgb_is_that_of_ffmpeg_but_for_its_truncation():
    planes = to_yuv420(torch.from_numpy(smooth()).permute(2, 0, 1)[None])
    theirs = av.VideoFrame.from_ndarray(planes[0].numpy(), format="yuv420p").reformat(format="rgb24").to_ndarray()
    ours = to_rgb(planes, 48, 64)[0].permute(1, 2, 0).numpy().astype(int)
    assert np.abs(theirs - ours).max() <= 3
    assert (theirs - ours).mean() < -0.5  # theirs is darker
