"""The linear maps between samples and colours, and the resampling kernel, by themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import zimg
from vsanimesr.colour import from_rgb, to_rgb
from vsanimesr.resampling import Resampling, bicubic, resampling
from vsanimesr.spec import FORMATS, RGBS, Colour

LIMITED_709 = Colour("709", full=False)


@pytest.mark.parametrize("name", FORMATS)
def test_there_and_back(name: str) -> None:
    for colour in zimg.colours(FORMATS[name]):
        there, back = from_rgb(FORMATS[name], colour), to_rgb(FORMATS[name], colour)
        rgb = np.full(3, 0.3) if name.startswith("Gray") else np.array([0.1, 0.7, 0.4])
        np.testing.assert_allclose(back.matrix @ (there.matrix @ rgb + there.offset) + back.offset, rgb, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "colour", "rgb", "samples"),
    [
        ("YUV420P8", LIMITED_709, (0, 0, 0), (16, 128, 128)),
        ("YUV420P8", LIMITED_709, (1, 1, 1), (235, 128, 128)),
        ("YUV420P8", LIMITED_709, (0, 0, 1), (16 + 219 * 0.0722, 240, 128 - 112 * 0.0722 / 0.7874)),
        ("YUV422P10", LIMITED_709, (1, 1, 1), (940, 512, 512)),
        ("YUV444P16", Colour("601"), (1, 0, 0), (0.299 * 65535, 32768 - 32767.5 * 0.299 / 0.886, 65535.5)),
        ("YUV444P8", Colour("2020"), (1, 1, 1), (255, 128, 128)),
        ("RGB30", Colour("rgb", full=False), (0, 1, 0.5), (64, 940, 502)),
        ("RGB24", Colour(), (0, 1, 0.5), (0, 255, 127.5)),
        ("Gray8", Colour("601"), (0, 1, 0), (255 * 0.587,)),
        ("RGBH", Colour(), (0, 1, 0.25), (0, 1, 0.25)),
    ],
)
def test_known_colours(name: str, colour: Colour, rgb: tuple[float, ...], samples: tuple[float, ...]) -> None:
    made = from_rgb(FORMATS[name], colour)
    np.testing.assert_allclose(made.matrix @ np.array(rgb) + made.offset, samples, atol=1e-9)


def test_the_kernel_interpolates() -> None:
    np.testing.assert_allclose(bicubic(np.array([0, 0.5, -0.5, 1, 1.5, 2, 3])), [1, 0.5625, 0.5625, 0, -0.0625, 0, 0])


def dense(how: Resampling, cells: int) -> np.ndarray:
    """What a resampling makes of a row of cells, as one matrix [new samples, samples]: edges, the middle, edges."""
    wanted, count, samples = how.weights.shape
    starts, ends = how.edges
    rows = np.zeros((cells // how.stride, wanted, cells * samples))
    for cell, row in enumerate(rows):
        from_end = len(rows) - 1 - cell
        if cell < starts:
            part = how.at_start(cell).reshape(wanted, -1)
            row[:, : part.shape[1]] = part
        elif from_end < ends:
            part = how.at_end(from_end).reshape(wanted, -1)
            row[:, -part.shape[1] :] = part
        else:
            first = (cell * how.stride - how.before) * samples
            row[:, first : first + count * samples] = how.weights.reshape(wanted, -1)
    return rows.reshape(-1, cells * samples)


def by_zimg(samples: int, wanted: int) -> np.ndarray:
    """The same matrix, by what VapourSynth makes of rows that are zero but for one sample."""
    rows = np.eye(samples, dtype=np.float32)
    planes = zimg.convert([rows] * 3, (RGBS, Colour()), (RGBS, Colour()), (wanted, samples))
    return planes[0].T


@pytest.mark.parametrize(("samples", "wanted"), [(4, 3), (4, 2), (4, 1), (1, 2)])
def test_it_is_what_zimg_does(samples: int, wanted: int) -> None:
    how = resampling(samples, wanted)
    np.testing.assert_allclose(dense(how, 20), by_zimg(20 * samples, 20 * wanted), atol=1e-6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 2), st.sampled_from([-0.5, -0.25, 0, 0.25, 0.5]))
def test_what_is_flat_stays_flat_and_mirrors_are_mirrored(samples: int, wanted: int, cells: int, shift: float) -> None:
    there = dense(resampling(samples, wanted, cells=cells, shift=shift), 48)
    back = dense(resampling(samples, wanted, cells=cells, shift=-shift), 48)
    np.testing.assert_allclose(there.sum(axis=1), 1)
    np.testing.assert_allclose(there, back[::-1, ::-1], atol=1e-12)
