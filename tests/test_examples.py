"""The example clip, the script that draws it, the script that upscales it and the demo, with the fake backend."""

import contextlib
import importlib
import io
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import vapoursynth as vs
from numpy.typing import NDArray
from PIL import Image

from vsanimesr.pipeline import Render, find_ffmpeg

pytestmark = pytest.mark.slow  # real renders

EXAMPLES = Path(__file__).parent.parent / "examples"
CLIP, SCRIPT = EXAMPLES / "clip.mkv", EXAMPLES / "upscale.vpy"
FAST = ("-c:v", "libx264", "-preset", "ultrafast")


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp("settings")))


@pytest.fixture(scope="module")
def drawing() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES)
        yield importlib.import_module("draw_clip")


def decoded(video: Path, width: int, height: int) -> NDArray[np.int16]:
    """All frames of a video, RGB."""
    command = [find_ffmpeg(), "-v", "error", "-i", video, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3).astype(np.int16)


def described(video: Path) -> str:
    """What ffmpeg says about the video stream."""
    text = subprocess.run([find_ffmpeg(), "-hide_banner", "-i", video], capture_output=True, text=True).stderr
    return next(line for line in text.splitlines() if "Video:" in line)


def cuts(frames: NDArray[np.int16]) -> list[int]:
    """Frames that differ from the one before by more than moving things do."""
    return [n for n in range(1, len(frames)) if np.abs(frames[n] - frames[n - 1]).mean() > 25]


def test_the_clip_is_small_short_and_tagged() -> None:
    assert CLIP.stat().st_size < 300_000
    assert re.search(r"h264.*yuv420p\(tv, bt709.*320x240.*24 fps", described(CLIP))


def test_the_clip_has_one_hard_cut_and_moves_everywhere_else() -> None:
    frames = decoded(CLIP, 320, 240)
    assert 48 <= len(frames) <= 72
    assert cuts(frames) == [36]
    still = [n for n in range(1, len(frames)) if np.array_equal(frames[n], frames[n - 1])]
    assert still == []


def test_a_picture_depends_on_its_number_alone(drawing: ModuleType) -> None:
    first = {n: drawing.picture(n).tobytes() for n in (0, 13, 40)}
    again = {n: drawing.picture(n).tobytes() for n in (40, 0, 13)}
    assert first == again
    assert len(set(first.values())) == 3


def test_a_picture_can_be_drawn_larger(drawing: ModuleType) -> None:
    small, large = drawing.picture(30).astype(float), drawing.picture(30, 4).astype(float)
    assert large.shape == (960, 1280, 3)
    assert np.abs(large.reshape(240, 4, 320, 4, 3).mean((1, 3)) - small).mean() < 1


def test_the_clip_in_the_tree_is_what_the_script_draws(drawing: ModuleType, tmp_path: Path) -> None:
    drawing.encode(tmp_path / "again.mkv")
    drawn, kept = decoded(tmp_path / "again.mkv", 320, 240), decoded(CLIP, 320, 240)
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 2  # other versions of x264 and skia differ a little
    assert np.abs(kept[30] - drawing.picture(30)).mean() < 8  # and it has the drawing's colours
    assert [path.name for path in tmp_path.iterdir()] == ["again.mkv"]


def test_a_failed_encode_leaves_nothing(drawing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "ENCODER", ["-c:v", "no_such_codec"])
    with pytest.raises(subprocess.CalledProcessError):
        drawing.encode(tmp_path / "out.mkv")
    assert list(tmp_path.iterdir()) == []


def test_the_script_takes_its_own_clip_and_upscales_it_fourfold(tmp_path: Path) -> None:
    render = Render(SCRIPT, tmp_path / "out.mkv", arguments={"backend": "fake"}, encoder=FAST)
    assert list(render.run())[-1].total == 60
    assert "1280x960" in described(tmp_path / "out.mkv")
    assert any(message.text.startswith("Upscale: animesr-v2 on fake") for message in render.messages)


@pytest.mark.parametrize(("size", "tag"), [("64x48", "smpte170m"), ("64x48", "bt709"), ("32x576", ""), ("1280x32", "")])
def test_the_script_s_pictures_are_of_709(tmp_path: Path, size: str, tag: str) -> None:
    tags = ["-vf", f"setparams=colorspace={tag}"] if tag else []
    drawn = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate=24,format=yuv420p", "-frames:v", "2"]
    subprocess.run([find_ffmpeg(), "-v", "error", *drawn, *tags, "-c:v", "libx264", tmp_path / "in.mkv"], check=True)
    run = runpy.run_path(str(SCRIPT), {"source": str(tmp_path / "in.mkv"), "backend": "fake"})
    try:
        with run["clip"].get_frame(0) as frame:
            assert (frame.props["_Matrix"], frame.format.name) == (1, "YUV420P8")
    finally:
        vs.clear_outputs()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, str]]:
    """The demo's module after a run over the files of an earlier one, and what it printed."""
    out, said = tmp_path_factory.mktemp("out"), io.StringIO()
    for name in ("demo.mkv", "demo.png"):
        (out / name).write_bytes(b"old")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.syspath_prepend(EXAMPLES)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setattr(sys, "argv", ["demo.py", "--backend", "fake"])
        module = importlib.import_module("demo")
        patch.setattr(module, "OUT", out)
        assert module.main() == 0
        yield module, said.getvalue()


def test_the_demo_makes_both_files_and_says_what_ran(demo: tuple[ModuleType, str]) -> None:
    module, said = demo
    assert re.search(r"^upscaling: 60/60, .* fps", said, re.MULTILINE)
    assert re.search(r"^animesr-v2 on fake", said, re.MULTILINE)
    assert re.search(r"demo.mkv: 60 frames in 0:", said, re.MULTILINE)
    assert sorted(path.name for path in module.OUT.iterdir()) == ["demo.mkv", "demo.png"]
    assert all(str(path) in said for path in module.OUT.iterdir())
    assert re.search(r"yuv420p\(tv, bt709.*1280x960", described(module.OUT / "demo.mkv"))


def test_the_demos_picture_is_half_bicubic_and_half_the_video(demo: tuple[ModuleType, str]) -> None:
    module = demo[0]
    with Image.open(module.OUT / "demo.png") as image:
        picture = np.asarray(image).astype(np.int16)
    bicubic = decoded(CLIP, 320, 240)[module.FRAME].repeat(4, 0).repeat(4, 1)
    ours = decoded(module.OUT / "demo.mkv", 1280, 960)[module.FRAME]
    rows = slice(0, 900)  # the labels are below
    assert np.abs(picture[rows, :630] - bicubic[rows, :630]).mean() < 8
    assert np.abs(picture[rows, 650:] - ours[rows, 650:]).mean() < 2
    assert np.abs(picture[rows, 650:] - bicubic[rows, 650:]).mean() > 20
    assert picture[rows, 640].min() == 255
