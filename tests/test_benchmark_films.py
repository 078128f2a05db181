"""`python -m benchmarks cli`, on the fake backend."""

import json

import pytest

from benchmarks.__main__ import main


@pytest.mark.slow
def test_the_command_is_measured_beside_vspipe_and_ffmpeg(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["cli", "--size", "64x48", "--frames", "24", "--chunk", "2", "--rounds", "2", "--backend", "fake"]
    assert main(asked) == 0
    words = capsys.readouterr()
    data = json.loads(words.out.splitlines()[-1])
    assert words.err.count("command: ") == words.err.count("bare: ") == 2
    assert "12 chunks" in words.err
    assert len(data["ratios"]) == 2
    assert all(min(values) > 0 for values in data["seconds"].values())
    assert data["settings"]["chunk"] == 2
