"""The parts of the training core: averages, schedules, unrolling, losses, batches, settings, progress, guards."""

import dataclasses
import io
import json
import random
import signal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.train_core import Small, one_thread, sample  # noqa: F401
from training import core
from training.core import (
    Average,
    Constant,
    Cosine,
    MultiStep,
    Progress,
    Settings,
    World,
    board,
    free,
    guard,
    randomness,
)  # fmt: skip
from training.core.batches import moved, sizes
from training.core.ema import decay_at
from training.core.progress import Line, Meter
from training.core.settings import as_json, differences
from vsanimesr.errors import TrainingError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Own(Settings):
    frames: int = 7
    schedule: Cosine | Constant = Constant(1e-4)  # noqa: RUF009  # frozen
    shown: str = free("a")


def test_the_ramp_by_hand():
    """Weights 1, then 2, then 3 on an average that starts with 0: decays 1/10, 2/11, 3/12."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = Average(network, 0.999)
    expected = 0.0
    for decay, weight in (1 / 10, 1.0), (2 / 11, 2.0), (3 / 12, 3.0):
        nn.init.constant_(network.weight, weight)
        average.update(network)
        expected = decay * expected + (1 - decay) * weight
        assert float(average.network.weight) == pytest.approx(expected)
    assert average.updates == 3


def test_the_ramp_ends_at_the_decay():
    assert decay_at(8989, 0.999) < 0.999 == decay_at(8991, 0.999) == decay_at(10**6, 0.999)


def test_an_average_is_not_trained_and_buffers_are_copied():
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
    average = Average(network, 0.9)
    network(torch.rand(2, 3, 4, 4))
    average.update(network)
    assert not any(parameter.requires_grad for parameter in average.network.parameters())
    assert torch.equal(average.network[1].running_mean, network[1].running_mean)
    assert int(average.network[1].num_batches_tracked) == 1


@given(st.integers(0, 200), st.integers(1, 100), st.integers(0, 20))
def test_a_cosine_stays_between_its_ends(step, length, warm_up):
    schedule = Cosine(2e-4, length + warm_up, 1e-6, warm_up)
    assert 0 < schedule.at(step) <= 2e-4
    if step >= warm_up:
        assert schedule.at(step) >= schedule.at(step + 1) >= 1e-6


def test_schedules_by_hand():
    assert [Cosine(4.0, 4, 0.0).at(step) for step in (0, 2, 4, 9)] == pytest.approx([4, 2, 0, 0])
    assert [Cosine(4.0, 6, 0.0, 2).at(step) for step in (0, 1, 2, 4)] == pytest.approx([2, 4, 4, 2])
    assert [MultiStep(8.0, (2, 3)).at(step) for step in (0, 1, 2, 3)] == [8, 8, 4, 2]
    assert Constant(1e-4).at(10**6) == 1e-4


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 5))
def test_processes_share_the_samples_of_one(first, size, own):
    """In every step, each sample once, in order."""
    batch = size * own
    worlds = [World(rank=rank, size=size).numbers(first, batch) for rank in range(size)]
    for step in range(3):
        together = [number for numbers in worlds for number in next(numbers)]
        assert together == list(range(first + step * batch, first + (step + 1) * batch))


@given(st.integers(0, 2**32 - 1), st.integers(0, 50))
@settings(max_examples=20)
def test_generators_go_on_where_they_were(number, drawn):
    def numbers():
        return [random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), float(torch.rand(1))]

    core.seed(number)
    for _ in range(drawn):
        numbers()
    file = io.BytesIO()
    torch.save(randomness.states(), file)
    expected = numbers()
    file.seek(0)
    randomness.restore(torch.load(file, weights_only=True))
    assert numbers() == expected


def test_processes_have_seeds_of_their_own():
    drawn = set()
    for rank in range(4):
        core.seed(5, rank)
        drawn.add((random.random(), np.random.rand(), float(torch.rand(1))))
    assert len({value for each in drawn for value in each}) == 12


def test_settings_come_back_from_json():
    own = Own(steps=5, schedule=Cosine(1e-4 / 3, 7))
    assert differences(own, json.loads(json.dumps(as_json(own)))) == {}


def test_differences_are_named():
    stored = as_json(Own(steps=5))
    now = Own(steps=9, keep=7, shown="b", precision="bf16", schedule=Cosine(1e-4, 9))
    assert differences(now, stored) == {
        "precision": "'fp32' in the checkpoint, 'bf16' now",
        "schedule.kind": "'Constant' in the checkpoint, 'Cosine' now",
        "schedule.steps": "'not set' in the checkpoint, 9 now",
        "schedule.last": "'not set' in the checkpoint, 0.0 now",
        "schedule.warm_up": "'not set' in the checkpoint, 0 now",
    }
    assert set(differences(Settings(steps=5), stored)) == {"kind", "frames", "shown", "schedule.kind", "schedule.lr"}


def test_settings_that_json_has_not():
    with pytest.raises(TrainingError, match="cannot be written"):
        as_json(Own(steps=1, schedule=object()))


def test_tensors_of_any_batch_are_moved_and_named():
    batch = {"clips": (torch.zeros(2, 3), [torch.ones(4)]), "name": "x"}
    meta = moved(batch, torch.device("meta"))
    assert meta["clips"][0].is_meta
    assert meta["clips"][1][0].is_meta
    assert (meta["name"], type(meta["clips"])) == ("x", tuple)
    assert sizes(batch) == "clips 2x3, clips 4"


def test_speed_and_waiting_by_a_clock_of_our_own():
    at = iter([0.0, 1.0, 4.0, 10.0, 10.0, 12.0, 20.0])
    meter = Meter(lambda: next(at))
    with meter.waiting():  # 1 to 4
        pass
    assert meter.stepped(1, 10, 0.5) == Progress(1, 10, 0.1, 0.5, 0.3)
    with meter.waiting():  # 10 to 12
        pass
    assert meter.stepped(2, 10, 0.5) == Progress(2, 10, 0.1, 0.5, 0.25)


def test_the_line():
    progress = Progress(400, 1000, 3.2, 0.0213, 0.04)
    assert str(progress) == "[########------------] 400/1000  3.2 steps/s  3:08 left  loss 0.0213  data 4%"


@pytest.mark.parametrize("live", [True, False])
def test_lines_on_a_terminal_replace_each_other(live):
    out = io.StringIO()
    out.isatty = lambda: live
    line = Line(out, iter([0.0, 0.05, 100.0, 200.0]).__next__)
    for step in (1, 2, 3):
        line.show(Progress(step, 4, 1.0, 0.1, 0.0))
    line.show(Progress(4, 4, 1.0, 0.1, 0.0), last=True)
    text = out.getvalue()
    assert [f"{step}/4" in text for step in (1, 2, 3, 4)] == [True, False, True, True]
    assert text.count("\n") == (1 if live else 3)
    assert text.endswith("\n")


def test_the_log_is_cut_where_a_training_goes_on(tmp_path):
    with board.Board(tmp_path) as first:
        for step in (1, 2, 3):
            first.numbers(step, {"loss": step / 2})
    with (tmp_path / board.FILE).open("a") as file:
        file.write('{"step": 4, "lo')
    with board.Board(tmp_path, 2) as second:
        second.numbers(3, {"loss": 9.0})
    assert board.read(tmp_path) == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 1.0}, {"step": 3, "loss": 9.0}]


def test_without_tensorboard_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrainingError, match="pip install tensorboard"):
        board.Board(tmp_path, tensorboard=True)


def test_a_second_ctrl_c_interrupts():
    with guard.Stop() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with guard.Stop() as stop:
        signal.raise_signal(signal.SIGHUP)
    assert (stop.asked, signal.signal(signal.SIGHUP, before)) == (False, signal.SIG_IGN)


def test_tensorboard_has_numbers_and_pictures(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with board.Board(tmp_path, tensorboard=True) as made:
        made.numbers(3, {"net/loss": 0.25})
        made.pictures(3, {"clip": torch.rand(2, 3, 8, 8) * 2 - 0.5})
    events = EventAccumulator(str(tmp_path / board.FOLDER)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("net/loss")] == [(3, 0.25)]
    assert [event.step for event in events.Images("clip")] == [3]


def test_without_tensorboard_there_is_the_log(tmp_path):
    with board.Board(tmp_path) as made:
        made.numbers(1, {"loss": 0.5})
        made.pictures(1, {"clip": torch.rand(1, 3, 8, 8)})
    assert [path.name for path in tmp_path.iterdir()] == [board.FILE]
