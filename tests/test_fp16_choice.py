"""The measurement that the FP16 graph stands on."""

import itertools
import re

import pytest

from export import fp16_choice
from tests.networks import network
from vsanimesr import graphs, models
from vsanimesr.half import single_values
from vsanimesr.spec import RGBS, ClipSpec


def test_each_variant_keeps_more_than_the_one_before() -> None:
    step = graphs.compose(network(), ClipSpec(24, 20, 10, RGBS)).step
    kept = [set(single) for single in fp16_choice.variants(step).values()]
    assert len(kept) == 4
    assert all(less < more for less, more in itertools.pairwise(kept))
    assert kept[2] == single_values(step)


def test_the_table(capsys: pytest.CaptureFixture[str], official_v2: models.Artifact) -> None:
    assert fp16_choice.main(["--size", "48x32", "--frames", "2"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert "first dB" in head
    first = [float(re.search(r"  +(\d+\.\d\d)  ", row)[1]) for row in rows]
    assert len(first) == 4
    assert first[2] > first[0] + 1, "FP32 where it is kept should show"


def test_a_clip_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert fp16_choice.main(["--clip", "nowhere.mkv"]) == 1
    assert "fp16_choice: no video file" in capsys.readouterr().err
