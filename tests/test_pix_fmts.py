"""Names of formats, against what ffmpeg writes and what VapourSynth reads of it."""

import subprocess
from pathlib import Path

import pytest
import vapoursynth as vs

from tests.clips import core
from vsanimesr.errors import MediaError
from vsanimesr.media import pix_fmts
from vsanimesr.pipeline import find_ffmpeg
from vsanimesr.spec import FORMATS

ODD = ("yuvj420p", "yuva420p", "nv12", "uyvy422", "gbrp", "gbrp10le", "rgb24", "bgra", "yuv411p", "yuv440p", "yuv410p")
ODD += ("yuv420p9le", "ya8", "pal8", "gbrpf32le", "gray10be")


def opened(pix_fmt: str, folder: Path) -> vs.VideoNode:
    """A file of that format, as the script reads it."""
    codec = {"pal8": "png", "gbrpf32le": "exr", "yuvj420p": "mjpeg"}.get(pix_fmt, "rawvideo")
    drawn = ["-f", "lavfi", "-i", f"testsrc2=size=64x48:rate=24,format={pix_fmt}", "-frames:v", "2"]
    file = folder / f"{pix_fmt}.{'mkv' if codec != 'rawvideo' else 'nut'}"
    subprocess.run([find_ffmpeg(), "-v", "error", *drawn, "-c:v", codec, "-pix_fmt", pix_fmt, file], check=True)
    return core.bs.VideoSource(str(file), cachemode=0, showprogress=False)


@pytest.mark.slow
@pytest.mark.parametrize("pix_fmt", [*pix_fmts.PIX_FMTS, *ODD])
def test_the_format_of_a_file_is_the_one_that_is_read(pix_fmt: str, tmp_path: Path) -> None:
    clip = opened(pix_fmt, tmp_path)
    taken = pix_fmts.taken(pix_fmt)
    assert (taken.name if taken else None) == (clip.format.name if clip.format.name in FORMATS else None)
    assert bool(pix_fmts.conversion(pix_fmt)) == (taken is None)
    if taken is None:
        clip = clip.resize.Bicubic(format=getattr(vs, pix_fmts.conversion(pix_fmt)))
    number = getattr(vs, pix_fmts.vapoursynth_format(pix_fmts.usual(pix_fmt)))
    made = core.animesr.Upscale(clip, backend="fake", format=number)
    assert made.format.name == pix_fmts.PIX_FMTS[pix_fmts.usual(pix_fmt)].name


@pytest.mark.parametrize(
    ("source", "pictures", "conversion"),
    [
        ("yuv420p", "yuv420p", ""),
        ("yuvj422p", "yuv422p", ""),
        ("yuv444p", "yuv444p", ""),
        ("p010le", "yuv420p10le", ""),
        ("gbrp", "yuv444p", ""),
        ("gbrp12le", "yuv444p12le", ""),
        ("gbrpf32le", "yuv444p16le", ""),
        ("gray14le", "gray16le", ""),
        ("yuv411p", "yuv444p", "YUV444P8"),
        ("yuv420p9le", "yuv420p10le", "YUV420P10"),
        ("grayf32le", "gray16le", "GRAY16"),
    ],
)
def test_what_pictures_are_where_nothing_is_asked_for(source: str, pictures: str, conversion: str) -> None:
    assert pix_fmts.usual(source) == pictures
    assert pix_fmts.conversion(source) == conversion


def test_what_is_no_format() -> None:
    with pytest.raises(MediaError, match="'bogus' is no pixel format that ffmpeg knows"):
        pix_fmts.usual("bogus")


@pytest.mark.slow
@pytest.mark.parametrize("pix_fmt", pix_fmts.PIX_FMTS)
def test_formats_cross_as_y4m_as_they_are(pix_fmt: str, tmp_path: Path) -> None:
    """The header is the one that vspipe writes; ffmpeg has to read as many frames, of that format."""
    name = pix_fmts.PIX_FMTS[pix_fmt].name
    clip = core.std.BlankClip(width=64, height=48, format=getattr(vs, name.upper()), length=3)
    file = tmp_path / "clip.y4m"
    with file.open("wb") as stream:
        clip.output(stream, y4m=True)
    said = subprocess.run(
        [find_ffmpeg(), "-i", file, "-f", "framecrc", "-"], capture_output=True, text=True, check=True
    )
    assert sum(not line.startswith("#") for line in said.stdout.splitlines()) == 3
    assert f" {pix_fmt}(" in next(line for line in said.stderr.splitlines() if "Video: rawvideo" in line)
