"""Scripts that upscale a file, by running them."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import vapoursynth as vs
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clips import linear, pixels
from vsanimesr.errors import ArgumentError
from vsanimesr.jobs.script import ScriptOptions, text
from vsanimesr.pipeline import find_ffmpeg, find_vspipe

FAKE = ScriptOptions(backend="fake")
FRAMES = 30
NAMES = [
    "plain.mkv",
    'it\'s "quoted".mkv',
    "back\\slash \\n \\x41 {clip} %03d %s.mkv",
    "new\nline\tand tab\r.mkv",
    "動画 é e\u0301 \u202e\u2028🎬.mkv",
    "''' \"\"\" #!$(x) `x`.mkv",
]


@pytest.fixture(scope="module")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Files of two shots, made once for the same options."""
    folder, made = tmp_path_factory.mktemp("drawn"), {}
    shots = "[0]trim=end_frame=13[a];[1]trim=end_frame=17,setpts=PTS-STARTPTS[b];[a][b]concat,"

    def drawn(*options: str, format_: str = "yuv420p", name: str = "clip.mkv", filters: str = "null") -> Path:
        key = (options, format_, name, filters)
        if key not in made:
            inputs = [
                "-f",
                "lavfi",
                "-i",
                "testsrc=size=64x48:rate=24",
                "-f",
                "lavfi",
                "-i",
                "mandelbrot=size=64x48:rate=24",
            ]
            made[key] = folder / f"{len(made)}.{name}"
            graph = [*inputs, "-filter_complex", f"{shots}format={format_},{filters}", "-fps_mode", "passthrough"]
            encoder = options or ("-c:v", "ffv1")
            subprocess.run([find_ffmpeg(), "-v", "error", *graph, *encoder, made[key]], check=True)
        return made[key]

    return drawn


@pytest.fixture(autouse=True)
def no_outputs() -> Iterator[None]:
    yield
    vs.clear_outputs()


def clip_of(script: str, **arguments: str) -> vs.VideoNode:
    """What a script puts out, run as vspipe runs it: arguments are globals that are text."""
    exec(compile(script.encode(), "script.vpy", "exec"), {"__name__": "__vapoursynth__", **arguments})
    return vs.get_output(0).clip


@pytest.mark.parametrize("name", NAMES)
def test_sources_of_any_name(draw: Callable[..., Path], tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(draw())
    clip = clip_of(text(tmp_path / name, FAKE))
    assert (len(clip), clip.width, clip.height, clip.format.name) == (FRAMES, 256, 192, "YUV420P8")


@pytest.mark.skipif(os.name != "posix", reason="names are Unicode elsewhere")
def test_sources_whose_name_is_not_unicode(draw: Callable[..., Path], tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"caf\xe9 \xff'.mkv")
    source.symlink_to(draw())
    assert len(clip_of(text(source, FAKE))) == FRAMES


@given(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1).filter(
        lambda s: s not in (".", "..")
    )
)
def test_a_name_is_one_literal_whatever_it_is(name: str) -> None:
    script = ast.parse(text(Path("/folder") / name, FAKE).encode())
    calls = [node for node in ast.walk(script) if isinstance(node, ast.Call) and "VideoSource" in ast.dump(node.func)]
    assert [ast.literal_eval(call.args[0]) for call in calls] == [str(Path("/folder") / name)]


def test_a_relative_source_is_found_from_any_folder(
    draw: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(draw().parent)
    script = text(draw().name, FAKE)
    monkeypatch.chdir(tmp_path)
    assert len(clip_of(script)) == FRAMES


@settings(max_examples=12, deadline=None)
@given(st.tuples(st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1)).map(sorted))
def test_a_part_has_the_pixels_of_the_whole(draw: Callable[..., Path], bounds: list[int]) -> None:
    script, (first, last) = text(draw(), ScriptOptions(backend="fake", other={"segment": 11, "warmup": 2})), bounds
    whole = linear(clip_of(script))
    assert linear(clip_of(script, first=str(first), last=str(last))) == whole[first : last + 1]
    assert linear(clip_of(script, first=str(first))) == whole[first:]
    assert len(set(whole)) == FRAMES


@pytest.mark.parametrize(("first", "last"), [("-1", "3"), ("0", "30"), ("5", "4"), ("30", "30")])
def test_frames_that_are_not_there_are_refused(draw: Callable[..., Path], first: str, last: str) -> None:
    with pytest.raises(ValueError, match=f"frames {first} to {last} were asked for, the clip has frames 0 to 29"):
        clip_of(text(draw(), FAKE), first=first, last=last)


def test_a_source_that_is_not_what_it_was_is_refused(draw: Callable[..., Path]) -> None:
    assert len(clip_of(text(draw(), ScriptOptions(backend="fake", frames=FRAMES)))) == FRAMES
    with pytest.raises(ValueError, match="the source has 30 frames, wanted 31"):
        clip_of(text(draw(), ScriptOptions(backend="fake", frames=31)))


