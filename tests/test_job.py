"""A job: from file to file, killed and gone on with, with one device and with several."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from vsanimesr.errors import ArgumentError, JobError, MediaError, PipelineError
from vsanimesr.jobs import manifest
from vsanimesr.jobs.job import FOLDER, Job
from vsanimesr.jobs.ledger import Ledger
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.jobs.order import Begun, Done, Order, Step
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.media.encoders import Encoding
from vsanimesr.pipeline import Message

CLIP = Path(__file__).parent.parent / "examples" / "clip.mkv"
FRAMES = 60
FAKE = ScriptOptions(backend="fake")
QUICK = Encoding("x264", preset="ultrafast")

pytestmark = pytest.mark.slow  # programs of their own


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """The example clip on the fake backend, in chunks of few frames."""
    return Order(CLIP, tmp_path / "out.mkv", FAKE, QUICK, least=4, most=6)


def pictures(path: Path) -> list[bytes]:
    """The decoded frames of a video."""
    with av.open(str(path)) as file:
        return [frame.to_ndarray().tobytes() for frame in file.decode(video=0)]


def names(folder: Path) -> list[str]:
    """Of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def children() -> list[str]:
    """Programs of this process that run."""
    found = subprocess.run(["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line for line in found.stdout.splitlines() if "vspipe" in line or "ffmpeg" in line]


def test_a_video_is_upscaled_and_nothing_else_is_left(order: Order) -> None:
    events = list(Job(order).run())
    assert isinstance(events[-1], Done)
    assert events[-1].frames == FRAMES
    assert names(order.output.parent) == ["out.mkv"]
    frames = [event for event in events if isinstance(event, Step) and event.what == "frames"]
    assert [event.done for event in frames] == sorted(event.done for event in frames)
    assert frames[-1].done == frames[-1].total == FRAMES
    assert frames[-1].chunk[0] == frames[-1].chunk[1] >= 10
    assert any(isinstance(event, Message) and "animesr-v2 on fake" in event.text for event in events)
    with av.open(str(order.output)) as file, av.open(str(CLIP)) as source:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (1280, 960)
        assert file.streams.video[0].average_rate == source.streams.video[0].average_rate
    assert len(pictures(order.output)) == FRAMES


def test_several_devices_make_the_same(order: Order) -> None:
    list(Job(order).run())
    alone = pictures(order.output)
    together = replace(order, output=order.output.with_name("both.mkv"), devices=(0, 1))
    list(Job(together).run())
    assert pictures(together.output) == alone


def test_closing_leaves_what_is_done_and_the_next_run_goes_on(order: Order) -> None:
    running = Job(order).run()
    for event in running:
        if isinstance(event, Step) and event.what == "frames" and event.chunk[0] >= 3:
            break
    running.close()
    assert children() == []
    assert not order.output.exists()
    folder = order.output.with_name("out.mkv" + FOLDER)
    done = {record.chunk.number for record in Manifest.load(folder / manifest.NAME).records if record.done}
    assert len(done) >= 3
    events = list(Job(order).run())
    assert not any(isinstance(event, Step) and event.what == "scenes" for event in events)
    first = next(event for event in events if isinstance(event, Step) and event.what == "frames")
    assert first.chunk[0] >= len(done)
    whole = replace(order, output=order.output.with_name("whole.mkv"))
    list(Job(whole).run())
    assert pictures(order.output) == pictures(whole.output)


def test_the_same_command_goes_on_also_with_overwrite(order: Order) -> None:
    order = replace(order, overwrite=True)
    order.output.write_bytes(b"an older one")
    folder = interrupted(order)
    assert order.output.read_bytes() == b"an older one"
    done = sum(record.done for record in Manifest.load(folder / manifest.NAME).records)
    first = next(event for event in Job(order).run() if isinstance(event, Step) and event.what == "frames")
    assert first.chunk[0] >= done >= 2
    (folder / manifest.NAME).write_text("damaged")
    assert isinstance(list(Job(order).run())[-1], Done)
    assert len(pictures(order.output)) == FRAMES


def test_a_run_that_was_killed_before_it_tidied_up_is_done(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "tidy", lambda *_, **__: None)
    list(Job(order).run())
    monkeypatch.undo()
    written = order.output.stat().st_mtime_ns
    assert names(order.output.parent) == ["out.mkv", "out.mkv.vsanimesr"]
    begun, end = Job(order).run()
    assert (type(begun), type(end)) == (Begun, Done)
    assert order.output.stat().st_mtime_ns == written
    assert names(order.output.parent) == ["out.mkv"]


def test_an_output_that_somebody_else_put_there_stays_and_so_do_the_chunks(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "tidy", lambda *_, **__: None)
    list(Job(order).run())
    monkeypatch.undo()
    order.output.write_bytes(CLIP.read_bytes())
    with pytest.raises(ArgumentError, match="is there already"):
        list(Job(order).run())
    assert order.output.read_bytes() == CLIP.read_bytes()
    assert names(order.output.parent) == ["out.mkv", "out.mkv.vsanimesr"]


def test_a_failure_before_anything_is_done_leaves_nothing(order: Order) -> None:
    with pytest.raises(PipelineError, match="tilesize"):
        list(Job(replace(order, script=replace(FAKE, other={"tilesize": 8}))).run())
    assert names(order.output.parent) == []


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"output": "out.webm"}, MediaError, "cannot carry the new video"),
        ({"output": "out.xyz"}, ArgumentError, "no container is called '.xyz'"),
        ({"drop": ("sound",)}, ArgumentError, "drop: got 'sound'"),
        ({"encoding": Encoding("x264", extra=("-x264-params", "nonsense"))}, PipelineError, "encoder does not run"),
    ],
)
def test_what_the_end_would_refuse_is_refused_at_the_beginning(
    order: Order, change: dict[str, Any], kind: type[Exception], says: str
) -> None:
    if "output" in change:
        change = {"output": order.output.with_name(change["output"])}
    with pytest.raises(kind, match=says):
        next(Job(replace(order, **change)).run())
    assert names(order.output.parent) == []


