"""What stops a training, and what it will not begin with."""

import json
import os
import signal

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
from training.core import Settings, Trainer, World
from training.core.checkpoints import all_in, find
from vsanimesr.errors import JobError, TrainingError


def steps_in(path):
    return [int(folder.name[5:]) for folder in all_in(path / "checkpoints")]


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def number(request):
    """A signal, with its usual handler."""
    before = signal.signal(request.param, signal.SIG_DFL)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_ends_it_after_the_step_with_a_checkpoint(tmp_path, number, capfd):
    whole = ended(tmp_path / "whole")

    class Signalled(Net):
        def step(self, batch, tools):
            if tools.step == 3:
                os.kill(os.getpid(), number)
            super().step(batch, tools)

    outcome = trainer(tmp_path / "cut", settings_of(LAST), Signalled).run()
    assert (outcome.step, outcome.stopped) == (4, True)
    assert outcome.checkpoint == find(tmp_path / "cut").path
    assert signal.getsignal(number) == signal.SIG_DFL
    assert "ending after this step" in capfd.readouterr().err
    rest = trainer(tmp_path / "cut", settings_of(LAST))
    rest.run()
    assert same(weights(rest.learner), whole)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_it(tmp_path, bad):
    class Bad(Net):
        def step(self, batch, tools):
            loss = self.net.first.weight.mean()
            tools.descend("net", {"plain": loss, "wrong": loss * (bad if tools.step == 4 else 1)})

    run = trainer(tmp_path, settings_of(LAST, save_every=2), Bad)
    with pytest.raises(TrainingError, match=r"step 5 failed.*'net'.*plain.*wrong.*step-00000004'$"):
        run.run()
    assert all(bool(torch.isfinite(value).all()) for value in weights(run.learner).values())
    assert steps_in(tmp_path)[-1] == 4


def test_a_gradient_that_is_no_number_stops_it(tmp_path):
    class Bad(Net):
        def step(self, batch, tools):
            tools.descend("net", {"root": (self.net.first.bias - self.net.first.bias.detach()).sum().sqrt()})

    with pytest.raises(TrainingError, match=r"step 1 failed.*root 0, gradient (inf|nan)"):
        trainer(tmp_path, settings_of(LAST), Bad).run()


def test_weights_that_are_no_numbers_are_not_saved(tmp_path):
    class Bad(Net):
        def step(self, batch, tools):
            super().step(batch, tools)
            with torch.no_grad():
                self.net.last.bias[0] = float("nan")

    with pytest.raises(TrainingError, match=r"last\.bias of the network 'net' is not finite"):
        trainer(tmp_path, settings_of(1), Bad).run()
    assert steps_in(tmp_path) == [0]


def test_memory_that_is_not_enough_is_explained(tmp_path):
    class Large(Net):
        def step(self, batch, tools):
            torch.empty(1 << 58)

    with pytest.raises(TrainingError, match=r"low 2x3x3x8x8, truth 2x3x3x32x32.*lower the batch.*step-00000000'$"):
        trainer(tmp_path, settings_of(1), Large).run()


def test_other_runtime_errors_are_not_taken_for_memory(tmp_path):
    class Wrong(Net):
        def step(self, batch, tools):
            torch.zeros(2) @ torch.zeros(3)

    with pytest.raises(RuntimeError, match="size"):
        trainer(tmp_path, settings_of(1), Wrong).run()


def test_settings_that_decide_may_not_change(tmp_path):
    trainer(tmp_path, settings_of(2)).run()
    with pytest.raises(
        TrainingError, match=r"batch: 2 in the checkpoint, 4 now; clip: 0.0 in the checkpoint, 1.0 now\)"
    ):
        trainer(tmp_path, settings_of(4, batch=4, clip=1.0, keep=5)).run()
    assert trainer(tmp_path, settings_of(4, batch=4, keep=5), accept=["batch"]).run().step == 4
    assert json.loads((tmp_path / "settings.json").read_text())["batch"] == 4


def test_two_trainings_do_not_share_a_folder(tmp_path):
    class Nested(Net):
        def step(self, batch, tools):
            trainer(tmp_path, settings_of(1)).run()

    with pytest.raises(JobError, match="another process works"):
        trainer(tmp_path, settings_of(1), Nested).run()


def test_a_stage_of_another_network_is_refused(tmp_path):
    class Other(Net):
        def __init__(self):
            super().__init__()
            self.networks = {"net": torch.nn.Linear(2, 2)}

    trainer(tmp_path / "net", settings_of(1)).run()
    with pytest.raises(TrainingError, match=r"differ, such as bias, which is nothing there, wanted \(2,\)"):
        trainer(tmp_path / "next", settings_of(1), Other, start={"net": tmp_path / "net"}).run()


def test_batches_that_end_are_an_error(tmp_path):
    settings = settings_of(4)
    made = batches(settings)
    with pytest.raises(TrainingError, match="no batches left"):
        Trainer(tmp_path, settings, Net(), lambda n: [next(iter(made(n)))] * 2, view=Silent()).run()
    assert find(tmp_path).facts.step == 0


def test_batches_are_closed(tmp_path):
    settings, closed = settings_of(2), []

    def make(first):
        try:
            yield from batches(settings)(first)
        finally:
            closed.append(first)

    Trainer(tmp_path, settings, Net(), make, view=Silent()).run()
    assert closed == [0]


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"keep": 0}, {"steps": -1}, {"clip": -0.5}])
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(TrainingError, match=next(iter(wrong))):
        Settings(**{"steps": 1, **wrong})


def test_a_batch_that_cannot_be_shared(tmp_path):
    with pytest.raises(TrainingError, match="a batch of 2 for 3 processes"):
        World(size=3).share(2)


def test_names_that_do_not_fit(tmp_path):
    class Nameless(Net):
        def __init__(self):
            super().__init__()
            self.decays = {"nte": 0.9}

    with pytest.raises(TrainingError, match=r"averages of \['nte'\], but the networks are \['net'\]"):
        trainer(tmp_path, settings_of(1), Nameless)


def test_graphs_elsewhere_than_on_cuda_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="'graphs' is for CUDA"):
        trainer(tmp_path, settings_of(1, compilation="graphs"))
