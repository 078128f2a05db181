"""`vsanimesr.upscale`, the filter as a typed Python function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vsanimesr.errors import ArgumentError, BackendUnavailable

if TYPE_CHECKING:
    import vapoursynth as vs


def upscale(
    clip: vs.VideoNode,
    *,
    model: str = "animesr-v2",
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
    """Upscale a clip four times by AnimeSR; the same as `core.animesr.Upscale`, which it calls.

    clip: RGBS or RGBH, any size from 16x16 on; samples outside [0, 1] are clamped.
    model: a name from `vsanimesr models list`, or the path of an artifact (.onnx).
    backend: 'auto' or one of tensorrt, tensorrt_rtx, torch, openvino. precision: 'auto', 'fp32', 'bf16' or 'fp16', as
    the backend has them.
    device: the backend's name of a kind of device ('CPU', 'GPU'; 'cpu', 'cuda'); device_id: which one of that kind.
    slots: pictures in flight, each of the picture's size; None for as many as fit 256 MiB, 2 to 8.
    checkpoints: MiB of host memory for states that a seek can restart from.
    engine_dir: folder of TensorRT's engines, None for the user's cache; build: whether a missing engine is built.

    Raises vapoursynth.Error for what the filter refuses, ArgumentError for names that are not ours. Frame n of the
    result has the properties of frame n of the clip.
    """
    import vapoursynth as vs  # noqa: PLC0415  # importing the package must not need the library

    from vsanimesr.plugin import check_names  # noqa: PLC0415  # nor load a backend

    check_names(other)
    if not isinstance(clip, vs.VideoNode):
        raise ArgumentError(f"clip is {type(clip).__name__}, wanted a video node")
    load_plugin(vs)
    named: dict[str, Any] = {"model": model, "backend": backend, "precision": precision, "device": device}
    if slots is not None:
        named["slots"] = slots
    if engine_dir is not None:
        named["engine_dir"] = str(engine_dir)
    numbers = {"device_id": device_id, "checkpoints": checkpoints, "build": int(build)}
    result: vs.VideoNode = vs.core.animesr.Upscale(clip, **named, **numbers)
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
