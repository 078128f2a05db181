"""Children: how they are started, heard and ended."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vsanimesr import children
from vsanimesr.children import Family
from vsanimesr.errors import PipelineError

PYTHON = [sys.executable, "-c"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="only there the kernel is asked to end children")


def said(family: Family, code: str, **environment: str) -> list[str]:
    child = family.start("it", [*PYTHON, code], stdout=subprocess.PIPE, environment=environment)
    heard: list[str] = []
    children.listen(child.process.stdout, heard.append).join()
    child.process.wait()
    return heard


def test_a_child_is_heard_line_by_line() -> None:
    with Family() as family:
        assert said(family, r"print('a\rb\r\n\nc', end='')") == ["a", "b", "c"]


def test_its_environment_is_this_one_s_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    with Family() as family:
        assert said(family, "import os; print(os.environ['OURS'], os.environ['MORE'])", MORE="2") == ["1 2"]


@linux
def test_signals_are_not_ignored_in_it() -> None:
    with Family() as family:
        child = family.start("it", ["/bin/grep", "SigIgn", "/proc/self/status"], stdout=subprocess.PIPE)
        heard: list[str] = []
        children.listen(child.process.stdout, heard.append).join()
    ignored = int(heard[0].split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


def test_a_program_that_is_missing_is_said(tmp_path: Path) -> None:
    with Family() as family:
        try:
            child = family.start("it", [str(tmp_path / "none")], stderr=subprocess.PIPE)
        except PipelineError as exc:
            text = str(exc)
        else:
            children.listen(child.process.stderr, child.words.append).join()
            child.process.wait()
            text = str(child.failed("failed"))
    assert "none' could not be started" in text


def test_a_family_ends_its_children_and_starts_no_more() -> None:
    with Family() as family:
        child = family.start("it", [*PYTHON, "import time; time.sleep(3600)"])
        family.kill()
        with pytest.raises(PipelineError, match="it was not started"):
            family.start("it", [*PYTHON, ""])
    assert child.process.returncode
    assert "exit code -9" in str(child.failed("failed")) or sys.platform == "win32"


def test_only_the_last_words_are_kept() -> None:
    with Family() as family:
        child = family.start("it", [*PYTHON, "print(*range(1000), sep='\\n')"], stdout=subprocess.PIPE)
        children.listen(child.process.stdout, child.words.append).join()
        child.process.wait()
    lines = str(child.failed("failed")).splitlines()
    assert lines[0] == "it failed (exit code 0)"
    assert lines[1].startswith("  command: ")
    assert [line.strip() for line in lines[2:]] == [str(number) for number in range(975, 1000)]


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such signal")
def test_sigterm_interrupts() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), children.terminated_as_interrupted():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
