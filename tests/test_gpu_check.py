"""The check of a GPU: whatever its stages do, the next one runs and the result tells; all of it without a GPU."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.gpu import check, command, processes
from benchmarks.gpu.plans import STAGES, Asked
from benchmarks.gpu.processes import CRASHED, FAILED, OK, RESULT, SKIPPED, TIMED_OUT, Job
from benchmarks.gpu.result import Result, file_name, merge
from vsanimesr import backends
from vsanimesr.errors import ArgumentError

pytestmark = pytest.mark.slow  # processes of their own

MACHINE = {"gpus": ["Made-up GPU 9000, 1.2, 3 MiB"], "processor": "made up", "date": "2001-02-03"}
WRITE = "import sys, json; open(sys.argv[1], 'w').write(json.dumps({'n': 1})); "
LONG = 60.0


def code(text: str, name: str = "job", limit: float = LONG) -> Job:
    """A job that writes {"n": 1} and then does what the text says."""
    return Job(name, [sys.executable, "-c", WRITE + text, RESULT], limit)


def run(job: Job, limit: float = LONG) -> processes.Outcome:
    return processes.run(job, limit)


def test_a_job_that_goes_well() -> None:
    outcome = run(code("print('words')"))
    assert (outcome.status, outcome.exit, outcome.output, outcome.value) == (OK, "0", "words", {"n": 1})
    assert outcome.seconds > 0
    assert outcome.command.startswith("python")
    assert outcome.command.endswith("result.json")


def test_a_job_that_fails_keeps_its_words_and_what_it_wrote() -> None:
    outcome = run(code("raise ValueError('what it says')"))
    assert (outcome.status, outcome.exit, outcome.value) == (FAILED, "1", {"n": 1})
    assert "Traceback" in outcome.output
    assert outcome.output.endswith("ValueError: what it says")


def test_a_job_that_crashes_is_told_from_one_that_fails() -> None:
    outcome = run(code("import os; os.abort()"))
    assert (outcome.status, outcome.exit, outcome.value) == (CRASHED, "SIGABRT", {"n": 1})
    assert "Aborted" in outcome.output, "the fault handler tells where"


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such pipes")
def test_a_job_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    os.mkfifo(fifo := tmp_path / "fifo")
    ended = threading.Thread(target=fifo.read_bytes, daemon=True)  # comes back once nobody is left who may write
    ended.start()
    child = f"import time; held = open({str(fifo)!r}, 'w'); time.sleep(120)"
    outcome = run(
        code(f"import subprocess, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(120)"), 4
    )
    assert (outcome.status, outcome.exit, outcome.value) == (TIMED_OUT, "killed after 4 s", {"n": 1})
    ended.join(LONG)
    assert not ended.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such pipes")
def test_a_check_that_is_ended_ends_its_job(tmp_path: Path) -> None:
    os.mkfifo(fifo := tmp_path / "fifo")
    job = f"held = open({str(fifo)!r}, 'w'); held.write('begun'); held.flush(); import time; time.sleep(120)"
    text = "import sys; from benchmarks.gpu import command, processes; command.end_by_exit(); "
    text += f"processes.run(processes.Job('job', [sys.executable, '-c', {job!r}], 600), 600)"
    checking = subprocess.Popen([sys.executable, "-c", text], cwd=processes.ROOT)
    with fifo.open() as held:
        assert held.read(5) == "begun"
        checking.terminate()
        assert checking.wait(LONG) == 128 + signal.SIGTERM
        assert held.read() == "", "it comes back once nobody is left who may write"


def test_a_job_without_a_result_or_a_program_fails() -> None:
    silent = run(Job("silent", [sys.executable, "-c", "pass", RESULT], LONG))
    assert silent.status == FAILED
    assert "it wrote no result" in silent.exit
    broken = run(Job("broken", [sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('{')", RESULT], LONG))
    assert (broken.status, broken.value) == (FAILED, None)
    missing = run(Job("missing", ["no-such-program-anywhere"], LONG))
    assert missing.status == FAILED
    assert "could not be started" in missing.exit


def test_long_output_loses_its_middle_and_the_path_of_the_repository() -> None:
    outcome = run(code(f"print('first', {str(processes.ROOT / 'x.py')!r}); print('y' * 50000); print('last')"))
    assert outcome.output.startswith("first x.py")
    assert outcome.output.endswith("last")
    assert "characters left out" in outcome.output
    assert len(outcome.output) < processes.KEPT + 100


def started(tmp_path: Path, budget: float | None = None, **stages: Any) -> tuple[check.Run, list[str]]:
    said: list[str] = []
    result = Result(dict(MACHINE), stages)
    return check.Run(Asked(), result, tmp_path / "r" / "result.json", check.Clock(budget), said.append), said


def test_stages_that_fail_crash_or_time_out_do_not_stop_the_next(tmp_path: Path) -> None:
    written: list[list[str]] = []

    def bad(asked: Asked, result: Result) -> Iterator[Job]:
        yield code("sys.exit(3)", "fails")
        written.append(list(Result.load(run.file).stages["bad"]))
        yield code("import os; os.abort()", "crashes")
        yield code("import time; time.sleep(120)", "hangs", limit=3)

    def good(asked: Asked, result: Result) -> Iterator[Job]:
        assert result.stages["bad"]["crashes"]["value"] == {"n": 1}
        yield code("", "works")

    run, said = started(tmp_path)
    check.check(run, ["good", "bad", "other"], {"bad": bad, "other": lambda *_: iter(()), "good": good})
    found = Result.load(run.file).stages
    statuses = {name: job["status"] for jobs in found.values() for name, job in jobs.items()}
    assert statuses == {"fails": FAILED, "crashes": CRASHED, "hangs": TIMED_OUT, "works": OK}
    assert written == [["fails"]], "the file is written after every job"
    assert list(found) == ["bad", "other", "good"]
    assert next(line for line in said if "hangs" in line).startswith("  hangs: timed out, ")


def test_a_spent_budget_skips_what_is_left_and_keeps_what_was_there(tmp_path: Path) -> None:
    before = run(code("", "one")).data()
    asked, said = started(tmp_path, budget=0.0, stage={"one": before})
    check.check(asked, ["stage"], {"stage": lambda *_: iter([code("", "one"), code("", "two")])})
    found = Result.load(asked.file).stages["stage"]
    assert found["one"]["status"] == OK
    assert (found["two"]["status"], found["two"]["seconds"]) == (SKIPPED, 0)
    assert "budget" in found["two"]["output"]
    assert len(said) == 3


def test_a_job_gets_no_more_time_than_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "LEAST", 0.1)
    asked, _ = started(tmp_path, budget=2.0)
    check.check(asked, ["stage"], {"stage": lambda *_: iter([code("import time; time.sleep(120)")])})
    outcome = asked.result.stages["stage"]["job"]
    assert outcome["status"] == TIMED_OUT
    assert outcome["seconds"] < LONG


OUTCOMES = st.dictionaries(
    st.sampled_from("abc"),
    st.dictionaries(
        st.sampled_from("xyz"),
        st.builds(
            lambda status, n: {"status": status, "value": n, "output": "", "exit": ""},
            st.sampled_from([OK, FAILED, SKIPPED]),
            st.integers(0, 99),
        ),
    ),
)


@given(st.lists(OUTCOMES, min_size=1, max_size=4))
def test_merging_keeps_the_latest_outcome_that_was_not_skipped(runs: list[dict[str, Any]]) -> None:
    merged = merge([Result(dict(MACHINE), stages) for stages in runs]).stages
    for stage, jobs in merged.items():
        for name, job in jobs.items():
            every = [run[stage][name] for run in runs if name in run.get(stage, {})]
            ran = [outcome for outcome in every if outcome["status"] != SKIPPED]
            assert job == (ran[-1] if ran else every[0])
    assert {(s, n) for run in runs for s in run for n in run[s]} == {(s, n) for s in merged for n in merged[s]}


def test_results_of_different_gpus_are_not_merged() -> None:
    other = Result({**MACHINE, "gpus": ["Another, 1"]})
    with pytest.raises(ArgumentError, match="different GPUs: Another, Made-up GPU 9000"):
        merge([Result(dict(MACHINE)), other])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"benchmark": "speed", "schema": 2}', "no JSON"])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "odd.json").write_text(text)
    with pytest.raises(ArgumentError, match=r"odd\.json is no result of a GPU.*wanted benchmark gpu"):
        Result.load(file)


def test_the_file_is_named_after_gpu_and_day() -> None:
    assert file_name("NVIDIA H100 80GB HBM3", "2026-11-21") == "nvidia-h100-80gb-hbm3-2026-11-21.json"


@pytest.mark.skipif(backends.count_nvidia_gpus() > 0, reason="there is a GPU here")
def test_without_a_gpu_one_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(command.RESULTS.iterdir())
    assert command.main([]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("benchmarks.gpu: there is nothing to check here: ")
    assert printed.err.count("\n") == 1
    assert set(command.RESULTS.iterdir()) == before


def test_stages_sizes_and_numbers_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--stages", "nonsense"], ["--sizes", "640"], ["--frames", "0"]):
        with pytest.raises(SystemExit) as caught:
            command.main(words)
        assert caught.value.code == 2
    assert set(STAGES) <= set(capsys.readouterr().err.replace(",", " ").replace("'", " ").split())


def test_results_are_merged_into_a_file_with_table_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = Result(dict(MACHINE), {"tests": {"pytest": run(code("", "pytest")).data()}})
    two = Result(dict(MACHINE), {"step": {"s": run(code("sys.exit('the reason')", "s")).data()}})
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for result, file in zip((one, two), files, strict=True):
        result.save(file)
    assert command.main(["merge", *map(str, files), "--output", str(tmp_path / "all.json")]) == 0
    assert set(json.loads((tmp_path / "all.json").read_text())["stages"]) == {"tests", "step"}
    printed = capsys.readouterr().out
    assert "s: failed: the reason" in printed
    assert not (tmp_path / "all.png").exists(), "no step was timed, so there is nothing to draw"
