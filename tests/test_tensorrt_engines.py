"""What the TensorRT backends keep on disk and take again: engines, and what is compiled for them (`fake_nvidia`)."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import vapoursynth as vs

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.clips import core, numbered
from tests.fake_nvidia import FakeCache, Nvidia, Properties
from tests.networks import HEIGHT, WIDTH, feed, frames
from vsanimesr.engines import library, store
from vsanimesr.engines.mention import mention, mentioned
from vsanimesr.errors import DeviceError, EngineMissing

pytestmark = pytest.mark.slow  # it takes seconds

pytest_plugins = ["tests.nvidia_machine"]


def test_the_engine_is_built_once_and_said_to_be(started: Any) -> None:
    said: list[str] = []
    started(say=said.append)
    assert sum(line.startswith("building the engine") for line in said) == 2
    assert sum(line.startswith("built ") and " s (" in line for line in said) == 2
    said.clear()
    started(say=said.append, build=False)
    assert said == []


def test_its_engines_are_known_by_their_bytes(started: Any) -> None:
    found = started().engines
    files = sorted(store.folder(None).glob("*.engine"), key=lambda path: ("ingest" not in path.name, path.name))
    hashes = "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    assert found == hashlib.sha256(hashes.encode()).hexdigest()[:16]
    assert mentioned(f"v2 on tensorrt (H200), fp16{mention(found)} (no other GPU found)") == found


@pytest.mark.parametrize("line", ["", "v2 on openvino, bf16", "engines 0123456789abcdef", ", engines 01", mention("")])
def test_a_line_that_mentions_none(line: str) -> None:
    assert mentioned(line) == ""


def test_a_missing_engine_that_must_not_be_built(started: Any) -> None:
    with pytest.raises(EngineMissing, match="vsanimesr engines build --model random --width 24 --height 20"):
        started(build=False)


def test_compiled_kernels_are_kept_and_taken_again(started: Any, nvidia: Nvidia) -> None:
    started()
    files = sorted(store.folder(None).glob("*.engine.Fake-GPU.cache"))
    assert [file.read_bytes() for file in files] == [b"compiled here"] * 2
    started()
    assert [engine.configs[0].cache.taken for engine in nvidia.engines] == [False, False, True, True]
    files[0].write_bytes(b"of another GPU")
    started()
    assert files[0].read_bytes() == b"compiled here"


def test_kernels_of_another_gpu_lie_beside_those(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started()
    monkeypatch.setattr(Properties, "name", b"Other GPU")
    started()
    assert len(list(store.folder(None).glob("*.engine.*.cache"))) == 4


@pytest.mark.parametrize("trouble", ["it gives none", "a folder is in the way", "the disk is full"])
def test_kernels_that_cannot_be_kept_are_told_of_and_nothing_else(
    started: Any, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    said: list[str] = []
    started()
    if trouble == "it gives none":
        monkeypatch.setattr(FakeCache, "serialize", lambda _: None)
    elif trouble == "a folder is in the way":
        for file in store.folder(None).glob("*.cache"):
            file.unlink()
            file.mkdir()
    else:
        monkeypatch.setattr(FakeCache, "content", b"new")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("vsanimesr.engines.files.write", full)
    feed(started(say=said.append), frames(2, WIDTH, HEIGHT))
    assert len(said) in (2, 4)
    assert all("kernels" in line for line in said)


def test_kernels_of_engines_for_many_sizes_never_change_in_the_middle(started: Any, nvidia: Nvidia) -> None:
    started()
    strategy = nvidia.engines[0].module.DynamicShapesKernelSpecializationStrategy.EAGER
    assert all(e.configs[0].dynamic_shapes_kernel_specialization_strategy == strategy for e in nvidia.engines)


def test_an_engine_of_other_types_is_refused(started: Any, monkeypatch: pytest.MonkeyPatch, nvidia: Nvidia) -> None:
    kind = library.get("tensorrt_rtx").module.DataType.HALF
    monkeypatch.setattr("tests.fake_nvidia.FakeEngine.get_tensor_dtype", lambda *_: kind)
    with pytest.raises(DeviceError, match=r"the engine has .*float16.* wanted .*float32.*vsanimesr engines clear"):
        started()


def test_the_filter_says_what_to_build_where_it_must_not(nvidia: Nvidia, imported: Path, tmp_path: Path) -> None:
    with pytest.raises(
        vs.Error, match=r"Upscale: there is no engine of mine ingest, 32x24.*\nBuild it with: vsanimesr"
    ):
        core.animesr.Upscale(
            numbered(3), model="mine", backend="tensorrt_rtx", build=0, engine_dir=str(tmp_path / "engines")
        )
