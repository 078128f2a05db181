"""Distillation from the pool to a model inside a backend, all of it tiny."""

import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from export.recurrence import network_of
from tests.networks import feed, frames, network
from training.core import Tools, World
from training.core.losses import psnr
from training.distill import main
from training.distilling import Batches, Clip, Distillation, Distilling, Pool, clips, make
from training.distilling.judging import compared
from training.distilling.learner import judged
from training.distilling.making import upscaled
from training.distilling.samples import MARGIN, Batch
from training.metrics import fidelity
from vsanimesr import backends, models
from vsanimesr.backends.base import Setup
from vsanimesr.errors import TrainingError
from vsanimesr.models import artifact
from vsanimesr.spec import RGBS, ClipSpec, Network

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks
FRAMES, SIZE = 17, (96, 64)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A network of random weights, as a file."""
    path = tmp_path_factory.mktemp("teacher") / "teacher.onnx"
    artifact.write(network(), path)
    return str(path)


@pytest.fixture(scope="module")
def pool(teacher: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool of two clips of 24x16."""
    folder = tmp_path_factory.mktemp("pool")
    words = ["--teacher", teacher, "--size", "96x64", "--frames", str(FRAMES), "--truth", "--quiet"]
    assert main(["pool", str(folder), "--clips", "2", *words]) == 0
    return folder


def kind(teacher: str, **changed: Any) -> Pool:
    return replace(Pool(teacher, network().spec.weights_sha256, size=SIZE, frames=FRAMES, truth=True), **changed)


def test_a_pool_has_what_the_teacher_makes_after_its_burn_in(pool: Path) -> None:
    clip = clips(pool)[0]
    shapes = [part.shape for part in (clip.low, clip.picture, clip.truth)]
    assert shapes == [(FRAMES, 16, 24, 3), (FRAMES, 64, 96, 3), (FRAMES, 64, 96, 3)]
    net = network_of(network())
    assert compared(net, clip, burn_in=3).teacher > 40  # the pool's pictures are of bf16, and rounded
    assert compared(net, clip, burn_in=0).teacher < compared(net, clip, burn_in=3).teacher - 1


