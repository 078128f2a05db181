"""The loop of a training: it learns, it stops, it goes on, it guards."""

import logging
import random

import numpy as np
import pytest
import torch

from tests.train_core import (  # noqa: F401
    LAST,
    Against,
    Net,
    Silent,
    batches,
    ended,
    one_thread,
    same,
    sample,
    settings_of,
    trainer,
    weights,
)
from training.core import Constant, Learner, Trainer, charbonnier, seed, unroll
from training.core.board import read
from training.core.checkpoints import all_in, find
from training.core.distributed import joined
from vsanimesr.nets import AnimeSR

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def steps_in(path):
    return [int(folder.name[5:]) for folder in all_in(path / "checkpoints")]


class Clip(Learner):
    """The real network on one clip."""

    def __init__(self):
        net = AnimeSR()
        self.networks, self.decays = {"net": net}, {"net": 0.999}
        self.optimisers = {"net": torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))}
        self.schedules = {"net": Constant(6e-4)}

    def step(self, batch, tools):
        with tools.autocast():
            pictures = unroll(tools["net"], batch[0])
        tools.descend("net", {"charbonnier": charbonnier(pictures, batch[1])})


@pytest.mark.slow
def test_one_clip_is_learnt_by_heart(tmp_path):
    """60 steps on 3 frames of 16x16: the loss falls below a third."""
    low, truth = sample(1, 3, 16)
    settings = settings_of(60, batch=1, clip=0.1, log_every=1, save_every=60)
    seed(0)
    Trainer(tmp_path, settings, Clip(), lambda _: iter(lambda: (low[None], truth[None]), None), view=Silent()).run()
    losses = [line["net/charbonnier"] for line in read(tmp_path)]
    assert len(losses) == 60
    assert losses[-1] < losses[0] / 3, losses


@pytest.mark.parametrize("changed", [{}, {"precision": "bf16", "channels_last": True}], ids=["fp32", "bf16"])
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path, changed):
    """Stopped at several random steps, with a moving average, a schedule and noise of every random generator."""
    whole = ended(tmp_path / "whole", **changed)
    for stop in sorted(random.Random(3).sample(range(1, LAST), 3)):
        trainer(tmp_path / "parts", settings_of(stop, **changed)).run()
        random.seed(stop)
        np.random.seed(stop)
        torch.manual_seed(stop)
    last = trainer(tmp_path / "parts", settings_of(LAST, **changed))
    assert last.run().step == LAST
    assert same(weights(last.learner), whole)
    one, other = (find(tmp_path / name).state() for name in ("whole", "parts"))
    assert same(one.averages["net"], other.averages["net"])
    adam, again = one.optimisers["net"]["state"], other.optimisers["net"]["state"]
    assert all(same(adam[number], again[number]) for number in adam)


def test_two_networks_with_two_optimisers_resume_as_well(tmp_path):
    runs = {}
    for name, stops in {"whole": [5], "parts": [2, 5]}.items():
        for stop in stops:
            runs[name] = trainer(tmp_path / name, settings_of(stop), Against)
            runs[name].run()
    assert same(weights(runs["whole"].learner), weights(runs["parts"].learner))
    assert {"net/l1", "net/gan", "judge/real", "judge/gradient", "judge/lr"} <= read(tmp_path / "whole")[-1].keys()


def test_what_does_not_decide_leaves_no_trace(tmp_path):
    """Samples draw random numbers; how often they are made, logged and saved changes nothing."""
    rare, often = ended(tmp_path / "rare"), ended(tmp_path / "often", samples_every=1, log_every=1, save_every=1)
    assert same(rare, often)


def test_a_damaged_checkpoint_is_passed_over(tmp_path, caplog):
    whole = ended(tmp_path / "whole")
    trainer(tmp_path / "cut", settings_of(5, save_every=2)).run()
    assert steps_in(tmp_path / "cut")[-2:] == [4, 5]
    file = tmp_path / "cut" / "checkpoints" / "step-00000005" / "network-net.pt"
    file.write_bytes(file.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        rest = trainer(tmp_path / "cut", settings_of(LAST))
        rest.run()
    assert "network-net.pt is" in caplog.text
    assert same(weights(rest.learner), whole)


def test_a_finished_training_does_nothing_more(tmp_path):
    trainer(tmp_path, settings_of(3)).run()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "checkpoints").rglob("*")}
    run = trainer(tmp_path, settings_of(3))
    assert run.run().step == 3
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "checkpoints").rglob("*")} == before


def test_the_next_stage_starts_from_raw_weights_and_averaged_average(tmp_path):
    first = trainer(tmp_path / "net", settings_of(4))
    first.run()
    second = trainer(tmp_path / "gan", settings_of(0), Against, start={"net": tmp_path / "net"})
    second.run()
    assert same(second.learner.networks["net"].state_dict(), first.learner.networks["net"].state_dict())
    averages = [run.tools.averages["net"] for run in (first, second)]
    assert same(*(average.network.state_dict() for average in averages))
    assert [average.updates for average in averages] == [4, 4]


def test_progress_and_log(tmp_path):
    run = trainer(tmp_path, settings_of(6, log_every=2, samples_every=0))
    run.run()
    shown = run._view.shown
    assert [progress.step for progress in shown] == [1, 2, 3, 4, 5, 6]
    assert all(progress.rate > 0 and 0 <= progress.waiting <= 1 for progress in shown)
    lines = read(tmp_path)
    assert [line["step"] for line in lines] == [2, 4, 6]
    for line, (one, two) in zip(lines, zip(shown[::2], shown[1::2], strict=True), strict=True):
        assert line["net/loss"] == pytest.approx((one.loss + two.loss) / 2)


@pytest.mark.parametrize(("every", "looks"), [(0, []), (4, [4, 6]), (3, [3, 6]), (99, [6])])
def test_samples_are_looked_at_now_and_then_and_in_the_end(tmp_path, every, looks):
    trainer(tmp_path, settings_of(6, samples_every=every)).run()
    assert [line["step"] for line in read(tmp_path) if "brightness" in line] == looks


def test_a_small_learning_rate_in_a_group_is_kept_small(tmp_path):
    class Slow(Net):
        def __init__(self):
            super().__init__()
            groups = [{"params": self.net.first.parameters(), "lr_scale": 0.25}, {"params": self.net.last.parameters()}]
            self.optimisers = {"net": torch.optim.Adam(groups)}
            self.schedules = {"net": Constant(2e-4)}

    run = trainer(tmp_path, settings_of(1), Slow)
    run.run()
    assert [group["lr"] for group in run.learner.optimisers["net"].param_groups] == [5e-5, 2e-4]


def test_without_torchrun_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with joined("cpu") as world:
        assert (world.rank, world.size, world.leads, world.device.type) == (0, 1, True, "cpu")


def test_mixed_precision_trains_weights_of_float32(tmp_path):
    run = trainer(tmp_path, settings_of(2, precision="bf16", channels_last=True))
    run.run()
    assert {value.dtype for value in weights(run.learner).values()} == {torch.float32}
    assert run.learner.net.first.weight.is_contiguous(memory_format=torch.channels_last)
    plain = trainer(tmp_path / "plain", settings_of(2))
    plain.run()
    assert not same(weights(plain.learner), weights(run.learner))
