"""The benchmark that compares tiles with the whole frame."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import seams
from vsanimesr.models import Artifact
from vsanimesr.tiles import GRID


def test_the_difference_of_pictures() -> None:
    one = [np.array([[0.0, 0.5]], np.float32), np.array([[1.0, 1.0]], np.float32)]
    other = [np.array([[0.0, 0.5]], np.float32), np.array([[1.0, 0.8]], np.float32)]
    psnr, codes = seams._difference(one, other)
    assert psnr == pytest.approx(10 * np.log10(4 / 0.04), rel=1e-5)
    assert codes == 255 - 204
    assert seams._difference(one, one) == (None, 0)
    assert seams._difference([np.array([[3, 250]], np.uint8)], [np.array([[5, 250]], np.uint8)])[1] == 2


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
