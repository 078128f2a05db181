"""Memory: what the machine has left for this process, and whether a backend fits into it."""

import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vsanimesr.backends.base import RESERVE, RING, Demand, Setup
from vsanimesr.errors import OutOfMemory
from vsanimesr.spec import ClipSpec, padded

MIB = 1 << 20
STATE_CHANNELS = 112
"""Of a model whose picture is fed back; others take less."""
LR_CHANNELS = 3
"""Of an ingested frame."""
MULTIPLE = 4
"""What frames are padded to."""

Group = tuple[Path, str, str, str]
"""Folder of a control group; names of the files of its limit and its use, and of that part of its use that is cache."""


@dataclass(frozen=True)
class Appetite:
    """What running the network takes besides frames, states and pictures: constants that were measured."""

    fixed: int
    """Bytes at any size: programs, rearranged weights, what a library keeps for itself."""
    working: int
    """Bytes per pixel of a padded frame: all features that are there at once."""
    sample: int
    """Bytes of a number of the state."""
    lr_sample: int
    """Bytes of a number of an ingested frame."""

    def nbytes(self, setup: Setup) -> int:
        """All of it for a setup but the pictures: network, rings, a state for each lane and one more."""
        states = (setup.lanes + 1) * STATE_CHANNELS * self.sample
        rings = setup.lanes * RING * LR_CHANNELS * self.lr_sample
        pixels = padded(setup.clip.width, MULTIPLE) * padded(setup.clip.height, MULTIPLE)
        return self.fixed + pixels * (self.working + states + rings)


def claim(backend: str, precision: str, setup: Setup, demand: Demand) -> None:
    """Raise OutOfMemory, with the sizes, unless the demand fits."""
    if demand.fits:
        return
    clip, lanes = setup.clip, f", {setup.lanes} lanes" if setup.lanes > 1 else ""
    raise OutOfMemory(
        f"{backend}: {clip.width}x{clip.height} {clip.format.name} in {precision}{lanes} needs about "
        f"{demand.needed / MIB:.0f} MiB of memory, {demand.free / MIB:.0f} MiB are free, of which {RESERVE:.0%} are "
        "left to others; take less by a smaller tilesize= or a lower precision="
    )


def picture_nbytes(clip: ClipSpec) -> int:
    """Memory of one picture of a clip."""
    picture = clip.picture
    return picture.format.nbytes(clip.width * picture.scale, clip.height * picture.scale)


def available(root: Path = Path("/")) -> int:
    """Bytes that this process can still take without swapping: what the system has, or its control group if less.

    `root` is where Linux's `proc` and `sys` lie. Other Unixes tell only what the machine has in all.
    """
    if sys.platform == "win32":
        return _windows()
    meminfo = root / "proc/meminfo"
    if not meminfo.exists():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(_meminfo(meminfo.read_text())["MemAvailable"], *_groups_rooms(root), sys.maxsize)


def _meminfo(text: str) -> dict[str, int]:
    """Linux's table of the machine's memory, in bytes."""
    rows = (line.partition(":") for line in text.splitlines())
    return {name: int(value.split()[0]) << 10 for name, _, value in rows if value.strip()}


def _groups_rooms(root: Path) -> Iterator[int]:
    """What is left in each control group that this process is in and that has a limit."""
    for folder, limit, used, cache in _groups(root):
        try:
            numbers = [(folder / name).read_text().strip() for name in (limit, used)]
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except OSError:
            continue  # this level of the hierarchy is not ours to see, or has no limit of memory
        if numbers[0] != "max":
            yield max(0, int(numbers[0]) - int(numbers[1]) + int(statistics.get(cache, 0)))


def _groups(root: Path) -> Iterator[Group]:
    """The control groups of this process and all that contain them, by versions 2 and 1 of Linux's interface."""
    table = root / "proc/self/cgroup"
    for line in table.read_text().splitlines() if table.exists() else ():
        _, controllers, path = line.split(":", 2)
        top = root / "sys/fs/cgroup"
        if not controllers:
            files = "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, files = top / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        folder = top / path.lstrip("/")
        for level in (folder, *folder.parents):
            if level.is_relative_to(top):
                yield level, *files


def _windows() -> int:
    """What Windows calls available physical memory."""

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "available", "rest1", "rest2", "rest3", "rest4", "rest5")),
        )

    status = Status(length=ctypes.sizeof(Status))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined,unused-ignore]
        raise OSError("Windows does not say how much memory is available")
    return int(status.available)
