"""The command that makes features of our own, from drawings to the file; and processes that make samples."""

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from itertools import repeat
from pathlib import Path

import pytest
import torch

from tests.train_core import Net, batches, one_thread  # noqa: F401
from training.core import Settings, Trainer
from training.critics import Perceptual, __main__, making
from training.critics.drawings import Drawings
from training.critics.perceptual import TOON_WIDTH
from training.critics.samples import Samples
from vsanimesr.errors import TrainingError

SIZE = (80, 64)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawings:
    """Small drawings, kept for all tests."""
    return Drawings(tmp_path_factory.mktemp("drawings"), SIZE)


def test_a_file_of_features_can_be_checked_before_a_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vgg19.pth").write_bytes(b"half of a download")
    assert __main__.main(["check", "--vgg19", str(tmp_path / "vgg19.pth")]) == 1
    assert "vgg19.pth" in capsys.readouterr().err
    assert __main__.main(["check"]) == 1
    assert "--vgg19" in capsys.readouterr().err
    assert __main__.main(["check", "--perceptual", "random"]) == 0
    assert capsys.readouterr().out.startswith("random  ")


@pytest.mark.slow
def test_features_are_trained_exported_and_judge(
    drawn: Drawings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(__main__, "HELD_OUT", 2)
    run, file = tmp_path / "run", tmp_path / "toon.pth"
    options = ["--batch", "2", "--patch", "32", "--drawings", "3", "--size", "80x64", "--drawn", str(drawn.folder)]
    options += ["--device", "cpu", "--length", "9", "--look-every", "1", "--log-every", "1"]
    assert __main__.main(["train", str(run), "--steps", "2", *options]) == 0
    assert __main__.main(["train", str(run), "--steps", "3", *options]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("step-00000003")
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert {line["step"] for line in log} == {1, 2, 3}
    assert any("held_out/lines" in line for line in log)
    assert __main__.main(["export", str(run), str(file), "--drawn", str(drawn.folder)]) == 0
    assert "after 3 steps" in capsys.readouterr().out
    stored = torch.load(file, weights_only=True)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    assert stored["features.0.weight"].shape[0] == TOON_WIDTH
    assert file.stat().st_size < 11e6
    loss, truth = Perceptual("toon", file), torch.rand(1, 3, 32, 32)
    made = truth.clone().requires_grad_()
    loss(made * 0.9, truth).backward()
    assert float(made.grad.abs().sum()) > 0  # type: ignore[union-attr]
    clean = __main__.held_out(Samples(drawn, 3, 32), 2).clean
    sizes = [float(each.abs().mean()) for each in loss.network(clean).values()]
    assert sizes == pytest.approx([1.0] * 5, rel=0.02)


@pytest.mark.slow
def test_processes_make_the_same_batches(drawn: Drawings) -> None:
    samples = Samples(drawn, 3, 32)
    numbers = [range(2), range(4, 6)]
    for one, other in zip(making.batches(samples, numbers), making.batches(samples, numbers, 1), strict=True):
        for field in fields(one):
            assert torch.equal(getattr(one, field.name), getattr(other, field.name))


@pytest.mark.slow
def test_what_a_process_cannot_make_is_told_as_it_was(tmp_path: Path) -> None:
    broken = Drawings(tmp_path, SIZE)
    broken.file(0).parent.mkdir()
    broken.file(0).write_bytes(b"")
    with pytest.raises(TrainingError, match=f"^'{re.escape(str(broken.file(0)))}' is no drawing"):
        next(making.batches(Samples(broken, 1, 32), repeat(range(2)), 1))


def test_a_folder_that_is_no_training_of_features(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["export", str(tmp_path), str(tmp_path / "toon.pth")]) == 1
    assert "has no checkpoints" in capsys.readouterr().err
    settings = Settings(steps=1)
    Trainer(tmp_path, settings, Net(), batches(settings)).run()
    assert __main__.main(["export", str(tmp_path), str(tmp_path / "toon.pth")]) == 1
    assert "is of another training" in capsys.readouterr().err


@pytest.mark.slow
def test_losses_need_no_renderer() -> None:
    code = "import sys, training.critics; assert not {'skia', 'training.toon', 'training.degrade'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)


def test_held_out_samples_are_of_the_other_split(drawn: Drawings) -> None:
    samples = Samples(drawn, 3, 32, seed=5)
    __main__.held_out(samples, 2)
    assert list(replace(drawn, split="val").file(0).parent.glob("*.png"))
