"""Colours and sizes of the pictures that `vsanimesr compare` shows: those of core.resize."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import zimg
from tests.test_compare import BT709, YCGCO, counted, make
from vsanimesr import compare
from vsanimesr.compare import planes
from vsanimesr.errors import FormatError
from vsanimesr.spec import FORMATS, Colour

ST170, BT2020, UNTAGGED = 6, 9, 2
NUMBERS = {"601": ST170, "709": BT709, "2020": BT2020}
PIXEL_FORMATS = {
    "YUV420P8": "yuv420p",
    "YUV420P10": "yuv420p10le",
    "YUV422P8": "yuv422p",
    "YUV444P12": "yuv444p12le",
    "Gray8": "gray",
}
BARS = [
    (235, 128, 128),
    (210, 16, 146),
    (170, 166, 16),
    (145, 54, 34),
    (106, 202, 222),
    (81, 90, 240),
    (41, 240, 110),
    (16, 128, 128),
]


def bars(format_, width=128, height=32):
    """Colour bars as planes, their values scaled to the format's depth."""
    columns = np.repeat(np.array(BARS), width // len(BARS), axis=0) << (format_.bits - 8)
    drawn = []
    for number, (wide, high) in enumerate(format_.plane_sizes(width, height)):
        row = columns[:: width // wide, number].astype(format_.dtype)
        drawn.append(np.ascontiguousarray(np.broadcast_to(row, (high, wide))))
    return drawn


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", ["601", "709", "2020"])
@pytest.mark.parametrize("name", ["YUV420P8", "YUV420P10"])
def test_colours_are_those_of_core_resize(tmp_path, name, matrix, full, scale):
    check_colours(tmp_path, name, Colour(matrix, full), scale)


@pytest.mark.parametrize("name", ["YUV422P8", "YUV444P12", "Gray8"])
def test_so_they_are_in_other_formats(tmp_path, name):
    check_colours(tmp_path, name, Colour("709", False), 3)


def check_colours(folder, name, colour, scale):
    format_ = FORMATS[name]
    samples = bars(format_)
    file = make(
        folder / "bars.mkv", [samples], pix_fmt=PIXEL_FORMATS[name], matrix=NUMBERS[colour.matrix], full=colour.full
    )
    size = 128 * scale, 32 * scale
    wanted = np.stack(zimg.convert(samples, (format_, colour), (FORMATS["RGB24"], Colour()), size), axis=-1)
    with compare.Clip(file) as clip:
        assert not clip.facts.endswith("assumed")
        got = clip.picture(0, size)
    assert np.abs(got.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(("width", "height", "matrix"), [(1024, 32, "601"), (1026, 32, "709")])
def test_what_is_not_tagged_is_taken_as_the_filter_takes_it(tmp_path, width, height, matrix):
    frame = [np.full((height, width), 81, np.uint8)]
    frame += [np.full((height // 2, width // 2), value, np.uint8) for value in (90, 240)]
    untagged = make(tmp_path / "untagged.mkv", [frame], matrix=UNTAGGED)
    tagged = make(tmp_path / "tagged.mkv", [frame], matrix=NUMBERS[matrix])
    with compare.Clip(untagged) as one, compare.Clip(tagged) as other:
        assert one.facts == f"{width}x{height} {matrix} limited range assumed"
        np.testing.assert_array_equal(one.picture(0), other.picture(0))


def test_rgb_stays_as_it_is(tmp_path):
    samples = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    file = make(tmp_path / "rgb.mov", [[samples.reshape(32, 192)]], pix_fmt="rgb24", codec="png", size=(64, 32))
    with compare.Clip(file) as clip:
        np.testing.assert_array_equal(clip.picture(0), samples)
        assert clip.facts == "64x32"


@pytest.mark.parametrize(("kind", "same"), [("nv12", "yuv420p"), ("yuva420p", "yuv420p"), ("p010le", "yuv420p10le")])
def test_other_layouts_of_the_same_samples_mean_the_same(kind, same):
    frame = av.VideoFrame.from_ndarray(np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8))
    plain = frame.reformat(format=same)
    (format_, got), (wanted_format, wanted) = planes.unpacked(plain.reformat(format=kind)), planes.unpacked(plain)
    assert format_ == wanted_format
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@given(
    name=st.sampled_from(sorted(name for name in FORMATS if not FORMATS[name].floating)),
    data=st.data(),
    size=st.tuples(st.integers(24, 96), st.integers(18, 72)),
)
@settings(max_examples=40, deadline=None)
def test_pictures_are_those_of_core_resize_in_every_format(name, data, size):
    format_ = FORMATS[name]
    colour = data.draw(st.sampled_from(zimg.colours(format_)))
    draw = np.random.default_rng(data.draw(st.integers(0, 99)))
    samples = [
        draw.integers(1 << format_.bits - 2, 3 << format_.bits - 2, (high, wide)).astype(format_.dtype)
        for wide, high in format_.plane_sizes(24, 18)
    ]
    wanted = np.stack(zimg.convert(samples, (format_, colour), (FORMATS["RGB24"], Colour()), size), axis=-1)
    got = planes.picture(samples, format_, colour, size)
    assert np.abs(got.astype(int) - wanted).max() <= 2


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p"])
def test_chroma_of_odd_sizes_covers_a_sample_more(name):
    draw = np.random.default_rng(0)
    wide = av.VideoFrame.from_ndarray(draw.integers(0, 256, (34, 38, 3), dtype=np.uint8)).reformat(format=name)
    format_, whole = planes.unpacked(wide)
    odd = [whole[0][:33, :37], *whole[1:]]
    got = planes.picture(odd, format_, Colour("709", False), (37, 33))
    wanted = planes.picture(whole, format_, Colour("709", False), (38, 34))[:33, :37]
    np.testing.assert_array_equal(got, wanted)


def test_a_matrix_that_is_not_known_is_refused(tmp_path):
    strange = make(tmp_path / "strange.mkv", counted(1), matrix=YCGCO)
    with compare.Clip(strange) as clip, pytest.raises(FormatError, match=r"strange\.mkv: the clip is tagged _Matrix=8"):
        clip.picture(0)
