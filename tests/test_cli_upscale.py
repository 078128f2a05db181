"""`vsanimesr upscale` and `vsanimesr script`: what goes in, what comes out, what is said, with the fake backend."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests import media_files as files
from vsanimesr.cli import main
from vsanimesr.jobs.background import watched
from vsanimesr.media.probing import probe

CLIP = Path(__file__).parent.parent / "examples" / "clip.mkv"
FAKE = ("--backend", "fake", "--preset", "ultrafast")
COMMAND = [sys.executable, "-m", "vsanimesr"]

Made = Callable[..., Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return files.maker(tmp_path_factory)


def upscale(source: Path, output: Path, *words: str) -> int:
    return main(["upscale", str(source), "-o", str(output), *FAKE, *words])


def seconds(path: Path) -> list[Fraction]:
    """When each frame of a video is shown."""
    video = probe(path).video
    return [stamp * video.time_base for stamp in video.timestamps]


def half_a_frame(path: Path) -> Fraction:
    return min((after - before for before, after in pairwise(seconds(path))), default=Fraction(1, 24)) / 2


def kinds(path: Path) -> list[tuple[str, str, str]]:
    return sorted((stream.kind, stream.codec, stream.language) for stream in probe(path).streams)


def sound_starts(path: Path) -> list[float]:
    """When the first packet of each sound track begins, in seconds."""
    with av.open(str(path)) as file:
        return [float((next(file.demux(stream)).pts or 0) * stream.time_base) for stream in file.streams.audio]


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        "plain",
        "silent",
        "variable",
        "everything",
        "hdr10",
        "rotated",
        "delayed",
        "late",
        "trimmed",
        "one_frame",
        "flash",
    ],
)
def test_nothing_is_lost(kind: str, make: Made, tmp_path: Path) -> None:
    suffix = ".mp4" if kind in {"rotated", "trimmed", "covered"} else ".mkv"
    source, output = make(kind, suffix), tmp_path / f"out{suffix}"
    assert upscale(source, output) == 0
    before, after = probe(source), probe(output)
    assert (after.video.width, after.video.height) == (4 * before.video.width, 4 * before.video.height)
    assert len(after.video.timestamps) == len(before.video.timestamps)
    limit = half_a_frame(source)
    assert all(abs(a - b) <= limit for a, b in zip(seconds(source), seconds(output), strict=True))
    assert sound_starts(output) == pytest.approx(sound_starts(source), abs=float(limit))
    assert kinds(output) == kinds(source)
    assert after.chapters == before.chapters
    assert (after.video.sar, after.video.rotation, after.video.hdr) == (
        before.video.sar,
        before.video.rotation,
        before.video.hdr,
    )
    said, told = before.video.tags, after.video.tags
    assert {name: value for name, value in vars(said).items() if value} == {
        name: vars(told)[name] for name, value in vars(said).items() if value
    }
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.slow
@pytest.mark.skipif("VSANIMESR_REAL_CLIP" not in os.environ, reason="VSANIMESR_REAL_CLIP names no video")
def test_real_footage(tmp_path: Path) -> None:
    source, output = Path(os.environ["VSANIMESR_REAL_CLIP"]), tmp_path / "out.mkv"
    assert upscale(source, output) == 0
    assert len(probe(output).video.timestamps) == len(probe(source).video.timestamps)
    assert kinds(output) == kinds(source)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("zero_frames", "a video stream without"),
        ("truncated", "truncated|cut|ends"),
        ("text", "no"),
        ("sound_only", "no"),
    ],
)
def test_what_is_no_video_is_told(
    kind: str, says: str, make: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = make(kind, ".mkv")
    assert upscale(source, tmp_path / "out.mkv") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("vsanimesr: ")
    assert str(source) in line
    assert re.search(says, line)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_container_that_cannot_carry_a_stream(make: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = make("everything", ".mkv"), tmp_path / "out.mp4"
    assert upscale(source, output) == 1
    told = capsys.readouterr().err
    assert ".mkv" in told
    assert not output.exists()
    (advice,) = re.findall(r"--drop \S+", told)
    assert upscale(source, output, *advice.split()) == 0
    assert {kind for kind, _, _ in kinds(output)} <= {"audio", "video"}


@pytest.mark.slow
def test_a_queue_goes_on_after_a_failure_and_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.mkv", "c.mkv"):
        (folder / name).write_bytes(CLIP.read_bytes())
    (folder / "b.mkv").write_text("no video")
    (folder / ".c.joining.mkv").write_bytes(CLIP.read_bytes())
    (folder / "notes.txt").write_text("left alone")
    assert main(["upscale", str(folder), "-o", f"{out}/", *FAKE]) == 1
    words = capsys.readouterr()
    assert "a.mkv (1 of 3)" in words.out
    assert "b.mkv' cannot be read" in words.err
    assert sorted(path.name for path in out.iterdir()) == ["a.mkv", "c.mkv"]
    (folder / "b.mkv").unlink()
    assert main(["upscale", str(folder / "*.mkv"), "-o", str(out), *FAKE]) == 0
    assert capsys.readouterr().out.count("is there already and stays") == 2


@pytest.mark.slow
def test_an_input_is_never_taken_for_its_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mkv").write_bytes(CLIP.read_bytes())
    assert main(["upscale", str(tmp_path), "-o", str(tmp_path), *FAKE]) == 1
    assert "is the input as well" in capsys.readouterr().err


@pytest.mark.slow
def test_json_is_one_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert upscale(CLIP, tmp_path / "out.mkv", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["file"] for event in events} == {str(CLIP)}
    names = [event["event"] for event in events]
    assert names[0] == "file"
    assert names[-1] == "done"
    assert {"scenes", "frames", "joining", "message"} <= set(names)
    last = [event for event in events if event["event"] == "frames"][-1]
    assert (last["done"], last["total"], last["chunks_done"], last["chunks"]) == (60, 60, 1, 1)
    assert {"fps", "eta"} <= last.keys()


@pytest.mark.slow
def test_quiet_says_nothing_and_an_output_that_is_there_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    output.write_bytes(b"mine")
    assert upscale(CLIP, output, "--quiet") == 1
    assert "give --overwrite" in capsys.readouterr().err
    assert output.read_bytes() == b"mine"
    assert upscale(CLIP, output, "--quiet", "--overwrite") == 0
    assert capsys.readouterr() == ("", "")
    assert len(probe(output).video.timestamps) == 60


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "required: INPUT, -o"),
        (["in.mkv"], "required: -o"),
        (["in.mkv", "-o", "x.mkv", "--devices", "0,0"], "different numbers"),
        (["in.mkv", "-o", "x.mkv", "--devices", "a"], "wanted different numbers|no devices"),
        (["in.mkv", "-o", "x.mkv", "--scale", "5"], "invalid choice: 5"),
        (["in.mkv", "-o", "x.mkv", "--encoder", "divx"], "invalid choice: 'divx'"),
        (["in.mkv", "-o", "x.mkv", "--json", "--quiet"], "not allowed with"),
        (["in.mkv", "-o", "x.mkv", "--tilesize", "1,2,3"], "wanted one number or two"),
        (["in.mkv", "-o", "x.mkv", "--overlap", "a few"], "wanted one number or two"),
        (["in.mkv", "-o", "x.mkv", "--tilesize", "auto"], "wanted one number or two"),
        (["in.mkv", "-o", "x.mkv", "--start", "noon"], "--start: got 'noon', wanted a time like 90"),
        (["in.mkv", "-o", "x.mkv", "--end", "1:2:3:4"], "--end: got '1:2:3:4', wanted a time like 90"),
    ],
)
def test_a_wrong_command_line_gives_usage(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["upscale", *words])
    assert end.value.code == 2
    assert re.search(says, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing.mkv", "-o", "out.mkv"], "no file"),
        (["nothing*.mkv", "-o", "out.mkv"], "nothing matches"),
        ([str(CLIP), "-o", "nowhere/out.mkv"], "no folder 'nowhere'"),
        ([str(CLIP), "-o", "out.mkv", "--encoder", "ffv1", "--crf", "3"], "--crf 3 means nothing to ffv1"),
        ([str(CLIP), "-o", "out.mkv", "--model", "nobodys"], "nobodys"),
        ([str(CLIP), "-o", "out.mkv", "--backend", "magic"], "backend='magic' is not known"),
        ([str(CLIP), "-o", "out.mkv", "--pix-fmt", "yuv9"], "yuv9"),
        ([str(CLIP), "-o", "out.mkv", "--encoder-args", "-vf scale=1"], "-vf cannot be given here"),
        ([str(CLIP), "-o", "out.mkv", "--encoder-args", "-tune 'anim"], "cannot be divided into words"),
        ([str(CLIP), "-o", "out.mkv", "--start", "2", "--end", "1"], "no frame from 2 to 1; the video has 60 frames"),
        (["", "-o", "out.mkv"], "an input has no name"),
        ([str(CLIP), "-o", ""], "the output has no name"),
        ([str(CLIP), str(Path(__file__)), "-o", "both.mkv"], "2 videos cannot all become 'both.mkv'"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fake = [] if "--backend" in words else ["--backend", "fake"]
    assert main(["upscale", *words, *fake]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("vsanimesr: ")
    assert re.search(says, line)
    assert list(tmp_path.iterdir()) == []


def running(output: Path) -> "subprocess.Popen[str]":
    """A job that takes some seconds, once frames come out."""
    code = (
        "import sys; from vsanimesr.cli import main, upscale; make = upscale._options\n"
        "def slow(arguments):\n"
        "    from dataclasses import replace\n"
        "    return replace(make(arguments), device='delay=0.05')\n"
        "upscale._options = slow; sys.exit(main(sys.argv[1:]))"
    )
    words = ["upscale", str(CLIP), "-o", str(output), *FAKE, "--json"]
    started = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert started.stdout
    for line in started.stdout:
        if json.loads(line)["event"] == "frames":
            return started
    raise AssertionError(started.communicate()[1])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_job_leaves_no_programs_and_can_go_on(number: signal.Signals, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    job = running(output)
    started = {line.split()[0] for line in ps() if str(tmp_path) in line}
    assert started
    job.send_signal(number)
    _, told = job.communicate(timeout=30)
    assert job.returncode == 130, told
    assert told == "vsanimesr: interrupted; the same command goes on where it stopped\n"
    deadline = time.monotonic() + 10
    while any(str(tmp_path) in line for line in ps()):
        assert time.monotonic() < deadline, ps()
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []  # no chunk was done yet


def ps() -> list[str]:
    """Every process that runs vspipe or ffmpeg."""
    found = subprocess.run(
        ["ps", "-eww", "-o", "pid,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line for line in found if "vspipe" in line or "ffmpeg" in line]


@pytest.mark.slow
@pytest.mark.parametrize(("lines", "last"), [(1, "file"), (3, "index")])
def test_nobody_needs_to_read_to_the_end(lines: int, last: str, tmp_path: Path) -> None:
    command = f"{' '.join(COMMAND)} upscale {CLIP} -o {tmp_path}/out.mkv --backend fake --json | head -{lines}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1])["event"] == last
    assert done.stderr == ""


@pytest.mark.slow
def test_the_script_is_the_one_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["script", str(CLIP), "--backend", "fake", "--scale", "2", "--segment", "20"]) == 0
    script = tmp_path / "script.vpy"
    script.write_text(capsys.readouterr().out)
    vspipe = Path(sys.executable).with_name("vspipe")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    told = subprocess.run([vspipe, "--info", script, "-"], capture_output=True, text=True, env=environment, check=True)
    assert "Width: 640\nHeight: 480\nFrames: 60" in told.stdout
    assert "segment=20" in script.read_text()


def test_without_options_the_filter_gets_its_own_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["script", str(CLIP)]) == 0
    assert "core.animesr.Upscale(clip, format=vs.YUV420P8)" in capsys.readouterr().out


@pytest.mark.slow
def test_a_part_of_a_video_in_tiles(tmp_path: Path) -> None:
    output = tmp_path / "part.mkv"
    words = ["--start", "0.5", "--end", "30f", "--tiles", "2,1", "--overlap", "24", "--quiet"]
    assert main(["upscale", str(CLIP), "-o", str(output), *FAKE, *words]) == 0
    assert len(probe(output).video.timestamps) == 18


def test_all_of_the_filters_arguments_about_tiles_and_engines(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--tiles", "auto", "--overlap", "16,24", "--engine-dir", "here", "--build", "0"]
    assert main(["script", str(CLIP), *words]) == 0
    told = capsys.readouterr().out
    for text in ("tiles='auto'", "overlap=[16, 24]", f"engine_dir={str(Path('here').absolute())!r}", "build=0"):
        assert text in told
    assert main(["script", str(CLIP), "--tilesize", "512"]) == 0
    assert "tilesize=[512]" in capsys.readouterr().out


def test_the_last_report_is_told() -> None:
    def work(report: Callable[[int, int], None]) -> str:
        for n in range(1000):
            report(n + 1, 1000)
        return "found"

    def found() -> Generator[tuple[int, int], None, None]:
        assert (yield from watched(work)) == "found"

    told = list(found())
    assert told[-1] == (1000, 1000)
    assert len(told) < 100
