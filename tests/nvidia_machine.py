"""Fixtures: a machine with a GPU, and TensorRT-RTX on it, by stand-ins of NVIDIA's libraries (`fake_nvidia`).

A module that wants them says `pytest_plugins = ["tests.nvidia_machine"]`.
"""

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fake_nvidia import Nvidia
from tests.networks import setup
from vsanimesr.backends.base import EngineSetup
from vsanimesr.backends.tensorrt_rtx import TensorRTRTX


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch, home: Path) -> Nvidia:
    """A machine with one GPU of compute capability 8.9, and no engine yet."""
    return Nvidia(monkeypatch)


@pytest.fixture
def started(nvidia: Nvidia) -> Iterator[Any]:
    """Starts TensorRT-RTX on the fake GPU; what is left of it at the end fails the test."""
    made = []

    def start(*size: int, say: Any = lambda _: None, build: bool = True, **settings: Any) -> TensorRTRTX:
        made.append(TensorRTRTX(replace(setup(*size, **settings), engines=EngineSetup(None, build, say))))
        return made[-1]

    yield start
    while made:
        made.pop().close()
    gc.collect()
    fake = nvidia.runtime
    assert [fake.blocks, fake.pinned, fake.streams, fake.events, fake.graphs] == [{}, {}, set(), set(), set()]
