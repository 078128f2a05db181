"""The wheel that is published: one binary for every Python, loaded by VapourSynth by itself."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")]
ROOT = Path(__file__).parent.parent
HERE = Path(sysconfig.get_path("purelib"))


def run(*command: object, cwd: Path) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tree and repaired as CONTRIBUTING.md says."""
    tree = tmp_path_factory.mktemp("build") / "tree"
    for name in ("vsanimesr", "setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy2(source, tree / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "raw", cwd=tree)
    raw = next((tree / "raw").glob("*.whl"))
    run(sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", "dist", raw, cwd=tree)
    return next((tree / "dist").glob("*.whl"))


def test_its_tags_say_any_python_from_3_12_on_and_manylinux(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, python, abi) == ("vapoursynth_animesr", "cp312", "abi3")
    assert all(tag.startswith("manylinux_2_") for tag in platform.split("."))
    assert version == distribution("vapoursynth-animesr").version


def test_it_holds_the_package_and_the_plugin_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert top == {"vsanimesr", "vapoursynth", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    assert [name for name in names if name.startswith("vapoursynth/") and not name.endswith("/")] == [
        "vapoursynth/plugins/animesr/animesr.abi3.so"
    ]
    shipped = {name for name in names if name.endswith(".onnx")}
    graphs = {"animesr", "animesr_nofeedback", "animesr-lite", "animesr-lite_nofeedback"}
    ours = {f"vsanimesr/weights/{name}" for name in ("animesr-lite", "toon")}
    assert shipped == {f"vsanimesr/models/{name}.onnx" for name in graphs} | {f"{name}.onnx" for name in ours}
    assert {f"{name}.md" for name in ours} <= set(names)
    assert wheel.stat().st_size < 4 << 20, "weights of others are never shipped"


def test_it_autoloads_in_an_empty_environment_elsewhere(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    # VapourSynth itself is copied in, for it loads what lies below it; the other dependencies are read where they are.
    for file in distribution("vapoursynth").files or []:
        if not file.parts[0].startswith("..") and "animesr" not in file.parts:
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), site / file)
    (site / "dependencies.pth").write_text(f"{HERE}\n")
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", wheel, cwd=tmp_path)
    script = (
        "import vapoursynth as vs, vsanimesr\n"
        "clip = vs.core.std.BlankClip(format=vs.RGBS, width=64, height=48, length=5)\n"
        "print(vs.core.animesr.Upscale(clip, backend='fake').get_frame(4).width, vsanimesr.__file__)\n"
    )
    width, file = run(python, "-c", script, cwd=tmp_path).split()
    assert (width, file) == ("256", str(site / "vsanimesr" / "__init__.py"))
