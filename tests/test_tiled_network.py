"""Clips in tiles on the backends there are: the pictures of the whole frame."""

from functools import partial

import numpy as np
import pytest

from tests.conftest import start_backend
from tests.networks import feed_planes, noise, setup, usual
from tests.test_tiled import SPATIAL, TILING, equal, tiled
from vsanimesr.backends.fake import Fake
from vsanimesr.session import Session
from vsanimesr.spec import FORMATS, RGBS, PictureSpec
from vsanimesr.tiles import Auto, Tiling


def test_the_order_of_requests_does_not_matter_to_hashes_either() -> None:
    source = noise(8, SPATIAL.clip)
    linear = feed_planes(tiled(SPATIAL, TILING, Fake), source)
    session = Session(tiled(SPATIAL, TILING, Fake), 8, slots=3, spill_bytes=1 << 20, checkpoint_bytes=1 << 20)
    for n in (5, 2, 7, 0, 2, 6):
        equal([session.render(n, source.__getitem__)], [linear[n]])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["openvino", "torch"])
@pytest.mark.parametrize(("format_", "scale"), [("RGBS", 4), ("YUV420P16", 4), ("YUV420P16", 1)])
def test_the_networks_pictures_are_those_of_the_whole_frame(name: str, format_: str, scale: int) -> None:
    made = setup(118, 20, FORMATS[format_], wanted=PictureSpec(FORMATS[format_], usual(FORMATS[format_]), scale))
    tiling = Tiling.of_count((118, 20), (2, 1), Auto().overlap)
    whole, parts = start_backend(name, made), tiled(made, tiling, partial(start_backend, name))
    source = noise(4, made.clip)
    for a, b in zip(feed_planes(whole, source), feed_planes(parts, source), strict=True):
        for one, other in zip(a, b, strict=True):
            largest = np.abs(one.astype(np.float64) - other.astype(np.float64)).max()
            assert largest <= (1e-5 if made.clip.format is RGBS else 1)
    whole.close()
    parts.close()
