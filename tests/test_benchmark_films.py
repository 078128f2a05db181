"""`python -m benchmarks cli`, on the fake backend."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import film_files, local_cluster
from benchmarks.__main__ import main
from benchmarks.children import ChildFailed
from benchmarks.nodes_lost import Killing
from vsanimesr.jobs.scene_search import scene_starts

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

TINY = ["cli", "--size", "64x48", "--rounds", "2", "--backend", "fake"]
ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_command_is_measured_beside_vspipe_and_ffmpeg(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--frames", "24", "--chunk", "2", "--only", "overhead"]) == 0
    words = capsys.readouterr()
    data = json.loads(words.out.splitlines()[-1])
    assert words.err.count("command: ") == words.err.count("bare: ") == 2
    assert data["settings"]["chunk"] == 2
    assert "cluster" not in data
    rounds, ratios = data["overhead"]["rounds"], data["overhead"]["ratios"]
    assert [one["command"]["chunks"] for one in rounds] == [12, 12]
    assert ratios == [one["command"]["seconds"] / one["bare"]["seconds"] for one in rounds]
    assert min(one[way]["seconds"] for one in rounds for way in one) > 0


@pytest.mark.slow
def test_a_node_is_killed_in_the_middle_of_a_job(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    file = tmp_path / "found.json"
    asked = ["cli", "--size", "64x48", "--rounds", "1", "--frames", "50", "--chunk", "5", "--only", "cluster"]
    command = [sys.executable, "-m", "benchmarks", *asked, "--backend", "fake:delay=0.05", "--output", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    assert done.stdout.endswith(text)
    assert str(tmp_path) not in text
    found = json.loads(text)["cluster"]
    (ways,) = found["rounds"]
    assert {ways[way]["chunks"] for way in ("alone", "undisturbed", "killed")} == {10}
    killed = ways["killed"]["kill"]
    assert killed["node"] in (1, 2)
    assert 4 <= killed["chunks_done"] < 10
    assert 0 < killed["after_seconds"] < ways["killed"]["seconds"]
    assert found["ratios"]["killed / undisturbed"] == [ways["killed"]["seconds"] / ways["undisturbed"]["seconds"]]


def test_without_ray_it_is_told_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*TINY, "--frames", "24", "--chunk", "2"]) == 1
    words = capsys.readouterr()
    assert "pip install -e '.[bench,ray]'" in words.err
    assert "--only overhead" in words.err
    assert "round" not in words.err
    assert not words.out


def test_too_few_chunks_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--frames", "19", "--chunk", "2", "--only", "overhead"]) == 1
    assert "wanted at least 10 chunks" in capsys.readouterr().err


def test_a_result_that_could_not_be_written_is_told_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "missing" / "found.json"
    assert main([*TINY, "--frames", "24", "--chunk", "2", "--output", str(file)]) == 1
    assert "no folder" in capsys.readouterr().err


def test_a_gpu_is_not_measured_as_three(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    assert main(["cli", "--backend", "torch:cuda"]) == 1
    assert capsys.readouterr().err.startswith("benchmarks: torch on a GPU")  # nothing was measured before


def test_shots_begin_where_chunks_do(tmp_path: Path) -> None:
    with film_files.unseen(film_files.drawn(tmp_path / "shots.mkv", (64, 48), 30, shot=5)) as path:
        assert scene_starts(path) == [0, 5, 10, 15, 20, 25]
    with film_files.unseen(film_files.drawn(tmp_path / "scene.mkv", (64, 48), 30)) as path:
        assert scene_starts(path) == [0]


def test_what_bestsource_found_out_is_forgotten(tmp_path: Path) -> None:
    source = film_files.drawn(tmp_path / "long.mkv", (64, 48), 200)
    paths = set()
    for _ in range(2):
        with film_files.unseen(source) as path:
            index = Path.home() / film_files.INDEXES / path.parent.relative_to(path.anchor)
            assert not index.exists()
            scene_starts(path)
            assert list(index.iterdir())  # else it would lie elsewhere, and stay there
            paths.add(path)
        assert not index.exists()
    assert len(paths) == 2


def test_missing_frames_and_other_pictures_are_noticed(tmp_path: Path) -> None:
    one, other = (film_files.drawn(tmp_path / f"{shot}.mkv", (64, 48), 12, shot) for shot in (0, 6))
    assert film_files.pictures(one, 12) == film_files.pictures(one, 12) != film_files.pictures(other, 12)
    with pytest.raises(ChildFailed, match="has 12 frames, wanted 13"):
        film_files.pictures(one, 13)


@given(numbers=st.sets(st.integers(0, 500), min_size=1, max_size=64), nodes=st.integers(1, 5))
def test_nodes_have_processors_of_their_own_where_there_are_enough(numbers: set[int], nodes: int) -> None:
    found, apart = local_cluster.shares(sorted(numbers), nodes)
    every = [number for share in found for number in share]
    assert len(found) == nodes
    assert set(every) <= numbers
    assert len({len(share) for share in found}) == 1
    if apart:
        assert len(set(every)) == len(every) > len(numbers) - nodes
    else:
        assert all(share == sorted(numbers) for share in found)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are bound to processors on Linux only")
def test_what_is_started_for_a_node_stays_on_its_processors() -> None:
    before = local_cluster.processors()
    code = "import os; print(sorted(os.sched_getaffinity(0)))"
    with local_cluster._pinned(before[-1:]):
        found = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == before[-1:]
    assert local_cluster.processors() == before


class Nodes:
    """A cluster that says who renders, and notes who is killed."""

    apart = True

    def __init__(self, *rendering: list[int]) -> None:
        self.killed, self._told = list[int](), iter(rendering)

    def rendering(self) -> list[int]:
        return next(self._told)

    def kill(self, number: int) -> None:
        self.killed.append(number)


def killing(nodes: Any) -> Killing:
    return Killing(nodes, Path("source.mkv"), argparse.Namespace(backend="fake"))


def frames(chunks: int, of: int = 12) -> dict[str, Any]:
    return {"event": "frames", "done": 5 * chunks, "total": 5 * of, "chunks_done": chunks, "chunks": of}


def test_one_node_is_killed_when_it_renders_after_a_third() -> None:
    nodes = Nodes([], [2], [1])
    told = killing(nodes)
    for event in [{"event": "file"}, {"event": "scenes", "done": 60, "total": 60}, frames(0), frames(3)]:
        told.see(event)
    told.see(frames(4))
    assert nodes.killed == []
    told.see(frames(5))
    told.see(frames(6))
    assert nodes.killed == [2]
    assert told.done
    assert (told.done["node"], told.done["chunks_done"], told.done["frames"]) == (2, 5, 25)


def test_a_job_whose_nodes_were_never_seen_rendering_is_no_result() -> None:
    told = killing(Nodes([]))
    told.see(frames(12))
    with pytest.raises(ChildFailed, match="more --frames"):
        told.check()


def test_a_stand_in_that_ends_first_is_no_result() -> None:
    told = killing(Nodes([1]))
    told.see(frames(4))
    told.check()
    told.stand_in = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE, text=True)
    told.check()
    told.stand_in.communicate("")
    with pytest.raises(ChildFailed, match="ended first"):
        told.check()


def test_a_process_is_known_by_its_name(tmp_path: Path) -> None:
    program = tmp_path / "encoder-of-a-long-name"
    program.symlink_to(sys.executable)
    command = [program, "-I", "-S", "-c", "print('there', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"there\n"
        process = psutil.Process(running.pid)
        assert local_cluster._is_named(process, program.name)
        assert not local_cluster._is_named(process, "encoder")
        running.communicate(b"\n")
    assert not local_cluster._is_named(process, program.name)
