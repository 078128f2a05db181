"""What `export.recurrence` runs over a clip: the backend as a session would, the network as it is defined."""

import numpy as np
import pytest
import torch

from export import recurrence
from export.onnxruntime_backend import OnnxRuntime
from tests.networks import feed, frames, network, picture, same, setup
from vsanimesr.backends.fake import Fake
from vsanimesr.errors import DeviceError
from vsanimesr.spec import RGBH, RGBS

WIDTH, HEIGHT, COUNT = 22, 17, 5


def test_a_backend_runs_the_clip_from_zeros_on_every_time() -> None:
    source, given = frames(COUNT, WIDTH, HEIGHT), setup(WIDTH, HEIGHT, slots=2)
    backend = OnnxRuntime(given)
    try:
        expected = feed(backend, source)
        for _ in range(2):
            same(list(recurrence.pictures(backend, given, source)), expected)
        same([picture(backend, 1), picture(backend, 0)], expected[-2:])
    finally:
        backend.close()


def test_a_failing_step_ends_it_with_its_error() -> None:
    given = setup(WIDTH, HEIGHT, device="fail=3")
    backend = Fake(given)
    came = recurrence.pictures(backend, given, frames(COUNT, WIDTH, HEIGHT))
    assert len({next(came).tobytes() for _ in range(3)}) == 3
    with pytest.raises(DeviceError, match="failure at frame 3"):
        next(came)
    backend.close()


@pytest.mark.slow
@pytest.mark.parametrize("feedback", [True, False])
@pytest.mark.parametrize("format_", [RGBS, RGBH])
def test_the_reference_is_the_network_over_padded_frames(feedback: bool, format_) -> None:
    source = [2 * frame - format_.dtype.type(0.5) for frame in frames(COUNT, WIDTH, HEIGHT, format_)]
    source[2][0, 3, 4] = np.nan
    lr = [np.clip(np.nan_to_num(frame.astype(np.float32)), 0, 1) for frame in source]
    lr = [np.pad(frame, ((0, 0), (0, 3), (0, 2)), mode="edge") for frame in lr]
    lr = [lr[0], *lr, lr[-1]]
    net = recurrence.network_of(network(feedback))
    state = net.initial_state(1, 20, 24)
    got = list(recurrence.reference(source, network(feedback)))
    assert len(got) == COUNT
    for n in range(COUNT):
        with torch.inference_mode():
            whole, state = net(torch.from_numpy(np.concatenate(lr[n : n + 3]))[None], state)
        expected = whole[0, :, : 4 * HEIGHT, : 4 * WIDTH].numpy().clip(0, 1)
        assert expected.std() > 0.01, "the comparison would say nothing"
        np.testing.assert_array_equal(got[n], expected)