def test_frames_are_as_they_are_coded(draw: Callable[..., Path], tmp_path: Path) -> None:
    plain, turned = draw("-c:v", "libx264", "-qp", "0", name="a.mp4"), tmp_path / "turned.mp4"
    command = [find_ffmpeg(), "-v", "error", "-display_rotation", "90", "-i", plain, "-c", "copy", turned]
    subprocess.run(command, check=True)
    assert vs.core.bs.VideoSource(str(turned), cachemode=0, showprogress=False).width == 48
    assert linear(clip_of(text(turned, FAKE))) == linear(clip_of(text(plain, FAKE)))


def test_variable_frame_rates_keep_their_frames(draw: Callable[..., Path]) -> None:
    source = draw(filters="setpts='if(lt(N,10),N,10+(N-10)*2.5)/24/TB'", name="vfr.mkv")
    assert len(clip_of(text(source, FAKE))) == FRAMES


def test_the_stream_that_was_asked_for(tmp_path: Path, draw: Callable[..., Path]) -> None:
    both = tmp_path / "both.mkv"
    small = ["-f", "lavfi", "-i", "testsrc=size=32x16:rate=24,trim=end_frame=5"]
    command = [find_ffmpeg(), "-v", "error", "-i", draw(), *small, "-map", "0", "-map", "1", "-c:v", "ffv1", both]
    subprocess.run(command, check=True)
    assert [len(clip_of(text(both, ScriptOptions(backend="fake", track=n)))) for n in (0, 1)] == [FRAMES, 5]


def test_formats_that_the_filter_does_not_take_are_converted_first(draw: Callable[..., Path]) -> None:
    source = draw(format_="yuv411p")
    with pytest.raises(vs.Error, match="YUV411P8"):
        clip_of(text(source, FAKE))
    clip = clip_of(text(source, ScriptOptions(backend="fake", convert="YUV444P8")))
    assert (clip.format.name, len(clip)) == ("YUV444P8", FRAMES)


def test_what_the_pictures_are(draw: Callable[..., Path]) -> None:
    clip = clip_of(text(draw(), ScriptOptions(backend="fake", scale=2, format="yuv444p10", matrix="709")))
    assert (clip.width, clip.format.name) == (128, "YUV444P10")
    assert clip.get_frame(0).props["_Matrix"] == 1
    rgb = clip_of(text(draw(format_="gbrp"), ScriptOptions(backend="fake", format="YUV444P8", range="full")))
    assert rgb.get_frame(0).props["_Range"] == 1


def test_only_what_differs_is_written() -> None:
    said = re.search(r"Upscale\(.*\)", text("in.mkv", ScriptOptions(other={"segment": 0, "scenes": True})))
    assert said
    assert said[0] == "Upscale(clip)"
    assert ScriptOptions().arguments() == {}
    many = ScriptOptions(
        model="m.onnx", scale=2, device_id=1, other={"scenes": False, "tilesize": (64, 48), "engine_dir": "e"}
    )
    found = many.arguments()
    assert found.pop("model") == Path("m.onnx").absolute()
    assert found.pop("engine_dir") == Path("e").absolute()
    assert found == {"scale": 2, "scenes": 0, "tilesize": (64, 48), "device_id": 1}


def test_long_calls_have_a_line_for_each_argument(draw: Callable[..., Path]) -> None:
    long = ScriptOptions(
        backend="fake",
        scale=2,
        format="YUV420P10",
        other={"segment": 11, "warmup": 2, "overlap": [32, 32], "slots": 3, "tiles": [1, 1]},
    )
    script = text(draw(), long)
    assert "    tiles=[1, 1],\n" in script
    assert max(len(line) for line in script.splitlines() if "VideoSource" not in line) <= 120
    assert len(clip_of(script)) == FRAMES


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"scale": 5}, "scale is 5, wanted 1 to 4"),
        ({"scale": True}, "scale is True, wanted one whole number"),
        ({"format": "yuv420p9"}, "format='yuv420p9' is no format; write one of YUV420P8"),
        ({"convert": "x"}, "convert='x' is no format"),
        ({"other": {"fp16": 1}}, "there is no argument 'fp16'; write precision='fp16'"),
        ({"other": {"scale": 2}}, "scale among the other arguments; give it as its own option"),
    ],
)
def test_refusals(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        text("in.mkv", ScriptOptions(**options))


@pytest.mark.slow
@pytest.mark.parametrize("name", [NAMES[1], NAMES[3], NAMES[4]])
def test_vspipe_runs_it_in_whole_and_in_part(
    draw: Callable[..., Path], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    source, script = tmp_path / name, tmp_path / "ein skript é.vpy"
    source.symlink_to(draw())
    script.write_text(text(source, FAKE), encoding="utf-8")

    def frames(*arguments: str) -> list[bytes]:
        command = [find_vspipe(), "-c", "y4m", *arguments, script, "-"]
        return subprocess.run(command, check=True, capture_output=True).stdout.split(b"FRAME\n")[1:]

    whole, part = frames(), frames("-a", "first=11", "-a", "last=19")
    assert (len(whole), part) == (FRAMES, whole[11:20])
    clip = clip_of(script.read_text(encoding="utf-8"))
    with clip.get_frame(12) as frame:
        assert pixels(frame) == whole[12]
