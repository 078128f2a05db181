"""Trainings in processes of their own: killed while they write, and several that train one network."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.train_core import one_thread, train, weights  # noqa: F401
from training.core import World
from training.core.checkpoints import newest

ROOT = Path(__file__).parent.parent
LAST = 6
SYNCS = 7
"""To the disk, for a checkpoint of the small network: 5 files, its folder, and the one around it."""

pytestmark = pytest.mark.slow  # programs of their own


def program(*arguments, launcher=()):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, *launcher, "-m", "tests.train_core", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)


def test_killed_while_it_writes_it_goes_on_bit_for_bit(tmp_path):
    """Dead before there is a checkpoint, within the files of one, and between its name and the sync of that."""
    folder = tmp_path / f"noisy:{LAST}"
    for killed_at, whole in (4, None), (SYNCS + 3, 0), (SYNCS, 2):
        done = program(tmp_path, killed_at, folder.name)
        assert done.returncode == -signal.SIGKILL, done.stderr
        found = newest(folder / "checkpoints")
        assert (found and found.facts.step) == whole
    rest, uninterrupted = (train(path, "noisy", LAST, World()) for path in (folder, tmp_path / "whole"))
    for (name, one), other in zip(weights(rest.learner).items(), weights(uninterrupted.learner).values(), strict=True):
        assert torch.equal(one, other), name
    assert not [path for path in (folder / "checkpoints").iterdir() if not path.name.startswith("step-")]


def test_two_processes_do_what_one_does(tmp_path):
    """Networks against each other equal one process with the whole batch; resuming is exact; one signal stops both."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    for attempt in range(3):
        folder = tmp_path / f"{attempt}"
        folder.mkdir()
        done = program(folder, 0, "against:4", "noisy:2,4", "noisy:4", "signalled:4", launcher=launcher)
        # A thread of PyTorch that wants the interpreter's lock when Python has ended may abort the process, seldom.
        if "terminate called without an active exception" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    tmp_path = folder
    loaded = {path.stem: torch.load(path, weights_only=True) for path in tmp_path.glob("*.pt")}

    alone = train(tmp_path / "alone", "against", 4, World())
    for name, value in weights(alone.learner).items():
        torch.testing.assert_close(loaded["against:4"]["weights"][name], value, rtol=0, atol=1e-5)
    averages = [newest(tmp_path / name / "checkpoints").load("average-net.pt") for name in ("alone", "against:4")]
    for name, value in averages[0].items():
        torch.testing.assert_close(averages[1][name], value, rtol=0, atol=1e-5)

    for name, value in loaded["noisy:4"]["weights"].items():
        assert torch.equal(loaded["noisy:2,4"]["weights"][name], value), name
    assert loaded["signalled:4"]["ends"] == [2, 2]
    assert newest(tmp_path / "signalled:4" / "checkpoints").facts.processes == 2
