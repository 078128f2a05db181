"""Models by name: finding and loading them, and every way an artifact can be wrong."""

import dataclasses
import os
import subprocess
import sys
import time

import numpy as np
import onnx
import pytest

from tests.networks import network
from vsanimesr import models
from vsanimesr.errors import ArgumentError, BadModelFile, ModelNotFetched, UnknownModel
from vsanimesr.models import artifact, registry, store
from vsanimesr.spec import ARCHITECTURES


def edit(file, change):
    """Apply `change` to the ONNX model in a file."""
    proto = onnx.load(file)
    change(proto)
    file.write_bytes(proto.SerializeToString())


def described(proto, **values):
    """Replace metadata entries."""
    for entry in proto.metadata_props:
        entry.value = values.get(entry.key, entry.value)


def test_public_names():
    assert set(models.__all__) == {
        *("BUILT_IN", "DEFAULT", "REGISTRY", "Artifact", "Entry", "available", "fetch", "find", "hash_weights"),
        *("import_checkpoint", "load", "path", "remedy"),
    }
    assert all(hasattr(models, name) for name in models.__all__)


def test_registry_is_described_without_weights(home):
    spec = models.find(models.DEFAULT)
    assert (spec.name, spec.architecture, spec.scale, spec.feedback) == ("animesr-v2", "animesr", 4, True)
    assert (spec.licence, spec.state_channels, len(spec.weights_sha256)) == ("Apache-2.0", 112, 64)
    assert "TencentARC/AnimeSR" in spec.source
    assert models.find("animesr-v1").weights_sha256 != spec.weights_sha256
    assert set(store.MEMBERS) == set(models.REGISTRY) - set(models.BUILT_IN)


def test_a_model_that_is_not_fetched_names_the_command(home, no_pip):
    with pytest.raises(ModelNotFetched, match=r"vsanimesr models fetch animesr-v1; .* comes with .*'animesr-lite'"):
        models.load("animesr-v1")
    assert not home.exists()


@pytest.mark.parametrize(("name", "hint"), [("animesr_v2", "'animesr-v2'"), ("AnimeSR-v1", "'animesr-v1'")])
@pytest.mark.parametrize("function", [models.find, models.load])
def test_unknown_names_list_what_there_is(home, name, hint, function):
    with pytest.raises(UnknownModel, match=f"Did you mean {hint}.*animesr-v2, animesr-v1"):
        function(name)


def test_unknown_names_list_imports_too(imported):
    with pytest.raises(UnknownModel, match="animesr-v2, animesr-v1, animesr-lite, toon, mine") as caught:
        models.find("zzz")
    assert "mean" not in str(caught.value)


@pytest.mark.parametrize("name", ["no/such.onnx", "such.onnx", "../mine", ""])
def test_paths_without_a_file_are_unknown(home, name):
    with pytest.raises(UnknownModel):
        models.load(name)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_truncated_artifacts_are_refused(imported, share):
    data = imported.read_bytes()
    imported.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadModelFile, match=str(imported)):
        models.load("mine")


def test_what_is_no_onnx_is_refused(imported):
    imported.write_bytes(b"GIF89a" * 1000)
    with pytest.raises(BadModelFile, match="no ONNX file"):
        models.load("mine")


def test_huge_artifacts_are_refused_unread(imported):
    os.truncate(imported, 2**40)
    with pytest.raises(BadModelFile, match="at most"):
        models.load("mine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.ClearField("metadata_props"), "metadata lack architecture, feedback, licence, name, scale"),
        (lambda p: p.metadata_props.pop(), "metadata lack weights_sha256"),
        (lambda p: described(p, architecture="esrgan"), r"architecture 'esrgan' \(can be 'animesr'\)"),
        (lambda p: described(p, scale="2"), "scale '2'"),
        (lambda p: described(p, feedback="maybe"), "feedback 'maybe'"),
        (lambda p: described(p, feedback="no"), r"conv_s1_first.0.weight is \[64, 121, 3, 3\], not \[64, 73, 3, 3\]"),
        (lambda p: described(p, weights_sha256="0" * 64), "weights hash to"),
        (lambda p: p.graph.initializer.pop(0), "is missing"),
        (lambda p: p.graph.initializer.add(name="x.weight", data_type=1, dims=[0]), "x.weight is unexpected"),
        (lambda p: described(p, architecture="animesr-lite"), "does not hold the weights of animesr-lite"),
        (lambda p: p.graph.initializer[0].ClearField("raw_data"), "does not hold float32 or float16 data"),
        (lambda p: setattr(p.graph.initializer[0], "data_type", 10), "does not hold float32 or float16 data"),
        (lambda p: setattr(p.graph.initializer[0], "data_type", 11), "does not hold float32 or float16 data"),
        (lambda p: p.graph.initializer[0].dims.append(-1), "does not hold float32 or float16 data"),
        (lambda p: setattr(p.graph.initializer[1], "raw_data", b"\1" * 256), "weights hash to"),
    ],
)
def test_artifacts_that_are_not_as_they_should_be(imported, change, message):
    edit(imported, change)
    with pytest.raises(BadModelFile, match=message):
        models.load("mine")


