"""The pipeline, with the real vspipe and ffmpeg and tiny clips that need no plugin."""

import os
import stat
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.splitting import programs
from vsanimesr import pipeline
from vsanimesr.errors import ArgumentError, PipelineError
from vsanimesr.pipeline import Message, Progress, Render

HEAD = """
import time
import vapoursynth as vs
clip = vs.core.std.BlankClip(width=64, height=48, format=vs.YUV420P8, length={length})
def each(n, f):
    {body}
    return f
clip = clip.std.ModifyFrame(clip, each)
{tail}
clip.set_output()
"""
FAST = ("-c:v", "libx264", "-preset", "ultrafast")
SLOW_FRAMES = "time.sleep(0.05)"


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


type Script = Callable[..., Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(length: int = 30, body: str = "pass", tail: str = "", name: str = "script.vpy") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEAD.format(length=length, body=body, tail=tail), encoding="utf-8")
        return path

    return write


def frames_in(video: Path) -> int:
    command = [pipeline.find_ffmpeg(), "-v", "error", "-i", video, "-f", "framecrc", "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sum(not line.startswith("#") for line in lines)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".vpy")


def test_every_frame_arrives_and_progress_is_monotonic(script: Script, tmp_path: Path) -> None:
    seen = list(Render(script(length=57, body="time.sleep(0.01)"), tmp_path / "out.mkv", encoder=FAST).run())
    assert frames_in(tmp_path / "out.mkv") == 57
    assert len(seen) > 2
    assert all(before.done < after.done for before, after in pairwise(seen))
    assert {progress.total for progress in seen} == {57}
    assert left_in(tmp_path) == ["out.mkv"]


def test_only_the_last_progress_is_complete_and_it_comes_with_the_file(script: Script, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    for progress in Render(script(length=30, body="time.sleep(0.01)"), output, encoder=FAST).run():
        assert output.exists() == (progress.done == progress.total)
    assert progress.done == 30
    assert progress.fps > 0
    assert progress.eta == 0


def test_what_vspipe_says_is_told_apart(script: Script, tmp_path: Path) -> None:
    render, log = Render(script(), tmp_path / "out.mkv"), tmp_path / "log"
    frames = b"Frame: 1/3\rFrame: 2/3 (1.50 fps)\rFrame: 3/3\r"
    log.write_bytes(b"Warning: a\r\nInformation: b: c\n" + frames + b"Output 3 fr\xffmes")
    words: deque[str] = deque()
    with log.open("rb") as stream:
        seen = list(render._follow(stream, words))
    assert [(step.done, step.total) for step in seen] == [(1, 3), (2, 3)], "3 of 3 only when the file is there"
    assert render.messages == [Message("Warning", "a"), Message("Information", "b: c")]
    assert list(words) == ["Warning: a", "Information: b: c", "Output 3 fr\ufffdmes"]


@pytest.mark.parametrize("length", [1, 2])
def test_shortest_clips(script: Script, tmp_path: Path, length: int) -> None:
    seen = list(Render(script(length=length), tmp_path / "out.mkv", encoder=FAST).run())
    assert (seen[-1].done, seen[-1].total) == (length, length)
    assert frames_in(tmp_path / "out.mkv") == length


def test_rate_and_time_left() -> None:
    times = iter([100.0, 102.0])
    clock = pipeline.Clock(now=lambda: next(times))
    assert clock.progress(1, 21) == Progress(1, 21, 0.0, None)
    assert clock.progress(11, 21) == Progress(11, 21, 5.0, 2.0)


def test_arguments_reach_the_script(script: Script, tmp_path: Path) -> None:
    path = script(length=40, tail="clip = clip[: int(frames)]; assert word == 'ä = b c'")
    render = Render(path, tmp_path / "out.mkv", arguments={"frames": "7", "word": "ä = b c"}, encoder=FAST)
    assert list(render.run())[-1].total == 7


def test_messages_are_kept_with_their_level(script: Script, tmp_path: Path) -> None:
    log = "vs.core.log_message(vs.MESSAGE_TYPE_{}, '{}')"
    lines = log.format("INFORMATION", "Upscale: a on b"), log.format("WARNING", "Upscale: slow")
    render = Render(script(length=3, tail="; ".join(lines)), tmp_path / "out.mkv", encoder=FAST)
    for _ in range(2):  # a second run starts with none
        list(render.run())
        ours = [message for message in render.messages if message.text.startswith("Upscale: ")]
        assert ours == [Message("Information", "Upscale: a on b"), Message("Warning", "Upscale: slow")]


def test_spaces_unicode_and_colons_in_paths(script: Script, tmp_path: Path) -> None:
    folder = tmp_path / "mit Leerzeichen ä 動画 50%d"
    path = script(length=5, name=f"{folder.name}/ein skript é.vpy")
    output = folder / ("ep 1: Anfang 始.mkv" if os.name == "posix" else "ep 1 Anfang 始.mkv")
    list(Render(path, output, encoder=FAST).run())
    assert frames_in(output) == 5
    assert left_in(folder) == [output.name]


def test_relative_paths_and_a_bare_path(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(length=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    list(Render("script.vpy", "out.mkv", encoder=FAST).run())
    assert frames_in(tmp_path / "out.mkv") == 3


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_the_file_has_ordinary_permissions(script: Script, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    list(Render(script(length=3), tmp_path / "out.mkv", encoder=FAST).run())
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("other", "out.mkv")]
    assert modes[0] == modes[1]


FAILURES = {
    "script": ({"tail": "raise ValueError('bad model')"}, FAST, r"(?s)^vspipe failed .*-c y4m.*script\.vpy.*bad model"),
    "filter": ({"body": "assert n < 20, 'at 20'"}, FAST, r"(?s)^vspipe failed .*frame 2[0-9].*at 20"),
    "format": ({"tail": "clip = clip.resize.Point(format=vs.RGB24, matrix_in=1)"}, FAST, r"(?s)^vspipe failed .*y4m"),
    "codec": ({}, ("-c:v", "no_such_codec"), r"(?s)^ffmpeg failed .*yuv4mpegpipe.*no_such_codec"),
    "codec, slow script": ({"body": SLOW_FRAMES}, ("-c:v", "no_such_codec"), "(?s)^ffmpeg failed .*no_such_codec"),
    "fewer": ({"length": 500}, (*FAST, "-frames:v", "10"), "^ffmpeg wrote 10 frames, the clip has (500|more): "),
    "more": ({}, (*FAST, "-vf", "fps=48"), r"^ffmpeg wrote (59|60) frames, the clip has 30"),
    "no frames": ({}, ("-vn", "-f", "null"), "^ffmpeg failed"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failures_say_who_and_why_and_leave_nothing(script: Script, tmp_path: Path, case: str) -> None:
    options, encoder, says = FAILURES[case]
    with pytest.raises(PipelineError, match=says):
        list(Render(script(**options), tmp_path / "out.mkv", encoder=encoder).run())
    assert left_in(tmp_path) == []
    assert programs() == []


@pytest.mark.parametrize("tail", ["raise ValueError('x')", ""], ids=["failed", "succeeded"])
def test_a_file_that_was_there_stays_until_a_whole_one_comes(script: Script, tmp_path: Path, tail: str) -> None:
    output = tmp_path / "out.mkv"
    output.write_bytes(b"precious")
    try:
        for progress in Render(script(length=20, tail=tail), output, encoder=FAST).run():
            assert (output.read_bytes() == b"precious") == (progress.done < progress.total)
    except PipelineError:
        assert tail
        assert output.read_bytes() == b"precious"
    assert left_in(tmp_path) == ["out.mkv"]


def running(script: Script, tmp_path: Path) -> Generator[Progress, None, None]:
    render = Render(script(length=2000, body=SLOW_FRAMES), tmp_path / "out.mkv", encoder=FAST).run()
    next(render)
    assert len(programs()) == 2
    return render


def test_closing_early_leaves_no_file_and_no_process(script: Script, tmp_path: Path) -> None:
    render = running(script, tmp_path)
    render.close()
    assert programs() == []
    assert left_in(tmp_path) == []


def test_an_interrupt_leaves_no_file_and_no_process(script: Script, tmp_path: Path) -> None:
    render = running(script, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        render.throw(KeyboardInterrupt)
    assert programs() == []
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("victim", ["vspipe", "ffmpeg"])
def test_a_killed_program_is_an_error(script: Script, tmp_path: Path, victim: str) -> None:
    render = running(script, tmp_path)
    next(child for child in programs() if victim in child.name()).kill()
    with pytest.raises(PipelineError, match=f"^{victim}"):
        list(render)
    assert programs() == []
    assert left_in(tmp_path) == []


def test_what_is_missing_is_said_before_anything_runs(script: Script, tmp_path: Path) -> None:
    path = script()
    with pytest.raises(ArgumentError, match="no file"):
        Render(tmp_path / "none.vpy", tmp_path / "out.mkv")
    with pytest.raises(ArgumentError, match="no folder"):
        Render(path, tmp_path / "none" / "out.mkv")
    with pytest.raises(ArgumentError, match="is a folder"):
        Render(path, tmp_path)
    with pytest.raises(ArgumentError, match="'a=b'"):
        Render(path, tmp_path / "out.mkv", arguments={"a=b": "c"})


def test_ffmpeg_is_the_systems_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / ("ffmpeg.exe" if os.name == "nt" else "ffmpeg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pipeline.find_ffmpeg() != system
    system.touch(mode=0o755)
    assert pipeline.find_ffmpeg() == system


def test_missing_programs_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.shutil, "which", lambda *args, **options: None)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(PipelineError, match="pip install imageio-ffmpeg"):
        pipeline.find_ffmpeg()
    with pytest.raises(PipelineError, match="pip install vapoursynth"):
        pipeline.find_vspipe()


def test_nothing_is_printed(script: Script, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    list(Render(script(), tmp_path / "out.mkv", encoder=FAST).run())
    assert capfd.readouterr() == ("", "")
