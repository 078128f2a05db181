"""Engines that are damaged, cut short, swapped or foreign: noticed, told of, and built anew."""

import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine_keys import KEY, ignore, put
from vsanimesr import engines
from vsanimesr.engines import find, obtain
from vsanimesr.errors import EngineError, EngineMissing

DATA = bytes(range(64))


def no_build():
    raise AssertionError("an engine was built")


def damage(engine, problem):
    """Do something to an engine's files."""
    metadata = engine.path.with_name(f"{engine.path.name}.json")
    match problem:
        case "no metadata":
            metadata.unlink()
        case "a folder for metadata":
            metadata.unlink()
            metadata.mkdir()
        case "empty metadata":
            metadata.write_bytes(b"")
        case "foreign metadata":
            other = put(engine.path.parent, DATA, device="NVIDIA L4")
            shutil.copy(other.path.with_name(f"{other.path.name}.json"), metadata)
        case "endless metadata":
            metadata.write_bytes(b"[" * 100_000)
        case "truncated":
            engine.path.write_bytes(DATA[:-1])
        case "longer":
            engine.path.write_bytes(DATA + b"x")
        case "corrupt":
            engine.path.write_bytes(DATA[:-1] + b"x")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("no metadata", "has no metadata beside it"),
        ("a folder for metadata", "cannot be read"),
        ("empty metadata", "are damaged"),
        ("foreign metadata", "are those of animesr-v2"),
        ("endless metadata", "are damaged"),
        ("truncated", "has 63 bytes, and had 64"),
        ("longer", "has 65 bytes, and had 64"),
        ("corrupt", "its SHA-256 is"),
    ],
)
def test_damage_is_told_and_mended(tmp_path, problem, message):
    engine = put(tmp_path, DATA)
    damage(engine, problem)
    found, notice = find(KEY, tmp_path)
    assert found is None
    assert message in notice
    assert KEY.file_name in notice
    assert "\n" not in notice
    with pytest.raises(EngineMissing, match=message.replace("-", ".")):
        obtain(KEY, tmp_path, no_build, say=ignore, may_build=False)
    if problem in ("truncated", "longer", "corrupt"):
        with pytest.raises(EngineError, match=message):
            engines.read(engine)
    if problem == "a folder for metadata":
        return
    said = []
    assert obtain(KEY, tmp_path, lambda: b"new", say=said.append)[1:] == (b"new", True)
    assert said[0] == notice
    assert find(KEY, tmp_path)[0].nbytes == 3


def test_every_byte_of_both_files_matters(tmp_path):
    engine = put(tmp_path, DATA)
    for path in (engine.path, engine.path.with_name(f"{engine.path.name}.json")):
        whole = path.read_bytes()
        for index in range(len(whole)):
            changed = bytearray(whole)
            changed[index] ^= 1 << random.Random(index).randrange(8)
            path.write_bytes(changed)
            assert find(KEY, tmp_path)[0] is None, f"byte {index} of {path.name}"
        path.write_bytes(whole)
    assert find(KEY, tmp_path) == (engine, "")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_files_that_are_cut_or_overwritten(data):
    with tempfile.TemporaryDirectory() as name:
        engine = put(Path(name), DATA)
        path = engine.path.with_name(engine.path.name + data.draw(st.sampled_from(["", ".json"])))
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        now = whole[:at] + data.draw(st.binary(max_size=len(whole)))
        path.write_bytes(now)
        found, notice = find(KEY, Path(name))
        assert (found is None) == (now != whole)
        assert (notice == "") == (now == whole)


@given(st.permutations(range(6)))
@settings(max_examples=30, deadline=None)
def test_files_that_are_swapped(order):
    variants = [KEY, replace(KEY, device="NVIDIA L4"), replace(KEY, format="RGBS")]
    with tempfile.TemporaryDirectory() as name:
        made = [put(Path(name), str(index).encode(), **vars(key)) for index, key in enumerate(variants)]
        paths = [path for engine in made for path in (engine.path, engine.path.with_name(f"{engine.path.name}.json"))]
        contents = [path.read_bytes() for path in paths]
        for path, index in zip(paths, order, strict=True):
            path.write_bytes(contents[index])
        for index, key in enumerate(variants):
            untouched = list(order)[2 * index : 2 * index + 2] == [2 * index, 2 * index + 1]
            assert (find(key, Path(name))[0] is not None) == untouched


def test_metadata_written_anew_for_other_content_are_not_believed(tmp_path):
    """Someone renames an engine and its metadata, both whole, to what another key's are called."""
    engine = put(tmp_path, library_version="1.6")
    for end in ("", ".json"):
        (tmp_path / (engine.path.name + end)).rename(tmp_path / (KEY.file_name + end))
    assert "are those of animesr-v2" in find(KEY, tmp_path)[1]
