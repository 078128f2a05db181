"""`vsanimesr.upscale`, the filter as a typed Python function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vsanimesr.arguments import ARGUMENTS, RANGES, check, check_names
from vsanimesr.errors import ArgumentError, BackendUnavailable

if TYPE_CHECKING:
    import vapoursynth as vs

SWITCHES = [name for name, bounds in RANGES.items() if bounds == (0, 1)]
"""Arguments that are a number to VapourSynth and a truth value in Python."""


def upscale(
    clip: vs.VideoNode,
    *,
    model: str = "animesr-v2",
    scale: int = 4,
    format: int | None = None,  # as VapourSynth's own functions call it
    dither: bool = False,
    matrix: str | None = None,
    range: str | None = None,
    chromaloc: str | None = None,
    scenes: bool = True,
    burn_in: int = 3,
    segment: int = 0,
    warmup: int = 4,
    tiles: int | Sequence[int] | str | None = None,
    tilesize: int | Sequence[int] | None = None,
    overlap: int | Sequence[int] | None = None,
    backend: str = "auto",
    precision: str = "auto",
    device: str = "",
    device_id: int = 0,
    slots: int | None = None,
    checkpoints: int = 256,
    engine_dir: str | Path | None = None,
    build: bool = True,
    **other: Any,
) -> vs.VideoNode:
    """Upscale a clip by AnimeSR; the same as `core.animesr.Upscale`, which it calls.

    clip: YUV 4:2:0, 4:2:2, 4:4:4, grey or RGB of 8 to 16 bits, RGBH or RGBS; any size from 16x16 on.
    model: a name from `vsanimesr models list`, or the path of an artifact (.onnx).
    scale: 4, 3, 2 or 1, size of the picture over that of the frame; below 4 the picture is reduced by a bicubic kernel.
    format: VapourSynth's number of the picture's format, None for the clip's. dither: ordered, to 8 bits.
    matrix ('601', '709', '2020'), range ('limited', 'full'), chromaloc ('left', 'center', 'top_left', 'top',
    'bottom_left', 'bottom'): what the clip's samples mean, None for what the frames' properties say; or what those of
    the pictures mean, where only they have it; range, where pictures are made YUV or grey out of RGB.
    scenes: whether the recurrence starts anew at scene changes. burn_in: steps on the first frame of a scene before it.
    segment: frames after which long scenes are divided, 0 for never; warmup: frames that a segment starts early.
    tiles: 'auto', a number or [columns, rows]; tilesize: [width, height]; overlap: samples cropped at inner sides.
    backend: 'auto' or one of tensorrt, tensorrt_rtx, torch, openvino. precision: 'auto', 'fp32', 'bf16' or 'fp16', as
    the backend has them.
    device: the backend's name of a kind of device ('CPU', 'GPU'; 'cpu', 'cuda'); device_id: which one of that kind.
    slots: pictures in flight, each of the picture's size; None for as many as fit 256 MiB, 2 to 8.
    checkpoints: MiB of host memory for states that a seek can restart from.
    engine_dir: folder of TensorRT's engines, None for the user's cache; build: whether a missing engine is built.

    Raises vapoursynth.Error for what the filter refuses, ArgumentError for names that are not ours and for numbers that
    are none or out of range. Frame n of the result has the properties of frame n of the clip, with the colours that it
    is in.
    """
    import vapoursynth as vs  # noqa: PLC0415  # importing the package must not need the library

    check_names(other)
    if not isinstance(clip, vs.VideoNode):
        raise ArgumentError(f"clip is {type(clip).__name__}, wanted a video node")
    load_plugin(vs)
    given = {name: value for name, value in locals().items() if name in ARGUMENTS and value is not None}
    given |= {name: int(given[name]) for name in SWITCHES if isinstance(given.get(name), bool)}
    if isinstance(format, vs.VideoFormat):
        given["format"] = format.id
    check(given)  # VapourSynth would make whole numbers of 1.5 and "4"
    if engine_dir is not None:
        given["engine_dir"] = str(engine_dir)
    result: vs.VideoNode = vs.core.animesr.Upscale(clip, **given)
    return result


def load_plugin(vs: Any) -> None:
    """Load the native shim where VapourSynth did not do so by itself (autoloading off, another plugin folder)."""
    if hasattr(vs.core, "animesr"):
        return
    places = [Path(vs.get_plugin_dir()) / "animesr", Path(__file__).parent / "native"]
    found = next(
        (file for place in places for file in sorted(place.glob("animesr*")) if file.suffix in {".so", ".pyd"}), None
    )
    if found is None:
        raise BackendUnavailable(
            f"the plugin library is not in {places[0]}; pip install --force-reinstall vapoursynth-animesr"
        )
    vs.core.std.LoadPlugin(str(found))
