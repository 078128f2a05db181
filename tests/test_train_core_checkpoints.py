"""Checkpoints on disk: whole or not there, kept and deleted, shown and exported."""

import errno
import json
import logging
import os
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from tests.train_core import Against, Net, one_thread, settings_of, trainer, weights  # noqa: F401
from training.core import checkpoints, folder
from training.core.__main__ import main
from training.core.checkpoints import all_in, find, newest, prune
from training.core.export import export
from training.core.state import Facts, State
from vsanimesr import models
from vsanimesr.errors import TrainingError
from vsanimesr.nets import AnimeSR, from_state_dict

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def state_of(number: float = 0.0) -> State:
    net = {"weight": torch.full((3,), number)}
    return State(networks={"net": net}, averages={"net": net}, optimisers={"net": {"state": {}}}, random=[])


def facts_of(step: int) -> Facts:
    return Facts(step=step, sample=2 * step, updates={"net": step}, settings={"steps": 100})


def written(parent, *numbers):
    for step in numbers:
        folder.write(parent, state_of(step), facts_of(step))


def damage(path):
    file = path / "network-net.pt"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def steps_in(parent):
    return [checkpoints.step_of(path) for path in all_in(parent)]


def test_what_was_written_is_read(tmp_path):
    written(tmp_path, 7)
    found = folder.read(tmp_path / "step-00000007")
    assert found.facts == facts_of(7)
    assert torch.equal(found.state().networks["net"]["weight"], torch.full((3,), 7.0))
    assert sorted(found.files) == ["average-net.pt", "network-net.pt", "optimiser-net.pt", "random.pt"]


@given(st.sets(st.integers(0, 40), min_size=1, max_size=6), st.integers(1, 4), st.sampled_from([0, 5, 10]), st.data())
@settings(max_examples=12, deadline=None)
def test_what_is_kept(tmp_path_factory, numbers, keep, every, data):
    """The last ones, the milestones, and the newest whole one if all of those are damaged."""
    parent = tmp_path_factory.mktemp("run")
    written(parent, *numbers)
    damaged = data.draw(st.sets(st.sampled_from(sorted(numbers))))
    for step in damaged:
        damage(parent / folder.name_of(step))
    before = sorted(numbers - damaged)
    prune(parent, keep, every)
    left = steps_in(parent)
    assert set(sorted(numbers)[-keep:]) <= set(left)
    assert {step for step in numbers if every and step and step % every == 0} <= set(left)
    if before:
        assert newest(parent).facts.step in before
    extra = set(left) - set(sorted(numbers)[-keep:]) - {step for step in numbers if every and step % every == 0}
    assert not extra or not any(step in before for step in set(left) - extra)


def test_the_newest_whole_one_is_taken(tmp_path, caplog):
    written(tmp_path, 1, 2, 3, 4)
    damage(tmp_path / folder.name_of(4))
    (tmp_path / folder.name_of(3) / "random.pt").unlink()
    with caplog.at_level(logging.WARNING):
        assert newest(tmp_path).facts.step == 2
    assert "network-net.pt is" in caplog.text
    assert "random.pt cannot be read" in caplog.text


def test_if_all_are_damaged_nothing_begins_anew(tmp_path):
    written(tmp_path, 1, 2)
    for path in all_in(tmp_path):
        (path / folder.MANIFEST).write_text("{")
    with pytest.raises(TrainingError, match="none of the 2 checkpoints"):
        newest(tmp_path)


def test_no_checkpoints(tmp_path):
    assert newest(tmp_path) is None
    with pytest.raises(TrainingError, match="has no checkpoints"):
        find(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "files": {}}', "\x00"])
