"""The `engines` commands: what they print, and how they end."""

import subprocess
import sys
from dataclasses import replace
from importlib import metadata

import pytest

from tests.engine_keys import KEY, put
from vsanimesr import engines
from vsanimesr.cli import main
from vsanimesr.engines import Shapes

RANGE = Shapes((64, 64), (480, 640), (1080, 1920))


@pytest.fixture
def folder(home):
    """The folder of the engines, with two in it."""
    put(home / "engines", b"x" * 1_500_000)
    put(home / "engines", b"y" * 250_000, model="mine", shapes=RANGE, library="tensorrt", device="NVIDIA L4")
    return home / "engines"


@pytest.fixture
def installed(monkeypatch):
    """Says which distributions are installed, in which version."""

    def install(**versions):
        def version(name):
            try:
                return versions[name.replace("-", "_")]
            except KeyError:
                raise metadata.PackageNotFoundError(name) from None

        monkeypatch.setattr(metadata, "version", version)

    return install


def run(capsys, *arguments):
    code = main(["engines", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_is_a_table_with_a_total(folder, capsys):
    code, out, err = run(capsys, "list")
    header, first, second, total = out.splitlines()
    assert (code, err) == (0, "")
    headings = "model graph size format precision library for MB seconds built whole"
    assert " ".join(header.split()) == headings
    assert total == f"2 engines, 1.8 MB in {folder}"
    for row, told in (
        (first, ["animesr-v2", "step", "640x480", "RGBH", "fp16", "tensorrt_rtx 1.7.1.116", "sm 8.9", "1.5"]),
        (second, ["mine", "step", "64x64 to 1920x1080, best 640x480", "tensorrt 1.7.1.116", "NVIDIA L4 sm 8.9", "0.2"]),
    ):
        assert all(text in row for text in told)
        assert row.split()[0] == told[0]
        assert row.split()[-2:] == [engines.entries(folder)[0].engine.built[:10], "yes"]
    assert first.index("1.5") + 3 == header.index("MB") + 2, "numbers end where their heading ends"


def test_list_of_no_engines_names_the_folder(home, tmp_path, capsys):
    assert run(capsys, "list") == (0, f"there are no engines in {home / 'engines'}\n", "")
    assert run(capsys, "list", "--engine-dir", tmp_path / "own") == (
        0,
        f"there are no engines in {tmp_path / 'own'}\n",
        "",
    )


def test_list_tells_of_damage(folder, capsys):
    (folder / KEY.file_name).write_bytes(b"")
    (folder / f".{KEY.file_name}.0123abcd.part").write_bytes(b"")
    code, out, err = run(capsys, "list")
    first, second, hint = err.splitlines()
    assert code == 0
    assert first.startswith(f".{KEY.file_name}.0123abcd.part is being written")
    assert second == f"{KEY.file_name} has 0 bytes, and had 1500000 when it was built"
    assert "engines clear --stale" in hint
    assert [line.split()[-1] for line in out.splitlines()[1:3]] == ["no", "yes"]
    assert "2 engines" in out


@pytest.mark.parametrize("by", ["name", "path", "digest", "whole digest", "upper case"])
def test_show_tells_everything(folder, by, capsys):
    wanted = {
        "name": KEY.file_name,
        "path": folder / KEY.file_name,
        "digest": KEY.digest[:6],
        "whole digest": KEY.digest,
        "upper case": KEY.digest[:6].upper(),
    }[by]
    code, out, err = run(capsys, "show", wanted)
    told = dict(line.split(maxsplit=1) for line in out.splitlines())
    engine, _ = engines.find(KEY, folder)
    assert (code, err) == (0, "")
    assert told.keys() == KEY.to_json().keys() | {
        "file",
        "whole",
        "digest",
        "MB",
        "bytes",
        "sha256",
        "built",
        "seconds",
    }
    assert told["file"] == str(folder / KEY.file_name)
    assert told["whole"] == "yes"
    assert (told["digest"], told["sha256"], told["built"]) == (KEY.digest, engine.sha256, engine.built)
    assert (told["model"], told["shapes"], told["compute_capabilities"]) == ("animesr-v2", "640x480", "8.9")
    assert (told["device"], told["bytes"], told["MB"]) == ("-", "1500000", "1.5")


def test_show_of_a_damaged_engine(folder, capsys):
    (folder / KEY.file_name).write_bytes(b"")
    code, out, _ = run(capsys, "show", KEY.digest[:8])
    assert code == 0
    assert "no: " in out
    assert "has 0 bytes" in out
    assert KEY.weights_sha256 in out
    (folder / f"{KEY.file_name}.json").unlink()
    code, out, _ = run(capsys, "show", KEY.digest[:8])
    assert code == 0
    assert "has no metadata beside it" in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize("wanted", ["zzz", "", KEY.digest + "0", "no.engine", "./no.engine", "no/such/folder/x.engine"])
def test_show_of_nothing(folder, wanted, capsys):
    code, out, err = run(capsys, "show", wanted)
    assert (code, out) == (1, "")
    assert err.startswith("vsanimesr: no engine in ")
    assert "vsanimesr engines list" in err


def test_show_of_two(folder, capsys):
    keys = [replace(KEY, optimization_level=level) for level in range(20)]
    for key in keys:
        put(folder, **vars(key))
    prefix = next(k.digest[0] for k in keys if sum(other.digest[0] == k.digest[0] for other in keys) > 1)
    code, _, err = run(capsys, "show", prefix)
    assert code == 1
    assert "more than one digest" in err


def test_clear_removes_all(folder, capsys):
    code, out, err = run(capsys, "clear", "--dry-run")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 5
    assert out.endswith(f"4 files, 1.8 MB would be removed from {folder}\n")
    assert len(engines.entries(folder)) == 2
    code, out, err = run(capsys, "clear")
    assert (code, err) == (0, "")
    assert f"{KEY.file_name}  1.5 MB\n" in out
    assert out.endswith(f"4 files, 1.8 MB were removed from {folder}\n")
    assert list(folder.iterdir()) == []
    assert run(capsys, "clear") == (0, f"0 files, 0.0 MB were removed from {folder}\n", "")


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--model", "mine"], ["animesr-v2"]),
        (["--model", "other"], ["animesr-v2", "mine"]),
        (["--library", "tensorrt_rtx"], ["mine"]),
        (["--library", "tensorrt"], ["animesr-v2"]),
        (["--library", "tensorrt", "--model", "animesr-v2"], ["animesr-v2", "mine"]),
    ],
)
def test_clear_removes_what_every_option_picks(folder, options, left, capsys):
    assert run(capsys, "clear", *options)[0] == 0
    assert [entry.engine.key.model for entry in engines.entries(folder)] == left


