"""What memory the machine has, what backends say that they need, and that too little is an error at once."""

from pathlib import Path

import pytest

from tests.networks import setup
from vsanimesr import backends
from vsanimesr.backends import memory
from vsanimesr.backends.base import RESERVE, Demand
from vsanimesr.errors import BackendUnavailable, OutOfMemory
from vsanimesr.spec import FORMATS, RGBS, PictureSpec

MEMINFO = (
    "MemTotal:       16000000 kB\nMemFree:          100000 kB\nMemAvailable:    8000000 kB\nHugePages_Total:       0\n"
)
MEASURED = ["openvino", "torch"]


def machine(root: Path, groups: str = "", **files: str) -> Path:
    """A folder like Linux's, with files named by their paths below /sys/fs/cgroup, '__' for '/'."""
    texts = {"proc/meminfo": MEMINFO, "proc/self/cgroup": groups}
    texts |= {f"sys/fs/cgroup/{name.replace('__', '/').replace('_dot_', '.')}": text for name, text in files.items()}
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_what_the_system_calls_available(tmp_path: Path) -> None:
    assert memory.available(machine(tmp_path)) == 8_000_000 << 10


@pytest.mark.parametrize("level", ["", "a__", "a__b__"])
def test_a_limit_of_version_2_counts_at_every_level(tmp_path: Path, level: str) -> None:
    sizes = {"memory_dot_max": "3000000000\n", "memory_dot_current": "1000000000\n"}
    sizes["memory_dot_stat"] = "anon 900000000\ninactive_file 50000000\n"
    root = machine(tmp_path, "0::/a/b\n", **{f"{level}{name}": text for name, text in sizes.items()})
    assert memory.available(root) == 2_050_000_000


def test_no_limit_of_version_2(tmp_path: Path) -> None:
    sizes = {"a__memory_dot_max": "max\n", "a__memory_dot_current": "1000\n", "a__memory_dot_stat": "anon 900\n"}
    assert memory.available(machine(tmp_path, "0::/a\n", **sizes)) == 8_000_000 << 10


def test_a_limit_of_version_1(tmp_path: Path) -> None:
    sizes = {"limit_in_bytes": "3000000000\n", "usage_in_bytes": "2500000000\n", "stat": "total_inactive_file 7\n"}
    files = {f"memory__a__memory_dot_{name}": text for name, text in sizes.items()}
    root = machine(tmp_path, "9:name=systemd:/a\n4:memory:/a\n0::/\n", **files)
    assert memory.available(root) == 500_000_007


def test_more_used_than_the_limit_leaves_nothing(tmp_path: Path) -> None:
    sizes = {"memory_dot_max": "1000\n", "memory_dot_current": "2000\n", "memory_dot_stat": ""}
    assert memory.available(machine(tmp_path, "0::/\n", **sizes)) == 0


def test_this_machine_has_some() -> None:
    assert 1 << 20 < memory.available() < 1 << 46


def test_a_demand_that_leaves_others_nothing_does_not_fit() -> None:
    assert Demand(100, 1000).fits
    assert Demand(round(1000 * (1 - RESERVE)), 1000).fits
    assert not Demand(round(1000 * (1 - RESERVE)) + 1, 1000).fits


@pytest.mark.parametrize("name", MEASURED)
def test_too_little_memory_is_said_before_anything_is_loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 40 * memory.MIB)
    monkeypatch.setattr(f"vsanimesr.backends.{name}.compose", lambda *_, **__: pytest.fail("a graph was composed"))
    with pytest.raises(OutOfMemory) as caught:
        backends.get(name)(setup(1920, 1080, FORMATS["YUV420P8"], slots=4))
    words = ["1920x1080", "YUV420P8", "fp32", " MiB of memory", "40 MiB are free", "tiles"]
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize("name", [*MEASURED, "fake"])
def test_a_demand_grows_with_all_that_takes_memory(name: str) -> None:
    demand = backends.get(name).demand

    def needed(width: int = 320, height: int = 240, **settings: object) -> int:
        return demand(setup(width, height, **settings)).needed

    least = needed()
    assert needed(640, 480) > needed(640) > least
    assert needed(slots=9) - needed(slots=3) == 6 * memory.picture_nbytes(setup(320, 240).clip)
    assert needed(lanes=2) > least
    assert needed(wanted=PictureSpec(RGBS, scale=2)) < least


@pytest.mark.parametrize("name", MEASURED)
def test_a_demand_leaves_the_memory_as_it_was(name: str) -> None:
    before = memory.available()
    found = backends.get(name).demand(setup(1920, 1080))
    assert found.free == pytest.approx(before, rel=0.2)
    assert 500 * memory.MIB < found.needed < 30_000 * memory.MIB


def test_the_fake_has_the_memory_that_its_name_says() -> None:
    fake = backends.get("fake")
    enough = fake.demand(setup(64, 48)).needed / (1 - RESERVE) / memory.MIB
    fake(setup(64, 48, device=f"memory={enough + 1:.0f}")).close()
    with pytest.raises(OutOfMemory, match=r"64x48 RGBS .* 1 MiB are free"):
        fake(setup(64, 48, device="memory=1"))
    assert fake.demand(setup(64, 48, device="memory=3,delay=0")).free == 3 * memory.MIB


@pytest.mark.parametrize("device", ["memory", "memory=lots", "delay=0,memory=1.5", "colour=red", "fail=1xx"])
def test_a_device_that_is_none_of_the_fakes(device: str) -> None:
    with pytest.raises(BackendUnavailable, match="write delay=SECONDS"):
        backends.get("fake")(setup(device=device))
