"""Operators on their way from pairs to a file."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.degrading import one_thread  # noqa: F401
from tests.test_train_lbo_pairs import chroma_blurred, written
from training.core import MultiStep, Tools, World, checkpoints
from training.critics import Perceptual
from training.degrade.layout import GAP, HEADING
from training.lbo import main
from training.operators import LBO, Pairs, load_operators
from training.operators.adversarial import GanStage
from training.operators.judging import judged
from training.operators.learner import Learning, NetStage
from training.operators.pairs import Batch
from vsanimesr.errors import TrainingError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SMALL = ("--batch", "2", "--patch", "48", "--device", "cpu", "--length", "4", "--log-every", "1", "--look-every", "0")
GAN = ("--stage", "gan", "--perceptual", "random")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    """Of a reduction that no filter of the three channels makes."""
    return written(tmp_path_factory.mktemp("pairs"), 12, (32, 40), chroma_blurred)


@pytest.fixture(scope="module")
def net(pairs: Path, tmp_path_factory) -> Path:
    """A run of the first stage."""
    run = tmp_path_factory.mktemp("net")
    assert main(["train", str(pairs), str(run), "--steps", "2", *SMALL]) == 0
    return run


def logged(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def weights(run: Path, name: str = "operator") -> dict[str, torch.Tensor]:
    return checkpoints.find(run).load(f"network-{name}.pt")


def equal(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_an_operator_learns_a_reduction_that_filters_are_not(pairs: Path, tmp_path: Path, capsys) -> None:
    """Of textures that it has not seen; cubic and area are the filters that the pairs' truth is nearest to."""
    held_out = written(tmp_path / "held-out", 3, (32, 40), chroma_blurred, first=50)
    words = ["--batch", "8", "--patch", "32", "--lr", "3e-3", "--steps", "120", "--device", "cpu", "--log-every", "10"]
    words += ["--held-out", str(held_out), "--look-every", "60"]
    assert main(["train", str(pairs), str(tmp_path / "run"), *words]) == 0
    found = [line for line in logged(tmp_path / "run") if "psnr" in line][-1]
    assert found["psnr"] > max(found["psnr_area"], found["psnr_cubic"]) + 6
    file = tmp_path / "one.pth"
    assert main(["export", str(tmp_path / "run"), str(file)]) == 0
    assert "bytes" in capsys.readouterr().out
    (operator,) = load_operators([file])
    again = judged(operator, Pairs([held_out], 2), torch.device("cpu"))
    assert again.operator == pytest.approx(found["psnr"], abs=1e-3)
    assert again.pair.shape == (1, 3, 32, 80)
    assert file.stat().st_size < 200_000


def test_operators_are_exported_in_half_as_many_bytes(net: Path, tmp_path: Path) -> None:
    one, half = tmp_path / "one.pth", tmp_path / "half.pth"
    assert main(["export", str(net), str(one)]) == 0
    assert main(["export", str(net), str(half), "--half"]) == 0
    assert half.stat().st_size < 0.6 * one.stat().st_size
    frames = torch.rand(1, 3, 32, 32)
    full, rounded = (operator(frames) for operator in load_operators([one, half]))
    assert 0 < (full - rounded).abs().max() < 0.01


@pytest.mark.parametrize("stage", ["net", "gan"])
def test_a_resumed_training_equals_an_uninterrupted_one(pairs: Path, net: Path, tmp_path: Path, stage: str) -> None:
    words = [*SMALL, "--begin-with", str(net), *(GAN if stage == "gan" else ())]
    for steps in (1, 4):
        assert (
            main(["train", str(pairs), str(tmp_path / "parts"), "--steps", str(steps), "--readers", "2", *words]) == 0
        )
    assert main(["train", str(pairs), str(tmp_path / "whole"), "--steps", "4", *words]) == 0
    one, other = (checkpoints.find(tmp_path / name).state() for name in ("parts", "whole"))
    assert set(one.networks) == {"operator"} | ({"discriminator"} if stage == "gan" else set())
    assert not one.averages
    for name in one.networks:
        assert equal(one.networks[name], other.networks[name])
        adam, again = one.optimisers[name]["state"], other.optimisers[name]["state"]
        assert all(equal(adam[number], again[number]) for number in adam)


