"""Pictures against VapourSynth's own resizer: to RGBS, the network on RGBS, and back."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from tests import zimg
from tests.graph_runs import StandIn, delivered, ingested, natural, noise, stepped
from tests.networks import network
from vsanimesr.graphs import Cell, Graphs, compose
from vsanimesr.spec import FORMATS, RGBS, SCALES, ClipSpec, Colour, PictureSpec, PixelFormat

CELL = StandIn()
TOLERANCE = {8: 1, 10: 1, 12: 2, 14: 4, 16: 8}
"""Code values."""
FLOATING = {"RGBS": 2e-6, "RGBH": 1e-3}
SIZES = ((34, 18), (36, 22), (40, 20))
"""With and without a margin, and with an odd number of chroma cells."""
ALL = [(format_, colour) for format_ in FORMATS.values() for colour in zimg.colours(format_)]
SAMPLED = ALL[::9]


def ids(case: tuple[PixelFormat, Colour]) -> str:
    format_, colour = case
    return f"{format_.name}-{colour.matrix}-{'full' if colour.full else 'limited'}-{colour.location}"


def composed(clip: ClipSpec, cell: Cell = CELL) -> Graphs:
    """Graphs that ONNX Runtime can run: it shuffles no samples of 16 bits."""
    return compose(cell, clip, bytes_only=True)


def close(got: Sequence[np.ndarray], right: Sequence[np.ndarray], format_: PixelFormat) -> None:
    allowed = FLOATING[format_.name] if format_.floating else TOLERANCE[format_.bits]
    for plane, (a, b) in enumerate(zip(got, right, strict=True)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert np.abs(a.astype(np.float64) - b).max() <= allowed, f"plane {plane}"
        if not format_.floating and format_.bits < 12:
            assert np.mean(a != b) < 0.01, f"plane {plane} is rounded in another way"


def unpacked(packed: np.ndarray, width: int, height: int) -> list[np.ndarray]:
    """The picture of the packed one, in [0, 1]."""
    _, _, h, w = packed.shape
    rgb = packed.clip(0, 1).reshape(3, 4, 4, h, w).transpose(0, 3, 1, 4, 2).reshape(3, 4 * h, 4 * w)
    return list(rgb[:, : 4 * height, : 4 * width])


def check_ingest(format_: PixelFormat, colour: Colour, size: tuple[int, int], seed: int) -> None:
    width, height = size
    made = composed(ClipSpec(width, height, 1, format_, colour))
    for planes in (noise(format_, *size, seed), natural(format_, colour, *size, seed)):
        lr, right = ingested(made, planes)[0], np.stack(zimg.to_rgb(planes, format_, colour))
        right = np.pad(right, ((0, 0), (0, -height % 4), (0, -width % 4)), mode="edge")
        np.testing.assert_allclose(lr, right, atol=2e-6)


def check_deliver(format_: PixelFormat, colour: Colour, size: tuple[int, int], scale: int, seed: int) -> None:
    clip = ClipSpec(*size, 1, RGBS, wanted=PictureSpec(format_, colour, scale))
    made, draw = composed(clip), np.random.default_rng(seed)
    *_, h, w = made.lr_shape
    rough = draw.normal(0.5, 0.4, (1, 48, h, w)).astype(np.float32)
    smooth = np.linspace(-0.1, 1.1, w, dtype=np.float32) + rough / 20
    for packed in (rough, smooth):
        close(delivered(made, packed), reduced(unpacked(packed, *size), size, scale, format_, colour), format_)


def reduced(
    rgb: list[np.ndarray], size: tuple[int, int], scale: int, format_: PixelFormat, colour: Colour
) -> list[np.ndarray]:
    """A picture of RGBS in another size, clamped, and then in another format."""
    if scale != 4:
        wanted = scale * size[0], scale * size[1]
        rgb = [p.clip(0, 1) for p in zimg.convert(rgb, (RGBS, Colour()), (RGBS, Colour()), wanted)]
    return zimg.convert(rgb, (RGBS, Colour()), (format_, colour)) if format_ != RGBS else rgb


def check_whole(clip: ClipSpec, seed: int, cell: Cell = CELL) -> None:
    """From frame to picture, against the same network between two conversions."""
    size, picture = (clip.width, clip.height), clip.picture
    made, plain = composed(clip, cell), composed(ClipSpec(*size, 1, RGBS), cell)
    for planes in (noise(clip.format, *size, seed), natural(clip.format, clip.colour, *size, seed)):
        got = stepped(made, ingested(made, planes))
        rgb = zimg.to_rgb(planes, clip.format, clip.colour)
        upscaled = stepped(plain, ingested(plain, rgb))
        close(got, reduced(upscaled, size, picture.scale, picture.format, picture.colour), picture.format)


@pytest.mark.parametrize("case", SAMPLED, ids=ids)
def test_a_frame_becomes_rgb(case: tuple[PixelFormat, Colour]) -> None:
    check_ingest(*case, SIZES[ALL.index(case) % 3], ALL.index(case))


@pytest.mark.parametrize("case", SAMPLED, ids=ids)
def test_a_picture_gets_its_format(case: tuple[PixelFormat, Colour]) -> None:
    number = ALL.index(case)
    check_deliver(*case, SIZES[number % 3], SCALES[number % 4], number)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["YUV420P8", "YUV422P10", "YUV444P16", "RGB24", "Gray8", "RGBS", "RGBH"])
@pytest.mark.parametrize("size", SIZES[:2])
def test_smaller_pictures(size: tuple[int, int], name: str, scale: int) -> None:
    format_ = FORMATS[name]
    check_deliver(format_, zimg.colours(format_)[0], size, scale, 5)


@pytest.mark.parametrize("case", SAMPLED[::2], ids=ids)
def test_upscaling_in_a_format_is_upscaling_in_rgb(case: tuple[PixelFormat, Colour]) -> None:
    number = ALL.index(case)
    check_whole(ClipSpec(*SIZES[number % 3], 1, *case), number)


@pytest.mark.parametrize(
    ("have", "want", "scale"),
    [
        ("YUV420P8", "YUV420P10", 4),
        ("YUV420P8", "YUV444P16", 4),
        ("YUV420P10", "YUV420P8", 2),
        ("RGB24", "YUV420P8", 4),
        ("RGBS", "YUV422P12", 3),
        ("YUV422P8", "RGB48", 1),
        ("Gray8", "YUV420P10", 4),
        ("YUV444P8", "Gray16", 4),
        ("YUV420P16", "RGBH", 2),
    ],
)
def test_another_format(have: str, want: str, scale: int) -> None:
    format_, wanted = FORMATS[have], FORMATS[want]
    picture = PictureSpec(wanted, zimg.colours(wanted)[-1], scale)
    check_whole(ClipSpec(34, 22, 1, format_, zimg.colours(format_)[0], picture), 11)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_every_meaning_of_every_format(name: str) -> None:
    format_ = FORMATS[name]
    for number, colour in enumerate(zimg.colours(format_)):
        size = SIZES[number % 3]
        check_ingest(format_, colour, size, number)
        check_deliver(format_, colour, size, SCALES[number // 2 % 4], number)
        check_whole(ClipSpec(*size, 1, format_, colour), number)


@pytest.mark.slow
def test_every_siting_at_every_scale() -> None:
    names, locations = ("YUV420P8", "YUV420P16", "YUV422P10"), zimg.LOCATIONS
    for number, (name, scale, location) in enumerate(itertools.product(names, SCALES, locations)):
        check_deliver(FORMATS[name], Colour("709", False, location), SIZES[number % 3], scale, number)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["YUV420P8", "YUV422P10", "YUV444P16", "RGB24", "Gray12", "RGBH"])
def test_the_real_network(name: str) -> None:
    format_ = FORMATS[name]
    check_whole(ClipSpec(34, 22, 1, format_, zimg.colours(format_)[0]), 2, network())
