"""How runs of the splitter end: by signals to its process, on a full disk, and how the next one goes on."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.splitting import chunks_at, expected, file_in, finished, left_in, raw, split, write_script
from vsanimesr.errors import JobError
from vsanimesr.jobs import chunk_file
from vsanimesr.jobs.chunks import Chunk

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]

RUNNER = """
import sys
from pathlib import Path
from tests.splitting import chunks_at, split
from vsanimesr import children
from vsanimesr.jobs.splitter import Finished
leashed, folder, *bounds = sys.argv[1:]
if leashed == "no":
    children._leashed = lambda command: command
bounds = [int(bound) for bound in bounds]
with children.terminated_as_interrupted():
    run = split(Path(folder) / "script.vpy", chunks_at(*bounds, number=bounds[0] // 4), Path(folder) / "chunks").run()
    try:
        print("begun", flush=True)
        for event in run:
            if isinstance(event, Finished):
                print(event.chunk.number, flush=True)
    except KeyboardInterrupt:
        run.close()
        sys.exit(130)
"""


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


@contextmanager
def runner(folder: Path, *bounds: int, leashed: bool = True) -> Generator[subprocess.Popen[str], None, None]:
    """A process that runs the splitter, with a process group of its own."""
    command = [sys.executable, "-c", RUNNER, "yes" if leashed else "no", str(folder), *map(str, bounds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        yield process
        process.kill()


def wait_for(holds: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


def named(process: subprocess.Popen[str], *names: str) -> list[psutil.Process]:
    """The process's programs of these names."""
    with suppress(psutil.Error):
        return [
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if any(name in child.name() for name in names)
        ]
    return []


def gone(program: psutil.Process) -> bool:
    try:
        return not program.is_running() or program.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def both(process: subprocess.Popen[str]) -> list[psutil.Process]:
    wait_for(lambda: len(named(process, "vspipe")) == 1 and named(process, "ffmpeg"))
    return named(process, "vspipe", "ffmpeg")


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_all_and_leaves_only_what_is_finished(tmp_path: Path, number: str) -> None:
    write_script(tmp_path, length=240, body="time.sleep(0.05)")
    with runner(tmp_path, 0, 4, 240) as process:
        lines(process, 2)
        programs = both(process)
        process.send_signal(getattr(signal, number))
        assert process.wait(20) == 130
        assert all(gone(program) for program in programs)
    assert left_in(tmp_path / "chunks") == ["000.mkv"]


WAYS_TO_DIE = {
    "alone": (True, "time.sleep(0.05)", os.kill),
    "with its group": (True, "time.sleep(0.05)", os.killpg),
    "alone, elsewhere than on Linux": (False, "time.sleep(0.05)", os.kill),
}


@pytest.mark.parametrize("case", WAYS_TO_DIE)
def test_a_killed_process_leaves_no_program(tmp_path: Path, case: str) -> None:
    leashed, body, kill = WAYS_TO_DIE[case]
    write_script(tmp_path, length=240, body=body)
    with runner(tmp_path, 0, 4, 240, leashed=leashed) as process:
        lines(process, 2)
        programs = both(process)
        kill(process.pid, signal.SIGKILL)
        wait_for(lambda: all(gone(program) for program in programs))
    assert "000.mkv" in left_in(tmp_path / "chunks")
    assert "001.mkv" not in left_in(tmp_path / "chunks")
    whole = finished(split(write_script(tmp_path), chunks_at(4, 9, number=1), tmp_path / "chunks").run())
    assert raw(whole[0].path) == expected(4, 9)
    assert left_in(tmp_path / "chunks") == ["000.mkv", "001.mkv"], "what was left is swept"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends when it writes its first frame")
def test_a_killed_process_leaves_no_program_that_is_still_loading(tmp_path: Path) -> None:
    write_script(tmp_path, tail="time.sleep(3600)")
    with runner(tmp_path, 0, 4) as process:
        wait_for(lambda: named(process, "vspipe"))
        programs = named(process, "vspipe")
        process.kill()
        wait_for(lambda: all(gone(program) for program in programs))


def test_killed_again_and_again_it_makes_the_same_frames(tmp_path: Path) -> None:
    rng, bounds, folder = random.Random(5), [*range(0, 41, 4)], tmp_path / "chunks"
    write_script(tmp_path, body="time.sleep(0.02)")
    folder.mkdir()

    def to_do() -> list[int]:
        number = 0
        while (folder / f"{number:03d}.mkv").exists():
            number += 1
        return bounds[number:]

    for _ in range(6):
        if len(to_do()) < 2:
            break
        with runner(tmp_path, *to_do()) as process:
            lines(process, 1)
            time.sleep(rng.uniform(0.05, 0.6))
            os.killpg(process.pid, signal.SIGKILL)
    if len(to_do()) > 1:
        with runner(tmp_path, *to_do()) as process:
            assert process.wait(30) == 0
    assert b"".join(raw(folder / f"{number:03d}.mkv") for number in range(10)) == expected(0, 40)
    assert [name for name in left_in(folder) if not name.startswith(".")] == [
        f"{number:03d}.mkv" for number in range(10)
    ]


def test_a_disk_that_fills_up_keeps_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk of its own, where one may be mounted; temporary files have no room either."""
    folder = tmp_path / "disk"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=104k", "none", folder], capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    try:
        run = split(write_script(tmp_path), chunks_at(0, 8, 16, 24, 32), folder, ("-c:v", "rawvideo")).run()
        with pytest.raises(JobError, match=r"the disk is full: .*\.mkv"):
            list(run)
        names = left_in(folder)
        assert 0 < len(names) < 4
        assert all(name.endswith(".mkv") and not name.startswith(".") for name in names)
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_full_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(temporary: Path, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(chunk_file.durable, "publish", full)
    with pytest.raises(JobError, match=r"the disk is full: .*000\.mkv"):
        list(split(write_script(tmp_path), chunks_at(0, 4), tmp_path / "chunks").run())
    assert left_in(tmp_path / "chunks") == []


def test_a_chunk_that_was_there_is_replaced(tmp_path: Path) -> None:
    path = file_in(tmp_path / "chunks")(Chunk(0, 0, 4))
    path.write_bytes(b"old")
    list(split(write_script(tmp_path), chunks_at(0, 4), tmp_path / "chunks").run())
    assert raw(path) == expected(0, 4)
