"""What an evaluation is given: clips with and without truth, and the methods that upscale them."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from export import recurrence
from tests.networks import network
from tests.picturing import drawing, noise
from training.metrics.fidelity import psnr
from training.report import clips, methods
from training.report.methods import Network
from vsanimesr.errors import ArgumentError, BackendUnavailable, BadModelFile, FormatError, MediaError, ModelNotFetched
from vsanimesr.models import artifact

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def test_the_network_runs_as_the_reference_does():
    low = np.stack([noise(n, 18, 22) for n in range(4)])
    model = network()
    ours = list(Network("random", model, "").pictures(low))
    frames = [(frame.astype(np.float32) / 255).transpose(2, 0, 1) for frame in low]
    wanted = [np.rint(255 * picture).transpose(1, 2, 0) for picture in recurrence.reference(frames, model)]
    assert np.abs(np.stack(ours).astype(int) - np.stack(wanted)).max() <= 1
    assert np.mean(np.stack(ours) != np.stack(wanted)) < 1e-3


def test_the_state_of_each_step_is_the_next_ones():
    low = np.stack([noise(n, 16, 16) for n in range(3)])
    steps = list(Network("random", network(), "").steps(low))
    (_, second), (_, third) = steps[1:]
    assert second.shape == (112, 16, 16)
    assert not torch.equal(second, third)
    assert all(picture.shape == (64, 64, 3) and float(picture.min()) >= 0 for picture, _ in steps)


def test_methods_have_names_labels_files_and_checkpoints(tmp_path, checkpoint_of, home):
    assert methods.load("bicubic").name == "bicubic"
    assert methods.load("plain=bicubic").name == "plain"
    file = tmp_path / "mine.onnx"
    artifact.write(network(), file)
    assert methods.load(str(file)).name == "mine"
    trained = methods.load(f"ours={checkpoint_of()}")
    assert trained.name == "ours"
    assert "SHA-256" in trained.about
    with pytest.raises(ModelNotFetched, match="models fetch animesr-v2"):
        methods.load("animesr-v2")
    with pytest.raises(BadModelFile, match="cannot be read"):
        methods.load("nowhere.pth")


def test_devices_that_are_not_there_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BackendUnavailable, match="--device cpu"):
        Network("n", network(), "", device="cuda")
    with pytest.raises(ArgumentError, match="fp32, bf16"):
        Network("n", network(), "", precision="fp8")


def test_pictures_of_a_folder_come_in_the_order_of_their_numbers(tmp_path):
    for n in (10, 9, 2):
        Image.fromarray(np.full((8, 8, 3), n, np.uint8)).save(tmp_path / f"f{n}.png")
    assert clips.read(tmp_path, 100)[:, 0, 0, 0].tolist() == [2, 9, 10]
    assert len(clips.read(tmp_path, 2)) == 2
    Image.fromarray(np.zeros((9, 8, 3), np.uint8)).save(tmp_path / "f11.png")
    with pytest.raises(MediaError, match="8x8, 8x9"):
        clips.read(tmp_path, 100)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="no frames"):
        clips.read(tmp_path / "empty", 100)


def test_low_and_truth_have_to_fit(tmp_path):
    for name, size, count in (("low", 8, 2), ("truth", 32, 2), ("short", 32, 1), ("small", 16, 2)):
        (tmp_path / name).mkdir()
        for n in range(count):
            Image.fromarray(noise(n, size, size)).save(tmp_path / name / f"{n}.png")
    assert clips.pair(tmp_path / "low", tmp_path / "truth", 9).truth.shape == (2, 32, 32, 3)
    for other in ("short", "small"):
        with pytest.raises(FormatError, match="wanted as many frames of 32x32"):
            clips.pair(tmp_path / "low", tmp_path / other, 9)


def test_degradations_are_the_same_again_and_differ_by_clip():
    truth = np.stack([drawing(n, 128, 192) for n in range(3)])
    low, told = clips.degraded(truth, "basic", 1, 2)
    again, _ = clips.degraded(truth, "basic", 1, 2)
    np.testing.assert_array_equal(low, again)
    assert low.shape == (3, 32, 48, 3)
    assert "CRF" in told
    other, _ = clips.degraded(truth, "basic", 1, 3)
    assert (other != low).any()
    plain, _ = clips.degraded(truth, "bicubic", 1, 2)
    assert psnr(methods.rounded(methods.enlarged(plain[0])), truth[0]) > 15
    with pytest.raises(ArgumentError, match="bicubic, basic"):
        clips.degraded(truth, "other", 1, 2)


def test_rendered_clips_have_lines_and_need_skia(monkeypatch):
    pytest.importorskip("skia")
    clip = clips.rendered(3, 2, (64, 48), "bicubic", 0)
    assert clip.low.shape == (2, 12, 16, 3)
    assert clip.truth.shape == (2, 48, 64, 3)
    assert clip.lines.shape == (2, 48, 64)
    learned = clips.rendered(3, 2, (64, 48), "bicubic", 0, split="train")
    assert (learned.truth != clip.truth).any()
    assert "train" in learned.origin
    with pytest.raises(ArgumentError, match="train, val, test"):
        clips.rendered(3, 2, (64, 48), "bicubic", 0, split="trial")
    for name in [name for name in sys.modules if name.startswith("training.toon")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "skia", None)
    with pytest.raises(BackendUnavailable, match="pip install skia-python"):
        clips.rendered(3, 2, (64, 48), "bicubic", 0)
