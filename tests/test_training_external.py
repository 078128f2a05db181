"""Files of others: where they are looked for, and what is said of those that are missing."""

import argparse
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from training import external
from vsanimesr.errors import ArgumentError, ModelNotFetched


@pytest.fixture
def nothing_installed(monkeypatch):
    for each in external.REGISTRY.values():
        monkeypatch.delenv(each.variable, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.mark.parametrize("name", external.REGISTRY)
def test_a_missing_file_names_the_option_and_the_usual_file(nothing_installed, name):
    wanted = external.REGISTRY[name]
    with pytest.raises(ModelNotFetched, match=wanted.option) as caught:
        external.locate(name)
    assert wanted.variable in str(caught.value)
    assert wanted.public.split(",")[0] in str(caught.value)


def test_files_are_found_by_option_then_variable_then_package(nothing_installed, tmp_path, monkeypatch):
    package = tmp_path / "basicsr"
    for place in ("given", "variable", "basicsr/metrics/niqe_pris_params.npz"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(place)
    spec = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name == "basicsr" else None)
    assert external.locate("niqe-prior").by == "the package basicsr"
    monkeypatch.setenv("VSANIMESR_NIQE_PRIOR", str(tmp_path / "variable"))
    found = external.locate("niqe-prior")
    assert (found.path, found.by) == (tmp_path / "variable", "VSANIMESR_NIQE_PRIOR")
    given_ = external.locate("niqe-prior", tmp_path / "given")
    assert given_.by == "--niqe-prior"
    assert given_.sha256 != found.sha256
    with pytest.raises(ArgumentError, match="--niqe-prior: 'nowhere' cannot be read"):
        external.locate("niqe-prior", Path("nowhere"))


@pytest.mark.parametrize("name", external.REGISTRY)
def test_an_option_takes_a_path(name):
    parser = argparse.ArgumentParser()
    external.add_option(parser, name)
    option = external.REGISTRY[name].option
    assert list(vars(parser.parse_args([option, "there"])).values()) == [Path("there")]
    assert list(vars(parser.parse_args([])).values()) == [None]
