"""The manifest: what it keeps, what it refuses, and how it compares."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.splitting import chunks_at, left_in
from vsanimesr import durable
from vsanimesr.errors import JobError
from vsanimesr.jobs import manifest
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.manifest import Manifest

CHUNKS = chunks_at(0, 100, 250, 300)
HASH = "0123456789abcdef" * 4


def new(**changed: Any) -> Manifest:
    made: dict[str, Any] = {
        "source": Path("in.mkv"),
        "identity": "abc",
        "arguments": {"--crf": "16", "--model": "animesr-v2"},
        "model": "m1",
        "device": "Intel Xeon",
        "versions": {"OpenVINO": "2026.4.1", "ffmpeg": "9.0"},
        "chunks": CHUNKS,
    }
    return Manifest.new(**made | changed)


@settings(max_examples=30)
@given(
    st.builds(
        new,
        source=st.text().map(Path),
        identity=st.text(),
        arguments=st.dictionaries(st.text(), st.text()),
        device=st.text(),
        scenes=st.lists(st.integers(0, 999), unique=True).map(sorted),
        chunks=st.lists(st.integers(1, 50), min_size=1, max_size=9).map(
            lambda lengths: chunks_at(*(sum(lengths[:index]) for index in range(len(lengths) + 1)), number=len(lengths))
        ),
    ),
    st.data(),
)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, made: Manifest, data: st.DataObject) -> None:
    for chunk in data.draw(st.lists(st.sampled_from(made.chunks))):
        made = made.finished(chunk, HASH, data.draw(st.integers(0, 2**50)))
    path = tmp_path_factory.getbasetemp() / "manifest.json"
    made.save(path)
    assert Manifest.load(path) == made
    assert made.differences(Manifest.load(path)) == []


def test_paths_that_are_no_unicode(tmp_path: Path) -> None:
    made = new(source=Path(os.fsdecode(b"caf\xe9 \xe5\x8b\x95.mkv")))
    made.save(tmp_path / manifest.NAME)
    assert Manifest.load(tmp_path / manifest.NAME) == made


def test_chunks_are_done_one_after_another() -> None:
    made = new()
    assert made.to_do == made.chunks == CHUNKS
    after = made.finished(CHUNKS[1], HASH, 7)
    assert after.to_do == [CHUNKS[0], CHUNKS[2]]
    assert made.to_do == CHUNKS, "nothing changes in place"
    assert after.unfinished(CHUNKS[1]) == made
    with pytest.raises(JobError, match="none of the job's chunks, which are 3 chunks of the frames 0 to 299"):
        made.finished(Chunk(1, 100, 251), HASH, 7)


DIFFERENCES: dict[str, tuple[dict[str, Any], str]] = {
    "argument": ({"arguments": {"--crf": "18", "--model": "animesr-v2"}}, "--crf was 16, now 18"),
    "less": ({"arguments": {"--model": "animesr-v2"}}, "--crf was 16, now not given"),
    "input": ({"identity": "abd"}, "the input changed"),
    "model": ({"model": "m2"}, "the model changed"),
    "suffix": ({"suffix": ".mp4"}, "the chunk files' ending was .mkv, now .mp4"),
    "chunks": (
        {"chunks": CHUNKS[:2]},
        "the frames were divided otherwise, 3 chunks of the frames 0 to 299, now 2 chunks of the frames 0 to 249",
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_differences_are_said_in_words(case: str) -> None:
    changed, says = DIFFERENCES[case]
    assert new().differences(new(**changed)) == [says]
    assert new().drift(new(**changed)) == []


def test_what_may_change_last_bits_is_told_apart() -> None:
    newer = new(versions={"OpenVINO": "2026.5", "ffmpeg": "9.0"}, device="NVIDIA H100")
    assert new().differences(newer) == []
    assert new().drift(newer) == [
        "the kind of device was Intel Xeon, now NVIDIA H100",
        "OpenVINO was 2026.4.1, now 2026.5",
    ]


@pytest.mark.parametrize(("before", "now", "differ"), [("", "a", 0), ("a", "", 0), ("a", "a", 0), ("a", "b", 1)])
def test_engines_differ_only_where_both_are_known(before: str, now: str, differ: int) -> None:
    drift = replace(new(), engines=before).drift(replace(new(), engines=now))
    assert drift == [f"the engines are {now}, not {before}"] * differ


def test_several_differences_and_none() -> None:
    other = new(arguments={"--crf": "16", "--preset": "slow"}, identity="x")
    says = ["the input changed", "--model was animesr-v2, now not given", "--preset was not given, now slow"]
    assert new().differences(other) == says
    assert new().differences(new(source=Path("elsewhere.mkv")).finished(CHUNKS[0], HASH, 1)) == []


def test_files_are_verified(tmp_path: Path) -> None:
    made = new(chunks=chunks_at(0, 1, 2, 3, 4, 5))
    for chunk in made.chunks[:4]:
        made.file_of(tmp_path, chunk).write_bytes(b"%d" % chunk.number)
        made = made.finished(chunk, hashlib.sha256(b"%d" % chunk.number).hexdigest(), 1)
    assert made.verify(tmp_path) == []
    made.file_of(tmp_path, made.chunks[0]).write_bytes(b"9")
    made.file_of(tmp_path, made.chunks[1]).write_bytes(b"11")
    made.file_of(tmp_path, made.chunks[3]).unlink()
    assert made.verify(tmp_path) == [0, 1, 3]


def saved(tmp_path: Path, change: Callable[[dict[str, Any]], object] = lambda data: None) -> Path:
    path = tmp_path / "job" / manifest.NAME
    path.parent.mkdir()
    new().finished(CHUNKS[0], HASH, 9).save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "kind": lambda data: data.update(kind="another"),
    "no schema": lambda data: data.pop("schema"),
    "newer": lambda data: data.update(schema=99),
    "missing": lambda data: data.pop("model"),
    "unknown": lambda data: data.update(more=1),
    "type": lambda data: data.update(device=3),
    "engines": lambda data: data.update(engines=None),
    "scenes": lambda data: data.update(scenes=[3, 3]),
    "no scenes": lambda data: data.update(scenes="12"),
    "arguments": lambda data: data["arguments"].update(x=3),
    "no chunks": lambda data: data.update(records=[]),
    "no list": lambda data: data.update(records=3),
    "gap": lambda data: data["records"].pop(1),
    "backwards": lambda data: data["records"][2]["chunk"].update(end=1),
    "negative": lambda data: data["records"][0].update(nbytes=-1),
    "truth": lambda data: data["records"][0].update(nbytes=True),
    "hash": lambda data: data["records"][0].update(sha256="xyz"),
    "path": lambda data: data.update(suffix="/../../x"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_what_is_no_manifest_is_refused_with_a_way_out(tmp_path: Path, case: str) -> None:
    path = saved(tmp_path, DAMAGES[case])
    with pytest.raises(JobError, match=r"(?s)manifest\.json.*remove the folder '.*job'"):
        Manifest.load(path)


def test_a_manifest_that_was_not_damaged_loads(tmp_path: Path) -> None:
    assert Manifest.load(saved(tmp_path)).to_do == CHUNKS[1:]


@settings(max_examples=40)
@given(st.data())
def test_what_is_cut_or_garbled_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "garbled.json"
    new().save(path)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 3))
    path.write_bytes(whole[:cut] + data.draw(st.binary(max_size=4)))
    with pytest.raises(JobError, match=r"garbled\.json"):
        Manifest.load(path)


def test_one_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="could not be read"):
        Manifest.load(tmp_path / "none.json")


def test_a_failed_save_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest.files.os, "fsync", full)
    with pytest.raises(JobError, match=r"the disk is full: .*manifest\.json"):
        replace(new(), model="m3").save(path)
    assert path.read_bytes() == before
    assert left_in(path.parent) == [manifest.NAME]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="could not be written"):
        new().save(tmp_path / "file" / manifest.NAME)
    with pytest.raises(JobError, match="could not be written"), durable.held(tmp_path / "file" / "job"):
        pass


HOLDER = """
import sys
from pathlib import Path
from vsanimesr import durable
with durable.held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
def test_only_one_process_works_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(JobError, match=r"another process works in '.*job'"), durable.held(folder):
            pass
        holder.kill()
    with durable.held(folder):
        pass


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with durable.held(tmp_path / "job"):
            pass
    with durable.held(tmp_path / "job"), pytest.raises(JobError), durable.held(tmp_path / "job"):
        pass
