"""The README's commands do what it says; they are read out of it and run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import vapoursynth as vs
from numpy.typing import NDArray
from vapoursynth import core

from vsanimesr import models, pipeline

pytestmark = pytest.mark.slow  # processes of their own

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An activated virtual environment, with ffmpeg on the PATH under that name."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "ffmpeg").symlink_to(pipeline.find_ffmpeg())
    path = os.pathsep.join([str(Path(sys.executable).parent), str(tools), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "XDG_CONFIG_HOME": str(tmp_path / "config")}


def shell(command: str, environment: Mapping[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def block(language: str) -> str:
    """The only fenced block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return str(found).strip()


def indented(start: str) -> str:
    """The one indented command that begins so."""
    (found,) = [line.strip() for line in README.splitlines() if line.startswith(f"    {start}")]
    return found


@pytest.mark.parametrize("matrix", ["170m", "709"])
def test_vspipe_into_ffmpeg_with_sound(
    matrix: str, environment: dict[str, str], tmp_path: Path, official_v2: models.Artifact
) -> None:
    command = block("sh")
    assert command.startswith("vspipe -c y4m ")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    shell(with_sound(matrix), environment, tmp_path)
    shell(command.replace("vspipe ", "vspipe --end 2 "), environment, tmp_path)
    about, frames = probed(["-i", "out.mkv", "-map", "0:v", "-f", "framecrc", "-"], environment, tmp_path)
    assert "1280x960" in about
    assert "yuv420p(tv, bt709, progressive)" in about
    assert len([line for line in frames.splitlines() if line.startswith("0,")]) == 3
    before, after = (
        probed(["-i", file, "-map", "0:a", "-t", "0.1", "-c", "copy", "-f", "md5", "-"], environment, tmp_path)[1]
        for file in ("in.mkv", "out.mkv")
    )
    assert before == after
    np.testing.assert_allclose(tint(tmp_path / "out.mkv"), tint(tmp_path / "in.mkv"), atol=0.004)


def with_sound(matrix: str) -> str:
    """Makes in.mkv of the example clip and a tone; its matrix is the one named, in samples and tags."""
    name = {"170m": "smpte170m", "709": "bt709"}[matrix]
    tags = f"setparams=range=tv:colorspace={name}:color_primaries={name}:color_trc={name}"
    change = f"scale=in_color_matrix=bt709:out_color_matrix={name},{tags}"
    sound = "-f lavfi -i sine -shortest -c:a flac"
    return f"ffmpeg -i examples/clip.mkv {sound} -map 0:v -map 1:a -c:v libx264 -vf {change} in.mkv"


def probed(arguments: list[str], environment: dict[str, str], cwd: Path) -> tuple[str, str]:
    """What ffmpeg says of files, and what it writes."""
    done = subprocess.run(["ffmpeg", *arguments], env=environment, cwd=cwd, capture_output=True, text=True, check=True)
    return done.stderr, done.stdout


def tint(file: Path) -> NDArray[np.float64]:
    """What the mean red, green and blue of the first frame of a video, by its tags, are above their own mean."""
    clip = core.bs.VideoSource(str(file), cachemode=0, showprogress=False).resize.Bicubic(format=vs.RGBS)
    with clip.get_frame(0) as frame:
        means = np.array([np.mean(np.asarray(frame[plane]), dtype=np.float64) for plane in range(3)])
        return means - means.mean()


def test_a_film_and_a_season(environment: dict[str, str], tmp_path: Path, official_v2: models.Artifact) -> None:
    short = "ffmpeg -i examples/clip.mkv -frames:v 2 -vf crop=64:48"
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "season").mkdir()
    shell(f"{short} episode.mkv && {short} season/01.mkv && {short} season/02.mkv", environment, tmp_path)
    shell(indented("vsanimesr upscale episode.mkv"), environment, tmp_path)
    shell(indented("vsanimesr upscale season/"), environment, tmp_path)
    made = {"upscaled.mkv": "yuv420p(", "upscaled/01.mkv": "yuv420p10le(", "upscaled/02.mkv": "yuv420p10le("}
    for name, pixels in made.items():
        about, _ = probed(["-i", name, "-f", "null", "-"], environment, tmp_path)
        assert "256x192" in about
        assert pixels in about
    shell("vsanimesr compare episode.mkv upscaled.mkv -o page.html", environment, tmp_path)
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert "core.animesr.Upscale" in shell("vsanimesr script episode.mkv", environment, tmp_path)


def test_the_doctor(environment: dict[str, str], tmp_path: Path, official_v2: models.Artifact) -> None:
    assert "animesr-v2" in shell(indented("vsanimesr doctor"), environment, tmp_path)


def test_the_version_command(environment: dict[str, str], tmp_path: Path) -> None:
    assert "'vsanimesr': '" in shell(indented("python -c"), environment, tmp_path)


def test_the_script(environment: dict[str, str], tmp_path: Path, official_v2: models.Artifact) -> None:
    script = tmp_path / "script.vpy"
    shutil.copy(ROOT / "examples" / "clip.mkv", tmp_path / "episode.mkv")
    script.write_text(block("python"))
    described = shell(f"vspipe --info {script} -", environment, tmp_path)
    assert "Width: 1280\nHeight: 960\nFrames: 60" in described
    assert "Format Name: YUV420P8" in described


@pytest.mark.parametrize("command", ["list", "path"])
def test_the_commands_about_models(command: str, environment: dict[str, str], official_v2: models.Artifact) -> None:
    line = indented(f"vsanimesr models {command}").replace("mine", "animesr-v2")
    assert "animesr-v2" in shell(line, environment)


def test_the_commands_about_engines(environment: dict[str, str], tmp_path: Path, official_v2: models.Artifact) -> None:
    pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")
    folder = tmp_path / "engines"
    commands = [line.strip() for line in README.splitlines() if line.startswith("    vsanimesr engines ")]
    assert len(commands) == 5
    told = [shell(f"{command} --engine-dir {folder}", environment) for command in commands]
    assert [text.count("built /") for text in told] == [2, 4, 4, 0, 0]
    assert "10 engines, " in told[3]
    assert "0 files" in told[4]
    script = commands[0].replace("vsanimesr engines build", "python export/build_engine.py")
    assert shell(f"{script} --engine-dir {folder}", environment).count("reused /") == 2


def test_its_own_model_is_imported(environment: dict[str, str], tmp_path: Path) -> None:
    import torch

    from vsanimesr.nets import AnimeSR

    torch.save(AnimeSR().state_dict(), tmp_path / "my_training.pth")
    environment["VSANIMESR_HOME"] = str(tmp_path / "home")
    shell(indented("vsanimesr models import"), environment, tmp_path)
    assert "mine" in shell("vsanimesr models list", environment)


def test_every_target_it_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^    make ([a-z-]+)", README + contributing, re.MULTILINE))
    assert {"demo", "test", "wheel"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_its_prototype_names_the_filters_arguments() -> None:
    import inspect

    import vsanimesr
    from vsanimesr.arguments import DEFAULTS

    prototype = README[README.index("    core.animesr.Upscale(vnode") :].split("\n\n")[0]
    for name, parameter in inspect.signature(vsanimesr.upscale).parameters.items():
        if name != "other":
            assert re.search(rf"\b{name}\b", prototype), name
            assert f"**{name}**" in README
        if isinstance(parameter.default, str):
            assert f'{name}="{parameter.default}"' in prototype
    assert f"checkpoints={DEFAULTS['checkpoints']}" in prototype


def test_links_lead_to_files() -> None:
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / document).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{document} links to {target}"
