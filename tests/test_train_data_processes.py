"""Clips made beside a training: the same ones, and what happens to those who make them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.degrading import one_thread  # noqa: F401
from tests.preparing import folder, moving
from tests.test_train_data_loader import Mean, Noise, equal, taken
from training.data import BasicOp, FolderClips, Loader, Plan, Pool
from training.data.ahead import Ahead
from vsanimesr.errors import TrainingError

ROOT = Path(__file__).parent.parent


class Broken:
    """A source that fails, or ends its process, at one clip."""

    def __init__(self, number, how):
        self.number, self.how = number, how

    def clip(self, rng, frames, size, interval=1):
        if np.array_equal(rng.bit_generator.seed_seq.entropy, [0, self.number]):
            if self.how == "exit":
                os._exit(9)
            raise ZeroDivisionError("what a defect says")
        return Noise().clip(rng, frames, size)


@pytest.mark.slow
def test_batches_do_not_depend_on_the_number_of_processes(tmp_path):
    for n in range(2):
        folder(tmp_path / str(n), moving(n, 9))
    told = Plan(FolderClips(tmp_path), BasicOp(clean=0.3), 5, 3, (24, 24), 2, pool=Pool(2, 3, size=(32, 32)))
    torch.set_num_threads(2)
    wanted = taken(Loader(told), 8)
    before = torch.get_rng_state()
    assert all(map(equal, taken(Loader(told, 2), 8), wanted))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(map(equal, taken(Loader(told, 1), 3, 10), wanted[5:]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", "sample 3 and on (seed 0): clip 3 could not be made"),
        ("exit", "a process that makes samples has ended"),
    ],
)
def test_what_happens_to_a_process_reaches_the_training(how, message):
    told = Plan(Broken(3, how), Mean(), frames=1, size=(8, 8), batch=1)
    with Loader(told, 2)() as batches, pytest.raises(TrainingError) as found:
        list(batches)
    assert message in str(found.value)
    with pytest.raises(StopIteration):
        next(batches)


_LOADING = """
import multiprocessing, time
from tests.test_train_data_loader import plan
from training.data import Loader
if __name__ == "__main__":
    batches = Loader(plan(), 2)()
    next(batches)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_processes_end_with_the_one_that_started_them(tmp_path):
    script = tmp_path / "loading.py"
    script.write_text(_LOADING)
    started = subprocess.Popen(
        [sys.executable, script],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    pids = [int(word) for word in started.stdout.readline().split()]
    assert len(pids) == 2
    os.kill(started.pid, signal.SIGKILL)
    started.communicate()
    end = time.monotonic() + 30
    while any(_running(pid) for pid in pids):
        assert time.monotonic() < end, "they go on"
        time.sleep(0.1)


def _running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("said", "wanted"), [("DataLoader worker (pid 7) is killed", ValueError), ("else", RuntimeError)]
)
def test_what_pytorch_raises_while_it_waits_is_left_to_who_knows_more(monkeypatch, said, wanted):
    def items():
        raise ValueError("which clip it was")
        yield

    ahead = Ahead(items(), 2)
    errors, get = [RuntimeError(said)], ahead._ready.get

    def interrupted():
        if errors:
            raise errors.pop()
        return get()

    monkeypatch.setattr(ahead._ready, "get", interrupted)
    with pytest.raises(wanted):
        next(ahead)
    ahead.close()


def test_items_ahead_come_in_order_and_no_more_than_wanted_are_made():
    made, closed = [], []

    def items():
        try:
            for n in range(100):
                made.append(n)
                yield n
        finally:
            closed.append(True)

    ahead = Ahead(items(), 2)
    assert not made
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()
    assert closed == [True]
    assert len(made) <= 3 + 2 + 2
    with pytest.raises(StopIteration):
        next(ahead)
    Ahead(items(), 2).close()


def test_an_exception_ahead_comes_where_its_item_would_have():
    def items():
        yield 1
        raise ValueError("two")

    ahead = Ahead(items(), 4)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="two"):
        next(ahead)
    assert list(Ahead((n for n in range(3)), 1)) == [0, 1, 2]