def test_a_manifest_that_is_none(tmp_path, text):
    written(tmp_path, 1)
    (tmp_path / "step-00000001" / folder.MANIFEST).write_text(text)
    with pytest.raises(TrainingError, match="step-00000001"):
        folder.read(tmp_path / "step-00000001")


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
    written(tmp_path, 1)

    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"step-00000002' could not be written.*No space left"):
        written(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert newest(tmp_path).facts.step == 1


def test_halves_are_swept_away_and_never_found(tmp_path):
    written(tmp_path, 1, 2)
    (tmp_path / "step-00000002").rename(tmp_path / f"{folder.WRITING}step-00000002")
    (tmp_path / f"{folder.REMOVED}step-00000000").mkdir()
    assert newest(tmp_path).facts.step == 1
    checkpoints.sweep(tmp_path)
    assert steps_in(tmp_path) == [1]
    assert len(list(tmp_path.iterdir())) == 1


def test_one_of_the_same_step_is_replaced(tmp_path):
    written(tmp_path, 1)
    damage(tmp_path / "step-00000001")
    folder.write(tmp_path, state_of(5), facts_of(1))
    assert float(newest(tmp_path).state().networks["net"]["weight"][0]) == 5


def test_a_malicious_file_is_not_run(tmp_path):
    class Malicious:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    written(tmp_path, 1)
    path = tmp_path / "step-00000001"
    (path / "random.pt").write_bytes(pickle.dumps(Malicious()))
    manifest = json.loads((path / folder.MANIFEST).read_text())
    manifest["files"]["random.pt"] = folder._described(path / "random.pt")
    (path / folder.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(TrainingError, match=r"random\.pt' cannot be read"):
        folder.read(path).state()
    assert not (tmp_path / "made").exists()


def test_a_training_of_other_networks_is_refused(tmp_path):
    trainer(tmp_path, settings_of(1)).run()
    with pytest.raises(TrainingError, match=r"has the networks \['net'\], wanted \['judge', 'net'\]"):
        trainer(tmp_path, settings_of(2), Against).run()


def test_other_versions_are_told(tmp_path, caplog):
    trainer(tmp_path, settings_of(1)).run()
    path = find(tmp_path).path / folder.MANIFEST
    path.write_text(re.sub(r'"torch": "[^"]*"', '"torch": "1.0"', path.read_text()))
    with caplog.at_level(logging.WARNING):
        assert trainer(tmp_path, settings_of(2)).run().step == 2
    assert "torch 1.0, now" in caplog.text


def test_show_says_what_is_in_it(tmp_path, capsys):
    run = trainer(tmp_path, settings_of(3, keep=1))
    run.run()
    for path in (tmp_path, tmp_path / "checkpoints" / "step-00000003"):
        assert main(["show", str(path)]) == 0
        told = capsys.readouterr().out
        numbers = sum(value.numel() for value in weights(run.learner).values())
        for words in ("steps done: 3 of 3", "next sample: 6", f"network net: {numbers:,} numbers, average of 3 updates",
                      "optimiser-net.pt", "batch: 2", f"torch: {torch.__version__}", "net/charbonnier"):  # fmt: skip
            assert words in told


def test_show_of_nothing(tmp_path, capsys):
    assert main(["show", str(tmp_path)]) == 1
    assert "has no checkpoints" in capsys.readouterr().err


class Real(Net):
    def __init__(self):
        super().__init__()
        self.net = AnimeSR()
        self.networks = {"net": self.net}
        self.optimisers = {"net": torch.optim.Adam(self.net.parameters())}


@pytest.mark.parametrize("options", [[], ["--half"], ["--raw"], ["--raw", "--half"]])
def test_exported_weights_are_imported(tmp_path, home, options, capsys):
    run = trainer(tmp_path / "run", settings_of(1, channels_last=True), Real)
    run.run()
    file = tmp_path / "net.pth"
    assert main(["export", str(tmp_path / "run"), "net", str(file), *options]) == 0
    kept = torch.load(file, weights_only=True)["params"]
    half = "--half" in options
    wanted = run.learner.net if "--raw" in options else run.tools.average("net")
    for name, value in wanted.state_dict().items():
        assert kept[name].dtype == (torch.float16 if half else torch.float32)
        torch.testing.assert_close(kept[name].float(), value, rtol=1e-3 if half else 0, atol=1e-7 if half else 0)
    from_state_dict(kept)
    assert file.stat().st_size < 1_495_376 * (2 if half else 4) + 40_000
    models.import_checkpoint(file, "mine")
    arrays = {each.name: numpy_helper.to_array(each) for each in models.load("mine").proto.graph.initializer}
    assert np.array_equal(arrays["fusion.0.weight"], kept["recurrent_cell.fusion.0.weight"].float().numpy())
    assert [path.name for path in tmp_path.glob(".net*")] == []


def test_exports_that_cannot_be(tmp_path):
    trainer(tmp_path / "run", settings_of(1)).run()
    found = find(tmp_path / "run")
    with pytest.raises(TrainingError, match=r"has no average-gan.pt"):
        export(found, "gan", tmp_path / "net.pth")
    with pytest.raises(TrainingError, match="could not be written"):
        export(found, "net", tmp_path / "no" / "net.pth")
