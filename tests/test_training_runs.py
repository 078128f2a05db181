"""The scripts of training/runs: bash understands them, and every option that they give is one of the command's."""

import argparse
import os
import re
import subprocess
from pathlib import Path

import pytest
from torch.distributed.run import get_args_parser

from tests.training_commands import parser
from training import animesr
from vsanimesr import cli

RUNS = sorted((Path(__file__).parent.parent / "training" / "runs").glob("*.sh"))


@pytest.mark.parametrize("script", RUNS, ids=lambda path: path.name)
def test_bash_understands_it_and_it_can_be_run(script):
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize("script", RUNS, ids=lambda path: path.name)
def test_its_options_are_those_of_some_command(script):
    """Some are in functions and lists, far from their command, so those of all its commands are taken together."""
    text = re.sub(r"\\\n\s*", " ", script.read_text())
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    names = set(re.findall(r"-m (training\.[a-z]+)", text))
    assert names
    known = {"--standalone", "--nproc-per-node"} | {"--model"} | set().union(*map(options, names))
    given = set(re.findall(r"(?<![\w-])(--[a-z][a-z0-9-]*)", text))
    assert given <= known, given - known


CLIP = str(RUNS[0].parents[2] / "examples" / "clip.mkv")
STUB = """#!/usr/bin/env bash
printf '%s\\t' "$@" | sed 's/\\t$/\\n/' >>"$CALLS"
"""
"""What stands for Python: it does nothing, and writes down what it was asked for, a line for each call."""
ASKED = {  # by the script: arguments, and what the environment says
    "animesr-one-gpu.sh": [((CLIP,), {}), ((CLIP,), {"VGG19": CLIP, "DATA": CLIP, "RECOMPUTE": "1"})],
    "animesr-paper.sh": [((CLIP,), {"VGG19": CLIP, "DATA": CLIP})],
    "gan-cpu.sh": [(("net.onnx", "{out}"), {})],
    "proof-seed.sh": [(("{out}", "1"), {})],
    "toon.sh": [(("{out}", CLIP), {})],
}
"""Of others OUT is the only argument."""


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [(path, *asked) for path in RUNS for asked in ASKED.get(path.name, [(("{out}",), {})])],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_all_its_commands_are_understood(script, arguments, said, tmp_path):
    out, calls = tmp_path / "out", tmp_path / "calls"
    stub = tmp_path / "python"
    stub.write_text(STUB)
    stub.chmod(0o755)
    if script.name.startswith("animesr-"):  # a person has chosen
        (out / "videos" / "clip").mkdir(parents=True)
        (out / "videos" / "clip" / "choice.json").touch()
    environment = os.environ | {"PYTHON": str(stub), "CALLS": str(calls), "OUT": str(out)} | said
    given = [word.format(out=out) for word in arguments]
    done = subprocess.run(["bash", script, *given], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = calls.read_text().splitlines()
    assert len(lines) > 3
    for line in lines:
        understood(line.split("\t"))


def understood(words: list[str]) -> None:
    """Ends the process, as argparse does, or raises, where a command line is none."""
    *_, place = (place for place, word in enumerate(words) if word == "-m")  # torchrun has one of its own
    name, arguments = words[place + 1], words[place + 2 :]
    asked = (cli._parser() if name == "vsanimesr" else parser(name)).parse_args(arguments)
    if name == "training.animesr" and arguments[0] == "train":
        animesr._refuse(asked)


@pytest.mark.parametrize("name", ["animesr", "critics", "distill", "lbo"])
def test_torchrun_takes_no_option_of_a_training_for_its_own(name):
    """It takes what its own options begin with."""
    ours = options(f"training.{name}") - {"--help"}
    theirs = [option for action in get_args_parser()._actions for option in action.option_strings]
    assert "--steps" in ours
    assert not [(mine, other) for mine in ours for other in theirs if other.startswith(mine)]


def options(name: str) -> set[str]:
    """All of a module's command line, those of its commands among them."""
    return set(re.findall(r"--[a-z][a-z0-9-]*", "".join(_helps(parser(name)))))


def _helps(parser):
    yield parser.format_help()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (text for each in action.choices.values() for text in _helps(each))