@pytest.fixture(scope="module")
def footage(teacher: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool of two clips out of pictures whose gray is twice their number."""
    shots, folder = tmp_path_factory.mktemp("shots") / "shot", tmp_path_factory.mktemp("footage")
    shots.mkdir()
    for number in range(FRAMES + 3):
        picture = np.full((SIZE[1] + 8, SIZE[0] + 8, 3), 2 * number, np.uint8)
        Image.fromarray(picture).save(shots / f"{number:08}.png")
    words = ["--teacher", teacher, "--size", "96x64", "--frames", str(FRAMES), "--truth", "--quiet"]
    assert main(["pool", str(folder), "--clips", "2", "--source", str(shots.parent), *words]) == 0
    return folder


def test_a_pool_of_footage_has_its_frames(footage: Path, teacher: str, tmp_path: Path) -> None:
    for clip in clips(footage):
        first = int(clip.truth[0, 0, 0, 0])
        assert clip.scenes == [range(FRAMES)]
        np.testing.assert_array_equal(np.ptp(clip.truth, axis=(1, 2, 3)), 0)
        np.testing.assert_array_equal(clip.truth[:, 0, 0, 0], first + 2 * np.arange(FRAMES))
    make(tmp_path, Pool.read(footage), range(1), lambda _: None)
    np.testing.assert_array_equal(clips(tmp_path)[0].picture, clips(footage)[0].picture)


def test_several_pools_make_one_training(pool: Path, footage: Path, tmp_path: Path) -> None:
    words = ["--network", "24:3-2-1:64", "--steps", "1", "--batch", "2", "--patch", "12", "--device", "cpu"]
    words += ["--frames", "2"]
    assert main(["train", str(pool), str(footage), str(tmp_path / "run"), *words]) == 0
    told = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert [(each["source"] == "toon", each["clips"]) for each in told["pools"]] == [(True, 2), (False, 2)]
    assert told["growth"] == [[1.0, 2]]


def test_a_comparison_is_what_a_metric_says_of_the_pictures(pool: Path, teacher: str, capsys) -> None:
    assert main(["compare", teacher, str(pool)]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split("    ") == ["clip", "to the teacher", "to truth", "teacher to truth"]
    wanted = [fidelity.psnr(a, b) for clip in clips(pool) for a, b in zip(clip.picture, clip.truth, strict=True)]
    figures = [[float(text) for text in row.split()[1:]] for row in rows]
    assert [row.split()[0] for row in rows] == ["000000", "000001", "all"]
    assert figures[2] == pytest.approx(np.mean(figures[:2], axis=0), abs=0.011)
    assert figures[2][2] == pytest.approx(np.mean(wanted), abs=0.01)
    assert figures[2][1] == pytest.approx(figures[2][2], abs=0.3)
    assert min(figures[0][0], figures[1][0]) > 40


def test_without_truth_a_comparison_is_with_the_teacher_alone(pool: Path, teacher: str, tmp_path: Path, capsys) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(pool, bare)
    for file in bare.glob("*/truth.npy"):
        file.unlink()
    assert main(["compare", teacher, str(bare)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[2:] == ["-", "-"]


def test_psnr_of_equal_pictures_has_an_end() -> None:
    pictures = torch.zeros(2, 3, 4, 4)
    assert psnr(pictures, pictures) == pytest.approx(100)
    assert psnr(pictures, pictures + torch.tensor([0.1, 0.01])[:, None, None, None]) == pytest.approx(30)


def test_a_pool_goes_on_and_is_the_same(pool: Path, teacher: str, tmp_path: Path) -> None:
    folder, told = tmp_path / "new", list[int]()
    make(folder, kind(teacher), range(1), told.append)
    shutil.copytree(folder / "000000", folder / ".000001.abc.part")  # of a killed one
    make(folder, kind(teacher), range(2), told.append)
    assert told == [0, 0, 1]
    for mine, theirs in zip(clips(folder), clips(pool), strict=True):
        for name in ("low", "picture", "truth", "scenes"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"frames": 9}, "frames was 17, now 9"),
        ({"truth": False}, "truth was True"),
        ({"weights": "x"}, "other weights"),
    ],
)
def test_another_pool_is_not_mixed_in(pool: Path, teacher: str, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        make(pool, kind(teacher, **changed), range(1), lambda _: None)


def written(folder: Path, low: np.ndarray, bounds: list[int]) -> Clip:
    """A clip whose picture is its low resolution, each sample four times."""
    folder.mkdir(parents=True)
    np.save(folder / "low.npy", low)
    np.save(folder / "picture.npy", low.repeat(4, 1).repeat(4, 2))
    np.save(folder / "scenes.npy", np.array(bounds))
    return Clip(folder)


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Clips of 12 frames of 24x20 whose every sample is another; two scenes each."""
    draw = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("numbered")
    return [written(folder / f"{n}", draw.integers(0, 256, (12, 20, 24, 3), np.uint8), [0, 5, 12]) for n in range(2)]


def test_samples_have_their_neighbours_within_their_scene(numbered: list[Clip]) -> None:
    batch = next(Batches(numbered, 12, 7, longest=3).of([range(40)], lambda _: 3))
    assert (batch.low.shape, batch.picture.shape, batch.counts.shape) == (
        (40, 5, 3, 12, 12), (40, 3, 3, 48, 48), (40, 1, 1, 48, 48)
    )  # fmt: skip
    ends = set()
    for low, picture, counts in zip(batch.low, batch.picture, batch.counts, strict=True):
        torch.testing.assert_close(picture[:, :, ::4, ::4], low[1:-1])
        clip, first, y, x = place(numbered, low[1])
        scene = next(scene for scene in clip.scenes if first in scene)
        assert first + 3 <= scene.stop
        times = [max(first - 1, scene.start), *range(first, first + 3), min(first + 3, scene.stop - 1)]
        whole = torch.from_numpy(np.array(clip.low[times, y : y + 12, x : x + 12])).permute(0, 3, 1, 2) / 255
        torch.testing.assert_close(low, whole)
        wanted = torch.zeros(48, 48, dtype=torch.bool)
        wanted[16 * (y > 0) : 48 - 16 * (y < 8), 16 * (x > 0) : 48 - 16 * (x < 12)] = True
        assert torch.equal(counts[0, 0], wanted)
        ends.add((first in (0, 5), y, x))
    assert len(ends) > 12


def place(numbered: list[Clip], frame: torch.Tensor) -> tuple[Clip, int, int, int]:
    """Where a patch is from."""
    wanted = (frame * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    for clip in numbered:
        for n, y, x in np.ndindex(12, 3, 4):
            if np.array_equal(clip.low[n, 4 * y : 4 * y + 12, 4 * x : 4 * x + 12], wanted):
                return clip, n, 4 * y, 4 * x
    raise AssertionError("it is from nowhere")


def test_samples_are_functions_of_their_number(numbered: list[Clip]) -> None:
    of = Batches(numbered, 12, 7, longest=3).of
    (whole,), (first, second) = of([range(4)], lambda _: 3), of([range(2), range(2, 4)], lambda _: 3)
    torch.testing.assert_close(whole.low, torch.cat([first.low, second.low]), rtol=0, atol=0)
    assert not torch.equal(first.low, second.low)


@pytest.mark.parametrize(("patch", "longest", "says"), [(24, 3, "do not fit"), (12, 8, "no scene .* has 8 frames")])
def test_clips_that_are_too_small_or_too_short(numbered: list[Clip], patch: int, longest: int, says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        Batches(numbered, patch, 0, longest)


def settings(**changed: Any) -> Distilling:
    return Distilling(
        **{"steps": 9, "batch": 2, "pools": (), "patch": 12, "network": Network(8, (2, 1, 1), 12)} | changed
    )


def test_sequences_grow() -> None:
    asked = settings(length=100)
    assert [asked.frames(2 * step) for step in (0, 9, 10, 59, 60, 91, 92, 99, 500)] == [1, 1, 3, 3, 7, 7, 15, 15, 15]
    with pytest.raises(TrainingError, match="patches of 10"):
        settings(patch=10)


def test_margins_count_for_nothing_and_the_rest_in_full() -> None:
    counts = torch.zeros(1, 1, 1, 48, 48, dtype=torch.bool)
    counts[..., 4 * MARGIN : -4 * MARGIN, :] = True
    batch = Batch(torch.zeros(1, 3, 3, 12, 12), torch.zeros(1, 1, 3, 48, 48), counts)
    made = torch.full((1, 1, 3, 48, 48), 0.25)
    assert judged("l1", made, batch) == pytest.approx(0.25)
    assert judged("l2", made, batch) == pytest.approx(0.0625)
    made[..., : 4 * MARGIN, :] = 9
    assert judged("l1", made, batch) == pytest.approx(0.25)


def test_a_student_begins_with_bilinear_pictures_and_learns(numbered: list[Clip]) -> None:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    asked = settings(length=60, lr=4e-3)
    learner = Distillation(asked)
    tools = Tools(learner, asked, World())
    scene = torch.rand(2, 3, 16, 16)
    bilinear = torch.nn.functional.interpolate(scene, scale_factor=4.0, mode="bilinear", align_corners=False)
    torch.testing.assert_close(upscaled(learner.networks["student"], scene, 3), bilinear, rtol=0, atol=1e-5)
    batch = next(Batches(numbered, 12, 7, longest=3).of([range(2)], lambda _: 2))
    losses = []
    for step in range(60):
        tools.step = step
        learner.step(batch, tools)
        losses.append(tools.values["student/distance"])
    assert losses[-1] < 0.8 * losses[0]
    assert all(after != before for before, after in pairwise(losses))


def test_a_folder_that_is_no_pool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path), str(tmp_path / "run"), "--steps", "1"]) == 1
    assert "has no clip; make some" in capsys.readouterr().err
    with pytest.raises(TrainingError, match="is no pool of clips"):
        Pool.read(tmp_path)
    assert main(["train", str(tmp_path), str(tmp_path / "run"), "--steps", "1", "--network", "8:2-1-1:12"]) == 1
    assert "could not be exported" in capsys.readouterr().err


def test_a_student_is_trained_exported_and_runs(pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.set_num_threads(1)
    run, file = tmp_path / "run", tmp_path / "mine.onnx"
    words = ["--batch", "1", "--patch", "16", "--precision", "fp32", "--length", "2", "--held-out", str(pool)]
    words += ["--look-every", "1", "--log-every", "1", "--device", "cpu"]
    assert main(["train", str(pool), str(run), "--steps", "2", *words]) == 0
    assert main(["train", str(pool), str(run), "--steps", "3", *words]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("step-00000003")
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert any("psnr_teacher" in str(line) for line in log)
    assert {line["step"] for line in log} >= {1, 2, 3}
    assert main(["export", str(run), str(file), "--name", "mine"]) == 0
    model = models.load(str(file))
    assert (model.spec.architecture, model.spec.feedback) == ("animesr-lite", True)
    backend = backends.get("openvino")(Setup(ClipSpec(24, 20, 9, RGBS), 3, "fp32", "", 0, lambda: model))
    made = feed(backend, frames(3, 24, 20))
    backend.close()
    assert np.isfinite(np.stack(made)).all()
