"""`vsanimesr engines build` and `python export/build_engine.py`: what people see, and one build for all who start."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.networks import network
from vsanimesr.backends import count_nvidia_gpus
from vsanimesr.cli import build as command
from vsanimesr.cli import clip, main
from vsanimesr.engines.label import label
from vsanimesr.graphs import compose
from vsanimesr.spec import FORMATS

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SCRIPT = Path(__file__).parent.parent / "export" / "build_engine.py"
SIZE = ("--height", "46", "--width", "64")
ODD = ("--min", "16x16", "--max", "46x62")
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


@pytest.mark.parametrize("name", FORMATS)
def test_formats_have_their_names_in_any_case(name):
    parser = argparse.ArgumentParser()
    clip.add_arguments(parser)
    for text in (name, name.upper(), name.lower()):
        arguments = parser.parse_args(["--format", text, "--to", text])
        assert (arguments.format, arguments.to) == ([FORMATS[name]], FORMATS[name])
        made = clip.clip(arguments, FORMATS[name], 48, 64)
        assert label(made).startswith(name)
        assert compose(network(), made).clip == made


def test_what_is_no_format_is_a_usage_error(build, capsys):
    with pytest.raises(SystemExit, match="2"):
        build(*RTX, *SIZE, "--format", "YUV411P8")
    assert "'YUV411P8' is no format; use one of YUV420P8," in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--format YUV420P8", "YUV420P8 601 limited left"),
        ("--format yuv420p10 --matrix 2020 --chromaloc top_left --range full", "YUV420P10 2020 full top_left"),
        ("--format YUV422P8 --scale 2 --to YUV422P10 --matrix 709", "YUV422P8 709 limited left to YUV422P10, scale 2"),
        ("--format YUV420P8 --dither", "YUV420P8 601 limited left, dithered"),
        ("--format GRAY8 --matrix 170m", "Gray8 601 limited"),
        ("--format RGB24 --range limited", "RGB24 limited"),
        ("--format RGB24 --to YUV420P8 --matrix 601", "RGB24 to YUV420P8 601 limited left"),
        ("--format YUV444P16 --to RGB48", "YUV444P16 601 limited to RGB48"),
        ("--format YUV444P16 --range full --to RGBS", "YUV444P16 601 full to RGBS"),
        ("--format YUV444P8 --to YUV420P8 --chromaloc center", "YUV444P8 601 limited to YUV420P8 601 limited center"),
        ("--format RGBH --to YUV420P8 --range full", "RGBH to YUV420P8 601 full left"),
        ("--to RGBH --scale 1", "RGBS to RGBH, scale 1"),
        ("--format RGB24 --to YUV444P8 --range full", "RGB24 to YUV444P8 601 full"),
        ("--format RGB24 --to YUV444P8 --range limited", "RGB24 to YUV444P8 601 limited"),
        ("--format RGB24 --to GRAY8 --clip-range limited --range full", "RGB24 limited to Gray8 601 full"),
        ("--format RGBS --to RGB24 --range limited", "RGBS to RGB24 limited"),
    ],
)
def test_options_describe_a_clip(options, words):
    parser = argparse.ArgumentParser()
    clip.add_arguments(parser)
    arguments = parser.parse_args(options.split())
    assert label(clip.clip(arguments, arguments.format[0], 48, 64)) == words


@pytest.mark.parametrize(("best", "matrix"), [("576x1024", "601"), ("580x1024", "709"), (None, "709")])
def test_without_a_matrix_a_range_has_what_is_usual_for_its_best_size(build, monkeypatch, best, matrix):
    keys = []
    monkeypatch.setattr(command, "_build_one", lambda recipe, *_: keys.append(recipe.key))
    sizes = ("--min", "16x16", "--max", "1080x1920", *(("--opt", best) if best else ()))
    assert build(*RTX, *sizes, "--format", "YUV444P8")[0] == 0
    assert [key.format for key in keys] == [f"YUV444P8 {matrix} limited"] * 2


def test_video_is_built_for_the_size_of_the_clip(build):
    options = ("--format", "yuv420p8", "--to", "yuv420p10", "--scale", "2")
    code, told, _ = build(*RTX, *SIZE, *options)
    assert code == 0
    assert re.search(r"^  mine step, 64x48, YUV420P8 601 limited left to YUV420P10, scale 2, fp16, ", told, re.M)
    code, other, _ = build(*RTX, "--height", "48", "--width", "64", *options)
    assert code == 0
    assert other.count("built ") == 2, "a frame without a margin has graphs of its own"


@pytest.mark.slow
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
        ((*SIZE, "--matrix", "709"), "--matrix 709: RGBS has no matrix; leave it out"),
        ((*SIZE, "--range", "full"), "--range full: RGBS has no range"),
        ((*SIZE, "--format", "RGB24", "--to", "RGBH", "--matrix", "601"), "neither RGB24 nor RGBH has a matrix"),
        (
            (*SIZE, "--format", "YUV444P8", "--chromaloc", "top"),
            "--chromaloc top: YUV444P8 has no place of its chroma; leave it out",
        ),
        (
            (*SIZE, "--format", "YUV444P8", "--clip-range", "full"),
            "--clip-range full: is for RGB clips of whole numbers whose pictures are YUV or grey, these are YUV444P8",
        ),
        ((*SIZE, "--to", "YUV444P8", "--clip-range", "full"), "these are RGBS and YUV444P8; write --range"),
        ((*SIZE, "--format", "YUV420P10", "--dither"), "--dither: the pictures are YUV420P10, wanted are 8 bits"),
        ((*SIZE, "--format", "YUV420P8", "--to", "YUV420P10", "--dither"), "the pictures are YUV420P10"),
        ((*SIZE, "--to", "YUV420P16", "--dither"), "the pictures are YUV420P16"),
        (("--height", "47", "--width", "64", "--format", "yuv420p8"), "YUV420P8 has no size 47x64"),
        (("--height", "47", "--width", "63", "--to", "yuv422p8", "--scale", "1"), "YUV422P8 has no size 47x63"),
        (
            (*ODD, "--format", "YUV420P8"),
            "YUV420P8 601 limited left take multiples of 4, got 46x62; for clips of other",
        ),
        ((*ODD, "--scale", "2"), "RGBS, scale 2 take multiples of 4"),
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


@pytest.mark.slow
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
