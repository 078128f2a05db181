"""`python -m training.toon`: sheets, lossless files and statistics."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from training.toon import Clip, Frame, clip
from training.toon.__main__ import main
from training.toon.measure import EDGES, WIDTHS, block_colours, line_widths, spectrum_slope, statistics
from vsanimesr.errors import MediaError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SIZE = ["--size", "128x72"]


def picture(file: Path) -> np.ndarray:
    with Image.open(file) as opened:
        return np.asarray(opened)


def decoded(file: Path, layout: str) -> list[np.ndarray]:
    with av.open(str(file)) as container:
        return [frame.to_ndarray(format=layout) for frame in container.decode(video=0)]


def test_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "out.png"
    assert main(["sheet", "--seed", "1", "--count", "3", "--columns", "2", "--frame", "1", *SIZE, str(page)]) == 0
    assert picture(page).shape == (72, 128, 3)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2", "3"]


def test_a_small_jpeg(tmp_path: Path) -> None:
    page = tmp_path / "out.jpg"
    assert main(["sheet", "--count", "1", "--columns", "1", "--shrink", "1", "--bytes", "9000", *SIZE, str(page)]) == 0
    assert page.stat().st_size <= 9000


@pytest.mark.parametrize("name", ["out.jpg", "out.png"])
def test_a_sheet_that_cannot_be_so_small(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet", "--count", "1", "--bytes", "99", *SIZE, str(tmp_path / name)]) == 1
    assert "bytes or more, wanted 99" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_sheet_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet", "--count", "1", "--shrink", "73", *SIZE, str(tmp_path / "out.png")]) == 1
    assert "128x72 cannot be shrunk by 73" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["clip.mkv", "clip"])
def test_files_are_lossless(tmp_path: Path, name: str) -> None:
    output = tmp_path / name
    assert main(["render", "--seed", "4", "--frames", "2", "--split", "val", *SIZE, str(output)]) == 0
    truth = list(clip(4, frames=2, size=(128, 72), split="val"))
    if name.endswith(".mkv"):
        images, lines = decoded(output, "rgb24"), decoded(tmp_path / "clip.lines.mkv", "gray")
        notes = json.loads((tmp_path / "clip.json").read_text())
    else:
        images = [picture(output / f"{n:05d}.png") for n in range(2)]
        lines = [picture(output / "lines" / f"{n:05d}.png") for n in range(2)]
        notes = json.loads((output / "clip.json").read_text())
    assert all(np.array_equal(a, b.image) for a, b in zip(images, truth, strict=True))
    assert all(np.array_equal(a, b.lines) for a, b in zip(lines, truth, strict=True))
    assert (notes["seed"], notes["split"], notes["frames"]) == (4, "val", 2)
    assert notes["generators"]


def test_videos_appear_when_they_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(film: Clip, n: int) -> Frame:
        if n:
            raise RuntimeError("this frame cannot be drawn")
        return whole(film, n)

    whole = Clip.__getitem__
    monkeypatch.setattr(Clip, "__getitem__", broken)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        main(["render", "--frames", "2", *SIZE, str(tmp_path / "clip.mkv")])
    assert not list(tmp_path.iterdir())


def test_a_sheet_of_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet", "--count", "1", *SIZE, str(tmp_path / "out.gif")]) == 1
    assert ".png or a .jpg, not out.gif" in capsys.readouterr().err


def test_a_sheet_in_a_folder_that_is_made_or_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet", "--count", "1", *SIZE, str(tmp_path / "new" / "out.png")]) == 0
    with Image.open(tmp_path / "new" / "out.png") as made:
        assert made.size[0] > 0
    (tmp_path / "file").touch()
    assert main(["sheet", "--count", "1", *SIZE, str(tmp_path / "file" / "out.png")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["sheet", "x.png", "--count", "0"], "'0', wanted a number from 1 on"),
        (["sheet", "x.png", "--columns", "-1"], "'-1', wanted a number from 1 on"),
        (["sheet", "x.png", "--frame", "-1"], "'-1', wanted a number from 0 on"),
        (["sheet", "x.png", "--shrink", "0"], "'0', wanted a number from 1 on"),
        (["sheet", "x.png", "--bytes", "many"], "'many', wanted a number from 1 on"),
        (["render", "x.mkv", "--frames", "0"], "'0', wanted a number from 1 on"),
        (["stats", "--clips", "0"], "'0', wanted a number from 1 on"),
        (["speed", "--clips", "1.5"], "'1.5', wanted a number from 1 on"),
        (["render", "x.mkv", "--size", "640"], "'640', wanted WIDTHxHEIGHT, such as 640x384"),
        (["render", "x.mkv", "--size", "640x"], "'640x', wanted WIDTHxHEIGHT"),
        (["render", "x.mkv", "--size", "0x64"], "'0x64', wanted WIDTHxHEIGHT"),
    ],
)
def test_command_lines_that_are_none(told: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(told)
    assert message in capsys.readouterr().err


def test_speed_names_each_clip(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", "--seed", "3", "--clips", "2", "--frames", "2", *SIZE]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["3", "4", "all"]


def test_statistics_of_clips_and_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "clip.mkv"
    assert main(["render", "--frames", "2", *SIZE, str(file)]) == 0
    capsys.readouterr()
    assert main(["stats", "--clips", "1", "--frames", "2", *SIZE]) == 0
    ours = capsys.readouterr().out
    assert main(["stats", str(file)]) == 0
    assert capsys.readouterr().out == ours


def test_a_file_that_is_no_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no video")
    assert main(["stats", str(file)]) == 1
    assert "cannot be read as a video" in capsys.readouterr().err


def test_statistics_of_pictures_that_are_known() -> None:
    flat = np.full((64, 96, 3), 120, np.uint8)
    measured = statistics([[flat] * 3])
    assert (measured.frames, measured.held, measured.colours, measured.flat) == (3, 1.0, 1.0, 1.0)
    assert measured.gradient[0] == 1
    assert len(measured.gradient) == len(EDGES) - 1
    with pytest.raises(MediaError, match="no frames"):
        statistics([[]])


def test_the_border_between_two_clips_is_no_pair() -> None:
    dark, bright = np.full((64, 96, 3), 20, np.uint8), np.full((64, 96, 3), 220, np.uint8)
    apart = statistics([[dark, dark], [bright, bright], [dark]])
    assert (apart.frames, apart.held) == (5, 1.0)
    assert statistics([[dark, dark, bright, bright, dark]]).held == 0.5


@pytest.mark.parametrize("width", [2, 4, 6])
def test_widths_of_lines_are_found(width: int) -> None:
    grey = np.full((60, 60), 200, np.uint8)
    grey[30 : 30 + width] = 20
    counts, share = line_widths(grey)
    assert share == pytest.approx(width / 60, abs=0.01)
    assert counts[WIDTHS.index(width)] == pytest.approx(share, abs=0.01)


def test_slopes_and_colours_of_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    assert abs(spectrum_slope(noise[..., 0])) < 0.3
    assert block_colours(noise).min() > 900
