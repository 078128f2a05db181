"""`python -m training.data`: the sheet and the measurement."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.degrading import one_thread  # noqa: F401
from tests.preparing import folder, moving
from training.data import BasicOp, FolderClips, Plan, Pool
from training.data.__main__ import main
from training.data.samples import cut, make
from training.degrade.layout import GAP, HEADING

SMALL = ("--frames", "3", "--side", "32")


@pytest.fixture
def clips(tmp_path):
    for n in range(2):
        folder(tmp_path / "clips" / str(n), moving(n, 6))
    return tmp_path / "clips"


def test_a_sheet_shows_samples_beside_their_truth(clips, tmp_path, capsys):
    out = tmp_path / "out.png"
    pool = ("--pool", "2", "--patches", "2", "--pool-size", "48x40")
    assert main(["sheet", *SMALL, "--samples", "3", "--seed", "6", *pool, str(clips), str(out)]) == 0
    page = np.asarray(Image.open(out).convert("RGB"))
    assert capsys.readouterr().out == f"{out}: {page.shape[1]}x{page.shape[0]}\n"
    plan = Plan(FolderClips(clips), BasicOp(), 6, 3, (32, 32), pool=Pool(2, 2, size=(40, 48)))
    sample = cut(plan, 0, lambda n: make(plan, n))
    for column, (picture, times) in enumerate(
        [(sample.low[0], 4), (sample.truth[0], 1), (sample.low[2], 4), (sample.truth[2], 1)]
    ):
        left = GAP + column * (32 + GAP)
        shown = (picture * 255).round().byte().permute(1, 2, 0).numpy().repeat(times, 0).repeat(times, 1)
        assert np.array_equal(page[HEADING : HEADING + 32, left : left + 32], shown)


def test_speed_says_where_the_time_goes(clips, capsys):
    assert main(["speed", str(clips), *SMALL, "--seconds", "0", "--batch", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    facts = json.loads(lines[-1])
    assert (facts["workers"], facts["samples"], facts["clips"]) == (0, 2, 4)
    assert list(facts["seconds"]) == ["source", "augmentation", "degradation"]
    assert all(spent > 0 for spent in facts["seconds"].values())
    assert 0 < facts["waited"] <= facts["elapsed"]
    assert "samples per second" in lines[-3]
    assert "waits" in lines[-2]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["speed", "{here}/none"], "no such file or folder"),
        (["speed", "{here}"], "wanted one of 15 at least"),
        (["speed", "{here}", "--frames", "3"], "is 64x48, wanted at least 256x256"),
        (["speed", "{here}", "--side", "30"], "wanted multiples of 4"),
        (["sheet", "toon:x", "{here}/out.png"], "wanted toon"),
    ],
)
def test_failures_are_one_line(clips, told, message, capsys):
    assert main([word.format(here=clips) for word in told]) == 1
    said = capsys.readouterr().err
    assert said.startswith("training.data: ")
    assert message in said
    assert said.count("\n") == 1


def test_command_lines_that_are_none(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["speed", "x", "--pool-size", "12"])
    assert "wanted WIDTHxHEIGHT" in capsys.readouterr().err
