"""The splitter, with the real vspipe and ffmpeg and tiny clips that need no plugin."""

import hashlib
import os
from collections.abc import Callable, Generator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.splitting import (
    LOSSLESS,
    chunks_at,
    expected,
    finished,
    left_in,
    programs,
    raw,
    split,
    write_script,
)
from vsanimesr.errors import AnimeSRError, ArgumentError, JobError, PipelineError
from vsanimesr.jobs import pipes, splitter
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.splitter import Finished, Splitter
from vsanimesr.pipeline import Message, Progress

SLOW_FRAMES = "time.sleep(0.05)"
WAYS = {"copied": pipes.copied, "moved": pipes.move}


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


@pytest.mark.parametrize("way", WAYS)
def test_each_file_holds_the_frames_of_its_chunk(tmp_path: Path, way: str) -> None:
    chunks, folder = chunks_at(5, 6, 19, 30, 40, number=3), tmp_path / "chunks"
    events = list(split(write_script(tmp_path), chunks, folder, move=WAYS[way]).run())
    done = finished(events)
    assert [event.chunk for event in done] == chunks
    for event in done:
        data = event.path.read_bytes()
        assert raw(event.path) == expected(event.chunk.first, event.chunk.end)
        assert (event.sha256, event.nbytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert left_in(folder) == [f"{number:03d}.mkv" for number in range(3, 7)]
    assert programs() == []
    last = events[-1]
    assert isinstance(last, Progress)
    assert (last.done, last.total, last.eta) == (35, 35, 0)
    assert last.fps > 0


@pytest.mark.slow
def test_a_chunk_is_the_same_wherever_the_stretch_begins(tmp_path: Path) -> None:
    script, encode = write_script(tmp_path), ("-c:v", "libx264", "-preset", "veryfast", "-fflags", "+bitexact")
    bounds = [0, 7, 8, 21, 40]
    whole = finished(split(script, chunks_at(*bounds), tmp_path / "whole", encode).run())
    for index in (1, 3):
        part = finished(split(script, chunks_at(*bounds[index:], number=index), tmp_path / "part", encode).run())
        assert [event.sha256 for event in part] == [event.sha256 for event in whole[index:]]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_frames_larger_than_any_pipe(tmp_path: Path, way: str) -> None:
    script = write_script(tmp_path, length=9, width=65536)
    done = finished(split(script, chunks_at(0, 1, 4, 9), tmp_path / "chunks", move=WAYS[way]).run())
    for event in done:
        assert raw(event.path) == expected(event.chunk.first, event.chunk.end, width=65536)


@pytest.mark.slow
@pytest.mark.parametrize("pixels", ["YUV420P10", "YUV422P8", "YUV444P16", "GRAY8", "GRAY16"])
def test_formats(tmp_path: Path, pixels: str) -> None:
    script = write_script(tmp_path, length=6, tail=f"clip = clip.resize.Point(format=vs.{pixels})")
    done = finished(split(script, chunks_at(0, 2, 6), tmp_path / "chunks", (*LOSSLESS, "-strict", "-1")).run())
    assert [len(raw(event.path)) // event.chunk.frames for event in done] == [frame_nbytes(pixels)] * 2


def frame_nbytes(pixels: str) -> int:
    return 64 * 48 * {"YUV420P10": 3, "YUV422P8": 2, "YUV444P16": 6, "GRAY8": 1, "GRAY16": 2}[pixels]


@pytest.mark.slow
def test_pictures_of_the_filter_do_not_depend_on_where_chunks_end(tmp_path: Path) -> None:
    body, folder = "clip = core.animesr.Upscale(clip, backend='fake')", tmp_path / "chunks"
    script = write_script(tmp_path, length=24)
    script.write_text(
        script.read_text(encoding="utf-8").replace("clip = clip[int", f"{body}\nclip = clip[int"), "utf-8"
    )
    whole = finished(split(script, chunks_at(0, 24, number=9), folder).run())
    parts = finished(split(script, chunks_at(0, 1, 8, 17), folder).run())
    parts += finished(split(script, chunks_at(17, 20, 24, number=3), folder).run())
    assert b"".join(raw(part.path) for part in parts) == raw(whole[0].path)


@pytest.mark.slow
def test_progress_is_monotonic_and_complete_only_at_the_end(tmp_path: Path) -> None:
    script = write_script(tmp_path, body=SLOW_FRAMES)
    events = list(split(script, chunks_at(0, 15, 40), tmp_path / "chunks").run())
    steps = [event for event in events if isinstance(event, Progress)]
    assert len(steps) > 3
    assert all(before.done <= after.done for before, after in pairwise(steps))
    assert {step.total for step in steps} == {40}
    assert [step.done for step in steps].index(40) == len(steps) - 1
    assert events[-1] is steps[-1]
    assert steps[-2].fps > 0


def test_a_run_can_be_stopped_while_the_script_loads(tmp_path: Path) -> None:
    run = split(write_script(tmp_path, tail="time.sleep(3600)"), chunks_at(0, 3), tmp_path / "chunks").run()
    assert next(run) == Progress(0, 3, 0.0, None)
    run.close()
    assert programs() == []


@pytest.mark.slow
def test_messages_arguments_and_environment(tmp_path: Path) -> None:
    tail = "vs.core.log_message(vs.MESSAGE_TYPE_WARNING, f'Upscale: {word} {os.environ[\"GPU\"]}')"
    made = split(
        write_script(tmp_path, tail=tail), chunks_at(0, 3), tmp_path / "chunks",
        arguments={"word": "ä = b"}, environment={"GPU": "1"},
    )  # fmt: skip
    for _ in range(2):  # a second run starts with none
        assert len(finished(made.run())) == 1
        assert made.messages == [Message("Warning", "Upscale: ä = b 1")]


AT_33 = "assert n < 33 or time.sleep(1), 'at 33'"  # frames that are not written by then vspipe drops
FAILURES: dict[str, tuple[dict[str, str], tuple[str, ...], str, int]] = {
    "script": ({"tail": "raise ValueError('bad model')"}, LOSSLESS, r"(?s)^vspipe failed .*-a first=0.*bad model", 0),
    "fewer": ({"tail": "clip = clip[:25]"}, LOSSLESS, "^vspipe gave a clip of 25 frames, wanted 40", 0),
    "codec": ({}, ("-c:v", "no_such_codec"), "(?s)^ffmpeg failed .*yuv4mpegpipe.*no_such_codec", 0),
    "filter": ({"body": AT_33}, LOSSLESS, "(?s)^vspipe failed .*at 33", 3),
    "dropping": ({}, (*LOSSLESS, "-frames:v", "4"), "^ffmpeg (wrote|ended after) 4", 0),
    "doubling": ({}, (*LOSSLESS, "-vf", "fps=48"), "^ffmpeg wrote (19|20) frames of chunk [01], which has 10", 0),
    "disk": ({}, (*LOSSLESS, "-f", "matroska", "/dev/full", *LOSSLESS), "^the disk is full: .*00[01].mkv", 0),
    "loud": ({"tail": "sys.stderr.write('word\\n' * 10**6); os._exit(7)"}, LOSSLESS, "(?s)exit code 7.*word", 0),
}
QUICK = ("script", "codec")


@pytest.mark.parametrize(
    "case", [case if case in QUICK else pytest.param(case, marks=pytest.mark.slow) for case in FAILURES]
)
def test_failures_say_who_and_why_and_keep_what_is_finished(tmp_path: Path, case: str) -> None:
    options, encode, says, whole = FAILURES[case]
    if "/dev/full" in encode and not Path("/dev/full").exists():
        pytest.skip("this system has no full disk to write to")
    run, seen = split(write_script(tmp_path, **options), chunks_at(0, 10, 20, 30, 40), tmp_path / "chunks", encode), []
    with pytest.raises(JobError if case == "disk" else PipelineError, match=says):
        seen.extend(run.run())
    done = len(finished(seen))
    # vspipe throws away what it has not written yet when a filter fails, however many frames that are.
    assert done <= whole if case == "filter" else done == whole
    assert left_in(tmp_path / "chunks") == [f"{number:03d}.mkv" for number in range(done)]
    assert programs() == []


@pytest.mark.slow
def test_an_encoder_that_ends_while_the_script_takes_its_time(tmp_path: Path) -> None:
    script = write_script(tmp_path, length=240, body="time.sleep(3600 * (n > 150))")
    with pytest.raises(PipelineError, match=r"(?s)^ffmpeg failed .*no_such_codec"):
        list(split(script, chunks_at(0, 240), tmp_path / "chunks", ("-c:v", "no_such_codec")).run())
    assert programs() == []


type Program = Callable[[str], None]


@pytest.fixture
def vspipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Takes the place of vspipe by a shell script that writes what the test wants."""

    def write(text: str) -> None:
        path = tmp_path / "vspipe"
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(splitter, "find_vspipe", lambda: path)

    return write


STREAM = "printf 'YUV4MPEG2 W64 H48 F24:1 Ip C420{}\\n'\n"
FRAME = "printf 'FRAME Ip XYZ\\n'; head -c 4608 /dev/zero\n"
BROKEN = {
    "nothing": ("exit 4", r"vspipe failed \(exit code 4\)", 0),
    "nothing, well": ("exit 0", "vspipe gave 0 frames, wanted 4", 0),
    "text": ("echo Output 5 frames, all is well, no frames here", "no YUV4MPEG2: a stream of frames was wanted", 0),
    "unknown colour": ("printf 'YUV4MPEG2 W64 H48 F24:1 Cxyz\\n'", "no YUV4MPEG2: .*Cxyz", 0),
    "middle of a line": (STREAM.format("") + FRAME * 2 + "printf FRA; exit 5", "exit code 5", 1),
    "middle of a frame": (STREAM.format("") + FRAME * 3 + "printf 'FRAME\\nabc'; exit 6", "exit code 6", 1),
    "killed in a frame": (STREAM.format("") + FRAME * 3 + "printf 'FRAME\\nabc'; kill -9 $$", "exit code -9", 1),
    "between frames": (STREAM.format("") + FRAME * 3, "vspipe gave 3 frames, wanted 4", 1),
    "out of step": (STREAM.format("") + FRAME * 2 + "head -c 9 /dev/zero", "no YUV4MPEG2: a frame was wanted", 1),
    "more": (STREAM.format("") + FRAME * 5, "vspipe gave more than the 4 frames that were wanted", 1),
    "more, by the header": (STREAM.format(" XLENGTH=5") + FRAME * 5, "gave a clip of 5 frames, wanted 4", 0),
    "at its end": (STREAM.format("") + FRAME * 4 + "exit 3", "exit code 3", 2),
}  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", [*BROKEN])
@pytest.mark.slow
def test_streams_that_are_cut_short_or_wrong(tmp_path: Path, vspipe: Program, case: str, way: str) -> None:
    text, says, whole = BROKEN[case]
    vspipe(text)
    folder = tmp_path / "chunks"
    with pytest.raises(PipelineError, match=says):
        list(split(write_script(tmp_path), chunks_at(0, 2, 4), folder, move=WAYS[way]).run())
    assert left_in(folder) == [f"{number:03d}.mkv" for number in range(whole)]
    assert all(raw(folder / name) == bytes(2 * 4608) for name in left_in(folder))
    assert programs() == []


def running(tmp_path: Path, **options: str) -> Generator[Progress | Finished, None, None]:
    script = write_script(tmp_path, length=240, **{"body": SLOW_FRAMES, **options})
    run = split(script, chunks_at(0, 4, 240), tmp_path / "chunks").run()
    while not isinstance(next(run), Finished):
        pass
    while [name for name in ("vspipe", "ffmpeg") if not any(name in child.name() for child in programs())]:
        pass
    return run


def test_closing_early_leaves_what_is_finished_and_nothing_else(tmp_path: Path) -> None:
    running(tmp_path).close()
    assert programs() == []
    assert left_in(tmp_path / "chunks") == ["000.mkv"]


@pytest.mark.slow
def test_an_interrupt_does_as_well(tmp_path: Path) -> None:
    run = running(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run.throw(KeyboardInterrupt)
    assert programs() == []
    assert left_in(tmp_path / "chunks") == ["000.mkv"]


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["vspipe", "ffmpeg"])
def test_a_killed_program_is_an_error(tmp_path: Path, victim: str) -> None:
    run = running(tmp_path)
    next(child for child in programs() if victim in child.name()).kill()
    with pytest.raises(PipelineError, match=f"^{victim}.*exit code -9"):
        list(run)
    assert programs() == []
    assert left_in(tmp_path / "chunks") == ["000.mkv"]


@pytest.mark.slow
def test_a_slow_consumer_holds_nothing_up_for_ever(tmp_path: Path) -> None:
    chunks = chunks_at(*range(0, 41, 4))
    run = split(write_script(tmp_path), chunks, tmp_path / "chunks").run()
    first = next(event for event in run if isinstance(event, Finished))
    while len(left_in(tmp_path / "chunks")) < 2:  # others end while nobody asks
        pass
    assert [event.chunk for event in sorted([first, *finished(run)], key=lambda event: event.chunk.number)] == chunks


def test_what_killed_runs_left_is_swept(tmp_path: Path, vspipe: Program) -> None:
    vspipe("exit 3")
    folder = tmp_path / "chunks"
    folder.mkdir()
    for name in (".000.0123abcd.part.mkv", ".001.0123abcd.part.mkv", ".000.mkv", "000.mkv"):
        (folder / name).write_bytes(b"x")
    with pytest.raises(PipelineError):
        list(split(write_script(tmp_path), chunks_at(0, 40), folder).run())
    assert left_in(folder) == [".000.mkv", ".001.0123abcd.part.mkv", "000.mkv"]


def test_what_is_missing_or_wrong_is_said_before_anything_runs(tmp_path: Path) -> None:
    script, folder = write_script(tmp_path), tmp_path / "chunks"
    with pytest.raises(ArgumentError, match="no file"):
        split(tmp_path / "none.vpy", chunks_at(0, 3), folder)
    with pytest.raises(ArgumentError, match="got none"):
        split(script, [], folder)
    with pytest.raises(ArgumentError, match="ends before frame 3, the next begins with 4"):
        split(script, [Chunk(0, 0, 3), Chunk(1, 4, 9)], folder)
    with pytest.raises(ArgumentError, match="the same file"):
        Splitter(script, chunks_at(0, 3, 5), lambda chunk: folder / "0.mkv", LOSSLESS, {})
    with pytest.raises(ArgumentError, match="'a b'"):
        split(script, chunks_at(0, 3), folder, arguments={"a b": "c"})


@pytest.mark.slow
def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    made = Splitter(write_script(tmp_path), chunks_at(0, 3), lambda chunk: tmp_path / "no" / "0.mkv", LOSSLESS, {})
    with pytest.raises(AnimeSRError, match=r"(?s)0\.mkv"):
        list(made.run())


@pytest.mark.slow
def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    list(split(write_script(tmp_path), chunks_at(0, 40), tmp_path / "chunks").run())
    assert capfd.readouterr() == ("", "")
