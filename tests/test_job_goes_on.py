"""A job that goes on under other circumstances, and one of a part of its video."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from tests.test_job import CLIP, FAKE, FRAMES, interrupted, names, order, pictures
from vsanimesr.errors import ArgumentError, JobError, MediaError
from vsanimesr.jobs import kind, manifest, workers
from vsanimesr.jobs.job import FOLDER, Job
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.jobs.order import Begun, Done, Order, Step
from vsanimesr.media.encoders import Encoding
from vsanimesr.pipeline import Message

__all__ = ["order"]  # a fixture
pytestmark = pytest.mark.slow  # programs of their own


def texts(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message)]


# -- a part ------------------------------------------------------------------------------------------------------------


def test_a_part_is_what_the_whole_has_there(order: Order) -> None:
    order = replace(order, encoding=Encoding("ffv1"))
    list(Job(order).run())
    whole = pictures(order.output)
    cut = replace(order, output=order.output.with_name("part.mkv"), start="11f", end="43f")
    events = list(Job(cut).run())
    assert events[-1].frames == 32
    assert pictures(cut.output) == whole[11:43]
    begun = next(event for event in events if isinstance(event, Begun))
    assert (begun.size, begun.new_size, begun.frames) == ((320, 240), (1280, 960), 32)
    with av.open(str(cut.output)) as made, av.open(str(CLIP)) as source:
        seconds = 32 / float(source.streams.video[0].average_rate)
        assert made.duration / av.time_base == pytest.approx(seconds, abs=0.05)


def test_another_part_is_another_job(order: Order) -> None:
    part = replace(order, start="1f", end="50f")
    interrupted(part)
    with pytest.raises(JobError, match="--start and --end, in frames, was 1 to 49, now 1 to 54"):
        list(Job(replace(part, end="55f")).run())
    with pytest.raises(JobError, match="in frames, was 1 to 49, now not given"):
        list(Job(order).run())
    assert isinstance(list(Job(replace(part, end="50f")).run())[-1], Done)
    assert len(pictures(order.output)) == 49


def test_a_part_without_frames_is_refused_before_anything_is_written(order: Order) -> None:
    with pytest.raises(ArgumentError, match=r"no frame from 0:10 to the end; the video has 60 frames in 2\.4"):
        Job(replace(order, start="0:10"))
    assert names(order.output.parent) == []


# -- scenes ------------------------------------------------------------------------------------------------------------


def test_the_scene_that_is_worked_on_is_told_also_when_it_goes_on(order: Order) -> None:
    folder = interrupted(order)
    scenes = Manifest.load(folder / manifest.NAME).scenes
    assert scenes[0] == 0
    steps = [event for event in Job(order).run() if isinstance(event, Step) and event.what == "frames"]
    assert all(1 <= number <= total == len(scenes) > 1 for number, total in (step.scene for step in steps))
    assert [step.scene for step in steps] == sorted(step.scene for step in steps)
    assert steps[-1].scene == (len(scenes), len(scenes))


def test_without_scenes_none_is_told(order: Order) -> None:
    one = replace(order, script=replace(FAKE, other={"scenes": 0}))
    steps = [event for event in Job(one).run() if isinstance(event, Step)]
    assert {step.scene for step in steps} == {(0, 0)}
    assert "scenes" not in {step.what for step in steps}


# -- other devices, versions, engines ----------------------------------------------------------------------------------


def test_other_versions_are_noticed_and_taken_if_asked_for(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(order)
    monkeypatch.setattr(kind, "_ffmpeg", lambda: "0.0.1")
    with pytest.raises(JobError, match=r"ffmpeg was .*, now 0\.0\.1; give --mixed to go on nevertheless"):
        list(Job(order).run())
    events = list(Job(replace(order, mixed=True)).run())
    assert any("last bits: ffmpeg was" in text for text in texts(events))
    assert len(pictures(order.output)) == FRAMES


def test_where_engines_lie_makes_no_difference(order: Order, tmp_path: Path) -> None:
    interrupted(order)
    other = {"engine_dir": tmp_path / "engines", "build": 0, "slots": 2, "checkpoints": 16}
    assert isinstance(list(Job(replace(order, script=replace(FAKE, other=other))).run())[-1], Done)


def with_engines(name: str) -> Any:
    """A way to render that says which engines it has, as the filter does."""

    def render(job: Job, found: Manifest) -> Generator[workers.Event, None, None]:
        for event in Job._here(job, found):
            yield Message("Information", f"Upscale: v2 on tensorrt (H200), fp16, engines {name}")
            yield event

    return render


OLD, NEW = "0123456789abcdef", "fedcba9876543210"


def begun_with(order: Order, name: str) -> Path:
    running = Job(order, with_engines(name)).run()
    for event in running:
        if isinstance(event, Step) and event.what == "frames" and event.chunk[0] >= 2:
            break
    running.close()
    return order.output.with_name(order.output.name + FOLDER)


def test_engines_that_were_built_anew_are_noticed(order: Order) -> None:
    folder = begun_with(order, OLD)
    before = Manifest.load(folder / manifest.NAME)
    assert before.engines == OLD
    with pytest.raises(JobError, match=f"the engines are {NEW}, not {OLD}; give --mixed .* or --overwrite"):
        list(Job(order, with_engines(NEW)).run())
    assert Manifest.load(folder / manifest.NAME) == before
    assert isinstance(list(Job(order, with_engines(OLD)).run())[-1], Done)
    assert len(pictures(order.output)) == FRAMES


def test_engines_that_were_built_anew_are_taken_if_asked_for(order: Order) -> None:
    begun_with(order, OLD)
    events = list(Job(replace(order, mixed=True), with_engines(NEW)).run())
    assert any(f"the engines are {NEW}, not {OLD}" in text for text in texts(events))
    assert len(pictures(order.output)) == FRAMES


def test_overwrite_begins_anew_with_engines_that_were_built_anew(order: Order) -> None:
    begun_with(order, OLD)
    folder, engines = order.output.with_name("out.mkv" + FOLDER), list[str]()
    for event in Job(replace(order, overwrite=True), with_engines(NEW)).run():
        if isinstance(event, Step) and event.what == "frames":
            found = Manifest.load(folder / manifest.NAME)
            engines.append(found.engines)
    assert set(engines) == {NEW}
    assert len(pictures(order.output)) == FRAMES


def test_engines_of_a_job_of_which_nothing_is_done_do_not_matter(order: Order) -> None:
    folder = begun_with(order, OLD)
    found = Manifest.load(folder / manifest.NAME)
    for chunk in found.chunks:
        found = found.unfinished(chunk)
    found.save(folder / manifest.NAME)
    assert isinstance(list(Job(order, with_engines(NEW)).run())[-1], Done)


def test_engines_may_not_change_within_a_run(order: Order) -> None:
    def render(job: Job, found: Manifest) -> Generator[workers.Event, None, None]:
        for n, event in enumerate(Job._here(job, found)):
            yield Message("Information", f"Upscale: v2 on tensorrt (H200), fp16, engines {NEW if n > 9 else OLD}")
            yield event

    with pytest.raises(JobError, match=f"the engines are {NEW}, not {OLD}"):
        list(Job(order, render).run())


# -- a source that goes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True], ids=["while it is upscaled", "before it is joined"])
def test_a_source_that_vanishes_is_named_and_what_is_done_stays(order: Order, tmp_path: Path, late: bool) -> None:
    source = tmp_path / "in.mkv"
    source.write_bytes(CLIP.read_bytes())
    order = replace(order, source=source, script=replace(FAKE, device="fail=50" if not late else ""))

    def run() -> None:
        for event in Job(order).run():
            if isinstance(event, Step) and event.what == "frames" and event.chunk[0] >= 2:
                source.unlink(missing_ok=True)

    with pytest.raises(MediaError, match=r"in\.mkv.*(is not there any more|is it still there)"):
        run()
    folder = order.output.with_name("out.mkv" + FOLDER)
    assert sum(record.done for record in Manifest.load(folder / manifest.NAME).records) >= 2
    source.write_bytes(CLIP.read_bytes())
    if late:
        assert isinstance(list(Job(order).run())[-1], Done)
        assert len(pictures(order.output)) == FRAMES
