"""`python -m training.degrade`: the sheet, whole videos, and the measurement."""

import json
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from PIL import Image

from tests.degrading import moving, one_thread  # noqa: F401
from training.degrade import BASIC_OP, LEARNED_OP, Recipe, degrade, footage, generator, h264_pyav, sheet
from training.degrade.__main__ import main
from training.degrade.colours import rounded
from training.degrade.layout import GAP, HEADING
from vsanimesr.errors import ArgumentError, MediaError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


@pytest.fixture
def video(tmp_path):
    """A lossless one of 12 frames of 98x66."""
    file = tmp_path / "in.mkv"
    footage.write(file, rounded(moving(12, 66, 98)), Fraction(24))
    return file


def samples(image):
    return np.asarray(image.convert("RGB"))


def test_what_is_written_is_read_again(video):
    assert torch.equal(torch.stack(list(footage.frames(video))), rounded(moving(12, 66, 98)))
    assert footage.rate(video) == 24


@pytest.mark.parametrize(
    ("size", "number", "is_709"),
    [((32, 32), 1, True), ((32, 32), 6, False), ((32, 32), 2, False), ((1280, 32), 2, True), ((1280, 32), 5, False)],
)
def test_a_video_of_yuv_is_read_by_its_matrix(tmp_path, size, number, is_709):
    """Tagged or, by FFmpeg's number 2, not. The levels are the red of BT.709."""
    file = tmp_path / "in.mkv"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv444p"
        stream.codec_context.colorspace = number
        planes = np.stack([np.full(size[::-1], level, np.uint8) for level in (63, 102, 240)])
        container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv444p")))
        container.mux(stream.encode(None))
    colour = next(footage.frames(file))[:, 16, 16].numpy().astype(int)
    assert (np.abs(colour - [255, 0, 0]).max() <= 2) == is_709


def test_sheet_of_a_picture(tmp_path, capsys):
    file, out = tmp_path / "in.png", tmp_path / "out.png"
    picture = rounded(moving(1, 128, 160))[0]
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(file)
    told = ["sheet", str(file), "-o", str(out), "--side", "64", "--recipes", "3", "--frames", "3", "--at", "33,18"]
    assert main(told) == 0
    page = samples(Image.open(out))
    assert f"{page.shape[1]}x{page.shape[0]}" in capsys.readouterr().out
    assert page.shape[1] == 4 * (64 + GAP) + GAP
    shown = page[HEADING : HEADING + 64, GAP : GAP + 64]
    assert np.array_equal(shown, picture[:, 16:80, 32:96].permute(1, 2, 0).numpy())  # made multiples of 4


def test_a_sheet_shows_what_its_recipes_give(video, tmp_path):
    window = sheet.window(video, frames=5, side=48)
    page = samples(sheet.draw([window], BASIC_OP, seed=4, recipes=2, codec=h264_pyav.round_trip))
    lr = degrade(window.clip, Recipe.draw(generator(4, 0, 1), 5))
    small = window.shown(lr)
    assert small.shape == (3, 12, 12)
    large = (small * 255).round().byte().permute(1, 2, 0).numpy().repeat(4, 0).repeat(4, 1)
    left = GAP + 2 * (48 + GAP)
    assert any(np.array_equal(page[top : top + 48, left : left + 48], large) for top in range(page.shape[0] - 48))


def test_the_busiest_square_is_found(tmp_path):
    picture = torch.full((3, 160, 200), 128, dtype=torch.uint8)
    picture[:, 80:112, 120:152] = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    file = tmp_path / "in.png"
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(file)
    window = sheet.window(file, frames=1, side=40)
    assert int((window.shown(window.clip) * 255).round().ne(128).any(0).sum()) > 1000


def test_apply_is_degrade(video, tmp_path, capsys):
    out = tmp_path / "out.mkv"
    assert main(["apply", str(video), str(out), "--seed", "5"]) == 0
    assert "12 frames" in capsys.readouterr().out
    clip = footage.values(footage.frames(video))[..., :64, :96]
    wanted = rounded(degrade(clip, Recipe.draw(generator(5, 0), 12)))
    assert torch.equal(torch.stack(list(footage.frames(out))), wanted)
    assert footage.rate(out) == 24
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_apply_with_a_recipe_for_every_few_frames(video, tmp_path):
    out = tmp_path / "out.mkv"
    assert main(["apply", str(video), str(out), "--seed", "5", "--clip", "9", "--stage", "final"]) == 0
    clip = footage.values(footage.frames(video))[9:, :, :64, :96]
    wanted = rounded(degrade(clip, Recipe.draw(generator(5, 1), 3, LEARNED_OP)))
    assert torch.equal(torch.stack(list(footage.frames(out)))[9:], wanted)


def test_speed_says_where_the_time_goes(capsys):
    assert main(["speed", "--frames", "3", "--side", "32", "--seconds", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    facts = json.loads(lines[-1])
    assert facts["clips"] == 1
    assert list(facts["seconds"]) == ["checks", "blur", "noise", "reduction", "codec"]
    assert all(spent > 0 for spent in facts["seconds"].values())
    assert "clips of 3 frames, 32x32, per second" in lines[-2]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["sheet", "{here}/none.png"], "cannot be read"),
        (["sheet", "{here}/text.txt"], "neither a picture nor a video"),
        (["sheet", "{here}/in.mkv"], "wanted at least 240x240"),
        (["sheet", "{here}/in.mkv", "--side", "48", "--at", "64,0"], "wanted a square within 96x64"),
        (["sheet", "{here}/in.mkv", "--side", "48", "--progress", "2"], "progress=2"),
        (["sheet", "{here}/in.mkv", "--side", "48", "-o", "{here}/out.nonsense"], "the name of another .png"),
        (["apply", "{here}/in.mkv", "{here}/out.mp4"], "ends with .mkv"),
        (["apply", "{here}/in.mkv", "{here}/in.mkv/out.mkv"], "in.mkv/out.mkv cannot be written"),
        (["apply", "{here}/text.txt", "{here}/out.mkv"], "cannot be read as a video"),
    ],
)
@pytest.mark.usefixtures("video")
def test_failures_are_one_line(told, message, tmp_path, capsys):
    (tmp_path / "text.txt").write_text("no picture")
    before = {file.name for file in tmp_path.iterdir()}
    assert main([word.format(here=tmp_path) for word in told]) == 1
    said = capsys.readouterr().err
    assert said.startswith("training.degrade: ")
    assert message in said
    assert {file.name for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "told",
    [
        ["sheet", "x", "--side", "30"],
        ["sheet", "x", "--at", "3"],
        ["sheet", "x", "--seed", "-1"],
        ["apply", "x", "y.mkv", "--clip", "-1"],
        ["speed", "--frames", "0"],
    ],
)
def test_command_lines_that_are_none(told, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(told)
    assert "wanted" in capsys.readouterr().err


def test_files_without_frames(tmp_path):
    with pytest.raises(ArgumentError, match="no frames"):
        footage.write(tmp_path / "out.mkv", [], Fraction(25))
    with pytest.raises(MediaError, match="sides of at least 4"):
        footage.cropped(torch.zeros(3, 3, 40))
