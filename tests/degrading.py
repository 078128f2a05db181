"""Clips for the tests of the degradations, and what a raw H.264 stream says of itself."""

import re
from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """PyTorch on one thread, so that small tensors do not wait for threads of a busy machine; imported to be used."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def moving(frames: int = 15, height: int = 64, width: int = 64, seed: int = 0, block: int = 8) -> torch.Tensor:
    """A clip of coloured squares that move by a sample a frame, float32 [frames, 3, height, width] from 0 to 1."""
    drawn = torch.Generator().manual_seed(seed)
    squares = torch.rand(3, -(-height // block), -(-width // block), generator=drawn)
    picture = squares.repeat_interleave(block, 1).repeat_interleave(block, 2)[:, :height, :width]
    return torch.stack([picture.roll(n, -1) for n in range(frames)])


def psnr(clip: torch.Tensor, truth: torch.Tensor) -> float:
    """In dB."""
    return float(-10 * torch.log10((clip - truth).square().mean()))


def profile_of(stream: bytes) -> int:
    """The profile_idc of the first sequence parameter set (H.264, 7.3.2.1): 66 baseline, 77 main, 100 high."""
    found = re.search(rb"\x00\x00\x01[\x07\x27\x47\x67](.)", stream, re.DOTALL)
    assert found, "there is no sequence parameter set"
    return found[1][0]


def version_of(stream: bytes) -> bytes:
    """Which x264 wrote the stream."""
    found = re.search(rb"x264 - core \d+[^-]*", stream)
    assert found, "x264 does not say its version"
    return found[0]
