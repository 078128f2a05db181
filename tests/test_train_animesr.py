"""`python -m training.animesr`: both stages, what they refuse, and the network in a file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from export.recurrence import network_of
from training.animesr import _degradation, _parser, main
from training.core import World
from training.core.checkpoints import find
from training.data import AnimeSROp, Plan, ToonClips
from training.data.degrading import BasicOp
from training.operators import LBO
from training.restoration import shared
from vsanimesr import models

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks
FIRST = "checkpoints/step-00000000"
TINY = ["--network", "24:3-2-1:64", "--patch", "24", "--frames", "2", "--batch", "1", "--device", "cpu", "--seed", "3"]


def train(stage: str, run: Path, *more: str) -> int:
    words = ["train", "toon:2", str(run), "--stage", stage, *TINY, "--pool-size", "96x96", "--held-out", "0", *more]
    return main([*words, "--log-every", "1"])


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the first stage."""
    run = tmp_path_factory.mktemp("runs") / "net"
    assert train("net", run, "--steps", "3") == 0
    return run


def log(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_stage_follows_the_other_with_operators(net: Path, tmp_path: Path) -> None:
    operator = tmp_path / "one.pth"
    torch.save({"params": LBO().state_dict()}, operator)
    words = ["--begin-with", str(net), "--operators", str(operator), "--perceptual", "random", "--steps", "1"]
    assert train("gan", tmp_path / "gan", *words) == 0
    (line,) = log(tmp_path / "gan")
    for name in ("network", "average"):
        before, after = (find(path).load(f"{name}-generator.pt") for path in (net, tmp_path / "gan" / FIRST))
        assert all(torch.equal(after[key], value) for key, value in before.items())
    assert {"generator/l1", "generator/gan", "generator/perceptual", "discriminator/real"} <= line.keys()
    told = json.loads((tmp_path / "gan" / "settings.json").read_text())
    assert (len(told["operators"]), told["lr"], told["perceptual"]["features"]) == (1, 1e-4, "random")


def test_the_network_becomes_a_model(net: Path, tmp_path: Path, home: Path) -> None:
    assert main(["export", str(net), str(tmp_path / "net.onnx"), "--name", "mine", "--half"]) == 0
    assert main(["export", str(net), str(tmp_path / "net.pth")]) == 0
    model = models.load(str(tmp_path / "net.onnx"))
    assert (model.spec.architecture, model.spec.name, model.spec.licence) == ("animesr-lite", "mine", "unknown")
    assert models.load(models.import_checkpoint(tmp_path / "net.pth", "same").stem).spec.architecture == "animesr-lite"


def test_a_stage_goes_on_with_a_model_too(tmp_path: Path) -> None:
    assert train("net", tmp_path / "run", "--begin-with", "animesr-lite", "--steps", "1") == 0
    wanted = network_of(models.load("animesr-lite")).state_dict()
    for name in ("network", "average"):
        found = find(tmp_path / "run" / FIRST).load(f"{name}-generator.pt")
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[key], value) for key, value in wanted.items())


def test_operators_and_two_reductions_reach_the_degradation(tmp_path: Path) -> None:
    operator = tmp_path / "one.pth"
    torch.save({"params": LBO().state_dict()}, operator)
    usual = ["train", "toon:2", "run", "--stage", "net", "--steps", "1"]
    made = [_degradation(_parser().parse_args([*usual, *more]), World()) for more in ([], ["--twice"])]
    assert [each.ranges.steps for each in made] == [1, 2]
    pool = _degradation(_parser().parse_args([*usual, "--operators", str(operator), "--clean", "0.25"]), World())
    assert (type(pool), len(pool.operators), pool.ranges.steps, pool.clean) == (AnimeSROp, 1, 2, 0.25)


@pytest.mark.parametrize("operators", [False, True])
def test_degradations_may_be_mild_at_first(operators: bool, tmp_path: Path) -> None:
    torch.save({"params": LBO().state_dict()}, tmp_path / "one.pth")
    more = ["--operators", str(tmp_path / "one.pth")] if operators else []
    words = ["train", "toon:2", "run", "--stage", "net", "--steps", "1", "--curriculum", "50", "--batch", "1", *more]
    made = _degradation(_parser().parse_args(words), World())
    crfs = [  # the worst of forty
        max(made.recipe(2, np.random.default_rng(seed), number).compression.crf for seed in range(40))
        for number in (0, 50)
    ]
    assert crfs[0] <= 26
    assert crfs[1] > 31


