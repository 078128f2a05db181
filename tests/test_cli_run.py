"""What every command has in common: exit codes, and one line for what went wrong."""

import argparse
import subprocess
import sys

import pytest

from vsanimesr.cli import INTERRUPTED, run
from vsanimesr.errors import ModelNotFetched


def parser(end: int | BaseException | None) -> argparse.ArgumentParser:
    """Of a command that ends so."""

    def action(asked: argparse.Namespace) -> int | None:
        if isinstance(end, BaseException):
            raise end
        return end

    made = argparse.ArgumentParser(prog="python -m some.command")
    made.set_defaults(run=action)
    return made


@pytest.mark.parametrize(("end", "status"), [(None, 0), (0, 0), (3, 3), (KeyboardInterrupt(), INTERRUPTED)])
def test_a_command_says_how_it_ended(end, status, capsys):
    assert run(parser(end), []) == status
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModelNotFetched("no model; import one"), "some.command: no model; import one\n"),
        (PermissionError(13, "Permission denied", "/out"), "some.command: /out: Permission denied\n"),
        (OSError(28, "No space left on device"), "some.command: No space left on device\n"),
        (OSError("unreadable"), "some.command: unreadable\n"),
    ],
)
def test_an_error_is_one_line(error, line, capsys):
    assert run(parser(error), []) == 1
    assert capsys.readouterr() == ("", line)


def test_a_bug_keeps_its_traceback():
    with pytest.raises(KeyError):
        run(parser(KeyError("bug")), [])


def test_nobody_reads_on():
    code = "from vsanimesr.cli import main; import sys; sys.exit(main(['models', 'list']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