def test_the_second_stage_begins_with_the_first(pairs: Path, net: Path, tmp_path: Path) -> None:
    assert main(["train", str(pairs), str(tmp_path), "--steps", "2", *SMALL, *GAN, "--begin-with", str(net)]) == 0
    first = checkpoints.find(tmp_path / "checkpoints" / "step-00000000")
    assert equal(first.load("network-operator.pt"), weights(net))
    assert not equal(weights(tmp_path), weights(net))
    terms = {f"operator/{term}" for term in ("l1", "perceptual", "gan")} | {"discriminator/real", "discriminator/fake"}
    assert terms <= logged(tmp_path)[0].keys()
    assert logged(tmp_path)[0]["discriminator/lr"] == 1e-4


def test_the_rate_is_halved_at_half_of_the_run(net: Path) -> None:
    assert [line["operator/lr"] for line in logged(net)] == [2e-4, 2e-4]
    rates = NetStage(Learning(steps=9, length=4)).schedules["operator"]
    assert [rates.at(step) for step in range(5)] == [2e-4, 2e-4, 1e-4, 1e-4, 1e-4]


class Caught(Tools):
    """Keeps the terms of each descent, and goes nowhere."""

    terms: dict

    def descend(self, name, terms) -> None:
        self.terms = {**getattr(self, "terms", {}), name: terms}


def caught(learner: NetStage, settings: Learning) -> tuple[Caught, Batch]:
    tools = Caught(learner, settings, World())
    batch = Batch(torch.rand(2, 3, 48, 48), torch.rand(2, 3, 24, 24))
    learner.step(batch, tools)
    return tools, batch


def test_the_first_stage_has_l1_and_the_mean_squared_error() -> None:
    settings = Learning(steps=1)
    learner = NetStage(settings)
    tools, batch = caught(learner, settings)
    difference = learner.networks["operator"](batch.hr) - batch.lr
    wanted = {"operator": {"l1": difference.abs().mean(), "l2": difference.square().mean()}}
    torch.testing.assert_close(tools.terms, wanted)


def test_the_second_stage_is_l1_features_and_judgement() -> None:
    settings, features = Learning(steps=1, stage="gan", lr=1e-4), Perceptual("random")
    torch.manual_seed(0)
    learner = GanStage(settings, features)
    tools, batch = caught(learner, settings)
    torch.manual_seed(0)
    fresh = GanStage(settings, None).networks
    with torch.no_grad():
        made = fresh["operator"](batch.hr)
        # each call betters the discriminator's norms
        ((judged,), (of_real,), (of_made,)) = (fresh["discriminator"](each) for each in (made, batch.lr, made))
        wanted = {
            "operator": {
                "l1": (made - batch.lr).abs().mean(),
                "gan": (judged - 1).square().mean(),
                "perceptual": features(made, batch.lr),
            },
            "discriminator": {"real": (of_real - 1).square().mean(), "fake": of_made.square().mean()},
        }
    torch.testing.assert_close(tools.terms, wanted)


@pytest.mark.parametrize("features", ["random", None])
def test_every_term_of_the_second_stage_reaches_the_operator_and_no_more(features: str | None) -> None:
    settings = Learning(steps=1, stage="gan", lr=1e-4)
    learner = GanStage(settings, Perceptual(features) if features else None)
    tools, _ = caught(learner, settings)
    operator, critic = (list(learner.networks[name].parameters()) for name in ("operator", "discriminator"))
    assert sum(parameter.numel() for parameter in critic) == 8_294_211 // 3
    terms = tools.terms["operator"]
    assert set(terms) == {"l1", "gan"} | ({"perceptual"} if features else set())
    for term in terms.values():
        found = torch.autograd.grad(term, operator, retain_graph=True)
        assert all(gradient.abs().max() > 0 for gradient in found)
        assert all(each is None for each in torch.autograd.grad(term, critic, retain_graph=True, allow_unused=True))
    for term in tools.terms["discriminator"].values():
        assert all(each is None for each in torch.autograd.grad(term, operator, retain_graph=True, allow_unused=True))
        assert any(each.abs().max() > 0 for each in torch.autograd.grad(term, critic, retain_graph=True))


def test_a_discriminator_takes_frames_for_real_and_what_an_operator_makes_for_fake(pairs: Path) -> None:
    torch.manual_seed(0)
    settings = Learning(steps=20, stage="gan", lr=1e-4)
    learner = GanStage(settings, None)
    learner.schedules["operator"] = MultiStep(0.0, ())
    tools, before = Tools(learner, settings, World()), copy.deepcopy(learner.networks["operator"].state_dict())
    for tools.step, batch in zip(range(20), Pairs([pairs], 48).of(World().numbers(0, 2)), strict=False):
        learner.step(batch, tools)
    assert equal(learner.networks["operator"].state_dict(), before)
    with torch.no_grad():
        real, fake = (
            learner.networks["discriminator"](each)[0].mean()
            for each in (batch.lr, learner.networks["operator"](batch.hr))
        )
    assert real > fake + 0.5


