"""Engines on disk: built once, found again, and never used unless they are whole and the right ones."""

import errno
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine_keys import KEY, OTHER, ignore, keys, put
from vsanimesr import engines
from vsanimesr.engines import find, obtain
from vsanimesr.errors import EngineError, EngineMissing, EngineNotBuilt

DATA = bytes(range(64))


def no_build():
    raise AssertionError("an engine was built")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("VSANIMESR_HOME", raising=False)
    assert engines.folder(None) == platformdirs.user_cache_path("vsanimesr") / "engines"
    monkeypatch.setenv("VSANIMESR_HOME", str(tmp_path))
    assert engines.folder(None) == tmp_path / "engines"
    assert engines.folder(Path("here")) == Path("here")


def test_an_engine_is_built_once_and_then_found(tmp_path):
    folder, said = tmp_path / "not" / "yet", []
    assert find(KEY, folder) == (None, "")
    engine, data, built = obtain(KEY, folder, lambda: DATA, say=said.append)
    assert (data, built, engine.key, engine.nbytes) == (DATA, True, KEY, 64)
    assert engine.path == folder / KEY.file_name
    assert engine.built.endswith("+00:00")
    assert [line.split()[0] for line in said] == ["building"]
    assert str(KEY) in said[0]
    assert str(folder) in said[0]
    assert obtain(KEY, folder, no_build, say=no_build) == (engine, DATA, False)
    assert obtain(KEY, folder, no_build, say=no_build, may_build=False) == (engine, DATA, False)
    assert find(KEY, folder) == (engine, "")
    assert engines.read(engine) == DATA
    assert files(folder) == [KEY.file_name, f"{KEY.file_name}.json", f"{KEY.file_name}.lock"]


@given(keys(), st.binary(min_size=1))
@settings(max_examples=30, deadline=None)
def test_any_engine_comes_back(key, content):
    with tempfile.TemporaryDirectory() as folder:
        engine, data, built = obtain(key, Path(folder), lambda: content, say=ignore)
        assert (data, built) == (content, True)
        assert find(key, Path(folder)) == (engine, "")


def test_the_seconds_are_those_of_the_build(tmp_path, monkeypatch):
    ticks = iter([100.0, 112.5])
    monkeypatch.setattr("vsanimesr.engines.store.time.monotonic", lambda: next(ticks))
    assert put(tmp_path).seconds == 12.5


def test_the_same_weights_under_another_name_need_no_other_engine(tmp_path):
    engine = put(tmp_path, DATA, model="mine")
    assert obtain(KEY, tmp_path, no_build, say=ignore) == (engine, DATA, False)


def test_nothing_is_built_where_that_is_forbidden(home):
    folder = engines.folder(None)
    with pytest.raises(EngineMissing) as caught:
        obtain(KEY, folder, no_build, say=ignore, may_build=False, how="Do this.")
    assert str(KEY) in str(caught.value)
    assert str(folder) in str(caught.value)
    assert str(caught.value).endswith(", and none may be built here.\nDo this.")
    assert not folder.exists()


@pytest.mark.parametrize("name", OTHER)
def test_an_engine_of_another_key_is_not_used(tmp_path, name):
    put(tmp_path, **{name: OTHER[name]})
    said = []
    assert obtain(KEY, tmp_path, lambda: DATA, say=said.append)[1:] == (DATA, True)
    if name in ("graph", "format", "precision", "shapes", "library"):
        assert said[0].startswith("building"), "it serves another purpose"
    else:
        assert f"is not used: its {name} is " in said[0]
        assert said[0].count("its") == 1


def test_a_file_name_that_two_keys_share(tmp_path, monkeypatch):
    for module in ("key", "store"):
        monkeypatch.setattr(f"vsanimesr.engines.{module}.DIGITS", 0)
    other = put(tmp_path, device="NVIDIA L4")
    assert other.key.file_name == KEY.file_name
    assert find(KEY, tmp_path) == (None, f"{KEY.file_name} is the engine of another key; it is not used")


