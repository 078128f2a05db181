"""The benchmark that compares tiles with the whole frame."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import __main__ as command
from benchmarks import seams
from vsanimesr.models import Artifact
from vsanimesr.spec import FORMATS
from vsanimesr.tiles import GRID


def test_the_difference_of_pictures() -> None:
    one = [np.array([[0.0, 0.5]], np.float32), np.array([[1.0, 1.0]], np.float32)]
    other = [np.array([[0.0, 0.5]], np.float32), np.array([[1.0, 0.8]], np.float32)]
    psnr, codes = seams._difference(one, other, 1)
    assert psnr == pytest.approx(10 * np.log10(4 / 0.04), rel=1e-5)
    assert codes == 255 - 204
    assert seams._difference(one, one, 1) == (None, 0)
    assert seams._difference([np.array([[3, 250]], np.uint8)], [np.array([[5, 250]], np.uint8)], 255)[1] == 2


@settings(deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.integers(1, 32))
def test_the_difference_is_in_steps_of_8_bits_whatever_the_format(name: str, off: int) -> None:
    """As of an encoder's figures: a sample's share of the whole range counts, not its number."""
    format_ = FORMATS[name]
    peak = 1 if format_.floating else 2**format_.bits - 1
    one = [np.full((8, 8), 0.25 * peak if format_.floating else peak // 4, format_.dtype)]
    other = [one[0] + format_.dtype.type(off / 255 * peak if format_.floating else round(off / 255 * peak))]
    row = seams._compared("clip", name, "exchange", seams.WAYS["exchange"]((320, 240), 0), iter([(one, other)]))
    assert row.psnr[0] is not None
    assert abs(row.psnr[0] - 20 * np.log10(255 / off)) < 1
    assert abs(row.codes[0] - off) <= 1


@pytest.mark.parametrize("overlap", [0, 8, 24])
def test_shifted_tiles_give_the_same_parts_but_begin_off_the_grid(overlap: int) -> None:
    right, shifted = (seams.WAYS[way]((320, 240), overlap) for way in ("apart", "shifted"))
    assert len(right.tiles) == len(shifted.tiles) == 4
    assert right.moves == shifted.moves == ()
    assert shifted.size == (right.size[0] + GRID // 2, right.size[1] + GRID // 2)
    for one, other in zip(right.tiles, shifted.tiles, strict=True):
        for a, b in ((one.across, other.across), (one.down, other.down)):
            assert a.part == b.part
            assert b.start in (0, a.start - GRID // 2)
            assert b.start <= b.first
            assert b.end <= b.start + b.length
    assert bool(seams.WAYS["exchange"]((320, 240), overlap).moves) == bool(overlap)


@pytest.mark.slow
def test_the_command(official_v2: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "seams.json"
    words = ["seams", "--frames", "3", "--size", "96x96", "--overlaps", "0", "32", "--output", str(file)]
    assert command.main([*words, "--ways", "exchange"]) == 0
    table, line = capsys.readouterr().out.rstrip().rsplit("\n", 1)
    found = json.loads(file.read_text())
    assert json.loads(line) == found
    assert str(tmp_path) not in line
    without, row = found["rows"]
    assert (row["clip"], row["format"], row["way"], row["overlap"]) == ("clip.mkv", "RGBS", "exchange", 32)
    assert row["psnr"] == [None] * 3
    assert row["codes"] == [0] * 3
    assert max(without["codes"]) > 8
    assert "equal" in table
