"""`vsanimesr doctor`: what it finds where something is missing or broken, and how it ends."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsanimesr import backends, cli, doctor, engines, models, pipeline
from vsanimesr.doctor import BROKEN, MISSING, OK, OPTIONAL, Finding
from vsanimesr.errors import BackendUnavailable, PipelineError

STATES = st.sampled_from([OK, MISSING, BROKEN, OPTIONAL])
FINDINGS = st.lists(st.builds(Finding, st.text(), STATES, st.text(), st.text(), st.booleans()))


def named(findings):
    """The findings by name; no name comes twice."""
    found = list(findings)
    assert len({each.name for each in found}) == len(found)
    return {each.name: each for each in found}


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a program of the given lines of shell on PATH, before all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def write(name, *lines):
        file = folder / name
        file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    return write


@given(FINDINGS)
def test_only_what_is_needed_decides(findings):
    fatal = [each for each in findings if each.needed and each.state in (MISSING, BROKEN)]
    assert doctor.ready(findings) == (not fatal)


@pytest.mark.parametrize(
    ("error", "state", "text", "way_out"),
    [
        (PipelineError("vspipe was not found: install it"), MISSING, "vspipe was not found", "install it"),
        (
            ImportError("libx.so.1: no such file\nmore"),
            BROKEN,
            "ImportError: libx.so.1: no such file",
            "install it anew",
        ),
    ],
)
def test_a_check_that_fails_is_a_finding_and_the_others_go_on(monkeypatch, error, state, text, way_out):
    def failing():
        yield Finding("first", OK, "")
        raise error

    monkeypatch.setattr(doctor, "CHECKS", {"one": failing, "other": lambda: iter([Finding("last", OK, "")])})
    found = named(doctor.examine())
    assert list(found) == ["first", "one", "last"]
    assert (found["one"].state, found["one"].text, found["one"].needed) == (state, text, True)
    assert found["one"].way_out.startswith(way_out)


def test_vspipe_finds_the_plugin_and_bestsource():
    found = named(doctor.plugin())
    assert {name: each.state for name, each in found.items()} == dict.fromkeys(
        ["vspipe", "plugin in vspipe", "BestSource in vspipe"], OK
    )
    assert found["vspipe"].text.startswith("Core R")


def test_a_vspipe_without_the_plugin_is_told_of(program, monkeypatch):
    vspipe = program(
        "vspipe",
        'echo "Core R81"',
        '[ "$1" = --version ] && exit 0',
        'echo "Script evaluation failed:" >&2',
        'echo "Python exception: No attribute with the name animesr exists. Did you mistype?" >&2',
        'echo "  File somewhere" >&2',
        "exit 1",
    )
    monkeypatch.setattr(pipeline, "find_vspipe", lambda: vspipe)
    found = named(doctor.plugin())
    assert found["vspipe"].state == OK
    lost = found["plugin in vspipe"]
    assert (lost.state, lost.needed) == (MISSING, True)
    assert "No attribute with the name animesr exists" in lost.text
    assert "pip install" in lost.way_out


def test_a_vspipe_that_makes_too_little_is_broken(program, monkeypatch):
    vspipe = program("vspipe", "echo frames")
    monkeypatch.setattr(pipeline, "find_vspipe", lambda: vspipe)
    lost = named(doctor.plugin())["plugin in vspipe"]
    assert lost.state == BROKEN
    assert "vspipe ended with 0 and 7 bytes, wanted 147456" in lost.text


def test_encoders_are_tried(program, monkeypatch):
    ffmpeg = program(
        "ffmpeg",
        'case "$*" in',
        '*-version*) echo "ffmpeg version 7.1 Copyright";;',
        "*libx264*|*libx265*) cat > /dev/null;;",
        '*) cat > /dev/null; echo "Unknown encoder" >&2; exit 1;;',
        "esac",
    )
    monkeypatch.setattr(pipeline, "find_ffmpeg", lambda: ffmpeg)
    found = named(doctor.ffmpeg())
    assert found["ffmpeg"].text.startswith("7.1, ")
    states = {name.removeprefix("encoder "): each.state for name, each in found.items() if name != "ffmpeg"}
    assert states.pop("x264") == states.pop("x265") == OK
    assert set(states.values()) == {OPTIONAL}
    assert found["encoder ffv1"].text == "Unknown encoder"


def test_without_the_default_encoder_nothing_can_run(program, monkeypatch):
    ffmpeg = program("ffmpeg", "cat > /dev/null", 'echo "Unknown encoder" >&2', "exit 1")
    monkeypatch.setattr(pipeline, "find_ffmpeg", lambda: ffmpeg)
    found = named(doctor.ffmpeg())
    assert found["encoder x264"].state == MISSING
    assert "libx264" in found["encoder x264"].way_out
    assert not doctor.ready(found.values())


def test_gpus_are_told_one_by_one(program, monkeypatch):
    program(
        "nvidia-smi", "echo 'NVIDIA RTX 4090, 8.9, 24564, 23000, 570.86'", "echo 'NVIDIA T4, 7.5, 15360, 100, 570.86'"
    )
    monkeypatch.setattr(backends, "count_nvidia_gpus", lambda: 2)
    found = named(doctor.gpus())
    assert found["GPU 0"].text == "NVIDIA RTX 4090, compute capability 8.9, 23000 of 24564 MiB free, driver 570.86"
    assert found["GPU 1"].text.startswith("NVIDIA T4, compute capability 7.5, 100 of 15360")


def test_a_driver_without_a_gpu_is_broken_and_not_needed(program, monkeypatch):
    program("nvidia-smi", "echo 'NVIDIA-SMI has failed' >&2", "exit 9")
    monkeypatch.setattr(backends, "count_nvidia_gpus", lambda: 0)
    found = named(doctor.gpus())
    assert found["GPU driver"].state == BROKEN
    assert doctor.ready(found.values())


def test_no_gpu_is_no_fault(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(backends, "count_nvidia_gpus", lambda: 0)
    assert [each.state for each in doctor.gpus()] == [OPTIONAL]


class Backend:
    """One that runs."""

    @classmethod
    def version(cls):
        return "Library 1.0"

    @classmethod
    def devices(cls, device_id=0):
        return ("CPU", "GPU")


def backend_or(error):
    def get(name):
        if name == "openvino":
            return Backend
        raise error

    return get


UNAVAILABLE = BackendUnavailable("torch: no module torch; install it with: pip install x[torch]")
CRASH = RuntimeError("undefined symbol: x\nmore")


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (UNAVAILABLE, (OPTIONAL, "no module torch", "install it with: pip install x[torch]")),
        (CRASH, (BROKEN, "RuntimeError: undefined symbol: x", "install it anew")),
    ],
)
def test_backends_that_cannot_run_say_why_and_the_others_are_tried(monkeypatch, error, wanted):
    monkeypatch.setattr(backends, "get", backend_or(error))
    monkeypatch.setattr(backends, "count_nvidia_gpus", lambda: 0)
    found = named(doctor.computing())
    assert found["backend torch"] == Finding("backend torch", *wanted)
    assert found["backend openvino"].text == "Library 1.0 on CPU, GPU"
    assert found["backend auto"] == Finding("backend auto", OK, "openvino on CPU", needed=True)


def test_the_default_model_is_needed_the_others_are_not(home, checkpoint_of):
    found = named(doctor.weights())
    lost = found[f"model {models.DEFAULT}"]
    assert (lost.state, lost.way_out) == (MISSING, f"vsanimesr models fetch {models.DEFAULT}")
    assert found["model animesr-v1"].state == OPTIONAL
    models.import_checkpoint(checkpoint_of(), "mine")
    assert named(doctor.weights())["model mine"].state == OK
    models.path("mine").write_bytes(b"nothing")
    models.path(models.DEFAULT).write_bytes(b"nothing")
    found = named(doctor.weights())
    assert found["model mine"].state == found[f"model {models.DEFAULT}"].state == BROKEN
    assert not found["model mine"].needed


def test_damaged_engines_are_told_of(home):
    place = engines.folder(None)
    assert [each.state for each in doctor.compiled()] == [OPTIONAL]
    place.mkdir(parents=True)
    damaged = place / "animesr-v2-step.0123456789ab.engine"
    damaged.write_bytes(b"nothing")
    found = named(doctor.compiled())
    assert found[f"engine {damaged.name}"].state == BROKEN
    assert found[f"engine {damaged.name}"].way_out == "vsanimesr engines clear --stale"
    assert doctor.ready(found.values())


def test_folders_are_written_into(tmp_path, monkeypatch):
    fine = doctor.folder("cache", tmp_path / "not" / "yet", "elsewhere")
    assert (fine.state, fine.way_out) == (OK, "")
    assert not list(tmp_path.iterdir())

    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", refused)
    lost = doctor.folder("cache", tmp_path, "elsewhere")
    assert (lost.state, lost.way_out) == (BROKEN, "elsewhere")
    assert "cannot be written: Permission denied" in lost.text


def test_little_disk_space_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "LITTLE", 1 << 62)
    lost = doctor.folder("cache", tmp_path, "set $X", needed=True)
    assert (lost.state, lost.needed) == (BROKEN, True)
    assert "too little for a video" in lost.text
    assert lost.way_out == "make room there, or set $X"


def test_a_file_in_the_place_of_a_folder_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    lost = doctor.folder("cache", tmp_path / "file" / "models", "elsewhere")
    assert lost.state == BROKEN


FOUND = [Finding("a", OK, "well", needed=True), Finding("bb", MISSING, "gone", "get it", needed=True)]


@pytest.mark.parametrize("findings", [FOUND, FOUND[:1]])
def test_the_exit_status_tells_whether_a_video_can_be_upscaled(monkeypatch, capsys, findings):
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    lost = len(findings) == 2
    assert cli.main(["doctor", "--json"]) == lost
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report == {"schema": 1, "ready": not lost, "findings": [asdict(each) for each in findings]}
    assert captured.err == "vsanimesr: the default model can upscale no video here before this is in order: bb\n" * lost


def test_the_table_has_the_way_out(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: iter(FOUND))
    assert cli.main(["doctor"]) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [["state", "what", "found"], ["ok", "a", "well"], ["missing", "bb", "gone"], ["->", "get", "it"]]


@pytest.mark.slow
def test_this_machine_can_upscale(official_v2):
    command = [sys.executable, "-m", "vsanimesr", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert report["ready"]
    found = {each["name"]: each for each in report["findings"]}
    assert len(found) == len(report["findings"])
    assert found["backend openvino"]["state"] == OK
    assert "2 frames of 64x48 became" in next(
        each["text"] for name, each in found.items() if name.startswith("two frames")
    )


@pytest.mark.slow
def test_without_its_model_it_cannot(home):
    found = named(doctor.trial())
    (lost,) = found.values()
    assert (lost.state, lost.needed) == (BROKEN, True)
    assert "vsanimesr models fetch animesr-v2" in lost.text
