"""The filter's pixels never depend on how they are asked for (ARCHITECTURE.md, invariants 1 and 2)."""

import random
import threading
from collections.abc import Callable

import pytest
import vapoursynth as vs

from tests.clips import core, core_settings, in_flight, linear, numbered, pixels
from vsanimesr import models

pytestmark = pytest.mark.timeout(300, method="thread")  # a deadlock ends the run

Upscale = Callable[..., vs.VideoNode]
BACKENDS = [
    pytest.param({"backend": "fake"}, id="fake"),
    pytest.param({"backend": "fake", "device": "delay=0.0005"}, id="fake-slow", marks=pytest.mark.slow),
    pytest.param({"backend": "fake", "device": "delay=0", "slots": 1}, id="fake-one-slot"),
    pytest.param({"backend": "openvino", "precision": "fp32"}, id="openvino", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=BACKENDS)
def arguments(request: pytest.FixtureRequest, official_v2: models.Artifact) -> dict[str, str]:
    arguments: dict[str, str] = request.param
    return arguments


@pytest.fixture(scope="module")
def source(arguments: dict[str, str]) -> vs.VideoNode:
    return numbered(40, 16, 16) if arguments["backend"] == "openvino" else numbered(300)


@pytest.fixture(scope="module")
def truth(source: vs.VideoNode, arguments: dict[str, str]) -> list[bytes]:
    """The linear render; for the fake with its plain settings, so that speed and slots are under test too."""
    plain = {"backend": "fake"} if arguments["backend"] == "fake" else arguments
    frames = linear(core.animesr.Upscale(source, **plain))
    assert len(set(frames)) == len(frames), "the frames should all differ, else order would not show"
    return frames


@pytest.fixture
def upscale(source: vs.VideoNode, arguments: dict[str, str]) -> Callable[[], vs.VideoNode]:
    return lambda: core.animesr.Upscale(source, **arguments)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_linear_with_threads(upscale: Callable[[], vs.VideoNode], truth: list[bytes], threads: int) -> None:
    with core_settings(threads=threads):
        assert [pixels(frame) for frame in upscale().frames(close=True)] == truth


def test_reverse(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    with core_settings(threads=8):
        assert [pixels(frame) for frame in upscale().std.Reverse().frames(close=True)] == truth[::-1]


def test_select_every(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    with core_settings(threads=8):
        picked = upscale().std.SelectEvery(5, [4, 0, 2])
        wanted = [truth[k + offset] for k in range(0, len(truth), 5) for offset in (4, 0, 2)]
        assert [pixels(frame) for frame in picked.frames(close=True)] == wanted


@pytest.mark.slow
def test_interleaved_with_its_own_reverse(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    with core_settings(threads=8):
        clip = upscale()
        both = core.std.Interleave([clip, clip.std.Reverse()])
        wanted = [frame for pair in zip(truth, truth[::-1], strict=True) for frame in pair]
        assert [pixels(frame) for frame in both.frames(close=True)] == wanted


@pytest.mark.slow
def test_two_consumers_at_different_places(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    with core_settings(threads=8):
        clip = upscale()
        pairs = core.std.Interleave([clip.std.Trim(0, len(truth) - 8), clip.std.Trim(7)])
        wanted = [frame for pair in zip(truth, truth[7:], strict=False) for frame in pair]
        assert [pixels(frame) for frame in pairs.frames(close=True)] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("reverse", [False, True])
def test_a_cache_of_one_megabyte(upscale: Callable[[], vs.VideoNode], truth: list[bytes], reverse: bool) -> None:
    with core_settings(threads=8, max_cache_size=1):
        clip = upscale().std.Reverse() if reverse else upscale()
        assert [pixels(frame) for frame in clip.frames(close=True)] == (truth[::-1] if reverse else truth)


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_requests_in_flight(upscale: Callable[[], vs.VideoNode], truth: list[bytes], seed: int) -> None:
    order = list(range(len(truth)))
    random.Random(seed).shuffle(order)
    with core_settings(threads=8, max_cache_size=16 if seed else None):
        assert in_flight(upscale(), order) == [truth[n] for n in order]


def test_the_same_frame_many_times_at_once(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    with core_settings(threads=8, max_cache_size=1):
        assert in_flight(upscale(), [20] * 12 + [3] * 12) == [truth[20]] * 12 + [truth[3]] * 12


def test_random_clients_on_many_threads(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    clip, wrong = upscale(), []

    def client(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(25):
            n = draw.randrange(len(truth))
            with clip.get_frame(n) as frame:
                if pixels(frame) != truth[n]:
                    wrong.append(n)

    with core_settings(threads=8):
        threads = [threading.Thread(target=client, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


@pytest.mark.slow
def test_frames_chosen_by_frame_eval(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    clip = upscale()
    chosen = clip.std.FrameEval(lambda n: clip[(n * 7) % len(truth)])
    with core_settings(threads=8):
        frames = [pixels(frame) for frame in chosen[:100].frames(close=True)]
    assert frames == [truth[(n * 7) % len(truth)] for n in range(len(frames))]


def test_a_node_freed_half_way_leaves_the_core_usable(upscale: Callable[[], vs.VideoNode], truth: list[bytes]) -> None:
    with core_settings(threads=8):
        clip = upscale()
        pending = [clip.get_frame_async(n) for n in range(len(truth) - 1, -1, -3)]
        del clip
        assert pixels(upscale().get_frame(5)) == truth[5]
        for future in pending:
            future.result(timeout=120).close()
