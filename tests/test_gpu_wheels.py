"""Wheels for a machine without a network: fetched by pip, cut into parts, put together again, installed."""

import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.gpu import install, parts, wheels
from benchmarks.gpu.parts import MANIFEST, PIECE, RESERVE, BadParts
from vsanimesr.errors import ArgumentError, BackendUnavailable

pytestmark = pytest.mark.slow  # processes of their own

SILENT = lambda _: None  # noqa: E731


def filled(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, data in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def noise(nbytes: int) -> bytes:
    """Bytes that xz makes no smaller."""
    return random.Random(nbytes).randbytes(nbytes)


NAMES = st.sampled_from(["a.whl", "b.whl", "peer/c.whl", "peer/deep/d.txt"])


@given(st.dictionaries(NAMES, st.integers(0, 9000).map(noise), min_size=1), st.integers(1000, 30_000), st.randoms())
def test_parts_are_small_enough_and_join_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], limit: int, order: random.Random
) -> None:
    base = tmp_path_factory.mktemp("parts")
    made = parts.split(filled(base / "w", contents), RESERVE + limit, SILENT)
    assert [part.name for part in made] == [f"w.part{n + 1}" for n in range(len(made))]
    assert all(parts.size(part) <= RESERVE + limit for part in made)
    order.shuffle(made)
    parts.join(made, base / "joined")
    found = {path.relative_to(base / "joined").as_posix(): path.read_bytes() for path in parts.files(base / "joined")}
    assert found == contents


@pytest.fixture
def cut(tmp_path: Path) -> list[Path]:
    """Three parts or more."""
    made = parts.split(filled(tmp_path / "w", {"a.whl": noise(30_000)}), RESERVE + 10_000, SILENT)
    assert len(made) > 2
    return made


def test_a_part_that_is_missing_or_twice_there_is_told(cut: list[Path], tmp_path: Path) -> None:
    for given_parts in (cut[1:], cut[:-1], [*cut, cut[0]]):
        with pytest.raises(BadParts, match=r"wanted are all of one folder, each once"):
            parts.join(given_parts, tmp_path / "joined")
    other = parts.split(filled(tmp_path / "v", {"a.whl": noise(30_001)}), RESERVE + 10_000, SILENT)
    with pytest.raises(BadParts, match="all of one folder"):
        parts.join([other[0], *cut[1:]], tmp_path / "joined")
    assert not (tmp_path / "joined").exists()


def test_damage_is_found(cut: list[Path], tmp_path: Path) -> None:
    data = bytearray((cut[1] / PIECE).read_bytes())
    data[17] ^= 1
    (cut[1] / PIECE).write_bytes(data)
    with pytest.raises(BadParts, match=r"part2.*copy that part again"):
        parts.join(cut, tmp_path / "joined")


def test_a_file_that_is_not_what_was_split_is_found(cut: list[Path], tmp_path: Path) -> None:
    about = json.loads((cut[0] / MANIFEST).read_text())
    about["files"]["a.whl"] = "0" * 64
    (cut[0] / MANIFEST).write_text(json.dumps(about))
    with pytest.raises(BadParts, match=r"a\.whl differ"):
        parts.join(cut, tmp_path / "joined")


def test_nothing_is_overwritten(cut: list[Path], tmp_path: Path) -> None:
    with pytest.raises(BadParts, match="there already"):
        parts.split(tmp_path / "w", RESERVE + 10_000, SILENT)
    with pytest.raises(BadParts, match="not empty"):
        parts.join(cut, filled(tmp_path / "full", {"x": b""}))
    with pytest.raises(BadParts, match="too small"):
        parts.split(tmp_path / "w", RESERVE, SILENT)
    with pytest.raises(BadParts, match="no part"):
        parts.join([tmp_path], tmp_path / "joined")


def test_a_large_wheel_gets_smaller_and_installs_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LARGE", 1000)
    library = 4 * bytes(byte % 100 for byte in noise(1 << 16))  # deflate looks back half as far as it repeats
    (tmp_path / "w").mkdir()
    with zipfile.ZipFile(tmp_path / "w" / "big.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
        entry = zipfile.ZipInfo("lib/big.so", (2020, 1, 2, 3, 4, 6))
        entry.external_attr, entry.compress_type = 0o755 << 16, zipfile.ZIP_DEFLATED
        wheel.writestr(entry, library)
    made = parts.split(tmp_path / "w", 1 << 20, SILENT)
    assert 2 * parts.size(made[0]) < (tmp_path / "w" / "big.whl").stat().st_size
    parts.join(made, tmp_path / "joined")
    with zipfile.ZipFile(tmp_path / "joined" / "big.whl") as wheel:
        (found,) = wheel.infolist()
        assert wheel.read(found) == library
        assert (found.filename, found.date_time, found.external_attr) == (
            entry.filename,
            entry.date_time,
            entry.external_attr,
        )


def test_join_runs_where_nothing_is_installed(cut: list[Path], tmp_path: Path) -> None:
    words = [*map(str, cut), "--output", str(tmp_path / "joined")]
    command = [sys.executable, "-S", "-m", "benchmarks.gpu", "join", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=wheels.ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "every hash as it was" in done.stdout
    assert subprocess.run(command, capture_output=True, cwd=wheels.ROOT).returncode == 1


def test_wheels_are_those_that_the_machine_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def fake(command: list[str]) -> None:
        commands.append(command)
        if "--report" in command:
            versions = {"NumPy": "2", "tensorrt_rtx_cu13_bindings": "1.7", "vapoursynth": "81", "openvino": "1"}
            items = [{"metadata": {"name": name, "version": version}} for name, version in versions.items()]
            Path(command[command.index("--report") + 1]).write_text(json.dumps({"install": items}))

    monkeypatch.setattr(wheels, "_run", fake)
    wheels.fetch(tmp_path / "w", ["OpenVINO"], SILENT)
    fetched = next(command for command in commands if "download" in command)
    assert fetched[-2:] == ["tensorrt-rtx-cu13-bindings==1.7", "vapoursynth==81"]
    assert {"--no-deps", "manylinux_2_28_x86_64", "3.12"} <= set(fetched)
    assert any("tensorrt-rtx-cu13==1.7" in command for command in commands)
    assert any(wheels.PEER in command and str(tmp_path / "w" / "peer") in command for command in commands)
    with pytest.raises(ArgumentError, match="not empty"):
        wheels.fetch(tmp_path / "w", [], SILENT)


def test_what_pip_says_is_in_the_error() -> None:
    with pytest.raises(BackendUnavailable, match=r"pip .*failed with exit code \d: .*is there a network"):
        wheels.pip("install", "--no-index", "--dry-run", "a-package-that-is-not-there")


def test_an_environment_sees_the_packages_of_its_parent(tmp_path: Path) -> None:
    python = install.create(tmp_path / "env")
    show = "import sys, pytest, pip; print(sys.prefix); print(pytest.__file__)"
    done = subprocess.run([str(python), "-c", show], capture_output=True, text=True)
    prefix, file = done.stdout.splitlines()
    assert Path(prefix) == tmp_path / "env"
    assert Path(file) == Path(pytest.__file__)


def test_wheels_that_were_not_joined_are_told(tmp_path: Path) -> None:
    script, target = str(wheels.ROOT / "benchmarks" / "gpu" / "install.py"), str(tmp_path / "env")
    command = [sys.executable, script, target, "--wheels", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "has 0 wheels and 0 in peer/; join the parts first" in done.stderr