def interrupted(order: Order) -> Path:
    """A job of which a part is done; returns its folder."""
    running = Job(order).run()
    for event in running:
        if isinstance(event, Step) and event.what == "frames" and event.chunk[0] >= 2:
            break
    running.close()
    return order.output.with_name(order.output.name + FOLDER)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda order: replace(order, encoding=Encoding("x264", crf=30, preset="ultrafast")),
            "--crf was not given, now 30",
        ),
        (lambda order: replace(order, script=replace(FAKE, other={"burn_in": 1})), "burn_in was not given, now 1"),
        (lambda order: replace(order, script=replace(FAKE, scale=2)), "scale was not given, now 2"),
    ],
)
def test_other_arguments_are_noticed(order: Order, change: Callable[[Order], Order], says: str) -> None:
    interrupted(order)
    with pytest.raises(JobError, match=says):
        list(Job(change(order)).run())
    list(Job(replace(change(order), overwrite=True)).run())
    assert len(pictures(order.output)) == FRAMES


def test_another_input_is_noticed(order: Order, tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    source.write_bytes(CLIP.read_bytes())
    interrupted(replace(order, source=source))
    moved = source.rename(tmp_path / "elsewhere.mkv")
    assert isinstance(list(Job(replace(order, source=moved)).run())[-1], Done)
    order.output.unlink()
    interrupted(replace(order, source=moved))
    subprocess.run(["cp", str(CLIP), str(moved)], check=True)
    with moved.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(JobError, match="the input changed"):
        list(Job(replace(order, source=moved)).run())


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"nothing")])
def test_damaged_chunks_are_made_anew(order: Order, harm: Callable[[Path], None]) -> None:
    folder = interrupted(order)
    harm(folder / "00001.mkv")
    events = list(Job(order).run())
    assert any(isinstance(event, Message) and "chunk 1 was missing or damaged" in event.text for event in events)
    assert len(pictures(order.output)) == FRAMES


def test_a_folder_is_worked_in_by_one(order: Order) -> None:
    running = Job(order).run()
    next(event for event in running if isinstance(event, Step))
    with pytest.raises(JobError, match="another process works"):
        list(Job(order).run())
    running.close()


def test_a_failing_filter_is_told_with_its_words_and_keeps_what_is_done(order: Order) -> None:
    failing = replace(order, script=replace(FAKE, device="fail=30"))
    with pytest.raises(PipelineError, match="simulated failure"):
        list(Job(failing).run())
    folder = order.output.with_name("out.mkv" + FOLDER)
    assert 2 <= sum(record.done for record in Manifest.load(folder / manifest.NAME).records) <= 8
    assert not order.output.exists()
    assert children() == []


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"source": Path("nowhere.mkv")}, MediaError, "no file"),
        ({"source": Path(__file__)}, MediaError, "test_job.py"),
        ({"output": Path("/nowhere/out.mkv")}, ArgumentError, "no folder '/nowhere'"),
        ({"output": CLIP}, ArgumentError, "is the input as well"),
        ({"devices": ()}, ArgumentError, "wanted one number"),
        ({"devices": (1, 1)}, ArgumentError, "different"),
        ({"devices": (0, 1), "script": ScriptOptions(backend="torch")}, ArgumentError, "processor for one device"),
        ({"output": Path("out")}, ArgumentError, "has no suffix"),
        ({"script": ScriptOptions(model="nobodys")}, ValueError, "nobodys"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    order: Order, change: dict[str, object], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        Job(replace(order, **change))
    assert names(order.output.parent) == []


COMMAND = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.test_job import CLIP, QUICK
from vsanimesr.jobs.job import Job
from vsanimesr.jobs.order import Order
from vsanimesr.jobs.script import ScriptOptions
slow = ScriptOptions(backend="fake", device="delay=0.01")
list(Job(Order(CLIP, Path(sys.argv[1]), slow, QUICK, least=3, most=5)).run())
"""


def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    """The whole process group goes by SIGKILL, at any moment; then the job is completed."""
    output, whole = tmp_path / "out.mkv", tmp_path / "whole.mkv"
    command = [sys.executable, "-c", COMMAND]
    subprocess.run([*command, str(whole)], check=True)
    wanted, draw, killed = pictures(whole), random.Random(5), 0
    while killed < 20:
        running = subprocess.Popen([*command, str(output)], start_new_session=True)
        with suppress(subprocess.TimeoutExpired):
            running.wait(draw.uniform(0.3, 1.8))
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            killed += 1
        assert running.wait() in (0, -signal.SIGKILL)
        if output.exists():  # it was complete before that: once more from the start
            assert pictures(output) == wanted
            output.unlink()
            shutil.rmtree(f"{output}{FOLDER}", ignore_errors=True)
    subprocess.run([*command, str(output)], check=True)
    assert pictures(output) == wanted
    assert names(tmp_path) == ["out.mkv", "whole.mkv"]
