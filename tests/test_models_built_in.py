"""The models that come with the package: whole, there without a fetch, and at work."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from tests.networks import feed
from vsanimesr import backends, models
from vsanimesr.backends.base import Setup
from vsanimesr.errors import ArgumentError, BadModelFile
from vsanimesr.models import registry
from vsanimesr.spec import RGBS, ClipSpec

BUILT_IN = sorted(models.BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_model_needs_nothing_but_the_package(home: Path, no_pip: None, name: str) -> None:
    model = models.load(name)
    assert model.spec is models.find(name)
    assert (model.spec.name, model.spec.licence) == (name, "Apache-2.0")
    assert models.path(name).parent == Path(str(resources.files("vsanimesr"))) / "weights"
    assert models.fetch(name) == models.path(name)
    assert not home.exists()


@pytest.mark.parametrize("name", BUILT_IN)
def test_it_upscales(name: str) -> None:
    """A still with an edge stays what it is, which random weights would not make of it."""
    plane = np.full((24, 32), 0.25, np.float32)
    plane[:, 16:] = 0.75
    backend = backends.get("openvino")(Setup(ClipSpec(32, 24, 12, RGBS), 3, "fp32", "", 0, lambda: models.load(name)))
    last = np.stack(feed(backend, [[plane] * 3 for _ in range(12)])[-1])
    backend.close()
    wanted = plane.repeat(4, 0).repeat(4, 1)
    far = np.abs(np.arange(128) - 63.5) > 6
    assert np.abs(last - wanted)[..., far].mean() < 0.02


def test_it_runs_in_a_script_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import vapoursynth as vs; clip = vs.core.std.BlankClip(format=vs.YUV420P8, width=32, height=32, length=3);"
        "clip = clip.std.SetFrameProps(_Matrix=1, _Range=0); "
        "print(vs.core.animesr.Upscale(clip, model='animesr-lite', backend='openvino').get_frame(2).width)"
    )
    monkeypatch.setenv("VSANIMESR_HOME", str(tmp_path / "none"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("128", 0), done.stderr
    assert not (tmp_path / "none").exists()


def test_its_name_is_taken(home: Path, checkpoint_of) -> None:
    with pytest.raises(ArgumentError, match="'animesr-lite' is the name of a model of the registry"):
        models.import_checkpoint(checkpoint_of(), "animesr-lite")


def test_a_file_with_other_weights_is_refused(official_v2, monkeypatch: pytest.MonkeyPatch) -> None:
    other = registry.path("animesr-v2")
    monkeypatch.setattr(registry, "path", lambda _: other)
    with pytest.raises(BadModelFile, match="not hold the weights of 'animesr-lite'; install vapoursynth-animesr anew"):
        models.load("animesr-lite")


@pytest.mark.parametrize("name", BUILT_IN)
def test_its_card_is_of_these_weights(name: str) -> None:
    card = models.path(name).with_suffix(".md").read_text(encoding="utf-8")
    tensors = [t for t in models.load(name).proto.graph.initializer if t.name.endswith((".weight", ".bias"))]
    assert models.find(name).weights_sha256 in card
    assert f"{sum(int(np.prod(t.dims)) for t in tensors):,} parameters" in card
    assert models.find(name).licence in card