def test_the_engine_with_the_fewest_differences_is_told_of(tmp_path):
    put(tmp_path, library_version="1.6", device="NVIDIA L4")
    put(tmp_path, library_version="1.7")
    assert find(KEY, tmp_path)[1].endswith("is not used: its library_version is 1.7, wanted 1.7.1.116")


def test_a_build_that_fails_leaves_nothing_that_is_used(tmp_path):
    def fails():
        raise EngineNotBuilt("no kernel for layer 7")

    with pytest.raises(EngineNotBuilt, match="layer 7"):
        obtain(KEY, tmp_path, fails, say=ignore)
    with pytest.raises(EngineNotBuilt, match="empty"):
        obtain(KEY, tmp_path, bytes, say=ignore)
    assert find(KEY, tmp_path) == (None, "")
    assert files(tmp_path) == [f"{KEY.file_name}.lock"]
    assert obtain(KEY, tmp_path, lambda: DATA, say=ignore)[1:] == (DATA, True)


def test_an_oserror_of_the_build_is_not_blamed_on_the_folder(tmp_path):
    def fails():
        raise FileNotFoundError(errno.ENOENT, "no such library")

    with pytest.raises(FileNotFoundError, match="no such library"):
        obtain(KEY, tmp_path, fails, say=ignore)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError) as caught:
        obtain(KEY, tmp_path / "file", no_build, say=ignore)
    for told in (str(tmp_path / "file"), "engine_dir=", "--engine-dir", "VSANIMESR_HOME"):
        assert told in str(caught.value)
    with pytest.raises(EngineError, match="Not a directory"):
        engines.entries(tmp_path / "file")


@pytest.mark.parametrize(("call", "code"), [("fsync", errno.ENOSPC), ("replace", errno.EACCES), ("mkdir", errno.EROFS)])
@pytest.mark.parametrize("time", [1, 2])
def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, call, code, time):
    calls, right = [], getattr(os, call)

    def wrong(*arguments, **named):
        calls.append(call)
        if len(calls) == time:
            raise OSError(code, os.strerror(code))
        return right(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, wrong)
        with pytest.raises(EngineError) as caught:
            obtain(KEY, tmp_path / "a" / "b", lambda: DATA, say=ignore)
    assert os.strerror(code) in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "--engine-dir" in str(caught.value)
    assert find(KEY, tmp_path / "a" / "b")[0] is None
    assert not list(tmp_path.rglob("*.part"))
    assert obtain(KEY, tmp_path / "a" / "b", lambda: DATA, say=ignore)[1:] == (DATA, True)


def test_a_folder_that_cannot_be_written_is_read_nevertheless(tmp_path, monkeypatch):
    engine = put(tmp_path, DATA)
    monkeypatch.setattr(FileLock, "acquire", no_build)
    assert obtain(KEY, tmp_path, no_build, say=ignore) == (engine, DATA, False)


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path):
    mine = [f".{KEY.file_name}.0123abcd.part", f".{KEY.file_name}.json.0123abcd.part"]
    others = [f".{replace(KEY, device='NVIDIA L4').file_name}.0123abcd.part", ".notes.part", f".{KEY.file_name}.txt"]
    for name in mine + others:
        (tmp_path / name).write_text("half")
    put(tmp_path)
    assert not set(mine) & set(files(tmp_path))
    assert set(others) <= set(files(tmp_path))


def test_threads_build_once(tmp_path):
    start, built = threading.Barrier(8), []

    def build():
        built.append(1)
        return os.urandom(16)

    def want(_):
        start.wait()
        return obtain(KEY, tmp_path, build, say=ignore)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(want, range(8)))
    assert built == [1]
    assert len({data for _, data, _ in results}) == 1
    assert sum(now for *_, now in results) == 1
