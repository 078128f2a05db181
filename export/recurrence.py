"""The recurrence over a clip, twice: by the network in PyTorch, and by a backend through its contract."""

from collections.abc import Iterator

import numpy as np
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional

from export.frames import Frames, Image
from vsanimesr.backends.base import RING, Backend, Setup
from vsanimesr.errors import AnimeSRError, DeviceError
from vsanimesr.models import Artifact
from vsanimesr.nets import AnimeSR, from_state_dict
from vsanimesr.spec import padded


def reference(frames: Frames, artifact: Artifact) -> Iterator[Image]:
    """What the network makes of the frames in float32: pictures [3, scale * h, scale * w], clamped to [0, 1].

    Frames are clamped and padded by their edge to what the network takes; before the first frame lies the first one
    itself, after the last one the last one.
    """
    network, spec, (_, height, width) = network_of(artifact), artifact.spec, frames[0].shape
    high, wide = padded(height, spec.multiple), padded(width, spec.multiple)
    state = network.initial_state(1, high, wide)
    for n in range(len(frames)):
        window = torch.cat([_lr(frames[k], high, wide) for k in _window(n, len(frames))], 1)
        with torch.inference_mode():
            picture, state = network(window, state)
        yield picture[0, :, : spec.scale * height, : spec.scale * width].clamp(0, 1).numpy()


def pictures(backend: Backend, setup: Setup, frames: Frames) -> Iterator[Image]:
    """What a backend makes of the frames, one picture at a time, in the type of the clip.

    Raises what a step failed with, DeviceError if a picture has another size or type than it should.
    """
    backend.reset()
    backend.ingest(0, list(frames[0]))
    for n in range(len(frames)):
        if n + 1 < len(frames):
            backend.ingest((n + 1) % RING, list(frames[n + 1]))
        previous, current, following = (k % RING for k in _window(n, len(frames)))
        slot = n % setup.slots
        event = backend.step((previous, current, following), slot)
        event.wait()
        if event.error is not None:
            raise _ours(event.error) from event.error
        yield _checked(np.stack(backend.read(slot)), setup)


def network_of(artifact: Artifact) -> AnimeSR:
    """The network in PyTorch with an artifact's weights."""
    constants = {tensor.name: tensor for tensor in artifact.proto.graph.initializer}
    names = AnimeSR(artifact.spec.feedback, artifact.spec.network).state_dict()
    arrays = {name: numpy_helper.to_array(constants[name.removeprefix("recurrent_cell.")]) for name in names}
    return from_state_dict({name: torch.tensor(array) for name, array in arrays.items()}).eval()


def _lr(frame: Image, high: int, wide: int) -> Tensor:
    lr = torch.from_numpy(frame.astype(np.float32))[None].nan_to_num(nan=0).clamp(0, 1)
    _, _, height, width = lr.shape
    return functional.pad(lr, (0, wide - width, 0, high - height), mode="replicate")


def _window(n: int, count: int) -> tuple[int, int, int]:
    """The frames that step n of a clip reads."""
    return max(0, n - 1), n, min(count - 1, n + 1)


def _ours(error: BaseException) -> AnimeSRError:
    return error if isinstance(error, AnimeSRError) else DeviceError(f"{type(error).__name__}: {error}")


def _checked(picture: Image, setup: Setup) -> Image:
    clip = setup.clip
    shape = (clip.format.planes, clip.height * clip.picture.scale, clip.width * clip.picture.scale)
    if picture.shape != shape or picture.dtype != clip.format.dtype:
        raise DeviceError(f"a picture is {picture.shape} {picture.dtype}, wanted {shape} {clip.format.dtype}")
    return picture
