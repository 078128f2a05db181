"""The backend of ONNX Runtime: video as it is, and memory."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from export.onnxruntime_backend import OnnxRuntime
from tests.networks import feed_planes, noise, setup, usual
from vsanimesr import backends
from vsanimesr.backends import memory
from vsanimesr.errors import BackendUnavailable, OutOfMemory
from vsanimesr.spec import FORMATS, PictureSpec


@pytest.mark.parametrize(
    "format_", ["YUV420P8", *(pytest.param(name, marks=pytest.mark.slow) for name in ("YUV422P8", "Gray8"))]
)
def test_video_comes_out_as_openvino_makes_it(format_: str) -> None:
    given = setup(34, 18, FORMATS[format_])
    source, made = noise(3, given.clip), []
    for cls in (OnnxRuntime, backends.get("openvino")):
        backend = cls(given)
        made.append(feed_planes(backend, source))
        backend.close()
    for ours, theirs in zip(*made, strict=True):
        for plane, other in zip(ours, theirs, strict=True):
            assert (plane.shape, plane.dtype) == (other.shape, other.dtype)
            assert np.abs(plane.astype(int) - other.astype(int)).max() <= 1


DEEPER = PictureSpec(FORMATS["YUV420P10"], usual(FORMATS["YUV420P10"]))


@pytest.mark.parametrize("wanted", [None, DEEPER])
def test_samples_that_it_does_not_move_are_refused_at_once(wanted: PictureSpec | None) -> None:
    format_ = FORMATS["YUV420P8" if wanted else "RGB48"]
    with pytest.raises(BackendUnavailable, match="onnxruntime: it could not set up the network"):
        OnnxRuntime(setup(format_=format_, wanted=wanted))


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_demand_grows_with_all_that_takes_memory(precision: str) -> None:
    def needed(width: int = 320, **settings: Any) -> int:
        return OnnxRuntime.demand(setup(width, 240, precision=precision, **settings)).needed

    state = 112 * 320 * 240 * {"fp32": 4, "fp16": 2}[precision]
    assert needed(640) > needed() > state
    assert needed(slots=9) - needed(slots=3) == 6 * memory.picture_nbytes(setup(320, 240).clip)
    assert needed(lanes=5) - needed() > 4 * state


def test_too_little_memory_is_said_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 40 * memory.MIB)
    monkeypatch.setattr("export.onnxruntime_backend.compose", lambda *_: pytest.fail("a graph was composed"))
    with pytest.raises(OutOfMemory, match=r"onnxruntime: 1920x1080 RGBS in fp32 needs about .* 40 MiB are free"):
        OnnxRuntime(setup(1920, 1080))


def test_what_is_closed_keeps_no_states() -> None:
    backend = OnnxRuntime(setup(lanes=2))
    states = [weakref.ref(state) for state in backend._states]
    backend.close()
    gc.collect()
    assert [state() for state in states] == [None, None]
