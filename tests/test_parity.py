"""The filter against the network in PyTorch, 30 frames through vspipe (ARCHITECTURE.md, invariant 3).

The recurrence amplifies rounding where a picture is flat and its lines are hard: on other parts of the same clip the
network in float32 is further than 1e-4 from itself in float64. This part, with the cut in it, is not of that kind.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from vsanimesr import models
from vsanimesr.backends import openvino_device
from vsanimesr.nets import AnimeSR, from_state_dict

pytestmark = pytest.mark.slow
FIRST, FRAMES, WIDTH, HEIGHT = 30, 30, 160, 118
Clip = NDArray[np.float32]

SCRIPT = """
import vapoursynth as vs
core = vs.core
clip = core.bs.VideoSource({clip!r}, cachemode=0, showprogress=False)[{first}:{first} + {frames}]
clip = core.resize.Bicubic(clip, format=vs.RGBS)
clip = core.std.CropAbs(clip, {width}, {height}, 80, 60)
if {upscale}:
    clip = core.animesr.Upscale(clip, backend={backend!r}, precision={precision!r}, scenes=0, burn_in=0)
clip.set_output()
"""


def render(folder: Path, *, upscale: bool, backend: str = "", precision: str = "") -> Clip:
    """The frames as vspipe writes them, [n, 3, h, w]."""
    script = folder / "script.vpy"
    clip = str(Path(__file__).parent.parent / "examples" / "clip.mkv")
    script.write_text(
        SCRIPT.format(
            clip=clip,
            first=FIRST,
            frames=FRAMES,
            width=WIDTH,
            height=HEIGHT,
            upscale=upscale,
            backend=backend,
            precision=precision,
        )
    )
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    vspipe = shutil.which("vspipe", path=environment["PATH"])
    assert vspipe
    done = subprocess.run([vspipe, script, "-"], env=environment, capture_output=True, timeout=250)
    assert done.returncode == 0, done.stderr.decode()
    scale = 4 if upscale else 1
    # vspipe writes the planes of RGB in the order G, B, R.
    planes = np.frombuffer(done.stdout, np.float32).reshape(FRAMES, 3, scale * HEIGHT, scale * WIDTH)
    return planes[:, [2, 0, 1]]


def reference(frames: Clip, network: AnimeSR) -> Clip:
    """What the network makes of the frames in float32: padded to multiples of 4 by the edge, clamped, cropped."""
    lr = torch.from_numpy(frames.copy()).clamp(0, 1)
    lr = torch.nn.functional.pad(lr, (0, -WIDTH % 4, 0, -HEIGHT % 4), mode="replicate")
    state = network.initial_state(1, *lr.shape[2:])
    pictures = []
    with torch.inference_mode():
        for n in range(FRAMES):
            window = torch.cat([lr[max(0, n - 1)], lr[n], lr[min(FRAMES - 1, n + 1)]])[None]
            picture, state = network(window, state)
            pictures.append(picture[0, :, : 4 * HEIGHT, : 4 * WIDTH].clamp(0, 1).numpy())
    return np.stack(pictures)


def network_of(artifact: models.Artifact) -> AnimeSR:
    """The network in PyTorch with an artifact's weights."""
    tensors = {f"recurrent_cell.{i.name}": numpy_helper.to_array(i).copy() for i in artifact.proto.graph.initializer}
    names = AnimeSR().state_dict().keys()
    return from_state_dict({name: torch.from_numpy(tensors[name]) for name in names})


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory, official_v2: models.Artifact) -> Clip:
    frames = render(tmp_path_factory.mktemp("source"), upscale=False)
    assert len(np.unique(frames)) > 1000, "the frames should hold something to upscale"
    return reference(frames, network_of(official_v2))


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_fp32_is_within_1e_4_of_the_network(truth: Clip, tmp_path: Path, backend: str) -> None:
    pictures = render(tmp_path, upscale=True, backend=backend, precision="fp32")
    worst = np.abs(pictures - truth).max(axis=(1, 2, 3))
    assert worst.max() <= 1e-4, worst


def test_bf16_is_above_50_db_on_every_frame(truth: Clip, tmp_path: Path) -> None:
    capabilities = openvino_device.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if "BF16" not in capabilities:
        pytest.skip("OpenVINO says that this processor does not compute in bf16")
    pictures = render(tmp_path, upscale=True, backend="openvino", precision="bf16")
    psnr = -10 * np.log10(np.square(pictures - truth, dtype=np.float64).mean(axis=(1, 2, 3)))
    assert psnr.min() >= 50, psnr
    assert psnr.max() < 90, "as good as fp32: it did not run in bf16"
