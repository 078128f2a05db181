"""The scripts of training/runs: bash understands them, and every option that they give is one of the command's."""

import argparse
import re
import subprocess
from pathlib import Path

import pytest
from torch.distributed.run import get_args_parser

from tests.training_commands import parser

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
