"""What the check of a GPU runs the network by, tried on the processor."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu import plans, torch_peers, usable
from benchmarks.gpu.processes import FAILED, OK, RESULT, ROOT, Job, Outcome, python, run
from benchmarks.pattern import draw
from vsanimesr import backends, models
from vsanimesr.errors import BackendUnavailable

pytestmark = pytest.mark.slow  # processes of their own


@pytest.mark.usefixtures("official_v2")
def test_the_network_in_pytorch_is_the_network() -> None:
    """On the processor, which computes in FP16 as well, only slowly."""
    import torch

    from export import recurrence

    with torch.inference_mode():
        peer = torch_peers.Recurrence(torch, 48, 32, "cpu")
        pictures = [peer.step() for _ in range(3)]
        network = recurrence.network_of(models.load(models.DEFAULT))
        window = torch.from_numpy(np.concatenate([np.stack(draw(48, 32, n)) for n in range(3)])[None])
        state = network.initial_state(1, 32, 48)
        for picture in pictures:
            right, state = network(window, state)
            assert float((picture.float() - right.clamp(0, 1)).abs().max()) < 0.02
    assert not torch.equal(pictures[0], pictures[1])


@pytest.mark.slow
@pytest.mark.usefixtures("official_v2")
def test_a_backend_is_tried_as_the_filter_uses_it() -> None:
    *_, found = usable.try_backend("torch", "cpu")
    assert found["device"] == "cpu"
    assert len(found["first_steps_seconds"]) == 2
    assert found["picture"]["deviation"] > 0.05
    with pytest.raises(BackendUnavailable):
        list(usable.try_backend("torch", "nowhere"))


@pytest.mark.slow
@pytest.mark.skipif(backends.count_nvidia_gpus() > 0, reason="there is a GPU here")
def test_tests_that_were_skipped_or_failed_are_told_with_the_reason() -> None:
    # conftest.py leaves these tests out where there is no GPU.
    words = json.dumps({"arguments": ["--noconftest", "-k", "says_what_it_is", "tests/test_on_gpu.py"]})
    job = Job("tests", python("-m", "benchmarks.gpu.suite", words, RESULT), 120, {"VSANIMESR_GPU": "torch"})
    outcome = run(job, 120)
    assert outcome.status == FAILED
    assert "pytest ended with TESTS_FAILED" in outcome.output
    assert outcome.value["counts"] == {"skipped": 2, "error": 1}
    problems = {name.partition("[")[2]: text for name, text in outcome.value["problems"].items()}
    assert "torch finds cpu only" in problems["torch]"]
    assert problems["tensorrt_rtx]"].startswith("skipped: ")
    assert "driver" in problems["tensorrt_rtx]"]


def clip_rate(path: Path, **arguments: object) -> Outcome:
    """The rate of a small clip, with `path` on the path of Python."""
    about = {"width": 32, "height": 16, "format": "RGBH", "frames": 4, **arguments}
    command = python("-P", str(plans.CLIP_RATE), json.dumps(about), RESULT)
    return run(Job("clip", command, 120, {"PYTHONPATH": str(path)}, path), 120)


def test_the_rate_of_our_filter() -> None:
    outcome = clip_rate(ROOT, who="ours", backend="fake")
    assert outcome.status == OK, outcome.output
    assert outcome.value["frames_per_second"] > 0
    assert outcome.value["backend"] == "fake"
    assert min(outcome.value["last_picture_deviation"]) > 0
    assert "no device" in clip_rate(ROOT, who="ours", backend="torch", device="nowhere").output


PEER = """
import sys
import tensorrt as trt
from torch_tensorrt.dynamo.conversion import impl
from torch_tensorrt.dynamo.conversion._ConverterRegistry import dynamo_tensorrt_converter

__version__ = "made up"


@dynamo_tensorrt_converter("something", supports_dynamic_shapes=True)
def convert(ctx: trt.ITensor):
    return impl.shuffle(ctx)


def animesr(clip, trt):
    assert trt is False
    assert not any("/benchmarks" in path for path in sys.path), sys.path
    return clip.resize.Point(4 * clip.width, 4 * clip.height)
"""


@pytest.mark.skipif(find_spec("torch_tensorrt") is not None, reason="it is installed, so nothing stands in for it")
def test_the_rate_of_a_peer_that_has_our_name(tmp_path: Path) -> None:
    (tmp_path / "vsanimesr.py").write_text(PEER)
    outcome = clip_rate(tmp_path, who="peer")
    assert outcome.status == OK, outcome.output
    assert outcome.value["version"] == "made up"
    assert "torch_tensorrt" in outcome.value["imported_as_nothing"]
    assert "is not the peer" in clip_rate(ROOT, who="peer").output
