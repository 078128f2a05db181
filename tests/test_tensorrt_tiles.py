"""TensorRT-RTX with lanes that exchange their states, and clips in tiles (`fake_nvidia`)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as property_of
from hypothesis import settings

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.clips import core
from tests.fake_nvidia import ERROR, Nvidia
from tests.networks import feed_planes, frames, network, noise, ok, setup
from tests.simulator_moves import SWAP, exchanged, exchanges, moves
from tests.test_backends_colour import of_clip, to_clip
from vsanimesr.backends.tensorrt_rtx import TensorRTRTX
from vsanimesr.errors import DeviceError
from vsanimesr.models import artifact
from vsanimesr.spec import FORMATS, ClipSpec

pytestmark = pytest.mark.slow  # it takes seconds

pytest_plugins = ["tests.nvidia_machine"]

LANES = 3


def states(backend: TensorRTRTX) -> list[np.ndarray]:
    """Of every lane, by way of a checkpoint."""
    checkpoint = backend.save()
    ok(checkpoint.event)
    type_ = np.float16 if backend.precision == "fp16" else np.float32
    return list(checkpoint.state.memory.view(type_).reshape(LANES, 1, 112, 20, 24).copy())


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_an_exchange_copies_what_it_names_and_nothing_else(started: Any, precision: str) -> None:
    backend = started(24, 20, precision=precision, lanes=LANES)
    for lane in range(LANES):
        feed_planes(backend, frames(2, 24, 20, seed=lane), slot=None, lane=lane)

    @settings(max_examples=15, deadline=None)
    @property_of(exchanges)
    def check(drawn: list[Any]) -> None:
        before = states(backend)
        made = moves(drawn, LANES, before[0].shape)
        backend.exchange(made)
        for found, wanted in zip(states(backend), exchanged(before, made), strict=True):
            assert found.tobytes() == wanted.tobytes()

    check()


@pytest.mark.slow
def test_an_exchange_that_fails_fails_what_follows_until_a_reset(started: Any, nvidia: Nvidia) -> None:
    backend, source = started(24, 20, lanes=2), frames(3, 24, 20)
    wanted = feed_planes(backend, source)
    nvidia.runtime.fails["cudaMemcpy3DAsync"] = ERROR.cudaErrorInvalidPitchValue
    backend.exchange(moves(SWAP, 2, (1, 112, 20, 24)))
    event = backend.step((0, 1, 2), 0)
    event.wait()
    assert isinstance(event.error, DeviceError)
    assert "copying a part of a tensor failed" in str(event.error)
    del nvidia.runtime.fails["cudaMemcpy3DAsync"]
    backend.reset()
    for found, planes in zip(feed_planes(backend, source), wanted, strict=True):
        assert [plane.tobytes() for plane in found] == [plane.tobytes() for plane in planes]


@pytest.mark.parametrize(
    ("format_", "precision", "least"),
    [
        ("RGBS", "fp32", 110),
        pytest.param("RGBS", "fp16", 60, marks=pytest.mark.slow),
        pytest.param("YUV420P10", "fp32", 90, marks=pytest.mark.slow),
    ],
)
def test_the_filter_in_tiles_gives_the_pictures_of_the_whole_frame(
    nvidia: Nvidia, tmp_path: Path, format_: str, precision: str, least: float
) -> None:
    model = tmp_path / "random.onnx"
    artifact.write(network(), model)
    given, lines = setup(110, 16, FORMATS[format_]).clip, list[str]()
    clip = to_clip(noise(5, given), format_, given.colour)

    def upscaled(**arguments: Any) -> list[list[np.ndarray]]:
        return of_clip(core.animesr.Upscale(clip, model=str(model), scenes=0, burn_in=0, **arguments))

    handle = core.add_log_handler(lambda _, message: lines.append(message))
    try:
        found = upscaled(backend="tensorrt_rtx", precision=precision, tiles=[2, 1])
    finally:
        core.remove_log_handler(handle)
    assert any("tiles=2x1 of 90x16 (overlap 32)" in line for line in lines), lines
    assert worst(found, upscaled(backend="openvino", precision="fp32"), given) > least


def worst(one: list[list[np.ndarray]], other: list[list[np.ndarray]], clip: ClipSpec) -> float:
    """The least PSNR of a plane, dB."""
    peak = 1 if clip.format.floating else (1 << clip.format.bits) - 1
    pairs = [pair for a, b in zip(one, other, strict=True) for pair in zip(a, b, strict=True)]
    errors = [np.square((a.astype(np.float64) - b) / peak).mean() for a, b in pairs]
    return float(-10 * np.log10(max(errors) + 1e-30))
