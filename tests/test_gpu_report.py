"""What the check of a GPU makes of its findings: goals, table, plot. The figures here are made up, and say so."""

import importlib
import inspect
import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks import options, page, schema
from benchmarks.gpu import clip_rate, goals, plans, plot, reports, table, torch_peers
from benchmarks.gpu.plans import STAGES, Asked
from benchmarks.gpu.processes import CRASHED, FAILED, OK, RESULT, Job, python, run
from benchmarks.gpu.result import Result
from benchmarks.gpu.variants import VARIANTS
from export import verify_options
from tests.benchmark_reports import save, speed_report
from vsanimesr.arguments import ARGUMENTS
from vsanimesr.engines import library

BASE, LARGE = plans.BASE, (1920, 1080)


def job(value: Any, status: str = OK, output: str = "") -> dict[str, Any]:
    return {"status": status, "seconds": 1.0, "command": "made up", "exit": "0", "output": output, "value": value}


def ms(value: float) -> dict[str, Any]:
    return {"median": value, "rounds": [value], "unit": "ms"}


def made_up(factor: float = 1.0) -> Result:
    """The result of a GPU that does not exist, whose steps take `factor` ms for 100,000 samples."""
    result = Result(
        {"gpus": ["Made-up GPU 9000, 1, 2 MiB"], "processor": "made up", "date": "2001-02-03", "command": "made up"}
    )
    steps: dict[str, Any] = {"dense product": job({"fp16": 600.0})}
    for width, height in (BASE, LARGE):
        size, area = f"{width}x{height}", width * height / 1e5
        for format_, slower in (("RGBH", 1.0), ("RGBS", 1.2)):
            value = {"plain": ms(2 * area * factor), "captured": ms(slower * area * factor), "macs": int(area * 1e11)}
            steps[f"tensorrt_rtx {size} {format_}"] = job(value)
        result.stages.setdefault("torch", {})[f"eager {size}"] = job({"step": ms(4 * area)})
    result.stages["step"] = steps
    case = {"format": "RGBH", "figures": {"vspipe": {"median": 300.0}}}
    result.stages["vspipe"] = {"tensorrt_rtx 640x480": job({"cases": [case]})}
    result.stages["peer"] = {
        "tensorrt_rtx RGBH": job({"frames_per_second": 90.0}),
        "peer RGBH": job({"frames_per_second": 29.0}),
    }
    result.stages["parity"] = {
        "tensorrt_rtx fp16": job({"summary": {"minimum": 49.9}}, FAILED, "words\nbelow the floor")
    }
    goals.settle(result)
    return result


def found(result: Result, start: str) -> dict[str, Any]:
    (goal,) = [goal for goal in result.goals if goal["name"].startswith(start)]
    return goal


def test_goals_follow_from_the_figures() -> None:
    result = made_up()
    floor = 2 * 3.072e11 / 600e12 * 1e3
    wanted = {
        "tensorrt_rtx: step, ": (3.072, True),
        "tensorrt_rtx: step by its compute floor": (3.072 / floor, False),
        "tensorrt_rtx: faster than PyTorch eager": (4.0, True),
        "tensorrt_rtx: faster than vsanimesr": (90 / 29, True),
        "tensorrt_rtx: vspipe by bare step, RGBH": (300 * 3.072 / 1e3, True),
        "tensorrt_rtx: vspipe by bare step, RGBS": (None, None),
        "tensorrt_rtx: megapixel at 1920x1080": (1.0, True),
        "tensorrt_rtx: lowest PSNR": (49.9, False),
        "tensorrt: step, ": (None, None),
        "torch: lowest PSNR": (None, None),
    }
    for start, (value, met) in wanted.items():
        goal = found(result, start)
        assert goal["met"] is met, goal
        assert goal["found"] is None if value is None else math.isclose(goal["found"], value), goal