def test_other_pairs_are_not_gone_on_with(pairs: Path, tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    assert main(["train", str(pairs), str(run), "--steps", "1", *SMALL]) == 0
    told = json.loads((run / "settings.json").read_text())
    assert told["pairs"] == [{"video": "film.mkv", "factor": 0.5, "chosen": "person"}]
    other = written(tmp_path / "other", 3, (32, 40))
    assert main(["train", str(other), str(run), "--steps", "2", *SMALL]) == 1
    assert "pairs_sha256" in capsys.readouterr().err


@pytest.fixture
def folders(pairs: Path, net: Path, tmp_path: Path, monkeypatch) -> dict[str, Path]:
    """By name; and there is no file of VGG19."""
    monkeypatch.delenv("VSANIMESR_VGG19", raising=False)
    return {"pairs": pairs, "net": net, "run": tmp_path / "run"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--stage", "gan"], "give its run by --begin-with"),
        (["--stage", "gan", "--begin-with", "{net}"], "--vgg19"),
        ([*GAN, "--begin-with", "{net}", "--patch", "46"], "multiple of 2 from 48 on"),
        ([*GAN, "--begin-with", "{pairs}"], "has no checkpoints"),
        (["--patch", "66"], "patches of 66 do not fit"),
        (["--perceptual", "none"], "--perceptual: stage net has no such loss"),
    ],
)
def test_trainings_that_cannot_begin(folders, words: list[str], says: str, capsys) -> None:
    words = [word.format(**folders) for word in ("train", "{pairs}", "{run}", "--steps", "1", *SMALL, *words)]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.startswith("training.lbo: ")
    assert said.count("\n") == 1
    assert not (folders["run"] / "checkpoints").exists()


@pytest.mark.parametrize("wrong", [{"patch": 3}, {"patch": 46, "stage": "gan"}, {"lr": 0.0}, {"length": 0}])
def test_settings_that_are_none(wrong) -> None:
    with pytest.raises(TrainingError, match="wanted a multiple of 2"):
        Learning(steps=1, **wrong)


def test_a_sheet_shows_filters_and_operators_side_by_side(tmp_path: Path, capsys) -> None:
    paths = [tmp_path / f"{name}.pth" for name in ("one", "two")]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        torch.save({"params": LBO().state_dict()}, path)
    picture = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "in.png")
    words = [*map(str, paths), str(tmp_path / "in.png"), "-o", str(tmp_path / "out" / "page.png"), "--side", "48"]
    assert main(["sheet", *words]) == 0
    page = np.asarray(Image.open(tmp_path / "out" / "page.png").convert("RGB"))
    assert f"{page.shape[1]}x{page.shape[0]}" in capsys.readouterr().out
    assert np.array_equal(page[HEADING : HEADING + 48, GAP : GAP + 48], picture)
    frames = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    area = torch.nn.functional.avg_pool2d(frames, 2)
    first, second = load_operators(paths)
    for shown in (area, first(frames), second(frames), second(second(frames))):
        samples = (shown.clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0).numpy()
        times = 48 // samples.shape[0]
        assert on(page, samples.repeat(times, 0).repeat(times, 1))


def on(page: np.ndarray, picture: np.ndarray) -> bool:
    """Whether it is in one of the columns."""
    lefts = [GAP + column * (48 + GAP) for column in range(4)]
    parts = (page[top : top + 48, left : left + 48] for left in lefts for top in range(page.shape[0] - 48))
    return any(np.abs(part.astype(int) - picture).max() <= 1 for part in parts)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["export", "{here}", "{here}/one.pth"], "has no checkpoints"),
        (["export", "{net}", "{here}/none/one.pth"], "could not be written"),
        (["sheet", "{here}/none.pth", "{here}/in.png"], "none.pth' cannot be read"),
        (["sheet", "{net}/settings.json", "{here}/in.png", "--side", "30"], "multiple of 4"),
    ],
)
def test_failures_are_one_line(net: Path, tmp_path: Path, words, says: str, capsys) -> None:
    Image.new("RGB", (48, 48)).save(tmp_path / "in.png")
    if "--side" not in words and words[0] == "sheet":
        words = [*words, "--side", "48"]
    assert main([word.format(net=net, here=tmp_path) for word in words]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
