"""TensorRT-RTX with video: every layout of samples, lanes, engines by the clip's margin, memory (`fake_nvidia`)."""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.fake_nvidia import ALIGNED, Nvidia
from tests.networks import network, ok, setup
from tests.simulator_kinds import noise
from vsanimesr import models
from vsanimesr.backends.base import EngineSetup, Setup
from vsanimesr.backends.tensorrt_rtx import TensorRTRTX
from vsanimesr.cli import main
from vsanimesr.engines import store
from vsanimesr.errors import EngineMissing, OutOfMemory
from vsanimesr.graphs import NEXT_STATE, STATE, WINDOW, compose
from vsanimesr.spec import FORMATS, ClipSpec, Colour, PictureSpec

pytest_plugins = ["tests.nvidia_machine"]
pytestmark = pytest.mark.slow

VIDEO = Colour("709", full=False)
DEEPER = PictureSpec(FORMATS["YUV420P10"], VIDEO, scale=2)
CLIPS = {
    "4:2:0, 8 to 10 bits, twice as large": ClipSpec(34, 22, 9, FORMATS["YUV420P8"], VIDEO, DEEPER),
    "4:2:0, 8 bits": ClipSpec(34, 22, 9, FORMATS["YUV420P8"], VIDEO),
    "4:2:2, 16 bits": ClipSpec(34, 17, 9, FORMATS["YUV422P16"], VIDEO),
    "grey, 12 bits": ClipSpec(17, 33, 9, FORMATS["Gray12"], Colour("601")),
    "RGB, 8 bits": ClipSpec(17, 33, 9, FORMATS["RGB24"]),
}


def some(quick: int) -> list[Any]:
    """All clips, of which so many are quick enough for every run."""
    return [name if n < quick else pytest.param(name, marks=pytest.mark.slow) for n, name in enumerate(CLIPS)]


@pytest.mark.parametrize("name", some(3))
def test_video_goes_in_and_comes_out_as_its_graphs_say(nvidia: Nvidia, name: str) -> None:
    """The plain graphs, run one by one, are within a code value: nothing of the host's margin comes in."""
    given = replace(setup(slots=2), clip=CLIPS[name], lanes=2)
    draw = np.random.default_rng(3)
    clip, picture = given.clip, given.clip.picture
    sizes = clip.format.plane_sizes(clip.width, clip.height)
    source = [[noise(draw, clip.format, size) for size in sizes] for _ in range(4)]
    backend = TensorRTRTX(given)
    try:
        for lane in (1, 0):
            found = [_stepped(backend, source[lane:], n, lane) for n in range(3)]
            for planes, wanted in zip(found, _by_plain_graphs(given, source[lane : lane + 3]), strict=True):
                for plane, image in zip(planes, wanted, strict=True):
                    assert (plane.shape, plane.dtype) == (image.shape, picture.format.dtype)
                    assert np.abs(plane.astype(int) - image.astype(int)).max() <= 1
    finally:
        backend.close()


def _stepped(backend: TensorRTRTX, source: list[Any], n: int, lane: int) -> list[Any]:
    for k in (0, 1) if n == 0 else (n + 1,):
        backend.ingest(k % 3, source[min(k, 2)], lane)
    ok(backend.step((max(0, n - 1) % 3, n % 3, (n + 1) % 3), lane, lane))
    return [plane.copy() for plane in backend.read(lane)]


def _by_plain_graphs(given: Setup, source: list[Any]) -> Iterator[list[Any]]:
    graphs, clip = compose(network(), given.clip, bytes_only=True), given.clip
    ingest, step = (onnxruntime.InferenceSession(g.SerializeToString()) for g in (graphs.ingest, graphs.step))
    lr = []
    for planes in source:
        groups = zip(graphs.frames.items(), clip.format.groups, strict=True)
        feeds = {name: np.stack([planes[n] for n in g.planes])[None].view(end.dtype) for (name, end), g in groups}
        lr.append(ingest.run(None, feeds)[0])
    state = np.zeros(graphs.state_shape, np.float32)
    for window in ((0, 0, 1), (0, 1, 2), (1, 2, 2)):
        inputs = {name: lr[n] for name, n in zip(WINDOW, window, strict=True)}
        *pictures, state = step.run([*graphs.pictures, NEXT_STATE], {**inputs, STATE: state})
        yield [plane for group in pictures for plane in group[0].view(clip.picture.format.dtype)]


def test_a_clip_of_the_same_margin_takes_the_engines_that_are_there(nvidia: Nvidia) -> None:
    film = CLIPS["4:2:0, 8 bits"]
    TensorRTRTX(replace(setup(), clip=film)).close()
    missing = EngineSetup(build=False)
    TensorRTRTX(replace(setup(), clip=film, engines=missing, lanes=3)).close()
    with pytest.raises(EngineMissing, match="--width 36 --height 22 --format YUV420P8 --matrix 709 --range limited"):
        TensorRTRTX(replace(setup(), clip=film.resized(36, 22), engines=missing))


@pytest.mark.parametrize("name", some(1))
def test_what_the_command_builds_is_what_the_filter_takes(nvidia: Nvidia, imported: Path, name: str) -> None:
    model = models.load("mine")
    given = replace(setup(), clip=CLIPS[name], cell=lambda: model, engines=EngineSetup(build=False))
    with pytest.raises(EngineMissing) as caught:
        TensorRTRTX(given)
    _, *arguments = shlex.split(str(caught.value).rpartition("Build it with: ")[2])
    assert main([*arguments, "--compute-capability", "8.9"]) == 0
    TensorRTRTX(given).close()


def test_the_memory_that_it_demands_is_what_it_takes(nvidia: Nvidia) -> None:
    given, fake = replace(setup(), clip=CLIPS["4:2:0, 8 bits"], lanes=2), nvidia.runtime
    found = TensorRTRTX.demand(given)
    assert [fake.blocks, fake.pinned, fake.streams, fake.events, fake.graphs] == [{}, {}, set(), set(), set()]
    assert found.free == fake.memory
    assert found.fits
    assert len(list(store.folder(None).glob("*.cache"))) == 2, "what was compiled to know it is not compiled again"
    backend = TensorRTRTX(given)
    (block,) = fake.blocks.values()
    assert found.needed == len(block) - ALIGNED
    backend.close()
    fake.memory = found.needed
    assert not TensorRTRTX.demand(given).fits


def test_engines_that_are_too_large_are_a_demand_that_does_not_fit(
    nvidia: Nvidia, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OutOfMemory("there is none")

    monkeypatch.setattr("tests.fake_nvidia.FakeEngine.create_execution_context", none)
    assert not TensorRTRTX.demand(setup()).fits
