"""Ordered dither: one pattern over the whole picture, which keeps the mean."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import zimg
from tests.graph_runs import StandIn, delivered
from vsanimesr.errors import FormatError
from vsanimesr.graphs import Graphs, compose
from vsanimesr.graphs.dither import pattern
from vsanimesr.spec import FORMATS, RGBS, SCALES, ClipSpec, Colour, PictureSpec

SIZES = [(32, 20), (34, 22)]
"""Without and with a margin."""
SIDES = st.integers(16, 27)
FINER = {"YUV420P8": "YUV420P16", "YUV422P8": "YUV422P16", "YUV444P8": "YUV444P16", "RGB24": "RGB48", "Gray8": "Gray16"}


def flat(size: tuple[int, int], scale: int, name: str, level: float) -> list[np.ndarray]:
    """A dithered picture of one colour in limited range, blue a little brighter than the rest."""
    width, height = size
    clip = ClipSpec(width, height, 1, RGBS, wanted=PictureSpec(FORMATS[name], limited(name), scale, dither=True))
    made = compose(StandIn(), clip)
    packed = np.full((1, 48, *made.lr_shape[2:]), level, np.float32)
    packed[:, 32:] += 0.1
    return delivered(made, packed)


def limited(name: str) -> Colour:
    return Colour("rgb" if FORMATS[name].family == "rgb" else "709", full=False)


def exact(name: str, level: float) -> list[float]:
    """What the planes' samples would be without rounding to 8 bits."""
    rgb = [np.full((8, 8), value, np.float32) for value in (level, level, level + 0.1)]
    finer = zimg.convert(rgb, (RGBS, Colour()), (FORMATS[FINER[name]], limited(name)))
    return [float(plane[0, 0]) / 256 for plane in finer]


@pytest.mark.parametrize("side", [2, 3, 4])
def test_the_pattern_has_as_many_levels_as_samples_and_no_mean(side: int) -> None:
    added = np.sort(pattern(side, side).ravel())
    np.testing.assert_allclose(added, (np.arange(side**2) + 0.5) / side**2 - 0.5)


@pytest.mark.parametrize("name", FINER)
@pytest.mark.parametrize("scale", [4, 3, 2, 1])
@pytest.mark.parametrize("size", SIZES)
def test_it_keeps_the_mean_and_gives_a_neighbour(size: tuple[int, int], scale: int, name: str) -> None:
    for level in (0.301, 0.4627):
        for plane, value in zip(flat(size, scale, name, level), exact(name, level), strict=True):
            assert set(np.unique(plane)) <= {np.floor(value), np.ceil(value)}
            tile = plane[:12, :12] if scale == 3 else plane[:8, :8]
            levels = {3: 9, 1: 4 if plane.size < size[0] * size[1] // 2 else 8}.get(scale, 16)
            assert abs(tile.mean() - value) <= 0.5 / levels + 0.005


@pytest.mark.parametrize("scale", [4, 2, 1])
@pytest.mark.parametrize("size", SIZES)
def test_the_pattern_goes_on_from_cell_to_cell(size: tuple[int, int], scale: int) -> None:
    (grey,) = flat(size, scale, "Gray8", 0.3017)
    height, width = grey.shape
    assert len(np.unique(grey)) == 2
    np.testing.assert_array_equal(grey, np.tile(grey[:4, :4], (height, width))[:height, :width])


def test_black_and_white_stay() -> None:
    for name, level in itertools.product(("YUV420P8", "Gray8"), (0.0, 1.0)):
        clip = ClipSpec(32, 20, 1, RGBS, wanted=PictureSpec(FORMATS[name], Colour("709", full=True), dither=True))
        picture = delivered(compose(StandIn(), clip), np.full((1, 48, 20, 32), level, np.float32))
        assert np.unique(picture[0]).tolist() == [255 * level]


def made(size: tuple[int, int], name: str, scale: int, **how: bool) -> Graphs:
    """The graphs of a clip that may be of any size; sizes that the picture's format cannot have are not looked at."""
    picture = PictureSpec(FORMATS[name], limited(name), scale, dither=FORMATS[name].bits == 8)
    try:
        return compose(StandIn(), ClipSpec(*size, 1, RGBS, wanted=picture), **how)
    except FormatError:
        assume(False)
        raise


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.tuples(SIDES, SIDES), st.sampled_from(list(FINER)), st.sampled_from(SCALES), st.booleans())
def test_at_any_size_a_sample_is_a_neighbour_of_what_it_would_be(
    size: tuple[int, int], name: str, scale: int, roomy: bool
) -> None:
    dithered = made(size, name, scale, roomy=roomy, bytes_only=roomy)
    finer = made(size, FINER[name], scale, bytes_only=True)
    packed = np.random.default_rng(1).normal(0.5, 0.3, (1, 48, *dithered.lr_shape[2:])).astype(np.float32)
    sizes = FORMATS[name].plane_sizes(scale * size[0], scale * size[1])
    pairs = zip(delivered(dithered, packed), delivered(finer, packed), sizes, strict=True)
    for plane, exact, (width, height) in pairs:
        assert plane.shape == (height, width)
        assert np.abs(plane - exact / 256).max() < 1 + 1 / 256


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.tuples(SIDES, SIDES), st.sampled_from(list(FINER)), st.sampled_from(SCALES), st.booleans())
def test_at_any_size_one_pattern_covers_the_picture(size: tuple[int, int], name: str, scale: int, roomy: bool) -> None:
    dithered, side = made(size, name, scale, roomy=roomy, bytes_only=roomy), 3 if scale == 3 else 4
    for plane in delivered(dithered, np.full((1, 48, *dithered.lr_shape[2:]), 0.3017, np.float32)):
        height, width = plane.shape
        again = np.tile(plane[:side, :side], (-(-height // side), -(-width // side)))
        np.testing.assert_array_equal(plane, again[:height, :width])
