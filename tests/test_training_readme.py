"""What the training's README commands do; those that take minutes are in `training/runs/cpu-smoke.sh`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training_commands import parser
from vsanimesr.pipeline import find_ffmpeg

pytestmark = pytest.mark.slow  # processes of their own

ROOT = Path(__file__).parent.parent
README = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s+", "", README).splitlines()
COMMANDS = [line.strip() for line in LINES if line.startswith("    python -m training.")]


def run(start: str, cwd: Path, **words: str) -> None:
    """The one command that begins so, with words replaced."""
    (command,) = [command for command in COMMANDS if command.startswith(f"python -m training.{start}")]
    for name, word in words.items():
        command = command.replace(name, word)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, *command.split()[1:]]
    done = subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr


def looked_at(path: Path) -> None:
    """It is a picture of something."""
    with Image.open(path) as image:
        assert min(image.size) > 200
        assert np.asarray(image.convert("L"), np.float32).std() > 10


def test_drawn_animation(tmp_path: Path) -> None:
    run("toon", tmp_path)
    looked_at(tmp_path / "out" / "toon.png")


def test_degradations(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    run("degrade", tmp_path)
    looked_at(tmp_path / "out" / "degradations.png")


def test_clips_out_of_a_video(tmp_path: Path) -> None:
    video = tmp_path / "film.mkv"
    source = "testsrc2=size=480x288:rate=24:duration=6"
    subprocess.run([find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "ffv1", video], check=True)
    run("prepare", tmp_path, **{"VIDEO...": str(video)})
    assert len(list((tmp_path / "clips").rglob("*.png"))) == 100
    run("data sheet", tmp_path)
    looked_at(tmp_path / "samples.png")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_line_is_one_of_its_command_s(command: str) -> None:
    name, *arguments = command.split()[2:]
    assert vars(parser(name).parse_args(arguments))  # others end the process


def test_every_module_that_it_names_is_there() -> None:
    names = {re.match(r"python -m (training\.\w+)", command)[1] for command in COMMANDS}  # type: ignore[index]
    assert len(names) >= 6
    for name in names:
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()
    subprocess.run(["bash", "-n", ROOT / "training" / "runs" / "cpu-smoke.sh"], check=True)
