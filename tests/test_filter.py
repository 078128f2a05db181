"""`core.animesr` as a script sees it: results, frame properties, and what bad input gets."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vapoursynth as vs

import vsanimesr
from tests.clips import core, linear, numbered
from vsanimesr import models
from vsanimesr.arguments import ARGUMENTS, DEFAULTS, FOREIGN
from vsanimesr.backends import count_nvidia_gpus
from vsanimesr.errors import ArgumentError
from vsanimesr.spec import FORMATS

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
    registered = [part.split(":")[0] for part in core.animesr.Upscale.signature.split(";") if part][1:]
    assert registered == [*(name for name in ARGUMENTS if name != "tiles"), "any"]
    assert parameters == list(ARGUMENTS)


def test_the_python_function_has_the_filter_s_defaults() -> None:
    parameters = inspect.signature(vsanimesr.upscale).parameters
    assert {name: parameters[name].default for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("value", [1, "x", [1, 2]], ids=str)
def test_names_of_other_upscalers_get_our_name(name: str, value: object) -> None:
    with pytest.raises(vs.Error, match=f"Upscale: there is no argument '{name}'; "):
        core.animesr.Upscale(numbered(3), **{name: value})
    with pytest.raises(ArgumentError, match=name):
        vsanimesr.upscale(numbered(3), **{name: value})


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'precision'"):
        vsanimesr.upscale(numbered(3), precison="fp32")
    assert "did you mean 'precision'" in refusal(precison="fp32")
    assert "there are model, scale" in refusal(clip_=3) + refusal(xyz=numbered(2))


def test_not_a_clip() -> None:
    with pytest.raises(ArgumentError, match="clip is int, wanted a video node"):
        vsanimesr.upscale(3)  # type: ignore[arg-type]
    with pytest.raises(vs.Error):
        core.animesr.Upscale(core.std.BlankAudio())


@pytest.mark.parametrize("format_", [vs.YUV420P9, vs.YUV411P8, vs.YUV444PS, vs.GRAYS, vs.RGB27])
def test_an_unsupported_format_names_the_line_to_write(format_: int) -> None:
    clip = core.std.BlankClip(format=format_, width=64, height=48)
    text = refusal(clip)
    assert "wanted RGB, YUV" in text
    assert "of 8, 10, 12, 14 or 16 bits, RGBH or RGBS: " in text
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
        ({"scale": 0}, "scale is 0, wanted 1 to 4"),
        ({"scale": 5}, "scale is 5, wanted 1 to 4"),
        ({"format": 7}, "format=7 is none that pictures can have"),
        ({"format": vs.YUV444PS}, "is none that pictures can have; write one of vs."),
        ({"dither": 2}, "dither is 2, wanted 0 to 1"),
        ({"dither": 1}, "dither=1 is for pictures of 8 bits, these are RGBS"),
        ({"matrix": "709"}, "matrix='709' means nothing here"),
        ({"range": "full"}, "range='full' means nothing here"),
        ({"chromaloc": "left"}, "chromaloc='left' means nothing here"),
        ({"matrix": "fcc"}, "matrix='fcc' is not known; use one of 601, 709"),
        ({"format": vs.YUV420P8, "range": "tv"}, "range='tv' is not known; use limited or full"),
        ({"format": vs.YUV420P8, "chromaloc": "middle"}, "chromaloc='middle' is not known; use one of left"),
        ({"scenes": 2}, "scenes is 2, wanted 0 to 1"),
        ({"burn_in": -1}, "burn_in is -1, wanted 0 to 100"),
        ({"segment": -1}, "segment is -1"),
        ({"segment": 4, "warmup": 4}, "segment=4 is no more than warmup=4"),
        ({"warmup": 1001}, "warmup is 1001, wanted 0 to 1000"),
        ({"tiles": 0}, "tiles is 0"),
        ({"tiles": "all"}, "tiles is 'all', wanted"),
        ({"tiles": 1.5}, "tiles is 1.5, wanted"),
        ({"tiles": [1, 2, 3]}, "tiles is [1, 2, 3], wanted"),
        ({"tiles": 2, "tilesize": 32}, "both tiles=2 and tilesize=32"),
        ({"tilesize": -8}, "tilesize is -8"),
        ({"tilesize": 8}, "tilesize is 8"),
        ({"overlap": 8}, "overlap=8 was given without tiles"),
    ],
    ids=str,
)
def test_bad_arguments(arguments: dict[str, Any], text: str) -> None:
    assert text in refusal(**FAKE | arguments if "device" not in arguments else arguments)


def test_the_formats_that_pictures_can_have_are_named_as_vapoursynth_names_them() -> None:
    names = refusal(format=7).split("write one of ")[1].split(", ")
    formats = [getattr(vs, name.removeprefix("vs.")) for name in names]
    assert len(formats) == len(FORMATS)
    assert all(core.animesr.Upscale(numbered(1), format=one, **FAKE).format.id == one for one in formats)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"burn_in": 1.5}, "burn_in is 1.5, wanted one whole number, 0 to 100"),
        ({"scale": "4"}, "scale is '4', wanted one whole number, 1 to 4"),
        ({"scale": "x"}, "scale is 'x', wanted one whole number"),
        ({"scale": True}, "scale is True, wanted one whole number"),
        ({"scale": 5}, "scale is 5, wanted 1 to 4"),
        ({"scale": [4]}, "scale is [4], wanted one whole number"),
        ({"slots": 2.0}, "slots is 2.0, wanted one whole number"),
        ({"segment": float("nan")}, "segment is nan, wanted one whole number"),
        ({"checkpoints": 10**30}, "checkpoints is 1000000000000000000000000000000, wanted 0 to"),
        ({"scenes": 0.5}, "scenes is 0.5, wanted one whole number, 0 to 1"),
        ({"dither": "no"}, "dither is 'no', wanted one whole number, 0 to 1"),
        ({"format": "YUV420P8"}, "format is 'YUV420P8', wanted the number of a format, such as vs.YUV420P8"),
        ({"tilesize": "large"}, "tilesize is 'large', wanted one whole number or two"),
        ({"tilesize": [64.5, 64]}, "tilesize is [64.5, 64], wanted one whole number or two"),
        ({"overlap": 8.5, "tiles": 2}, "overlap is 8.5, wanted one whole number or two"),
    ],
    ids=str,
)
def test_the_python_function_takes_no_numbers_that_are_none(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        vsanimesr.upscale(numbered(3), **FAKE | arguments)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"scale": np.int64(2), "dither": True, "scenes": False, "format": vs.GRAY8},
        {"scale": 2, "dither": 1, "scenes": 0, "format": core.get_video_format(vs.GRAY8)},
        {"scale": np.uint8(2), "tilesize": [96, np.int16(96)], "format": int(vs.GRAY8), "segment": None},
    ],
    ids=str,
)
def test_the_python_function_takes_all_that_are(arguments: dict[str, Any]) -> None:
    made = vsanimesr.upscale(numbered(1, 32, 24), **FAKE, **arguments)
    assert (made.width, made.height, made.format.name) == (64, 48, "Gray8")


@pytest.mark.parametrize("name", ["scale", "matrix", "tilesize", "backend", "slots"])
def test_arguments_of_a_wrong_type(name: str) -> None:
    with pytest.raises((vs.Error, TypeError)):  # VapourSynth's own refusal
        core.animesr.Upscale(numbered(3), **FAKE | {name: numbered(2)})


def test_tiles_of_a_wrong_type() -> None:
    assert "tiles is False, wanted" in refusal(tiles=numbered(2), **FAKE)


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


def test_values_outside_0_to_1_are_clamped_on_the_way_in_and_out(official_v2: models.Artifact) -> None:
    inside = numbered(3, 16, 16)
    hot = inside.std.Expr("x 3 * 1 -")
    clip = core.animesr.Upscale(hot, backend="openvino", precision="fp32")
    clamped = core.animesr.Upscale(hot.std.Expr("x 0 max 1 min"), backend="openvino", precision="fp32")
    assert linear(clip) == linear(clamped)
    values = np.asarray(clip.get_frame(1)[0])
    assert values.min() >= 0
    assert values.max() <= 1