@pytest.mark.parametrize(("processes", "clips"), [(1, 167), (2, 84)])
def test_steps_of_mild_degradations_are_clips_of_a_process(processes: int, clips: int) -> None:
    """A step takes 8 samples, 48 of which are cut out of a clip."""
    words = ["--steps", "9000", "--curriculum", "1000", "--batch", "8", "--patches", "48"]
    asked = _parser().parse_args(["train", "toon:2", "run", "--stage", "net", *words])
    assert _degradation(asked, World(size=processes)).grown == clips


def test_a_run_goes_on_where_clips_are_kept_elsewhere(net: Path, tmp_path: Path, capsys) -> None:
    def further(steps: int, folder: str, *more: str) -> int:
        words = ["--stage", "net", *TINY, "--pool-size", "96x96", "--held-out", "0", "--steps", str(steps), *more]
        return main(["train", f"toon:1:{tmp_path / folder}", str(tmp_path / "run"), *words])

    assert further(1, "here") == 0
    assert further(2, "there") == 0
    assert further(3, "there", "--lr", "1e-3", "--begin-with", str(net)) == 1
    said = capsys.readouterr().err
    assert "begin_with: '' in the checkpoint" in said
    assert "lr: 0.0002 in the checkpoint, 0.001 now" in said
    assert "--accept NAME" in said
    assert further(3, "there", "--lr", "1e-3", "--accept", "lr") == 0
    assert json.loads((tmp_path / "run" / "settings.json").read_text())["lr"] == 1e-3


def test_a_checkpoint_has_no_facts_of_an_artifact(net: Path, tmp_path: Path, capsys) -> None:
    assert main(["export", str(net), str(tmp_path / "net.pth"), "--name", "mine"]) == 1
    assert "--name, --source, --licence are of artifacts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gan --perceptual none", "name its run by --begin-with"),
        ("gan --begin-with {net} --perceptual vgg19", "give it by --vgg19 FILE"),
        ("gan --begin-with {net} --perceptual none --plain", "--plain is of stage net"),
        ("net --perceptual vgg19", "--perceptual: stage net has no such loss"),
        ("net --toon-features toon.pth", "--toon-features: stage net has no such loss"),
        ("net --network 8:2-1-1:12", "8:2-1-1:12 could not be exported; models have one of 64:5-3-2:224, 24:3-2-1:64"),
        ("net --device gpu", "the device 'gpu', wanted cpu, cuda or one GPU"),
        ("net --growing", "set length"),
        ("net --begin-with animesr-lite --network 64:5-3-2:224", "is of another network, 24:3-2-1:64 with feedback"),
        ("net --begin-with animesr-v3", "no model is called 'animesr-v3'"),
        ("gan --begin-with {net} --perceptual none --patch 20", "wanted sides of 24 at least"),
    ],
)
def test_what_cannot_be_is_said_before_it_begins(words: str, message: str, net: Path, tmp_path: Path, capsys) -> None:
    stage, *more = words.format(net=net).split()
    assert train(stage, tmp_path / "run", "--steps", "1", *more) == 1
    said = capsys.readouterr().err
    assert said.startswith("training.animesr: ")
    assert message in said
    assert not (tmp_path / "run").exists()


def test_processes_share_a_batch_and_draw_samples_of_their_own() -> None:
    plan = Plan(ToonClips(4, length=2, size=(32, 32)), BasicOp(clean=1.0), 0, 1, (16, 16), batch=4)
    made = {}
    for world in (World(), World(rank=0, size=2), World(rank=1, size=2)):
        with shared(plan, world, workers=0)(8) as batches:
            made[world.rank, world.size] = next(batches).truth
    assert [len(each) for each in made.values()] == [4, 2, 2]
    assert not torch.equal(made[0, 2], made[1, 2])
    with shared(plan, World(rank=1, size=2), 0)(0) as again:
        _, _, third = (next(again) for _ in range(3))
    assert torch.equal(third.truth, made[1, 2])
