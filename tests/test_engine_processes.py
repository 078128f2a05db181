"""Engines and several processes: one builds, the others wait; one that is killed leaves nothing that is used."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.engine_keys import KEY, ignore, put
from vsanimesr.engines import clear, entries, find, obtain

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")]

WANT = """
import hashlib, os, sys
from pathlib import Path
from tests.engine_keys import KEY
from vsanimesr.engines import obtain
folder, builds = map(Path, sys.argv[1:])
def say(line):
    print(line, flush=True)
def build():
    with builds.open("a") as file:
        file.write("x")
    sys.stdin.readline()
    return os.urandom(4096)
_, data, built = obtain(KEY, folder, build, say=say)
say(f"{built} {hashlib.sha256(data).hexdigest()}")
"""

DIE = """
import os, resource, signal, sys
from pathlib import Path
from tests.engine_keys import KEY, ignore
from vsanimesr.engines import obtain
folder, call, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def build():
    if call == "build":
        die()
    return b"x" * 4096
def before(right, calls=[]):
    def wrapped(*arguments, **named):
        calls.append(1)
        if len(calls) == count:
            die()
        return right(*arguments, **named)
    return wrapped
if call in ("fsync", "replace", "unlink"):
    setattr(os, call, before(getattr(os, call)))
if call == "write":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, count))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
obtain(KEY, folder, build, say=ignore)
"""


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate("\n", timeout=120)
    assert process.returncode == 0, err
    return out.splitlines()


def test_eight_processes_build_once(tmp_path):
    folder, builds = tmp_path / "engines", tmp_path / "builds"
    processes = [start(WANT, folder, builds) for _ in range(8)]
    # The builder goes on only when it is told to, so all others find it building.
    first = [process.stdout.readline() for process in processes]
    waits = f"another process builds {KEY.file_name}; waiting for it\n"
    assert first.count(waits) == 7
    assert find(KEY, folder) == (None, "")
    builder = next(process for process, line in zip(processes, first, strict=True) if line != waits)
    results = [finish(process) for process in [builder, *(p for p in processes if p is not builder)]]
    assert builds.read_text() == "x"
    assert [lines[-1].split()[0] for lines in results] == ["True"] + ["False"] * 7
    assert {lines[-1].split()[1] for lines in results} == {find(KEY, folder)[0].sha256}
    assert all(len(lines) == 1 for lines in results[1:]), "they say that they wait once, and no more"


def test_eight_processes_that_race(tmp_path):
    folder, builds = tmp_path / "engines", tmp_path / "builds"
    processes = [start(WANT, folder, builds) for _ in range(8)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    results = [finish(process) for process in processes]
    assert builds.read_text() == "x"
    assert {lines[-1].split()[1] for lines in results} == {find(KEY, folder)[0].sha256}


@pytest.mark.parametrize("before", ["nothing", "a damaged one", "one without metadata"])
@pytest.mark.parametrize(
    ("call", "count"),
    [
        ("build", 0),
        ("write", 0),
        ("write", 1000),
        ("fsync", 1),
        ("replace", 1),
        ("unlink", 1),
        ("fsync", 2),
        ("replace", 2),
    ],
)
def test_a_killed_process_leaves_nothing_that_is_used(tmp_path, call, count, before):
    if before != "nothing":
        engine = put(tmp_path, b"before")
        engine.path.write_bytes(b"damage")
        if before == "one without metadata":
            engine.path.with_name(f"{engine.path.name}.json").unlink()
    died = start(DIE, tmp_path, call, count)
    died.communicate(timeout=120)
    assert died.returncode == -(signal.SIGXFSZ if call == "write" else signal.SIGKILL)
    assert find(KEY, tmp_path)[0] is None
    assert all(entry.problem for entry in entries(tmp_path))
    assert entries(tmp_path), "what it left is told of"
    assert obtain(KEY, tmp_path, lambda: b"new", say=ignore)[1:] == (b"new", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        KEY.file_name,
        f"{KEY.file_name}.json",
        f"{KEY.file_name}.lock",
    ]


def test_a_process_that_waits_builds_when_the_builder_is_killed(tmp_path):
    folder, builds = tmp_path / "engines", tmp_path / "builds"
    first = start(WANT, folder, builds)
    assert first.stdout.readline().startswith("building")
    second = start(WANT, folder, builds)
    assert second.stdout.readline().startswith("another process builds")
    first.kill()
    first.communicate(timeout=120)
    assert finish(second)[-1].startswith("True")
    assert builds.read_text() == "xx"


def test_clear_leaves_a_running_build_alone(tmp_path):
    folder, builds, said = tmp_path / "engines", tmp_path / "builds", []
    other = put(folder, model="other", device="NVIDIA L4")
    damaged = put(folder)
    damaged.path.write_bytes(b"")
    process = start(WANT, folder, builds)
    assert "and had 9" in process.stdout.readline()
    assert process.stdout.readline().startswith("building")
    for dry_run in (True, False):
        removed = [path for path, _ in clear(folder, lambda _: True, say=said.append, dry_run=dry_run)]
        assert removed == [other.path, other.path.with_name(f"{other.path.name}.json")]
    assert said == [f"{KEY.file_name} is being built; it was left alone"] * 2
    assert damaged.path.exists()
    assert finish(process)[-1].startswith("True")
    assert find(KEY, folder)[0].nbytes == 4096


def test_other_keys_do_not_wait(tmp_path):
    process = start(WANT, tmp_path, tmp_path / "builds")
    assert process.stdout.readline().startswith("building")
    assert put(tmp_path, b"data", device="NVIDIA L4").key == replace(KEY, device="NVIDIA L4")
    assert finish(process)[-1].startswith("True")
