"""Every change of a clip against numpy, and that frames, lines and what is made of them change together."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data import Plan, Truth
from training.data.augment import Augmentation
from training.data.samples import SCALE, make

flags = st.booleans()


def clip(frames=3, height=8, width=12, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (frames, height, width, 3), np.uint8)


def reference(pictures, change):
    """By index, sample after sample."""
    times, height, width = pictures.shape[:3]
    size = (width, height) if change.transpose else (height, width)
    made = np.zeros((times, *size, *pictures.shape[3:]), pictures.dtype)
    for t, y, x in np.ndindex(times, *size):
        row, column = (x, y) if change.transpose else (y, x)
        row = height - 1 - row if change.vertical else row
        column = width - 1 - column if change.horizontal else column
        made[t, y, x] = pictures[times - 1 - t if change.reverse else t, row, column]
    return made


@settings(deadline=None, derandomize=True, max_examples=60)
@given(flags, flags, flags, flags)
def test_changes_are_those_by_index(reverse, horizontal, vertical, transpose):
    change = Augmentation(1, reverse, horizontal, vertical, transpose)
    frames, lines = clip(), clip(seed=1)[..., 0]
    made = change.of(Truth(frames, lines, "it"))
    assert np.array_equal(made.frames, reference(frames, change))
    assert np.array_equal(made.lines, reference(lines, change))
    assert made.frames.flags.c_contiguous
    assert made.name == "it"
    assert change.before(made.frames.shape[1:3]) == frames.shape[1:3]
    assert change.of(Truth(frames, None)).lines is None


def test_a_single_frame_that_is_reversed_is_what_pytorch_takes():
    clip = np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3)
    torch.testing.assert_close(torch.from_numpy(Augmentation(reverse=True).pictures(clip)), torch.from_numpy(clip))


def test_all_changes_are_drawn_about_as_often():
    drawn = [Augmentation.draw(np.random.default_rng([3, n])) for n in range(3000)]
    counts = [sum(each.interval == n for each in drawn) for n in (1, 2, 3)]
    assert all(900 < count < 1100 for count in counts)
    for name in ("reverse", "horizontal", "vertical", "transpose"):
        assert 1400 < sum(getattr(each, name) for each in drawn) < 1600
    assert len(set(drawn)) == 48


class Known:
    """A source of one clip, and what it was asked for."""

    def __init__(self):
        self.asked = []

    def clip(self, rng, frames, size, interval=1):
        self.asked.append((frames, size, interval))
        return Truth(clip(frames, *size, seed=frames), clip(frames, *size, seed=9)[..., 0], "known")


def mean(truth, rng, number):
    """A degradation whose result says where each sample came from."""
    times, colours, height, width = truth.shape
    return truth.reshape(times, colours, height // SCALE, SCALE, width // SCALE, SCALE).mean((3, 5))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 10**6))
def test_truth_is_changed_before_it_is_degraded(number):
    source = Known()
    plan = Plan(source, mean, frames=3, size=(8, 16))
    made = make(plan, number)
    change = Augmentation.draw(np.random.default_rng([0, number]))
    assert source.asked == [(3, change.before((8, 16)), change.interval)]
    wanted = reference(clip(3, *change.before((8, 16)), seed=3), change)
    assert np.array_equal(made.truth, wanted)
    assert np.allclose(made.low, wanted.reshape(3, 2, 4, 4, 4, 3).mean((2, 4)).transpose(0, 3, 1, 2) / 255, atol=1e-6)
    assert made.lines.shape == (3, 8, 16)


def test_without_changes_only_the_interval_is_drawn():
    source = Known()
    made = [make(Plan(source, mean, frames=2, size=(8, 16), augment=False), n) for n in range(20)]
    assert all(np.array_equal(each.truth, clip(2, 8, 16, seed=2)) for each in made)
    assert {interval for _, _, interval in source.asked} == {1, 2, 3}
