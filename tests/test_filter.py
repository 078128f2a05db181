"""`core.animesr` as a script sees it: results, frame properties, and what bad input gets."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vapoursynth as vs

import vsanimesr
from tests.clips import core, core_settings, linear, numbered, pixels
from vsanimesr import models, plugin
from vsanimesr.backends import count_nvidia_gpus
from vsanimesr.errors import ArgumentError

FAKE = {"backend": "fake"}


def refusal(clip: Any = None, **arguments: Any) -> str:
    """The error that Upscale answers with; afterwards the core must work as before."""
    with pytest.raises(vs.Error) as caught:
        core.animesr.Upscale(numbered(3) if clip is None else clip, **arguments)
    assert core.animesr.Upscale(numbered(3), **FAKE).get_frame(2).width == 128
    text = str(caught.value)
    assert text.startswith("Upscale: ")
    assert text.count("\n") <= 1, "at most two lines"
    return text


@pytest.mark.parametrize("format_", [vs.RGBS, vs.RGBH])
def test_the_picture_is_four_times_larger_in_the_same_format(format_: int) -> None:
    clip = core.animesr.Upscale(numbered(3, 50, 18, format_), **FAKE)
    assert (clip.width, clip.height, clip.format.id, clip.num_frames) == (200, 72, format_, 3)
    assert clip.fps == numbered(3).fps


def test_frame_properties_are_those_of_the_source_frame() -> None:
    clip = core.animesr.Upscale(numbered(20).std.SetFrameProps(_SceneChangePrev=1, Text="x"), **FAKE)
    for n in (7, 0, 19):
        props = clip.get_frame(n).props
        assert (props["N"], props["_SceneChangePrev"], props["Text"]) == (n, 1, "x")


def test_version_names_plugin_and_backends() -> None:
    answer = core.animesr.Version()
    assert answer["vapoursynth"] == str(vs.core.core_version.release_major)
    backends = dict(line.split(": ", 1) for line in answer["backends"])
    assert set(backends) == {"tensorrt", "tensorrt_rtx", "torch", "openvino", "fake"}
    assert backends["openvino"].startswith("OpenVINO 20")


def test_models_lists_the_registry(official_v2: models.Artifact) -> None:
    answer = core.animesr.Models()
    table = dict(zip(answer["name"], answer["state"], strict=True))
    assert table["animesr-v2"] == "ready"
    assert "animesr-v1" in table


def test_the_python_function_is_the_filter() -> None:
    clip = numbered(10)
    assert linear(vsanimesr.upscale(clip, **FAKE)) == linear(core.animesr.Upscale(clip, **FAKE))


def test_the_python_function_and_the_filter_take_the_same_arguments() -> None:
    parameters = [name for name in inspect.signature(vsanimesr.upscale).parameters if name not in ("clip", "other")]
    signature = core.animesr.Upscale.signature
    registered = [part.split(":")[0] for part in signature.split(";") if part][1:]
    assert registered == [*plugin.ARGUMENTS, *plugin.FOREIGN]
    assert parameters == list(plugin.ARGUMENTS)


@pytest.mark.parametrize("name", plugin.FOREIGN)
def test_names_of_other_upscalers_get_our_name(name: str) -> None:
    types = dict(part.split(":")[:2] for part in core.animesr.Upscale.signature.split(";") if part)
    text = refusal(**{name: "x" if types[name] == "data" else 1})
    assert f"there is no argument '{name}'" in text
    with pytest.raises(ArgumentError, match=name):
        vsanimesr.upscale(numbered(3), **{name: 1})


def test_an_unknown_name_of_the_python_function_gets_a_suggestion() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'precision'"):
        vsanimesr.upscale(numbered(3), precison="fp32")


def test_not_a_clip() -> None:
    with pytest.raises(ArgumentError, match="clip is int, wanted a video node"):
        vsanimesr.upscale(3)  # type: ignore[arg-type]
    with pytest.raises(vs.Error):
        core.animesr.Upscale(core.std.BlankAudio())


@pytest.mark.parametrize(
    ("format_", "line"),
    [
        (vs.YUV420P8, 'format=vs.RGBS, matrix_in_s="709"'),
        (vs.YUV444P16, 'format=vs.RGBS, matrix_in_s="709"'),
        (vs.GRAY8, 'format=vs.RGBS, matrix_in_s="709"'),
        (vs.RGB24, "core.resize.Bicubic(clip, format=vs.RGBS)"),
    ],
)
def test_an_unsupported_format_names_the_line_to_write(format_: int, line: str) -> None:
    clip = core.std.BlankClip(format=format_, width=64, height=48)
    text = refusal(clip)
    assert line in text
    assert "wanted RGBS or RGBH" in text
    written = text.split(": ")[-1]
    fixed = eval(written.removeprefix("clip = "), {"core": core, "vs": vs, "clip": clip})
    assert core.animesr.Upscale(fixed, **FAKE).get_frame(0).width == 256


def test_variable_format_and_size() -> None:
    blank = core.std.BlankClip
    sizes = core.std.Splice([blank(width=64, height=48), blank(width=32, height=48)], mismatch=True)
    formats = core.std.Splice([blank(format=vs.RGBS), blank(format=vs.YUV420P8)], mismatch=True)
    assert "size varies" in refusal(sizes.resize.Bicubic(format=vs.RGBS))
    assert "format varies" in refusal(formats)


@pytest.mark.parametrize("size", [(15, 64), (64, 15), (1, 1)])
def test_too_small(size: tuple[int, int]) -> None:
    assert "at least 16x16" in refusal(numbered(1, *size))


@pytest.mark.parametrize("size", [(16, 16), (17, 19), (33, 16)])
def test_the_smallest_and_odd_sizes_work(size: tuple[int, int], official_v2: models.Artifact) -> None:
    clip = core.animesr.Upscale(numbered(2, *size), backend="openvino")
    assert clip.get_frame(1).width == 4 * size[0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"model": "animesr-v3"}, "Did you mean 'animesr-v"),
        ({"model": "nowhere/model.onnx"}, "no model file 'nowhere/model.onnx'"),
        ({"backend": "tensorflow"}, "use one of auto"),
        ({"backend": "openvino", "precision": "int8"}, "use auto or fp32"),
        ({"backend": "openvino", "device": "TPU"}, "TPU"),
        ({"backend": "torch", "device": "tpu"}, "tpu"),
        ({"backend": "fake", "device": "hope"}, "no device 'hope'"),
        ({"device": "CPU"}, "needs a backend"),
        ({"device_id": -1}, "device_id is -1, wanted 0 to 255"),
        ({"slots": 0}, "slots is 0, wanted 1 to 64"),
        ({"checkpoints": -5}, "checkpoints is -5"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], text: str, official_v2: models.Artifact) -> None:
    assert text in refusal(**arguments)


@pytest.mark.skipif(count_nvidia_gpus() > 0, reason="there is a GPU")
@pytest.mark.parametrize("backend", ["tensorrt", "tensorrt_rtx"])
def test_without_a_gpu_tensorrt_fails_with_one_line_and_the_core_stays_usable(
    backend: str, official_v2: models.Artifact
) -> None:
    text = refusal(backend=backend)
    assert text.startswith(f"Upscale: {backend}: ")
    assert "\n" not in text
    assert "install" in text
    assert core.animesr.Upscale(numbered(2), backend="openvino").get_frame(1).width == 128


def test_weights_not_fetched_yet_names_the_command(home: Path) -> None:
    assert "run: vsanimesr models fetch animesr-v2" in refusal(backend="openvino")


def truncated(good: bytes) -> bytes:
    return good[: len(good) // 2]


def flipped(good: bytes) -> bytes:
    middle = len(good) // 2
    return good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]


def not_onnx(good: bytes) -> bytes:
    return b"this is no model" * 100


def empty(good: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [truncated, flipped, not_onnx, empty])
def test_a_damaged_model_file(damage: Any, tmp_path: Path, official_v2: models.Artifact) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(damage(models.path("animesr-v2").read_bytes()))
    assert str(file) in refusal(backend="openvino", model=str(file))


def test_a_source_that_fails_in_the_middle_passes_its_error_through() -> None:
    good = numbered(40)
    left = [2]

    def broken(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        if n == 20 and left[0]:
            left[0] -= 1
            raise ValueError("the file is damaged here")
        return f

    clip = core.animesr.Upscale(good.std.ModifyFrame(good, broken), **FAKE)
    truth = linear(core.animesr.Upscale(good, **FAKE))
    with core_settings(threads=2):
        errors = []
        for n in range(40):
            try:
                assert pixels(clip.get_frame(n)) == truth[n]
            except vs.Error as error:
                errors.append(str(error))
        assert errors
        assert all("the file is damaged here" in error for error in errors)
        assert [pixels(clip.get_frame(n)) for n in (19, 20, 21, 39)] == [truth[n] for n in (19, 20, 21, 39)]


def test_a_backend_that_fails_in_the_middle_fails_that_frame_only() -> None:
    good = numbered(40)
    clip = core.animesr.Upscale(good, backend="fake", device="fail=20,delay=0")
    truth = linear(core.animesr.Upscale(good, **FAKE))
    with core_settings(threads=1):
        assert pixels(clip.get_frame(19)) == truth[19]
        with pytest.raises(vs.Error, match="Upscale: simulated failure at frame 20"):
            clip.get_frame(20)
        assert [pixels(clip.get_frame(n)) for n in (20, 39, 5)] == [truth[n] for n in (20, 39, 5)]


def test_values_outside_0_to_1_are_clamped_on_the_way_in_and_out(official_v2: models.Artifact) -> None:
    inside = numbered(3, 16, 16)
    hot = inside.std.Expr("x 3 * 1 -")
    clip = core.animesr.Upscale(hot, backend="openvino", precision="fp32")
    clamped = core.animesr.Upscale(hot.std.Expr("x 0 max 1 min"), backend="openvino", precision="fp32")
    assert linear(clip) == linear(clamped)
    values = np.asarray(clip.get_frame(1)[0])
    assert values.min() >= 0
    assert values.max() <= 1
