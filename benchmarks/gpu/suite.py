"""The tests that need a GPU, run by pytest: `python -m benchmarks.gpu.suite JSON FILE`."""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import child

ROOT = Path(__file__).resolve().parents[2]
ALONE = "tests/test_on_gpu.py"
"""Needs no conftest.py, whose imports want OpenVINO."""


class Listener:
    """What pytest tells of its tests."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        self.durations: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test once, and keep why it was skipped or failed."""
        if report.when != "call" and report.passed:
            return
        kind = report.outcome if report.when == "call" or report.skipped else "error"
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.durations[report.nodeid] = report.duration
        if not report.passed:
            text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self.problems[report.nodeid] = f"{kind}: {text}"

    def pytest_collectreport(self, report: Any) -> None:
        """Keep why a file of tests could not be read."""
        if report.failed:
            self.counts["error"] = self.counts.get("error", 0) + 1
            self.problems[report.nodeid] = f"error: {report.longreprtext}"


def run(arguments: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """How many tests passed, failed and were skipped, and why; raises RuntimeError unless all that ran passed."""
    listener = Listener()
    # What the libraries of a machine warn of, which nobody here chose, says nothing about ours.
    chosen = ["-m", "gpu", "-q", "-p", "no:cacheprovider", "-W", "default", *arguments]
    note = ""
    if find_spec("openvino") is None:
        chosen, note = [*chosen, "--noconftest", ALONE], f"OpenVINO is not installed: only {ALONE} was run"
    code = pytest.main(["--rootdir", str(ROOT), *chosen], plugins=[listener])
    yield {"exit_code": int(code), "note": note, **listener.__dict__}
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"pytest ended with {pytest.ExitCode(code).name}; what failed is listed in the result")


if __name__ == "__main__":
    sys.exit(child.serve(run))
