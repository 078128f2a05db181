"""Resident memory of this process."""

import re
from pathlib import Path
from typing import Any

import psutil

_STATUS = Path("/proc/self/status")
_PROCESS = psutil.Process()


def resident() -> tuple[int, int]:
    """Resident memory now, and the most there ever was; bytes."""
    info = _PROCESS.memory_info()
    return info.rss, max(info.rss, _peak(info))


def _peak(info: Any) -> int:
    if hasattr(info, "peak_wset"):  # Windows
        return int(info.peak_wset)
    if _STATUS.exists():  # Linux; what getrusage says there includes the parent's memory at the time of the fork
        found = re.search(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
        assert found, f"no VmHWM in {_STATUS}"
        return int(found[1]) << 10
    import resource  # noqa: PLC0415  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
