"""`python -m training.prepare`: what it leaves on disk, and that it goes on wherever it was ended."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.preparing import film, moving, texture, video
from training.prepare import main
from training.preparing import decoding, jobs, records, workers
from vsanimesr import durable

ROOT = Path(__file__).parent.parent
PLAIN = ("--quiet", "--processes", "1", "--length", "10")


@pytest.fixture(autouse=True)
def in_this_process(request, monkeypatch):
    """Quick tests work where they are; the slow ones start processes."""
    if "slow" not in request.keywords:
        monkeypatch.setattr(
            jobs, "run", lambda work, items, processes, seen: [alone(work, each, seen) for each in items]
        )


def alone(work, item, seen):
    try:
        return work(item, seen)
    except workers.AnimeSRError as error:
        return workers.Failure(str(error))


@pytest.fixture
def episode(tmp_path):
    """A moving shot, a still one and a shorter moving one, then black."""
    still = np.stack([texture(9)] * 20)
    return video(
        tmp_path / "episode.mkv", film(moving(1, 24), still, moving(2, 21), np.zeros((15, 48, 64, 3), np.uint8))
    )


def table(out, kind):
    return [line for line in records.read(out, records.TABLE) if line["kind"] == kind]


def tree(out):
    """Every file, with its bytes."""
    return {str(file.relative_to(out)): file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()}


def test_clips_are_folders_of_the_frames_of_the_video(episode, tmp_path):
    out = tmp_path / "out"
    assert main([str(episode), "--out", str(out), "--keep", "4", *PLAIN]) == 0
    folders = sorted(file.name for file in (out / "episode").iterdir())
    assert folders == ["000000-000009", "000010-000019", "000020-000049", "000050-000059"]
    frames = [frame.picture for frame in decoding.every(episode)]
    for line in table(out, "clip"):
        numbers = [n for first, count in line["spans"] for n in range(first, first + count)]
        names = sorted((out / "episode" / line["name"]).iterdir()) if line["chosen"] else []
        assert [name.name for name in names] == ([f"{n:08}.png" for n in range(10)] if line["chosen"] else [])
        for name, number in zip(names, numbers, strict=False):
            assert np.array_equal(cv2.imread(str(name))[..., ::-1], frames[number])


def test_the_table_says_what_was_measured_and_names_the_substitutes(episode, tmp_path):
    out = tmp_path / "out"
    main([str(episode), "--out", str(out), *PLAIN])
    (head,) = table(out, "video")
    assert head["frames"] == head["expected"] or head["expected"] == 0
    assert (head["width"], head["height"], head["fps"]) == (64, 48, 25)
    assert "substitute for SPyNet" in head["flow"]
    assert "substitute for hyperIQA" in head["quality"]
    shots = table(out, "shot")
    assert [(shot["first"], shot["count"], shot["frozen"]) for shot in shots] == [
        (0, 24, False), (24, 20, True), (44, 21, False), (65, 15, True),
    ]  # fmt: skip
    assert shots[3]["black"] == 15
    clips = table(out, "clip")
    assert [clip["chosen"] for clip in clips].count(True) == 1
    assert max(clips, key=lambda clip: clip["score"])["chosen"]


def test_a_second_run_changes_nothing(episode, tmp_path, monkeypatch):
    out = tmp_path / "out"
    main([str(episode), "--out", str(out), *PLAIN])
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*.*") if file.name != records.TABLE}
    content = tree(out)
    monkeypatch.setattr(decoding, "every", lambda path: pytest.fail("it was decoded again"))
    assert main([str(episode), "--out", str(out), *PLAIN]) == 0
    assert tree(out) == content
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_another_selection_needs_no_measuring_and_leaves_no_old_clip(episode, tmp_path, monkeypatch):
    out, fresh = tmp_path / "out", tmp_path / "fresh"
    other = ("--length", "14", "--keep", "2")
    main([str(episode), "--out", str(fresh), *PLAIN, *other])
    main([str(episode), "--out", str(out), *PLAIN, "--keep", "3"])
    monkeypatch.setattr(decoding, "every", lambda path: pytest.fail("it was decoded again"))
    assert main([str(episode), "--out", str(out), *PLAIN, *other]) == 0
    assert tree(out) == tree(fresh)


def test_another_score_is_measured_anew(episode, tmp_path):
    out = tmp_path / "out"
    main([str(episode), "--out", str(out), *PLAIN])
    main([str(episode), "--out", str(out), *PLAIN, "--quality", "none"])
    assert {shot["quality"] for shot in table(out, "shot")} == {0}


def test_a_list_instead_of_pictures(episode, tmp_path):
    out = tmp_path / "out"
    assert main([str(episode), "--out", str(out), "--list", "--keep", "4", *PLAIN]) == 0
    assert sorted(file.name for file in out.iterdir()) == [".lock", "clips.jsonl", "measurements", "prepare.jsonl"]
    lines = [json.loads(line) for line in (out / "clips.jsonl").read_text().splitlines()]
    assert lines[2]["spans"] == [[20, 4], [44, 6]]
    assert all(line["path"] == str(episode) and len(line["times"]) == 10 for line in lines)


def test_a_list_is_kept_true(episode, tmp_path):
    out = tmp_path / "out"
    main([str(episode), "--out", str(out), "--list", "--keep", "4", *PLAIN])
    main([str(episode), "--out", str(out), "--keep", "1", *PLAIN])
    (line,) = records.read(out, "clips.jsonl")
    (chosen,) = [clip for clip in table(out, "clip") if clip["chosen"]]
    assert line["name"] == f"episode/{chosen['name']}"


def test_only_one_process_works_in_a_folder(episode, tmp_path, capsys):
    with durable.held(tmp_path / "out"):
        assert main([str(episode), "--out", str(tmp_path / "out"), *PLAIN]) == 1
    assert "another process works in" in capsys.readouterr().err


def test_videos_that_come_later_and_namesakes(tmp_path):
    one, two = (tmp_path / name / "same.mkv" for name in "ab")
    for seed, path in enumerate((one, two), 1):
        path.parent.mkdir()
        video(path, moving(seed, 12))
    out = tmp_path / "out"
    main([str(one), "--out", str(out), *PLAIN])
    main([str(two), "--out", str(out), *PLAIN])
    names = [line["name"] for line in table(out, "video")]
    assert names[0] == "same"
    assert names[1].startswith("same-")
    assert all((out / name / "000000-000009").is_dir() for name in names)
    together = tmp_path / "together"
    main([str(one), str(two), str(one), "--out", str(together), *PLAIN])
    assert all(name.startswith("same-") for name in (line["name"] for line in table(together, "video")))
    assert len(table(together, "video")) == 2


def test_what_fails_keeps_nothing_else_from_being_prepared(episode, tmp_path, capsys):
    broken, still = tmp_path / "text.mkv", tmp_path / "still.mkv"
    broken.write_text("no video")
    video(still, np.stack([texture(1)] * 20))
    out = tmp_path / "out"
    told = [str(tmp_path / "none.mkv"), str(broken), str(still), str(episode), "--out", str(out), *PLAIN]
    assert main(told) == 1
    said = capsys.readouterr().err
    assert "none.mkv' cannot be read" in said
    assert "text.mkv' cannot be read as a video" in said
    assert "'still' has no clip: see its shots in 'prepare.jsonl'" in said
    assert sorted(line["name"] for line in table(out, "video")) == ["episode", "still"]
    assert len(list((out / "episode").iterdir())) == 1


def test_report_and_bars(episode, tmp_path, capsys):
    assert main([str(episode), "--out", str(tmp_path / "out"), *PLAIN[1:]]) == 0
    told = capsys.readouterr()
    assert "1 clips for the loader" in told.out
    assert told.out.count("substitute for") == 2
    assert "measuring" in told.err
    assert "10/10" in told.err


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["--length", "0"], "wanted length, keep and shortest from 1 on"),
        (["--quality", "hyperiqa"], "--quality hyperiqa: "),
        (["--out", "{here}/episode.mkv"], "could not be written"),
        (["--processes", "0"], "--processes 0, wanted a number from 1 on"),
    ],
)
def test_failures_are_one_line(episode, told, message, tmp_path, capsys):
    words = [str(episode), "--out", str(tmp_path / "out"), *PLAIN, *(word.format(here=tmp_path) for word in told)]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("training.prepare: ")
    assert message in said


def test_damaged_records_are_named(episode, tmp_path, capsys):
    out = tmp_path / "out"
    main([str(episode), "--out", str(out), *PLAIN])
    for file in (out / "measurements" / "episode.npz", out / "prepare.jsonl"):
        whole = file.read_bytes()
        file.write_bytes(whole[:-40])
        assert main([str(episode), "--out", str(out), *PLAIN]) == 1
        assert f"{file}' is damaged" in capsys.readouterr().err
        file.write_bytes(whole)


def command(videos, out):
    words = [sys.executable, "-m", "training.prepare", *map(str, videos), "--out", str(out), "--length", "12"]
    return [*words, "--quiet", "--processes", "2", "--keep", "3", "--quality", "tests.preparing:slow"]


def children(pid):
    """Of a process, and theirs."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [each for child in found for each in (int(child), *children(int(child)))]


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait(until, seconds=60):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_preparation_goes_on(tmp_path):
    videos = [video(tmp_path / f"{n}.mkv", film(moving(n, 20), moving(n + 9, 20))) for n in range(3)]
    whole, out = tmp_path / "whole", tmp_path / "out"
    subprocess.run(command(videos, whole), cwd=ROOT, check=True)
    assert len(list(whole.rglob("*.png"))) == 3 * 3 * 12
    stages = [
        lambda: any(out.glob("measurements/*.npz")),
        lambda: any(out.glob("*/.*.part/*.png")),
    ]
    kept = dict[Path, int]()
    for reached in stages:
        started = subprocess.Popen(command(videos, out), cwd=ROOT)
        wait(lambda: started.poll() is not None or reached())  # noqa: B023 - called at once
        left = children(started.pid)
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        wait(lambda: not any(map(running, left)), 20)  # noqa: B023
        assert all(file.stat().st_mtime_ns == at for file, at in kept.items())
        kept |= {file: file.stat().st_mtime_ns for file in out.glob("measurements/*.npz")}
    assert kept
    subprocess.run(command(videos, out), cwd=ROOT, check=True)
    assert all(file.stat().st_mtime_ns == at for file, at in kept.items())
    assert tree(out) == tree(whole)


@pytest.mark.slow
def test_its_processes_need_no_pytorch():
    told = "import sys, training.prepare; sys.exit(bool({'torch', 'vapoursynth', 'onnx'} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", told], cwd=ROOT, check=True)


@pytest.mark.slow
def test_an_interrupt_ends_the_processes(tmp_path):
    path = video(tmp_path / "a.mkv", moving(1, 400))
    started = subprocess.Popen(command([path], tmp_path / "out"), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    wait(lambda: started.poll() is not None or len(children(started.pid)) >= 2)  # a worker, and what tracks resources
    left = children(started.pid)
    started.send_signal(signal.SIGTERM)
    _, said = started.communicate(timeout=20)
    first, _, rest = said.partition("\n")
    assert first == "training.prepare: stopped; the same command goes on after what is finished"
    assert not rest or ("resource_tracker" in rest and "Traceback" not in rest)  # CPython's, of half a clean-up
    assert started.returncode == 130
    wait(lambda: not any(map(running, left)), 20)
    assert not list((tmp_path / "out").rglob("*.npz"))
