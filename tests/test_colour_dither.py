"""Ordered dither: one pattern over the whole picture, which keeps the mean."""

import itertools

import numpy as np
import pytest

from tests import zimg
from tests.graph_runs import StandIn, delivered
from vsanimesr.graphs import compose
from vsanimesr.graphs.dither import pattern
from vsanimesr.spec import FORMATS, RGBS, ClipSpec, Colour, PictureSpec

SIZES = [(32, 20), (34, 22)]
"""Without and with a margin."""
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
