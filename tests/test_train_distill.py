"""Distillation from the pool to a model inside a backend, all of it tiny."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from export.recurrence import network_of
from tests.networks import feed, frames, network
from training.distill import main
from training.distilling import Distilling, Pool, make, pool
from training.distilling.learner import Batches, compared
from vsanimesr import backends, models
from vsanimesr.backends.base import Setup
from vsanimesr.errors import TrainingError
from vsanimesr.models import artifact
from vsanimesr.spec import RGBS, ClipSpec

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A network of random weights, as a file."""
    path = tmp_path_factory.mktemp("teacher") / "teacher.onnx"
    artifact.write(network(), path)
    return str(path)


@pytest.fixture(scope="module")
def clips(teacher: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool of two clips of 24x16."""
    folder = tmp_path_factory.mktemp("pool")
    words = ["--teacher", teacher, "--size", "96x64", "--frames", "5", "--truth", "--quiet"]
    assert main(["pool", str(folder), "--clips", "2", *words]) == 0
    return folder


def test_a_pool_has_what_the_teacher_made(clips: Path) -> None:
    first, _ = pool.clips(clips)
    shapes = [part.shape for part in (first.low, first.picture, first.truth)]
    assert shapes == [(5, 16, 24, 3), (5, 64, 96, 3), (5, 64, 96, 3)]
    assert compared(network_of(network()), first).teacher > 40  # the pool's pictures are of bf16, and rounded


def test_a_pool_goes_on_and_is_the_same(clips: Path, teacher: str, tmp_path: Path) -> None:
    kind, told = Pool(teacher, size=(96, 64), frames=5), list[int]()
    make(tmp_path / "new", kind, range(1), told.append)
    shutil.copytree(tmp_path / "new" / "000000", tmp_path / "new" / ".000001.part")  # of a killed one
    make(tmp_path / "new", kind, range(2), told.append)
    assert told == [0, 0, 1]
    for mine, theirs in zip(pool.clips(tmp_path / "new"), pool.clips(clips), strict=True):
        np.testing.assert_array_equal(mine.low, theirs.low)
        np.testing.assert_array_equal(mine.picture, theirs.picture)
    with pytest.raises(TrainingError, match="is a pool of another kind"):
        make(tmp_path / "new", Pool(teacher, size=(64, 64), frames=5), range(1), told.append)


def test_samples_are_functions_of_their_number_and_fit_each_other(clips: Path) -> None:
    asked = Distilling(steps=1, batch=2, frames=3, patch=12, seed=4)
    batches = Batches(clips, asked)(0)
    first, second = next(batches), next(batches)
    torch.testing.assert_close(second.low, next(Batches(clips, asked)(2)).low, rtol=0, atol=0)
    assert not torch.equal(first.low, second.low)
    assert (first.low.shape, first.picture.shape) == ((2, 3, 3, 12, 12), (2, 3, 3, 48, 48))
    whole = [clip.low[n, y : y + 12, x : x + 12] for clip in pool.clips(clips) for n in range(3) for y in (0, 4)
             for x in (0, 4, 8, 12)]  # fmt: skip
    places = [number for number, patch in enumerate(whole) if np.array_equal(patch, _bytes(first.low[0, 0]))]
    large = [clip.picture[n, 4 * y : 4 * y + 48, 4 * x : 4 * x + 48] for clip in pool.clips(clips) for n in range(3)
             for y in (0, 4) for x in (0, 4, 8, 12)]  # fmt: skip
    assert any(np.array_equal(large[place], _bytes(first.picture[0, 0])) for place in places)


def _bytes(picture: torch.Tensor) -> np.ndarray:
    return (picture * 255).round().permute(1, 2, 0).to(torch.uint8).numpy()


def test_a_folder_that_is_no_pool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path), str(tmp_path / "run"), "--steps", "1"]) == 1
    assert "has no clip; make some" in capsys.readouterr().err
    with pytest.raises(TrainingError, match="is no pool of clips"):
        Pool.read(tmp_path)


@pytest.mark.slow
def test_a_student_is_trained_exported_and_runs(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    run, file = tmp_path / "run", tmp_path / "mine.onnx"
    words = ["--batch", "1", "--frames", "2", "--patch", "16", "--precision", "fp32", "--length", "2"]
    assert main(["train", str(clips), str(run), "--steps", "2", "--held-out", str(clips), "--look", "1", *words]) == 0
    assert main(["train", str(clips), str(run), "--steps", "3", *words]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("step-00000003")
    assert main(["export", str(run), str(file), "--name", "mine"]) == 0
    model = models.load(str(file))
    assert (model.spec.architecture, model.spec.feedback) == ("animesr-lite", True)
    backend = backends.get("openvino")(Setup(ClipSpec(24, 20, 9, RGBS), 3, "fp32", "", 0, lambda: model))
    made = feed(backend, frames(3, 24, 20))
    backend.close()
    assert np.isfinite(np.stack(made)).all()
