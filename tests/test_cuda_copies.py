"""Copies of parts of tensors by the CUDA binding, byte by byte (`fake_cuda`)."""

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("cuda.bindings.runtime", reason="the binding is for Linux and Windows on x86-64")

from tests.fake_cuda import ERROR, FakeRuntime
from vsanimesr.backends.cuda import CudaStream
from vsanimesr.backends.device import Box
from vsanimesr.errors import DeviceError

Place = tuple[int, int, int]
"""Layer, row and byte."""


@st.composite
def copies(draw: st.DrawFn) -> tuple[Place, Place, Place, Place]:
    """A shape of tensors, the size of a box in them, where it begins in one and where in the other."""
    shape = tuple(draw(st.integers(1, most)) for most in (4, 7, 40))
    size = tuple(draw(st.integers(1, side)) for side in shape)
    starts = [tuple(draw(st.integers(0, s - n)) for s, n in zip(shape, size, strict=True)) for _ in range(2)]
    return shape, size, *starts


def tensor(cuda: FakeRuntime, shape: Place, seed: int) -> tuple[int, np.ndarray]:
    """Memory on the device, full of noise, and an array that looks at it."""
    _, address = cuda._cuda_malloc(int(np.prod(shape)))
    array = np.frombuffer((ctypes.c_uint8 * int(np.prod(shape))).from_address(address), np.uint8).reshape(shape)
    array[...] = np.random.default_rng(seed).integers(0, 256, shape)
    return address, array


def region(start: Place, size: Place) -> tuple[slice, ...]:
    return tuple(slice(first, first + length) for first, length in zip(start, size, strict=True))


def offset(start: Place, shape: Place) -> int:
    return int(np.ravel_multi_index(start, shape))


@given(copies(), st.booleans())
def test_a_box_is_copied_and_nothing_beside_it(copy: tuple[Place, Place, Place, Place], captured: bool) -> None:
    shape, size, there, here = copy
    cuda = FakeRuntime()
    stream = CudaStream(cuda)
    (source, before), (target, after) = (tensor(cuda, shape, seed) for seed in range(2))
    wanted = after.copy()
    wanted[region(here, size)] = before[region(there, size)]
    layers, rows, row_nbytes = size
    box = Box(row_nbytes, rows, layers, shape[2], shape[1] * shape[2])
    if captured:
        stream.begin_capture()
    stream.copy_box(target + offset(here, shape), source + offset(there, shape), box)
    if captured:
        stream.launch(stream.end_capture())
    np.testing.assert_array_equal(after, wanted)


@pytest.mark.parametrize(
    ("box", "error"),
    [
        (Box(9, 2, 2, 8, 32), ERROR.cudaErrorInvalidPitchValue),
        (Box(8, 5, 2, 8, 32), ERROR.cudaErrorInvalidValue),
    ],
)
def test_a_box_that_is_larger_than_its_tensor_is_refused(box: Box, error: object) -> None:
    cuda = FakeRuntime()
    (source, _), (target, _) = (tensor(cuda, (2, 4, 8), seed) for seed in range(2))
    with pytest.raises(DeviceError, match=f"copying a part of a tensor failed: .*{error.name}"):
        CudaStream(cuda).copy_box(target, source, box)
