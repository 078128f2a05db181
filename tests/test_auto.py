"""The table of backends and the choice that 'auto' makes."""

import ctypes
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from vsanimesr import backends
from vsanimesr.backends.base import Backend
from vsanimesr.errors import ArgumentError, BackendUnavailable


def stand_in(*devices: str, missing: str = "") -> type[Backend]:
    """A backend's class that says of itself what `auto` asks for."""

    def found(_: type, device_id: int = 0) -> tuple[str, ...]:
        if missing:
            raise BackendUnavailable(missing)
        return devices

    return type("StandIn", (Backend,), {"devices": classmethod(found)})


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replaces the backends by stand-ins; one that is asked for without being given fails the test."""

    def pretend(**classes: type[Backend]) -> None:
        monkeypatch.setattr(backends, "get", lambda name: classes[name])

    return pretend


@pytest.mark.parametrize("name", backends.NAMES)
def test_every_name_leads_to_a_backend_of_that_name(name: str) -> None:
    backend = backends.get(name)
    assert issubclass(backend, Backend)
    assert backend.name == name
    assert backend.precisions


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ArgumentError, match=r"'tensorflow'.*auto, tensorrt, tensorrt_rtx, torch, openvino, fake"):
        backends.get("tensorflow")


def test_versions_name_every_backend() -> None:
    versions = backends.versions()
    assert list(versions) == list(backends.NAMES)
    assert re.fullmatch(r"PyTorch \d+\.\d+.*", versions["torch"])
    assert re.fullmatch(r"OpenVINO 20\d\d\..*", versions["openvino"])


def test_versions_say_why_a_backend_is_not_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # import then fails as if it were not installed
    text = backends.versions()["torch"]
    assert text.startswith("not usable: import of torch halted")
    assert text.endswith("pip install vapoursynth-animesr[torch]")


def test_without_a_gpu_openvino_and_nobody_asks_torch(machine: Callable[..., None]) -> None:
    machine(openvino=stand_in("CPU"))
    choice = backends.choose(lambda: 0)
    assert (choice.name, choice.device, choice.warning) == ("openvino", "CPU", "")
    assert choice.reason == "no NVIDIA GPU found"


def test_with_a_gpu_tensorrt_on_it(machine: Callable[..., None]) -> None:
    best = stand_in("cuda")
    machine(tensorrt=best)
    choice = backends.choose(lambda: 1)
    assert (choice.name, choice.device, choice.backend) == ("tensorrt", "cuda", best)
    assert (choice.reason, choice.warning) == ("", "")


def test_what_is_not_installed_is_passed_over_and_told(machine: Callable[..., None]) -> None:
    lacking = {name: stand_in(missing=f"{name}: not installed") for name in ("tensorrt", "tensorrt_rtx")}
    machine(**lacking, torch=stand_in("cpu", "cuda"))
    choice = backends.choose(lambda: 1)
    assert (choice.name, choice.device, choice.warning) == ("torch", "cuda", "")
    assert choice.reason == (
        "tensorrt on cuda: tensorrt: not installed; tensorrt_rtx on cuda: tensorrt_rtx: not installed"
    )


@pytest.mark.parametrize(
    ("torch", "why"),
    [
        (stand_in(missing="torch: pip install x[torch]"), "torch: pip install x[torch]"),
        (stand_in("cpu"), "it finds cpu"),
    ],
)
def test_an_idle_gpu_is_warned_of(machine: Callable[..., None], torch: type[Backend], why: str) -> None:
    lacking, refused = stand_in(missing="pip install x[tensorrt]"), stand_in(missing="it does not serve this GPU")
    machine(tensorrt=lacking, tensorrt_rtx=refused, torch=torch, openvino=stand_in("CPU"))
    choice = backends.choose(lambda: 2)
    assert choice.name == "openvino"
    assert choice.reason.endswith(f"torch on cuda: {why}")
    assert choice.warning.startswith("2 NVIDIA GPUs found")
    assert "to use the GPU: pip install x[tensorrt]" in choice.warning
    assert ("; or torch: pip install x[torch]" in choice.warning) == ("pip" in why)


def test_nothing_more_to_install_is_no_advice_to_install(machine: Callable[..., None]) -> None:
    refused = stand_in(missing="it does not serve this GPU")
    machine(tensorrt=refused, tensorrt_rtx=refused, torch=stand_in("cpu"), openvino=stand_in("CPU"))
    warning = backends.choose(lambda: 1).warning
    assert "nothing that is installed serves it" in warning
    assert "pip" not in warning


def test_the_device_that_was_asked_for_decides(machine: Callable[..., None]) -> None:
    def second_only(_: type, device_id: int = 0) -> tuple[str, ...]:
        if device_id != 1:
            raise BackendUnavailable("only the second GPU will do")
        return ("cuda",)

    machine(tensorrt=type("Second", (Backend,), {"devices": classmethod(second_only)}), tensorrt_rtx=stand_in("cuda"))
    assert [backends.choose(lambda: 2, number).name for number in (0, 1)] == ["tensorrt_rtx", "tensorrt"]


def test_nothing_usable_says_why_of_each(machine: Callable[..., None]) -> None:
    machine(openvino=stand_in(missing="openvino: broken"))
    with pytest.raises(BackendUnavailable, match=r"no NVIDIA GPU found; openvino on CPU: openvino: broken"):
        backends.choose(lambda: 0)


def test_fake_is_never_chosen() -> None:
    assert "fake" not in {candidate.name for candidate in backends.ORDER}
    assert {candidate.name for candidate in backends.ORDER} <= set(backends.NAMES)


class Driver:
    """NVIDIA's driver library."""

    def __init__(self, init: int, count: int) -> None:
        self._init, self._count = init, count

    def cuInit(self, flags: int) -> int:  # noqa: N802  # NVIDIA's names
        assert flags == 0
        return self._init

    def cuDeviceGetCount(self, count: object) -> int:  # noqa: N802
        count._obj.value = self._count
        return 0


@pytest.mark.parametrize(("init", "count", "found"), [(0, 2, 2), (0, 0, 0), (100, 3, 0)])
def test_gpus_are_counted_by_the_driver(monkeypatch: pytest.MonkeyPatch, init: int, count: int, found: int) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Driver(init, count))
    assert backends.count_nvidia_gpus() == found


def test_no_driver_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert backends.count_nvidia_gpus() == 0


def test_listing_and_counting_import_no_library() -> None:
    code = """
import sys
from vsanimesr import backends
backends.count_nvidia_gpus()
assert all(backends.get(name).name for name in backends.NAMES)
assert not {"torch", "openvino", "tensorrt", "tensorrt_rtx", "cuda"} & sys.modules.keys(), "imported"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
