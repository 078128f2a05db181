"""What a folder of engines is said to hold, and what is removed from it."""

import errno
import os
from pathlib import Path

import pytest

from tests.engine_keys import KEY, ignore, put
from vsanimesr import engines
from vsanimesr.engines import clear, entries

OTHERS = ["notes.txt", "a.engine", ".hidden", f"{KEY.file_name}.bak", f"x{KEY.file_name}.part", "animesr.onnx"]
"""Files that are not ours, or not certainly."""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def every(_):
    return True


def of(path, end):
    return path.with_name(path.name + end)


@pytest.fixture
def folder(tmp_path):
    """Two good engines, one damaged, one without metadata, left-over files, and files that are not ours."""
    put(tmp_path, b"good", model="a")
    put(tmp_path, b"also good", model="b", device="NVIDIA L4")
    put(tmp_path, b"damaged", model="c", format="RGBS").path.write_bytes(b"damage.")
    of(put(tmp_path, b"bare", model="d", graph="ingest").path, ".json").unlink()
    gone = put(tmp_path, b"gone", model="e", precision="fp32").path
    gone.unlink()
    of(gone, ".NVIDIA-L4.cache").write_bytes(b"12345")
    (tmp_path / f".{gone.name}.json.0123abcd.part").write_bytes(b"123")
    (tmp_path / f".{gone.name}.0123abcd.part").write_bytes(b"1234")
    for name in OTHERS:
        (tmp_path / name).write_text("not ours")
    (tmp_path / f"folder.{'0' * 12}.engine").mkdir()
    return tmp_path


def test_everything_is_listed(folder):
    found = entries(folder)
    assert [entry.path.name for entry in found] == sorted(entry.path.name for entry in found)
    told = {entry.path.name: entry for entry in found}
    good = [entry for entry in found if not entry.problem]
    assert [entry.engine.key.model for entry in good] == ["a", "b"]
    assert [entry.engine.nbytes for entry in good] == [4, 9]
    problems = [entry.problem for entry in found if entry.problem]
    assert all(entry.problem.startswith(entry.path.name) for entry in found if entry.problem)
    for part, count in {
        "is damaged": 1,
        "has no metadata beside it": 1,
        "belongs to no engine": 3,
        "was left behind by a killed build": 2,
    }.items():
        assert sum(part in problem for problem in problems) == count, part
    assert not set(OTHERS) & told.keys()
    assert len(found) == 9


def test_an_empty_folder_and_none(tmp_path):
    assert entries(tmp_path) == entries(tmp_path / "none") == []
    assert clear(tmp_path / "none", every, say=ignore) == []


def test_clear_removes_what_is_ours_and_nothing_else(folder):
    engine = next(entry.path for entry in entries(folder) if not entry.problem)
    of(engine, ".NVIDIA-L4.cache").write_bytes(b"kernels")
    sizes = {path: path.stat().st_size for path in folder.iterdir()}
    removed = clear(folder, every, say=ignore)
    assert names(folder) == sorted([*OTHERS, f"folder.{'0' * 12}.engine"])
    assert removed == [(path, sizes[path]) for path, _ in removed]
    kept = {path for path in sizes if path.exists()}
    locks = {path for path in sizes if path.suffix == ".lock" and path.with_suffix("") in sizes}
    assert {path for path, _ in removed} == set(sizes) - kept - locks
    assert (engine, 4) in removed
    assert (of(engine, ".NVIDIA-L4.cache"), 7) in removed


def test_clear_removes_what_is_selected(folder):
    before = set(names(folder))
    good = next(entry.engine for entry in entries(folder) if not entry.problem)
    removed = clear(folder, lambda entry: entry.engine == good, say=ignore)
    assert [path for path, _ in removed] == [good.path, of(good.path, ".json")]
    assert before - set(names(folder)) == {good.path.name + end for end in ("", ".json", ".lock")}
    assert set(names(folder)) <= before


def test_temporary_files_go_without_their_engine(tmp_path):
    engine = put(tmp_path)
    part = tmp_path / f".{engine.path.name}.0123abcd.part"
    part.write_bytes(b"half")
    assert clear(tmp_path, lambda entry: bool(entry.problem), say=ignore) == [(part, 4)]
    assert engines.find(KEY, tmp_path) == (engine, "")
    assert of(engine.path, ".lock").exists(), "a build may be about to take it"


def test_a_dry_run_tells_the_same_and_changes_nothing(folder):
    of(next(entry.path for entry in entries(folder) if not entry.problem), ".lock").unlink()
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    told = clear(folder, every, say=ignore, dry_run=True)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert told == clear(folder, every, say=ignore)


def test_what_cannot_be_removed_is_told_and_the_rest_goes(folder, monkeypatch):
    stuck, right = next(entry.path for entry in entries(folder) if not entry.problem), os.unlink

    def unlink(path, **named):
        if Path(path) == stuck:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        right(path, **named)

    monkeypatch.setattr(os, "unlink", unlink)
    said = []
    removed = clear(folder, every, say=said.append)
    assert said == [f"{stuck} cannot be removed: Permission denied"]
    assert stuck not in [path for path, _ in removed]
    assert engines.load(stuck)[1] == b"good", "it is whole still"
    assert [entry.path for entry in entries(folder)] == [stuck]


def test_an_engine_that_was_built_meanwhile_is_not_cleared(tmp_path):
    engine = put(tmp_path, b"old")
    engine.path.write_bytes(b"")

    def select(entry):
        if entry.problem:
            engines.obtain(KEY, tmp_path, lambda: b"new", say=ignore)
            return True
        return False

    assert clear(tmp_path, select, say=ignore) == []
    assert engines.find(KEY, tmp_path)[0].nbytes == 3
