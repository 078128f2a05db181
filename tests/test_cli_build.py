"""`vsanimesr engines build` and `python export/build_engine.py`: what people see, and one build for all who start."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from vsanimesr.backends import count_nvidia_gpus
from vsanimesr.cli import main

SCRIPT = Path(__file__).parent.parent / "export" / "build_engine.py"
SIZE = ("--height", "46", "--width", "64")
RTX = ("--backend", "tensorrt_rtx")


@pytest.fixture
def build(imported, capsys):
    """Builds engines of a small model; returns exit code, stdout, stderr."""

    def run(*arguments):
        code = main(["engines", "build", "--model", "mine", *arguments])
        return code, *capsys.readouterr()

    return run


def files(text):
    return [Path(line.split(" ", 1)[1]) for line in text.splitlines() if line.startswith(("built ", "reused "))]


def test_it_prints_file_size_seconds_and_key_and_reuses(build, home):
    code, told, _ = build(*RTX, *SIZE, "--compute-capability", "8.9")
    assert code == 0
    assert [path.parent for path in files(told)] == [home / "engines"] * 2
    assert all(path.exists() for path in files(told))
    assert re.findall(r"^built .*mine\.(ingest|step)\.64x48\.RGBS\.fp16\.tensorrt_rtx", told, re.M) == [
        "ingest",
        "step",
    ]
    assert len(re.findall(r"^  \d+\.\d MB, \d+\.\d\d s, key [0-9a-f]{64}$", told, re.M)) == 2
    code, again, errors = build(*RTX, *SIZE, "--compute-capability", "8.9")
    assert (code, errors) == (0, "")
    assert files(again) == files(told)
    assert again.count("reused ") == 2


@pytest.mark.parametrize("harm", [lambda data: data[:100], lambda data: data[:-7] + b"garbage", lambda _: b""])
def test_a_damaged_file_is_built_anew_with_a_notice(build, harm):
    _, told, _ = build(*RTX, *SIZE)
    step = files(told)[1]
    step.write_bytes(harm(step.read_bytes()))
    code, told, errors = build(*RTX, *SIZE)
    assert code == 0
    assert re.findall("^(built|reused) ", told, re.M) == ["reused", "built"]
    assert step.name in errors
    assert "not used" in errors


def test_ranges_formats_and_capabilities(build):
    sizes = ("--min", "16x16", "--opt", "48x64", "--max", "64x96")
    code, told, _ = build(*RTX, *sizes, "--format", "rgbh", "rgbs", "--compute-capability", "7.5", "8.9")
    assert code == 0
    assert len(files(told)) == 8
    for part in (".RGBH.", ".RGBS.", "sm75", "sm89"):
        assert sum(part in path.name for path in files(told)) == 4
    assert "16x16 to 96x64, best 64x48" in told


def test_without_a_backend_it_takes_what_is_installed(build, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    code, told, _ = build(*SIZE)
    assert code == 0
    assert all("tensorrt_rtx" in path.name for path in files(told))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "which size? Give --height and --width of the clip, or --min and --max"),
        (("--height", "48"), "--height and --width"),
        ((*SIZE, "--min", "16x16"), "either --height and --width, or --min, --opt and --max"),
        (("--min", "16x16"), "--min and --max"),
        (("--min", "64x64", "--max", "32x32"), "the least, the best, the most"),
        (("--height", "8", "--width", "64"), "8x64 (height x width) is too small, wanted 16 or more"),
        ((*SIZE, "--compute-capability", "9.0"), "does not build for 9.0, only for 7.5"),
        ((*SIZE, "--model", "nothing"), "no model is called 'nothing'"),
    ],
)
def test_what_cannot_be_built_is_told_in_a_line(build, arguments, words):
    code, told, errors = build(*RTX, *arguments)
    assert (code, told) == (1, "")
    assert words in errors
    assert errors.startswith("vsanimesr: ")
    assert errors.count("\n") == 1


@pytest.mark.skipif(count_nvidia_gpus() > 0, reason="there is a GPU")
def test_a_gpu_that_is_not_there(build):
    code, _, errors = build(*RTX, *SIZE, "--device", "0")
    assert code == 1
    assert "no NVIDIA driver" in errors


def test_a_size_that_is_none_is_a_usage_error(build, capsys):
    with pytest.raises(SystemExit, match="2"):
        build("--min", "large")
    assert "'large' is no size; write height and width, such as 480x640" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_says_the_way_out(build, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, errors = build(*RTX, *SIZE, "--engine-dir", str(tmp_path / "file"))
    assert code == 1
    assert "--engine-dir" in errors


def test_eight_that_start_together_build_once(imported, home):
    command = [sys.executable, SCRIPT, "--model", "mine", *RTX, *SIZE]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    ended = [(process.communicate(timeout=120), process.returncode) for process in started]
    assert [code for _, code in ended] == [0] * 8, ended
    told = [out for (out, _), _ in ended]
    assert sum(out.count("built /") for out in told) == 2
    assert sum(out.count("reused /") for out in told) == 14
    assert len({tuple(files(out)) for out in told}) == 1
    assert len(list((home / "engines").glob("*.engine"))) == 2