@pytest.mark.parametrize("architecture", ["animesr", "animesr-lite"])
@pytest.mark.parametrize("feedback", [True, False])
def test_weights_of_two_bytes(tmp_path, architecture, feedback):
    model = network(feedback, architecture=architecture)
    with pytest.raises(ArgumentError, match="float16 has not; round the weights first"):
        artifact.write(model, tmp_path / "half.onnx", half=True)
    names = {tensor.name: tensor for tensor in model.proto.graph.initializer}
    weights = {
        name: onnx.numpy_helper.to_array(tensor) for name, tensor in names.items() if name.endswith(("bias", "weight"))
    }
    rounded = artifact.build("half", artifact.rounded(weights), "drawn", "unknown", "these")
    artifact.write(rounded, tmp_path / "half.onnx", half=True)
    artifact.write(rounded, tmp_path / "whole.onnx")
    assert (tmp_path / "half.onnx").stat().st_size < 0.6 * (tmp_path / "whole.onnx").stat().st_size
    for file in tmp_path.glob("*.onnx"):
        read = artifact.read(file)
        assert (read.spec, read.proto) == (rounded.spec, rounded.proto)
        assert read.spec.architecture == architecture
        assert read.spec.state_channels == ARCHITECTURES[architecture].features + 48 * feedback


def test_a_file_brings_no_graph_of_its_own(imported):
    wanted = models.load("mine").proto

    def add_operator(proto):
        proto.graph.node.insert(0, onnx.helper.make_node("Evil", ["state"], ["x"], domain="elsewhere"))
        proto.graph.node[1].input[0] = "next"

    edit(imported, add_operator)
    assert models.load("mine").proto == wanted


def test_available_lists_registry_then_imports(imported, checkpoint_of):
    models.import_checkpoint(checkpoint_of(seed=1), "also")
    entries = models.available()
    assert [entry.spec.name for entry in entries] == [
        "animesr-v2",
        "animesr-v1",
        "animesr-lite",
        "toon",
        "also",
        "mine",
    ]
    assert [entry.fetched for entry in entries] == [False, False, True, True, True, True]
    assert [entry.path for entry in entries] == [models.path(entry.spec.name) for entry in entries]


def test_available_tells_of_damaged_files(imported):
    imported.write_bytes(b"nothing")
    models.path("animesr-v1").write_bytes(b"nothing")
    _, v1, *_, mine = models.available()
    assert (v1.fetched, mine.fetched) == (False, False)
    assert "no ONNX file" in v1.problem
    assert "no ONNX file" in mine.problem
    assert (v1.spec, mine.spec.name) == (models.find("animesr-v1"), "mine")


def test_the_data_folder_is_the_user_s(monkeypatch):
    monkeypatch.delenv("VSANIMESR_HOME", raising=False)
    assert registry.folder().name == "models"
    assert "vsanimesr" in registry.folder().parts


def test_hash_depends_on_names_shapes_and_bytes_but_not_on_order():
    a, b = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(2, np.float32)
    told = models.hash_weights({"a": a, "b": b})
    assert models.hash_weights({"b": b, "a": np.asfortranarray(a)}) == told
    others = [{"a": a.T, "b": b}, {"a": a.ravel(), "b": b}, {"b": a, "a": b}, {"a": a}, {"a": a, "b": b + 1}]
    assert len({told, *map(models.hash_weights, others)}) == 6


def test_official_weights(official_v2):
    assert official_v2.spec is models.REGISTRY["animesr-v2"]
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in official_v2.proto.graph.initializer}
    weights = {name: tensor for name, tensor in tensors.items() if name.endswith((".weight", ".bias"))}
    assert models.hash_weights(weights) == official_v2.spec.weights_sha256
    assert sum(tensor.size for tensor in weights.values()) == 1_495_376


def test_loading_is_quick(official_v2):
    start = time.process_time()
    for _ in range(5):
        models.load("animesr-v2")
    assert (time.process_time() - start) / 5 < 0.1


def test_artifacts_are_dataclasses_that_do_not_change(official_v2):
    with pytest.raises(dataclasses.FrozenInstanceError):
        official_v2.spec = None


def test_models_do_not_need_torch():
    code = "import sys, vsanimesr.models; assert not {'torch', 'openvino', 'vapoursynth'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
