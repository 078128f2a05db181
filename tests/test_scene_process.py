"""The search for scenes in a process of its own."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.test_job import CLIP, FRAMES
from vsanimesr.errors import MediaError, PipelineError
from vsanimesr.jobs import scene_process
from vsanimesr.jobs.scene_process import Told, searched
from vsanimesr.jobs.scene_search import scene_starts

pytestmark = pytest.mark.slow  # processes of their own


def found(path: Path, part: range) -> tuple[list[Told], list[int]]:
    """What is told, and what comes of it."""
    running, told = searched(path, track=-1, convert="", part=part), list[Told]()
    while True:
        try:
            told.append(next(running))
        except StopIteration as end:
            return told, end.value


def test_it_finds_what_a_search_here_finds() -> None:
    told, starts = found(CLIP, range(FRAMES))
    assert starts == scene_starts(CLIP)
    assert len(starts) > 1
    assert told[0] == ("index", 0, 0)
    assert told[-1] == ("scenes", FRAMES, FRAMES)


def test_of_a_part_it_tells_frames_of_the_whole() -> None:
    _, starts = found(CLIP, range(10, 50))
    assert starts == sorted({10, *(n for n in scene_starts(CLIP) if 10 < n < 50)})


def test_its_errors_are_ours(tmp_path: Path) -> None:
    (tmp_path / "text.mkv").write_text("no video")
    with pytest.raises(MediaError, match=r"text\.mkv' cannot be read as video"):
        found(tmp_path / "text.mkv", range(5))


def test_names_that_are_no_unicode(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.mkv")
    path.write_bytes(CLIP.read_bytes())
    assert found(path, range(FRAMES))[1] == scene_starts(CLIP)


def children() -> list[str]:
    """The searches of this process that run."""
    words = ["ps", "-o", "args=", "--ppid", str(os.getpid())]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if scene_process.__name__ in line]


def test_closing_ends_it_at_once() -> None:
    running = searched(CLIP, track=-1, convert="", part=range(FRAMES))
    next(running)
    next(running)
    assert len(children()) == 1
    running.close()
    assert children() == []


def test_what_others_print_is_not_taken_for_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('hello'); print('[\"hello\"]')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert found(CLIP, range(FRAMES))[1] == scene_starts(CLIP)


def test_a_new_file_is_seen_to_be_indexed(tmp_path: Path) -> None:
    path, told = tmp_path / "new.mkv", list[tuple[int, int]]()
    path.write_bytes(CLIP.read_bytes())
    scene_starts(path, indexed=lambda done, total: told.append((done, total)))
    assert told
    assert all(0 <= done <= total == 100 for done, total in told)


def test_a_process_that_dies_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_process, "__name__", "vsanimesr.no_such_module")
    with pytest.raises(PipelineError, match=r"the search for scenes ended early .*\n.*\n.*No module named"):
        found(CLIP, range(FRAMES))