def test_a_slower_step_misses_the_goals_that_it_met() -> None:
    result = made_up(1.5)
    for start in ("step, ", "faster than PyTorch eager"):
        assert found(result, f"tensorrt_rtx: {start}")["met"] is False
    assert found(result, "tensorrt_rtx: vspipe by bare step, RGBH")["met"] is True


def test_the_plain_step_counts_where_there_is_no_captured_one() -> None:
    result = made_up()
    del result.stages["step"]["tensorrt_rtx 640x480 RGBH"]["value"]["captured"]
    assert goals.step_ms(result, "tensorrt_rtx") == pytest.approx(6.144)


def test_nothing_measured_means_no_goal_met_or_missed() -> None:
    empty = Result({"date": "2001-02-03"})
    goals.settle(empty)
    assert {goal["met"] for goal in empty.goals} == {None}
    assert "not measured" in table.text(empty)
    assert "no GPU" in table.text(empty)


def test_the_table_tells_times_goals_and_what_went_wrong() -> None:
    result = made_up()
    result.stages["tests"] = {"pytest -m gpu": job({"counts": {}}, CRASHED, "Fatal Python error\nlast words")}
    lines = [" ".join(line.split()) for line in table.text(result).splitlines()]
    assert lines[0] == "Made-up GPU 9000, made up, 2001-02-03"
    for line in (
        "tests 0 of 1 pytest -m gpu: crashed: last words",
        "parity 0 of 1 tensorrt_rtx fp16: failed: below the floor",
        "ms per step 640x480 1920x1080",
        "tensorrt_rtx RGBH 3.07 20.7",
        "PyTorch eager 12.3 82.9",
        "compute floor 1.02 6.91",
        "tensorrt_rtx 640x480 RGBS 3.69 2.66 167 27.8%",
        "vspipe, tensorrt_rtx RGBH 3.33 -",
        "tensorrt_rtx: lowest PSNR in fp16 >= 50 49.9 dB no",
        "tensorrt: step, RGBH, 640x480 <= 3.2 - not measured",
    ):
        assert line in lines