@pytest.mark.parametrize("options", [["--model", "mine"], ["--library", "tensorrt"]])
def test_clear_keeps_what_it_cannot_tell_the_model_of(folder, options, capsys):
    (folder / f"{KEY.file_name}.json").unlink()
    assert run(capsys, "clear", *options)[0] == 0
    assert [entry.path for entry in engines.entries(folder)] == [folder / KEY.file_name]


@pytest.mark.parametrize(
    ("versions", "left"),
    [
        ({}, ["animesr-v2", "mine"]),
        ({"tensorrt_rtx_cu13": "1.7.1.116", "tensorrt_cu13": "1.7.1.116"}, ["animesr-v2", "mine"]),
        ({"tensorrt_rtx_cu13": "1.8", "tensorrt": "1.7.1.116"}, ["mine"]),
        ({"tensorrt_cu12": "11.0"}, ["animesr-v2"]),
        ({"tensorrt_cu12": "11.0", "tensorrt": "1.7.1.116"}, ["animesr-v2", "mine"]),
        ({"tensorrt_rtx": "1.8", "tensorrt_cu12": "11.0"}, []),
    ],
)
def test_clear_of_stale_engines_asks_for_the_installed_libraries(folder, installed, versions, left, capsys):
    damaged = put(folder, b"d", model="damaged", format="RGBS")
    damaged.path.write_bytes(b"")
    (folder / f".{KEY.file_name}.0123abcd.part").write_bytes(b"")
    installed(**versions)
    assert run(capsys, "clear", "--stale")[0] == 0
    assert [entry.engine.key.model for entry in engines.entries(folder)] == left


def test_the_installed_library_is_known_under_its_distribution(folder, capsys):
    version = pytest.importorskip("tensorrt_rtx").__version__
    put(folder, library_version=version, model="here", format="RGBS")
    put(folder, library_version="1.0", model="old")
    assert run(capsys, "clear", "--stale", "--library", "tensorrt_rtx")[0] == 0
    models = {entry.engine.key.model for entry in engines.entries(folder)}
    assert "here" in models
    assert "old" not in models


@pytest.mark.parametrize("action", [["list"], ["show", "x"], ["clear"]])
def test_a_file_where_the_folder_should_be(tmp_path, action, capsys):
    (tmp_path / "file").write_text("")
    code, out, err = run(capsys, *action, "--engine-dir", tmp_path / "file")
    assert (code, out) == (1, "")
    assert err.startswith(f"vsanimesr: engines cannot be kept in {tmp_path / 'file'}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["show"], ["clear", "--library", "openvino"], ["no"]])
def test_usage_errors_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["engines", *arguments])
    assert caught.value.code == 2
    assert "usage: vsanimesr engines" in capsys.readouterr().err


def test_runs_as_a_module(folder):
    done = subprocess.run([sys.executable, "-m", "vsanimesr", "engines", "list"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 engines" in done.stdout
