"""How much memory of a CUDA device is taken while something runs: polled by a process of its own."""

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

INTERVAL = 0.01
"""Seconds between two looks."""
OTHERS = 64 << 20
"""Bytes by which free memory may differ before and after; more, and other programs took or gave some meanwhile."""


class NoDeviceMemory(Exception):
    """Nobody can tell how much memory is free on a CUDA device."""


@dataclass(frozen=True)
class Watched:
    """What was free on the device, bytes."""

    before: int
    """Before the run."""
    least: int
    """At the worst while it ran."""
    after: int
    """Once it had ended."""

    @property
    def peak(self) -> int:
        """The most that was taken besides what had been taken before."""
        return self.before - self.least

    @property
    def disturbed(self) -> bool:
        """Whether others used the device as well."""
        return abs(self.before - self.after) > OTHERS


class Watch:
    """A context in which free memory is polled; `result` tells of it afterwards. Entering raises NoDeviceMemory."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.device_memory"]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        assert self._child.stdout, "the pipe was asked for"
        if not self._child.stdout.readline():
            _, words = self._child.communicate()
            raise NoDeviceMemory(words.strip().splitlines()[-1] if words.strip() else "the polling process died")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out, self._words = self._child.communicate()  # closes its stdin, which ends it

    def result(self) -> Watched:
        """What was free; raises NoDeviceMemory if the polling process failed meanwhile."""
        if self._child.returncode:
            raise NoDeviceMemory(self._words.strip().splitlines()[-1])
        return Watched(**json.loads(self._out.splitlines()[-1]))


def watch(free: Callable[[], int], ended: threading.Event) -> Watched:
    """Poll `free` until `ended` is set."""
    before = least = free()
    while not ended.wait(INTERVAL):
        least = min(least, free())
    after = free()
    return Watched(before, min(least, after), after)


def free_memory() -> Callable[[], int]:
    """What tells the free bytes of the first CUDA device, by NVIDIA's binding or PyTorch; raises NoDeviceMemory."""
    reasons = []
    for way in (_by_binding, _by_torch):
        try:
            return way()
        except (ImportError, OSError, RuntimeError, NoDeviceMemory) as error:
            reasons.append(str(error).strip().splitlines()[0])
    raise NoDeviceMemory(f"free memory of the CUDA device: {'; '.join(reasons)}")


def _by_binding() -> Callable[[], int]:
    runtime = importlib.import_module("cuda.bindings.runtime")

    def free() -> int:
        error, available, _ = runtime.cudaMemGetInfo()
        if int(error):
            raise NoDeviceMemory(f"cudaMemGetInfo says {error.name}")
        return int(available)

    free()
    return free


def _by_torch() -> Callable[[], int]:
    torch = importlib.import_module("torch")
    if not torch.cuda.is_available():
        raise NoDeviceMemory(f"PyTorch {torch.__version__} finds no CUDA device")
    return lambda: int(torch.cuda.mem_get_info()[0])


def _await_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main() -> int:
    """Say when polling begins; poll until stdin closes; print what was seen as JSON. Returns the exit code."""
    try:
        free = free_memory()
        free()  # the first call takes memory for the context of this process
    except NoDeviceMemory as error:
        print(error, file=sys.stderr)
        return 1
    ended = threading.Event()
    threading.Thread(target=_await_end, args=(ended,), daemon=True).start()
    print("polling", flush=True)
    print(json.dumps(watch(free, ended).__dict__))
    return 0


if __name__ == "__main__":
    sys.exit(main())