def test_the_plot_is_the_same_for_the_same_result_and_none_for_nothing(tmp_path: Path) -> None:
    one, two, other = (tmp_path / f"{name}.png" for name in "abc")
    assert plot.draw(made_up(), one)
    assert plot.draw(made_up(), two)
    assert plot.draw(made_up(1.5), other)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    assert one.read_bytes().startswith(b"\x89PNG")
    assert not plot.draw(Result({}), tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def measured(tmp_path: Path, benchmark: str, *words: str) -> dict[str, Any]:
    """The outcome of a job that runs a benchmark on the fake backend."""
    common = ["--formats", "RGBS", "--backends", "fake", "--frames", "6"]
    made = Job("job", python("-m", "benchmarks", benchmark, *words, *common, "--output", RESULT), 120)
    outcome = run(made, 120)
    assert outcome.status == OK, outcome.output
    return outcome.data()


@pytest.mark.slow
def test_reports_of_the_other_benchmarks_are_put_together(tmp_path: Path) -> None:
    short = ["--rounds", "1", "--overhead-frames", "100", "--no-ceilings"]
    speeds = [measured(tmp_path, "speed", "--sizes", size, *short) for size in ("32x32", "48x32")]
    speeds[1]["value"]["ceilings"] = {"made up": {"median": 1.0, "rounds": [1.0], "unit": "GB/s"}}
    speeds[1]["value"]["missing"] = {}
    memory = measured(tmp_path, "memory", "--sizes", "32x32")
    result = Result({}, {"vspipe": {"a": speeds[0], "b": speeds[1], "c": job(None, FAILED)}, "memory": {"a": memory}})
    written = reports.write(result, tmp_path / "gpu.json")
    assert [file.name for file in written] == ["speed-gpu.json", "memory-gpu.json"]
    report = schema.load(written[0])
    assert [case.combination.size for case in report.cases] == ["32x32", "48x32"]
    assert report.ceilings["made up"].median == 1.0
    assert "ceilings" not in report.missing
    assert reports.write(Result({}, {"vspipe": {"c": job(None, FAILED)}}), tmp_path / "none.json") == []


def jobs(stage: str, result: Result | None = None) -> list[Job]:
    asked = Asked(peer=Path("peer"))
    return list(STAGES[stage](asked, result or Result({})))


def test_every_stage_has_jobs_with_names_of_their_own() -> None:
    for stage in STAGES:
        names = [job.name for job in jobs(stage)]
        assert names
        assert len(set(names)) == len(names)
        assert all(RESULT in job.command and 0 < job.limit <= 600 for job in jobs(stage)), stage


@pytest.mark.parametrize("stage", STAGES)
def test_every_command_is_one_that_its_program_takes(stage: str) -> None:
    for made in jobs(stage):
        _, dash, program, *words = made.command
        if program == "benchmarks":
            options.parser().parse_args(words)
        elif program == "export.verify":
            verify_options.parse(words)
        elif dash == "-P":
            arguments = json.loads(words[0])
            bound = inspect.signature(clip_rate.measure).bind(**arguments)
            assert set(bound.arguments.get("ours", {})) <= set(ARGUMENTS)
            assert made.env["PYTHONPATH"]
        else:
            module = importlib.import_module(program)
            works = {"benchmarks.gpu.environment": "describe", "benchmarks.gpu.usable": "try_backend"}
            works |= {"benchmarks.gpu.engine": "examine", "benchmarks.gpu.suite": "run"}
            inspect.signature(getattr(module, works.get(program, "measure"))).bind(**json.loads(words[0]))


def test_a_backend_that_does_not_work_is_left_out_of_the_later_stages() -> None:
    known = {"tensorrt": job(None, FAILED), "torch": job({}), "tensorrt_rtx": job({}, CRASHED)}
    result = Result({}, {"backends": known})
    for stage in ("parity", "peer", "vspipe", "memory"):
        named = {made.name.split()[0] for made in jobs(stage, result)} - {"peer"}
        assert named == {"torch"}, stage
    assert [made.name for made in jobs("step", result)] == ["dense product"]
    assert jobs("tests", result)[0].env == {"VSANIMESR_GPU": "torch"}
    assert jobs("tests")[0].env == {}
    known["tensorrt_rtx, engine for the GPU's own capability"] = job({})
    names = [made.name for made in jobs("step", result)]
    assert "tensorrt_rtx 640x480 RGBH, engine of the GPU at hand" in names
    assert "tensorrt_rtx 640x480 RGBH" not in names, "the filter's own engine is known not to work"


def test_variants_are_run_at_one_size_and_engines_of_any_kind_examined() -> None:
    names = [made.name for made in jobs("step")]
    assert sum(name.startswith("tensorrt_rtx") and ", " in name for name in names) == len(VARIANTS) - 1
    assert sum(name.startswith("tensorrt ") and ", " in name for name in names) == 3
    assert {name.partition(",")[0] for name in (made.name for made in jobs("backends"))} == set(plans.DEVICES)
    assert set(plans.ENGINES) == set(library.EXTRAS)
    compiled = [made.name for made in jobs("torch") if made.name.startswith(tuple(torch_peers.COMPILED))]
    assert len(compiled) == len(torch_peers.COMPILED)


def test_the_page_of_all_results_has_it_with_its_plot(tmp_path: Path) -> None:
    save(speed_report(), tmp_path)
    made_up().save(tmp_path / "made-up.json")
    page.write(tmp_path, tmp_path / "page.md")
    words = (tmp_path / "page.md").read_text()
    assert "Measured on a GPU: made-up." in words
    assert "## 2001-02-03: gpu-check on Made-up GPU 9000" in words
    assert "![Milliseconds of a step by size](plots/made-up.png)" in words
    assert (tmp_path / "plots" / "made-up.png").stat().st_size > 1000
